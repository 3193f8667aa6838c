import { readSmallFile } from './read-small-file.ts';

const MAX_FILE = 1024 * 1024;

/** The text of a file of a configuration, at most 1 MiB of UTF-8. Throws SyntaxError. */
export function readText(file: string): string {
  const bytes = readSmallFile(file, MAX_FILE, 'configuration');
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    throw new SyntaxError(`Cannot read configuration "${file}": it is not UTF-8`, { cause: error });
  }
}
