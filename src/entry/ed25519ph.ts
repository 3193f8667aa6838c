import { hash, type KeyObject } from 'node:crypto';
import { eddsa } from '@noble/curves/abstract/edwards.js';
import { ed25519 } from '@noble/curves/ed25519.js';

/** Ed25519ph (RFC 8032 §5.1) signs a SHA-512 digest; noble's own variant would hash it once more. */
const ed25519OverDigest = eddsa(ed25519.Point, (data: Uint8Array) => hash('sha512', data, 'buffer'), {
  domain: (data: Uint8Array, context: Uint8Array, prehashed: boolean) =>
    Buffer.concat([
      Buffer.from('SigEd25519 no Ed25519 collisions'),
      Buffer.from([prehashed ? 1 : 0, context.length]),
      context,
      data,
    ]),
  prehash: (digest: Uint8Array) => Uint8Array.from(digest),
});

/** Whether a signature of Ed25519ph holds over a SHA-512 digest. Throws for one that is none. */
export function verifyEd25519ph(key: KeyObject, signature: Buffer, digest: Buffer): boolean {
  // An SPKI of Ed25519 ends with the 32 bytes of the key (RFC 8410 §4).
  const point = key.export({ format: 'der', type: 'spki' }).subarray(-32);
  return ed25519OverDigest.verify(signature, digest, point, { zip215: false });
}
