import { createPublicKey, verify } from 'node:crypto';
import { ml_dsa44 } from '@noble/post-quantum/ml-dsa.js';
import { keyId, noteKey, requireKeyName, type NoteKey } from './note.ts';

/** A verifier key (c2sp.org/signed-note#verifier-keys): who signs, how, and with which key. */
export interface VerifierKey {
  /** By which its signature lines name it. */
  readonly name: string;
  readonly kind: KeyKind;
  /** The 4 bytes by which its signature lines name it. */
  readonly id: Buffer;
  /** As its algorithm encodes it: 32 bytes of Ed25519, 1312 of ML-DSA-44, SubjectPublicKeyInfo in DER of ECDSA. */
  readonly publicKey: Buffer;
}

/** What a signature by the key says: `note` that its holder signed the text, `cosignature` that a witness saw the tree. */
export type KeyKind = 'ed25519-note' | 'ecdsa-note' | 'ed25519-cosignature' | 'ml-dsa-44-cosignature';

/** The longest has an ML-DSA-44 key; a name may be as long as one can be that is signed with. */
const MAX_VKEY = 4096;

/** In what an ML-DSA-44 cosignature signs, the length of a name is one byte (c2sp.org/tlog-cosignature). */
const MAX_SIGNED_NAME_BYTES = 255;

const KEY_SIZES = { 'ed25519-note': 32, 'ed25519-cosignature': 32, 'ml-dsa-44-cosignature': 1312 } as const;
const ED25519_SPKI_PREFIX = Buffer.from('302a300506032b6570032100', 'hex');

/** Parses `NAME+ID+BASE64`. Throws SyntaxError unless the ID is the key's own and the key is of a kind we can verify. */
export function parseVkey(text: string): VerifierKey {
  const [, name = '', id = '', encoded = ''] = /^([^+]*)\+([^+]*)\+(.*)$/s.exec(text.slice(0, MAX_VKEY + 1)) ?? [];
  if (text.length > MAX_VKEY || name === '' || !/^[0-9a-f]{8}$/.test(id)) {
    throw new SyntaxError(`Cannot parse verifier key "${text.slice(0, 100)}": expected NAME+ID+BASE64, the ID in hex`);
  }
  const bytes = Buffer.from(encoded, 'base64');
  if (bytes.length === 0 || bytes.toString('base64') !== encoded) {
    throw new SyntaxError(`Cannot parse verifier key "${name.slice(0, 100)}": expected a type and a key in base64`);
  }
  const key = verifierKey(name, kindOf(name, bytes.readUInt8(0)), bytes.subarray(1));
  if (key.id.toString('hex') !== id) {
    throw new SyntaxError(
      `Cannot use verifier key "${name.slice(0, 100)}": it says that its ID is ${id}, expected ${key.id.toString('hex')}`,
    );
  }
  return key;
}

/** The verifier key of `publicKey`, its ID computed. Throws SyntaxError for bytes that are no such key. */
export function verifierKey(name: string, kind: KeyKind, publicKey: Buffer): VerifierKey {
  requireKeyName(name);
  if (kind !== 'ecdsa-note' && publicKey.length !== KEY_SIZES[kind]) {
    throw new SyntaxError(
      `Cannot use the key of "${name.slice(0, 100)}": it has ${publicKey.length} bytes, expected ${KEY_SIZES[kind]}`,
    );
  }
  if (kind === 'ml-dsa-44-cosignature' && Buffer.byteLength(name) > MAX_SIGNED_NAME_BYTES) {
    throw new SyntaxError(
      `Cannot use "${name.slice(0, 100)}…" as the name of a cosigner: expected at most ${MAX_SIGNED_NAME_BYTES} bytes`,
    );
  }
  const key = { name, kind, publicKey };
  switch (kind) {
    case 'ed25519-note':
    case 'ecdsa-note':
      return { ...key, id: asNoteKey(key).id };
    case 'ed25519-cosignature':
      return { ...key, id: keyId(Buffer.concat([Buffer.from(`${name}\n\x04`), publicKey])) };
    case 'ml-dsa-44-cosignature':
      return { ...key, id: keyId(Buffer.concat([Buffer.from(`${name}\n\x06`), publicKey])) };
  }
}

/** The key by which a log signs its notes; null for a key that only cosigns. Throws SyntaxError for bytes that are no key. */
export function toNoteKey(key: VerifierKey): NoteKey | null {
  return isCosigner(key) ? null : asNoteKey(key);
}

/**
 * The same key as one that cosigns: an Ed25519 key that was published as one of notes cosigns under another ID
 * (c2sp.org/tlog-cosignature). Null for ECDSA, which cannot.
 */
export function toCosigner(key: VerifierKey): VerifierKey | null {
  switch (key.kind) {
    case 'ed25519-note':
      return verifierKey(key.name, 'ed25519-cosignature', key.publicKey);
    case 'ecdsa-note':
      return null;
    case 'ed25519-cosignature':
    case 'ml-dsa-44-cosignature':
      return key;
  }
}

/** Whether `signature` is the key's over exactly these bytes. For the kinds that cosign, which sign no note as it is. */
export function verifyWithCosigner(key: VerifierKey, message: Buffer, signature: Buffer): boolean {
  if (key.kind === 'ml-dsa-44-cosignature') {
    return ml_dsa44.verify(signature, message, key.publicKey);
  }
  return verify(null, message, createPublicKey({ key: ed25519Spki(key), format: 'der', type: 'spki' }), signature);
}

function isCosigner({ kind }: VerifierKey): boolean {
  return kind === 'ed25519-cosignature' || kind === 'ml-dsa-44-cosignature';
}

function kindOf(name: string, type: number): KeyKind {
  switch (type) {
    case 0x01:
      return 'ed25519-note';
    case 0x02:
      return 'ecdsa-note';
    case 0x04:
      return 'ed25519-cosignature';
    case 0x06:
      return 'ml-dsa-44-cosignature';
    default:
      throw new SyntaxError(
        `Cannot use verifier key "${name.slice(0, 100)}" of type ${type}: expected 1 or 4 (Ed25519), 2 (ECDSA) or 6 (ML-DSA-44)`,
      );
  }
}

function asNoteKey(key: Pick<VerifierKey, 'name' | 'kind' | 'publicKey'>): NoteKey {
  return noteKey(key.name, key.kind === 'ecdsa-note' ? key.publicKey : ed25519Spki(key));
}

function ed25519Spki({ publicKey }: Pick<VerifierKey, 'publicKey'>): Buffer {
  return Buffer.concat([ED25519_SPKI_PREFIX, publicKey]);
}
