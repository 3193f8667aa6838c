import type { NonEmpty } from '../lib/non-empty.ts';
import { EMPTY_ROOT, parseHash, type Hash } from './hash.ts';
import { parseNote, verifyNote, type Note, type NoteKey } from './note.ts';

/** What a log says about its tree (c2sp.org/tlog-checkpoint). */
export interface Checkpoint {
  /** Who speaks: the name of the log. */
  readonly origin: string;
  readonly size: number;
  readonly root: Hash;
  /** Further lines, opaque but signed. */
  readonly extensions: readonly string[];
}

declare const signedBrand: unique symbol;

/** A checkpoint whose signature and origin were checked, together with the note that carries it, verbatim. */
export type SignedCheckpoint = Checkpoint & { readonly note: string; readonly [signedBrand]: true };

/** A note that is not a checkpoint of the expected log, signed by one of its keys. */
export class CheckpointRefused extends Error {
  override readonly name = 'CheckpointRefused';
  readonly reason: 'malformed' | 'bad-signature' | 'wrong-origin';

  constructor(message: string, reason: CheckpointRefused['reason'], options?: ErrorOptions) {
    super(message, options);
    this.reason = reason;
  }
}

/** Opens a log's signed note. Throws {@link CheckpointRefused}; what an unsigned text says is never looked at. */
export function openCheckpoint(
  note: string,
  expected: { readonly origin: string; readonly keys: NonEmpty<NoteKey> },
): SignedCheckpoint {
  const signed = orRefuse(expected.origin, () => parseNote(note));
  if (verifyNote(signed, expected.keys) !== 'verified') {
    throw new CheckpointRefused(signatureFault(signed, expected), 'bad-signature');
  }
  const checkpoint = orRefuse(expected.origin, () => parseCheckpoint(signed.text));
  if (checkpoint.origin !== expected.origin) {
    throw new CheckpointRefused(
      `Cannot accept a checkpoint of "${checkpoint.origin}": expected one of "${expected.origin}"`,
      'wrong-origin',
    );
  }
  return brand(checkpoint, note);
}

/** Takes back a note that was opened before it was stored. Throws SyntaxError when it is not a checkpoint at all. */
export function restoreCheckpoint(note: string): SignedCheckpoint {
  return brand(parseCheckpoint(parseNote(note).text), note);
}

/** Parses the text of a checkpoint, without its signatures. Throws SyntaxError. */
export function parseCheckpoint(text: string): Checkpoint {
  const lines = text.split('\n');
  if (lines.pop() !== '' || lines.includes('')) {
    throw new SyntaxError('Cannot parse checkpoint: expected lines that are not empty, each ended by a newline');
  }
  const [origin, size, root, ...extensions] = lines;
  if (origin === undefined || size === undefined || root === undefined) {
    throw new SyntaxError(`Cannot parse checkpoint of ${lines.length} lines: expected an origin, a size and a root`);
  }
  const checkpoint = { origin, size: parseSize(size), root: parseHash(root, 'base64'), extensions };
  if (checkpoint.size === 0 && !checkpoint.root.equals(EMPTY_ROOT)) {
    throw new SyntaxError(`Cannot parse checkpoint of size 0 with root "${root}": expected the root of an empty tree`);
  }
  return checkpoint;
}

/** Parses a tree size or an index. Throws SyntaxError unless it is decimal, without leading zeros, and ≤ 2^53−1. */
export function parseSize(text: string): number {
  const size = Number(text);
  if (!Number.isSafeInteger(size) || size < 0 || String(size) !== text) {
    throw new SyntaxError(`Cannot parse tree size "${text.slice(0, 100)}": expected a decimal number`);
  }
  return size;
}

function orRefuse<T>(origin: string, parse: () => T): T {
  try {
    return parse();
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) {
      throw cause;
    }
    throw new CheckpointRefused(`Cannot open the checkpoint of "${origin}": ${cause.message}`, 'malformed', { cause });
  }
}

function signatureFault(note: Note, expected: { origin: string; keys: NonEmpty<NoteKey> }): string {
  const found = note.signatures.slice(0, 5).map(keyLabel).join(', ');
  const wanted = expected.keys.map(keyLabel).join(' or ');
  if (note.signatures.some((signature) => expected.keys.some((key) => keyLabel(key) === keyLabel(signature)))) {
    return `Cannot believe the checkpoint of "${expected.origin}": what stands there as signed by ${wanted} does not verify, expected a valid signature`;
  }
  return `Cannot believe the checkpoint of "${expected.origin}": signed by ${found}, expected a valid signature by ${wanted}`;
}

function keyLabel(key: { readonly name: string; readonly id: Buffer }): string {
  return `"${key.name.slice(0, 100)}" (${key.id.toString('hex')})`;
}

function brand(checkpoint: Checkpoint, note: string): SignedCheckpoint {
  // The only place that makes one, after its note was opened.
  return { ...checkpoint, note } as SignedCheckpoint;
}
