import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseDocument } from 'yaml';

/** Where the examples lie. */
export const EXAMPLES = join(import.meta.dirname, '..', '..', 'config', 'examples');

/** The names of all examples, without their ending. */
export function exampleNames(): readonly string[] {
  return readdirSync(EXAMPLES)
    .filter((name) => name.endsWith('.yaml'))
    .map((name) => name.slice(0, -'.yaml'.length))
    .sort();
}

/** What of an example is another in a test; all its watches stay as they stand there. */
export interface Staging {
  /** Instead of the public-good instance. */
  readonly trust?: unknown;
  /** Instead of the logs of that instance. */
  readonly logs?: unknown;
  /** Names that stand for the reader's own, each with what it is here. */
  readonly names?: readonly (readonly [placeholder: string, name: string])[];
}

/** The text of an example, staged. Throws where a name that is to be exchanged does not occur. */
export function stagedExample(name: string, { trust, logs, names = [] }: Staging = {}): string {
  const document = parseDocument(readFileSync(join(EXAMPLES, `${name}.yaml`), 'utf8'));
  if (trust !== undefined) {
    document.set('trust', document.createNode(trust));
  }
  if (logs !== undefined) {
    document.set('logs', document.createNode(logs));
  }
  return names.reduce(
    (text, [placeholder, own]) => {
      if (!text.includes(placeholder)) {
        throw new Error(`Cannot exchange "${placeholder}" in example "${name}": it does not occur`);
      }
      return text.replaceAll(placeholder, own);
    },
    document.toString({ lineWidth: 0 }),
  );
}

/** For authorities that show their certificates to no CT log: what is asked for of the public one cannot hold there. */
export const NO_SCT = ['sct: verified', 'sct: absent'] as const;
