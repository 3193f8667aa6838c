import { readFileSync } from 'node:fs';

/** The program's version, as package.json says. */
export const VERSION = readVersion();

function readVersion(): string {
  // package.json lies one level above both src/ and dist/.
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  const parsed: unknown = JSON.parse(text);
  if (typeof parsed !== 'object' || parsed === null || !('version' in parsed) || typeof parsed.version !== 'string') {
    throw new Error('Cannot read package.json: no version');
  }
  return parsed.version;
}
