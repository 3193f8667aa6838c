import { generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { noteKey, type NoteKey } from '../../src/tlog/note.ts';

/** A key pair that signs notes under a name. */
export interface NoteSigner {
  readonly key: NoteKey;
  /** The signature line for a text, its newline included. */
  line(text: string): string;
}

export function ed25519Signer(name: string): NoteSigner {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  return signer(name, publicKey, (message) => sign(null, message, privateKey));
}

export function ecdsaSigner(name: string): NoteSigner {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  return signer(name, publicKey, (message) => sign('sha256', message, privateKey));
}

/** A signature line of anybody: the ID and the signature are only bytes. */
export function signatureLine(name: string, id: Buffer, signature: Buffer): string {
  return `— ${name} ${Buffer.concat([id, signature]).toString('base64')}\n`;
}

/** A whole note. */
export function formatNote(text: string, ...lines: readonly string[]): string {
  return `${text}\n${lines.join('')}`;
}

function signer(name: string, publicKey: KeyObject, signWith: (message: Buffer) => Buffer): NoteSigner {
  const key = noteKey(name, publicKey.export({ format: 'der', type: 'spki' }));
  return { key, line: (text) => signatureLine(name, key.id, signWith(Buffer.from(text))) };
}
