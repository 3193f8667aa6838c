import { noteKey, type NoteKey } from '../../src/tlog/note.ts';

const ED25519_PREFIX = Buffer.from('302a300506032b6570032100', 'hex');

/** Key of a verifier key line of type 0x01 (c2sp.org/signed-note), its ID compared with the one in the line. */
export function keyOfVkey(vkey: string): NoteKey {
  const [name = '', id = '', encoded = ''] = vkey.split(/\+(.*?)\+(.*)/s);
  const key = noteKey(name, Buffer.concat([ED25519_PREFIX, Buffer.from(encoded, 'base64').subarray(1)]));
  if (key.id.toString('hex') !== id) {
    throw new Error(`Cannot use verifier key "${vkey}": its ID is ${key.id.toString('hex')}`);
  }
  return key;
}

/** Key given as base64 of its SubjectPublicKeyInfo. */
export function keyOfSpki(name: string, spki: string): NoteKey {
  return noteKey(name, Buffer.from(spki, 'base64'));
}

/** The key of all shards of Rekor v1 of the public-good instance. */
export const REKOR_V1 = keyOfSpki(
  'rekor.sigstore.dev',
  'MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE2G2Y+2tabdTV5BcGiBIx0a9fAFwrkBbmLSGtks4L3qX6yYY0zufBnhC8Ur/iy55GhWP/9A/bY2LhC30M9+RYtw==',
);

/** The key of the public-good instance's first Rekor v2 log. */
export const LOG2025_1 = keyOfSpki(
  'log2025-1.rekor.sigstore.dev',
  'MCowBQYDK2VwAyEAt8rlp1knGwjfbcXAYPYAkn0XiLz1x8O4t0YkEhie244=',
);

/** Checkpoints that the public-good logs signed. */
export const REAL_CHECKPOINTS = [
  {
    key: REKOR_V1,
    origin: 'rekor.sigstore.dev - 3904496407287907110',
    size: 4_163_431,
    root: 'TQBqpG78tgfdUdkAsSE3VMUMySUcNAXGwlYdnWovMjk=',
    extensions: [],
    note: 'rekor.sigstore.dev - 3904496407287907110\n4163431\nTQBqpG78tgfdUdkAsSE3VMUMySUcNAXGwlYdnWovMjk=\n\n— rekor.sigstore.dev wNI9ajBEAiB1Z6e1PjhlkfokW28rSG8drq5ukwh1Xzou2a97duIIsgIgT3DWdPHChJDpQSHMaGToOApyAmUWZ0elpY0ifgkwLhg=\n',
  },
  {
    key: REKOR_V1,
    origin: 'rekor.sigstore.dev - 2605736670972794746',
    size: 14_023_763,
    root: 'ObGwMlDNPGiBMjt9BOFqk2H07lHLWQppUQuRE7wAg9o=',
    extensions: ['Timestamp: 1681741564475733616'],
    note: 'rekor.sigstore.dev - 2605736670972794746\n14023763\nObGwMlDNPGiBMjt9BOFqk2H07lHLWQppUQuRE7wAg9o=\nTimestamp: 1681741564475733616\n\n— rekor.sigstore.dev wNI9ajBGAiEAll1SlTQdBQLIo0PHPTvfkQOQ+P5qzZuMaqslBqbdD4gCIQCj59tzyX12Z3iDVy8PRRZDJ1AF8gnp6bt6g0awPMwZbw==\n',
  },
  {
    key: REKOR_V1,
    origin: 'rekor.sigstore.dev - 1193050959916656506',
    size: 1_059_514,
    root: '/putP9z3Wss1HCFfDnWmpoa5i8l6WSZeW8XjIgpesm0=',
    extensions: [],
    note: 'rekor.sigstore.dev - 1193050959916656506\n1059514\n/putP9z3Wss1HCFfDnWmpoa5i8l6WSZeW8XjIgpesm0=\n\n— rekor.sigstore.dev wNI9ajBFAiAVGjyS7gu+/F744y3qmjS32jfsakwaJXcIokIVVOU+wQIhALQHbZh7RDoV2uXsBK18uClNWH/FdlgxS7RNtdAg33s/\n',
  },
  {
    key: LOG2025_1,
    origin: 'log2025-1.rekor.sigstore.dev',
    size: 4_855_115,
    root: 'gDfQHcPSkLDVUd/xeZWPsqSB7RTR0ho07k15jgzLOpw=',
    extensions: [],
    note: 'log2025-1.rekor.sigstore.dev\n4855115\ngDfQHcPSkLDVUd/xeZWPsqSB7RTR0ho07k15jgzLOpw=\n\n— log2025-1.rekor.sigstore.dev zxGZFXYHvtV6cW22YJx1dWx9IiuUHw4BuXZ3X81JAgK8sWX/HBQH2QdlDapqjMkp9GcrITop7jUG979FyKaY7C7VvQM=\n',
  },
] as const;
