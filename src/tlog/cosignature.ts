import type { Checkpoint, SignedCheckpoint } from './checkpoint.ts';
import { parseNote, type NoteSignature } from './note.ts';
import { verifyWithCosigner, type VerifierKey } from './vkey.ts';

/** Who saw a checkpoint: a name of ours, and the key. */
export interface Witness {
  readonly name: string;
  /** Of a kind that cosigns. */
  readonly key: VerifierKey;
}

/** A cosignature that holds: the witness saw the checkpoint, and no tree of the log that contradicts it. */
export interface Cosignature {
  /** Of the witness. */
  readonly name: string;
  /** When it was made, in milliseconds since 1970; 0 where the witness says no time (ML-DSA-44 only). */
  readonly time: number;
  /** The signature line, verbatim, without its newline. */
  readonly line: string;
}

/** A witness whose clock is ahead by less is believed. */
const MAX_CLOCK_SKEW_MS = 5 * 60_000;

const TIME_SIZE = 8;
const MAX_TIME = 2n ** 63n - 1n;
const SIGNATURE_SIZES = { 'ed25519-cosignature': 64, 'ml-dsa-44-cosignature': 2420 } as const;

/** Domain separation of what an ML-DSA-44 cosignature signs. */
const LABEL = Buffer.from('subtree/v1\n\0');
const MAX_SIGNED_NAME_BYTES = 255;

/**
 * The cosignatures on a checkpoint by these witnesses (c2sp.org/tlog-cosignature), in their order: of each the latest
 * that holds, if any. A line that does not hold, or is of the future, counts for nothing and spoils nothing: whoever
 * passes a checkpoint on can add one.
 */
export function verifyCosignatures(
  checkpoint: SignedCheckpoint,
  witnesses: readonly Witness[],
  now: Date,
): readonly Cosignature[] {
  const { text, signatures } = parseNote(checkpoint.note);
  return witnesses.flatMap((witness) => {
    const found = signatures
      .filter(({ name, id }) => name === witness.key.name && id.equals(witness.key.id))
      .flatMap((line) => verifyLine(line, text, checkpoint, witness, now));
    return latestOf(found);
  });
}

/** The latest of these, if there are any. */
export function latestOf(cosignatures: readonly Cosignature[]): readonly Cosignature[] {
  const [first, ...others] = cosignatures;
  return first === undefined ? [] : [others.reduce((latest, one) => (one.time > latest.time ? one : latest), first)];
}

/** The one cosignature of a line; none when it does not hold. */
function verifyLine(
  { name, id, signature }: NoteSignature,
  text: string,
  checkpoint: Checkpoint,
  witness: Witness,
  now: Date,
): readonly Cosignature[] {
  const { key } = witness;
  if (key.kind !== 'ed25519-cosignature' && key.kind !== 'ml-dsa-44-cosignature') {
    return [];
  }
  if (signature.length !== TIME_SIZE + SIGNATURE_SIZES[key.kind]) {
    return [];
  }
  const seconds = signature.readBigUInt64BE(0);
  const latest = now.getTime() + MAX_CLOCK_SKEW_MS;
  if (seconds > MAX_TIME || seconds * 1000n > BigInt(latest)) {
    return [];
  }
  const message =
    key.kind === 'ed25519-cosignature'
      ? Buffer.from(`cosignature/v1\ntime ${seconds}\n${text}`)
      : cosignedMessage(key.name, seconds, checkpoint);
  if (message === null || !verifyWithCosigner(key, message, signature.subarray(TIME_SIZE))) {
    return [];
  }
  // A line has only one spelling, so this is the one that was parsed.
  const line = `— ${name} ${Buffer.concat([id, signature]).toString('base64')}`;
  return [{ name: witness.name, time: Number(seconds) * 1000, line }];
}

/** What an ML-DSA-44 key signs: origin, size and root, without the checkpoint's extensions. Null for an origin that it cannot hold. */
function cosignedMessage(cosigner: string, seconds: bigint, { origin, size, root }: Checkpoint): Buffer | null {
  const logOrigin = Buffer.from(origin);
  if (logOrigin.length > MAX_SIGNED_NAME_BYTES) {
    return null;
  }
  return Buffer.concat([
    LABEL,
    withLength(Buffer.from(cosigner)),
    uint64(seconds),
    withLength(logOrigin),
    // The first leaf: a checkpoint is the subtree of all.
    uint64(0n),
    uint64(BigInt(size)),
    root,
  ]);
}

/** `opaque<1..2^8-1>` (RFC 8446 §3.4). */
function withLength(bytes: Buffer): Buffer {
  return Buffer.concat([Buffer.from([bytes.length]), bytes]);
}

function uint64(value: bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(value);
  return bytes;
}
