import { createHash } from 'node:crypto';
import type { Evidence } from './log.ts';

const EXCERPT_LENGTH = 200;

/** The beginning of what a server sent, on one line, without control or invisible format characters: safe in an error message. */
export function excerpt(body: Uint8Array, length: number = EXCERPT_LENGTH): string {
  // Four bytes are the longest UTF-8 character: the rest of a large body need not be decoded.
  const text = Buffer.from(body.buffer, body.byteOffset, Math.min(body.length, length * 4)).toString('utf8');
  const line = text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ').trim();
  // A character outside the basic plane that the cut halves goes as a whole.
  return line.slice(0, length).replace(/[\ud800-\udbff]$/, '');
}

/** What was served, as evidence. `shown` is what a person reads of it, by default the beginning of its text. */
export function servedEvidence(url: string, body: Uint8Array, shown?: string): NonNullable<Evidence['served']> {
  return { url, sha256: createHash('sha256').update(body).digest('hex'), excerpt: shown ?? excerpt(body) };
}
