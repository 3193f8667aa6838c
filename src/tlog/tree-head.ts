import { verify, type KeyObject } from 'node:crypto';
import type { NonEmpty } from '../lib/non-empty.ts';
import { TlsReader } from '../lib/tls-reader.ts';
import { parseCheckpoint, type Checkpoint, type SignedCheckpoint } from './checkpoint.ts';
import { sha256, type Hash } from './hash.ts';
import { keyId, parseNote, parsePublicKey, requireKeyName, type NoteKey, type NoteSignature } from './note.ts';

// A signed tree head of RFC 6962 and the checkpoint of a static-ct log say the same, and are signed over the same bytes:
// a time, a size and a root. Here both are notes (c2sp.org/static-ct-api, "Checkpoints"): the signature is
// `u64 milliseconds ‖ DigitallySigned`.

/** The type of such signatures in key IDs (c2sp.org/signed-note). */
const TREE_HEAD_TYPE = '\x05';
/** The last moment a Date can hold. */
const LAST_MOMENT = 8.64e15;
/** HashAlgorithm sha256 (RFC 5246 §7.4.1.4.1). */
const SHA256 = 4;
/** Its SignatureAlgorithm for the kinds of keys that RFC 6962 §2.1.4 allows. */
const RSA = 1;
const ECDSA = 3;

/** A tree head as a log of RFC 6962 states it (§4.3). */
export interface TreeHead {
  readonly size: number;
  readonly root: Hash;
  /** Unix milliseconds. */
  readonly timestamp: number;
  /** DigitallySigned. */
  readonly signature: Buffer;
}

/**
 * The key of a Certificate Transparency log whose origin is `name`: ECDSA on P-256, or RSA. It signs neither the origin,
 * which whoever opens the note must compare, nor extension lines: a note that has any does not verify. Throws SyntaxError
 * for every other key and for a name that no signature line can hold.
 */
export function treeHeadKey(name: string, spki: Buffer): NoteKey {
  requireKeyName(name);
  const key = parsePublicKey(name, spki);
  const algorithm = algorithmOf(name, key);
  return {
    name,
    id: treeHeadKeyId(name, spki),
    spki,
    verify: (message, signature) => verifyTreeHead(message, signature, key, algorithm),
  };
}

/**
 * The tree head as a signed note of `origin`. A tree head does not name its key: the line is that of the key whose signature
 * holds, else of the first one, under which it does not verify either.
 */
export function treeHeadNote(origin: string, head: TreeHead, keys: NonEmpty<NoteKey>): string {
  const text = `${origin}\n${head.size}\n${head.root.toString('base64')}\n`;
  const time = Buffer.alloc(8);
  time.writeBigUInt64BE(BigInt(head.timestamp));
  const signature = Buffer.concat([time, head.signature]);
  const message = Buffer.from(text);
  const signer = keys.find((key) => key.verify(message, signature)) ?? keys[0];
  return `${text}\n— ${signer.name} ${Buffer.concat([signer.id, signature]).toString('base64')}\n`;
}

/**
 * The note without lines under the log's own name that none of its keys is named for: nobody vouches for what they say,
 * and {@link treeHeadTime} cannot tell them apart. Anything that is no such note comes back as it is, for the opener to refuse.
 */
export function withoutForeignLines(note: string, keys: NonEmpty<NoteKey>): string {
  const signed = orNull(() => parseNote(note));
  const isKnown = ({ name, id }: NoteSignature): boolean => keys.some((key) => key.name === name && key.id.equals(id));
  if (signed === null || !signed.signatures.some(isKnown)) {
    return note;
  }
  const lines = signed.signatures
    .filter((line) => isKnown(line) || keys.every(({ name }) => name !== line.name))
    .map(({ name, id, signature }) => `— ${name} ${Buffer.concat([id, signature]).toString('base64')}\n`);
  return `${signed.text}\n${lines.join('')}`;
}

/**
 * When the log says that it signed this tree head; null for a checkpoint of a log of another kind, which carries no time.
 * Of CT logs, only for notes that were freed of foreign lines before they were opened.
 */
export function treeHeadTime(checkpoint: SignedCheckpoint): Date | null {
  const own = parseNote(checkpoint.note).signatures.filter(({ name }) => name === checkpoint.origin);
  const heads = own.map(({ signature }) => readSignature(signature));
  // A log of another kind signs with another kind of signature, whatever somebody adds to its note.
  const [head] = heads.includes(null) ? [] : heads;
  return head != null && head.timestamp <= LAST_MOMENT ? new Date(head.timestamp) : null;
}

function treeHeadKeyId(name: string, spki: Buffer): Buffer {
  // RFC 6962 §3.2: the ID of a log is the hash of its key.
  return keyId(Buffer.concat([Buffer.from(`${name}\n${TREE_HEAD_TYPE}`), sha256(spki)]));
}

function algorithmOf(name: string, key: KeyObject): number {
  if (key.asymmetricKeyType === 'rsa') {
    return RSA;
  }
  if (key.asymmetricKeyType === 'ec' && key.asymmetricKeyDetails?.namedCurve === 'prime256v1') {
    return ECDSA;
  }
  const found = key.asymmetricKeyDetails?.namedCurve ?? key.asymmetricKeyType ?? 'unknown';
  throw new SyntaxError(`Cannot use the ${found} key of "${name}": expected ECDSA on P-256 or RSA`);
}

function verifyTreeHead(message: Buffer, signature: Buffer, key: KeyObject, algorithm: number): boolean {
  const signed = readSignature(signature);
  const said = readCheckpoint(message.toString());
  if (signed?.algorithm !== algorithm || said === null || said.extensions.length > 0) {
    return false;
  }
  return verify('sha256', treeHeadMessage(signed.timestamp, said), { key, dsaEncoding: 'der' }, signed.signature);
}

/** TreeHeadSignature (RFC 6962 §3.5): version v1, signature type tree_hash. */
function treeHeadMessage(timestamp: number, { size, root }: Checkpoint): Buffer {
  const head = Buffer.alloc(18);
  head.writeUInt8(1, 1);
  head.writeBigUInt64BE(BigInt(timestamp), 2);
  head.writeBigUInt64BE(BigInt(size), 10);
  return Buffer.concat([head, root]);
}

interface HeadSignature {
  readonly timestamp: number;
  readonly algorithm: number;
  readonly signature: Buffer;
}

/** Null unless the bytes are a time and a DigitallySigned over SHA-256, and nothing more. */
function readSignature(bytes: Buffer): HeadSignature | null {
  return orNull(() => {
    const reader = new TlsReader(bytes, 'tree head signature');
    const timestamp = reader.long();
    const hash = reader.number(1);
    const algorithm = reader.number(1);
    const signature = reader.opaque(2);
    reader.end();
    return hash === SHA256 ? { timestamp, algorithm, signature } : null;
  });
}

function readCheckpoint(text: string): Checkpoint | null {
  return orNull(() => parseCheckpoint(text));
}

function orNull<T>(read: () => T | null): T | null {
  try {
    return read();
  } catch (error) {
    if (error instanceof SyntaxError) {
      return null;
    }
    throw error;
  }
}
