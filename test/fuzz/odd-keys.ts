import { generateKeyPairSync } from 'node:crypto';
import { encodeTree, parseTree } from './der-tree.ts';

/** SubjectPublicKeyInfos of many kinds, fresh each time: also such as hold the point at infinity, no point, or nothing. */
export function oddKeys(): readonly Buffer[] {
  const pairs = [
    ...['P-256', 'P-384', 'P-521', 'secp256k1', 'sect571r1', 'brainpoolP512r1'].map((namedCurve) =>
      generateKeyPairSync('ec', { namedCurve }),
    ),
    generateKeyPairSync('ec', { namedCurve: 'P-384', paramEncoding: 'explicit' }),
    ...[generateKeyPairSync('rsa', { modulusLength: 1024 }), generateKeyPairSync('rsa', { modulusLength: 3072 })],
    generateKeyPairSync('rsa-pss', { modulusLength: 1024, hashAlgorithm: 'sha256', mgf1HashAlgorithm: 'sha512' }),
    ...[generateKeyPairSync('ed25519'), generateKeyPairSync('ed448'), generateKeyPairSync('x25519')],
    generateKeyPairSync('dsa', { modulusLength: 1024, divisorLength: 160 }),
  ];
  return pairs
    .map(({ publicKey }) => publicKey.export({ type: 'spki', format: 'der' }))
    .flatMap((spki) => [spki, ...['00', '04', ''].map((bits) => withBits(spki, Buffer.from(bits, 'hex')))]);
}

function withBits(spki: Buffer, bits: Buffer): Buffer {
  const root = parseTree(spki);
  const [, key] = root?.children ?? [];
  if (root === null || key === undefined) {
    throw new Error('Cannot read a key of our own');
  }
  Object.assign(key, { content: bits, children: null });
  return encodeTree(root);
}
