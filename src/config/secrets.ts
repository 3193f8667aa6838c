import type { Machine } from './machine.ts';

const MAX_SECRET = 64 * 1024;

/** The value of an environment variable. Throws SyntaxError when it is not set or empty. */
export function secretFromEnvironment(name: string, machine: Machine): string {
  const value = machine.env[name];
  if (value === undefined || value === '') {
    const state = value === undefined ? 'not set' : 'empty';
    throw new SyntaxError(
      `Cannot read secret: environment variable "${name}" is ${state}; set it for the process, or use { file: PATH }`,
    );
  }
  return value;
}

/** The content of a file without one trailing newline. Throws SyntaxError when it cannot be read or holds nothing. */
export function secretFromFile(file: string, machine: Machine): string {
  const path = machine.resolve(file);
  const value = machine
    .readFile(path, MAX_SECRET, 'secret')
    .toString('utf8')
    .replace(/\r?\n$/, '');
  if (value === '') {
    throw new SyntaxError(`Cannot read secret "${path}": the file is empty`);
  }
  return value;
}

/** A secret that stands in the configuration itself. Throws SyntaxError when it is empty. */
export function secretFromLiteral(value: string): string {
  if (value === '') {
    throw new SyntaxError('the secret is empty: expected a value, { env: NAME } or { file: PATH }');
  }
  return value;
}
