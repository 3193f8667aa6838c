import { readFileSync } from 'node:fs';
import { decodeEntry } from '../../src/entry/decode.ts';
import type { ParsedEntry } from '../../src/entry/entry.ts';

/** The canonical body in test/fixtures/entries, of the file without its ending. */
export function entryFixture(name: string): Buffer {
  return readFileSync(`test/fixtures/entries/${name}.json`);
}

/** What a canonical body says; throws its problem. */
export function readEntry(body: Buffer): ParsedEntry {
  const decoded = decodeEntry(body);
  if (!decoded.ok) {
    throw new Error(decoded.problem);
  }
  return decoded.entry;
}
