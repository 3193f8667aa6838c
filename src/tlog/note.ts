import { createPublicKey, verify, type KeyObject } from 'node:crypto';
import type { NonEmpty } from '../lib/non-empty.ts';
import { sha256 } from './hash.ts';

/** A public key that signs notes under a name. */
export interface NoteKey {
  readonly name: string;
  /** The 4 bytes by which a signature line names its key: a hint, not a proof. */
  readonly id: Buffer;
  /** SubjectPublicKeyInfo, DER. */
  readonly spki: Buffer;
  verify(message: Buffer, signature: Buffer): boolean;
}

/** A signed note (c2sp.org/signed-note), parsed; nothing about it is verified. */
export interface Note {
  /** What the signatures cover, its last newline included. */
  readonly text: string;
  readonly signatures: readonly NoteSignature[];
}

export interface NoteSignature {
  readonly name: string;
  readonly id: Buffer;
  readonly signature: Buffer;
}

/** The specification sets no limit; a line of ML-DSA takes 3.3 KB, and witnesses are few. */
const MAX_NOTE_BYTES = 64 * 1024;
const MAX_SIGNATURES = 100;
const KEY_ID_SIZE = 4;
const SIGNATURE_PREFIX = '— ';

/**
 * The key of a log that signs under `name`: Ed25519 (type 0x01) or ECDSA on P-256 (type 0x02, whose ID is made without
 * the name). Throws SyntaxError for every other key and for a name that no signature line can hold.
 */
export function noteKey(name: string, spki: Buffer): NoteKey {
  requireKeyName(name);
  const key = parsePublicKey(name, spki);
  if (key.asymmetricKeyType === 'ed25519') {
    const raw = spki.subarray(-32);
    return {
      name,
      id: keyId(Buffer.concat([Buffer.from(`${name}\n\x01`), raw])),
      spki,
      verify: (message, signature) => verify(null, message, key, signature),
    };
  }
  if (key.asymmetricKeyType === 'ec' && key.asymmetricKeyDetails?.namedCurve === 'prime256v1') {
    return {
      name,
      id: keyId(spki),
      spki,
      verify: (message, signature) => verify('sha256', message, { key, dsaEncoding: 'der' }, signature),
    };
  }
  const found = key.asymmetricKeyDetails?.namedCurve ?? key.asymmetricKeyType ?? 'unknown';
  throw new SyntaxError(`Cannot use the ${found} key of "${name}": expected Ed25519 or ECDSA on P-256`);
}

/** Splits a signed note into its text and its signatures. Throws SyntaxError for anything that is not exactly one. */
export function parseNote(note: string): Note {
  checkCharacters(note);
  // The text may hold blank lines and lines that look like signatures: only what follows the last blank line signs.
  const end = note.lastIndexOf('\n\n');
  if (end === -1) {
    throw new SyntaxError('Cannot parse signed note: expected a blank line between its text and its signatures');
  }
  const lines = note.slice(end + 2).split('\n');
  if (lines.pop() !== '' || lines.length === 0) {
    throw new SyntaxError('Cannot parse signed note: expected one or more signature lines, each ended by a newline');
  }
  if (lines.length > MAX_SIGNATURES) {
    throw new SyntaxError(`Cannot parse signed note of ${lines.length} signatures: expected at most ${MAX_SIGNATURES}`);
  }
  return { text: note.slice(0, end + 1), signatures: lines.map(parseSignature) };
}

/**
 * Checks every signature that one of the keys is named for; lines of other keys are ignored, and of several lines for
 * one key the first counts. `invalid` when any of these does not hold, `unknown-key` when there is none.
 */
export function verifyNote(note: Note, keys: NonEmpty<NoteKey>): 'verified' | 'invalid' | 'unknown-key' {
  const message = Buffer.from(note.text);
  const seen = new Set<string>();
  for (const { name, id, signature } of note.signatures) {
    const line = `${name}+${id.toString('hex')}`;
    // IDs are short enough to collide: then each of the keys that share one may have signed.
    const named = keys.filter((key) => key.name === name && key.id.equals(id));
    if (named.length === 0 || seen.has(line)) {
      continue;
    }
    seen.add(line);
    if (!named.some((key) => key.verify(message, signature))) {
      return 'invalid';
    }
  }
  return seen.size > 0 ? 'verified' : 'unknown-key';
}

/** Throws SyntaxError for a name that no signature line can hold. */
export function requireKeyName(name: string): void {
  if (!isKeyName(name)) {
    throw new SyntaxError(`Cannot use "${name}" as the name of a key: expected neither white space nor a plus sign`);
  }
}

/** Reads a SubjectPublicKeyInfo. Throws SyntaxError for anything else, also for another spelling of one. */
export function parsePublicKey(name: string, spki: Buffer): KeyObject {
  try {
    const key = createPublicKey({ key: spki, format: 'der', type: 'spki' });
    // The parser tolerates spellings of a key other than its own, but an ID must be made of the one spelling.
    if (key.export({ format: 'der', type: 'spki' }).equals(spki)) {
      return key;
    }
  } catch (cause) {
    throw new SyntaxError(`Cannot read the public key of "${name}": expected SubjectPublicKeyInfo in DER`, { cause });
  }
  throw new SyntaxError(`Cannot read the public key of "${name}": expected nothing but SubjectPublicKeyInfo in DER`);
}

/** The ID of a key: the first bytes of the hash of what its type says (c2sp.org/signed-note). */
export function keyId(material: Buffer): Buffer {
  return Buffer.from(sha256(material).subarray(0, KEY_ID_SIZE));
}

function checkCharacters(note: string): void {
  const bytes = Buffer.from(note);
  if (bytes.length > MAX_NOTE_BYTES) {
    throw new SyntaxError(`Cannot parse signed note of ${bytes.length} bytes: expected at most ${MAX_NOTE_BYTES}`);
  }
  if (bytes.toString() !== note) {
    throw new SyntaxError('Cannot parse signed note: expected valid Unicode');
  }
  if (bytes.some((byte) => byte < 0x20 && byte !== 0x0a)) {
    throw new SyntaxError('Cannot parse signed note: expected no control character but newline');
  }
}

function parseSignature(line: string): NoteSignature {
  const [name, encoded, ...rest] = line.startsWith(SIGNATURE_PREFIX)
    ? line.slice(SIGNATURE_PREFIX.length).split(' ')
    : [];
  if (name === undefined || encoded === undefined || rest.length > 0 || !isKeyName(name)) {
    throw new SyntaxError(`Cannot parse signature line "${line.slice(0, 100)}": expected "— NAME BASE64"`);
  }
  const blob = Buffer.from(encoded, 'base64');
  if (blob.length <= KEY_ID_SIZE || blob.toString('base64') !== encoded) {
    throw new SyntaxError(
      `Cannot parse signature of "${name.slice(0, 100)}": expected a key ID and a signature in base64`,
    );
  }
  return { name, id: blob.subarray(0, KEY_ID_SIZE), signature: blob.subarray(KEY_ID_SIZE) };
}

function isKeyName(name: string): boolean {
  return name !== '' && !/[\p{White_Space}+]/u.test(name);
}
