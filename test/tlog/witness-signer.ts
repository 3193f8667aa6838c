import { generateKeyPairSync, sign } from 'node:crypto';
import { ml_dsa44 } from '@noble/post-quantum/ml-dsa.js';
import { parseCheckpoint } from '../../src/tlog/checkpoint.ts';
import type { Witness } from '../../src/tlog/cosignature.ts';
import { verifierKey, type VerifierKey } from '../../src/tlog/vkey.ts';
import { signatureLine } from './signed-note.ts';

/** Somebody who cosigns checkpoints (c2sp.org/tlog-cosignature). */
export interface WitnessSigner {
  readonly key: VerifierKey;
  /** `NAME+ID+BASE64`. */
  readonly vkey: string;
  /** As a policy names it. */
  witness(name?: string): Witness;
  /** The signature line for a checkpoint's text, its newline included. */
  line(text: string, seconds: number | bigint): string;
}

export function ed25519Witness(name: string): WitnessSigner {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const raw = publicKey.export({ format: 'der', type: 'spki' }).subarray(-32);
  return signer(verifierKey(name, 'ed25519-cosignature', raw), (text, seconds) =>
    sign(null, Buffer.from(`cosignature/v1\ntime ${seconds}\n${text}`), privateKey),
  );
}

export function mlDsaWitness(name: string, seed: Buffer = Buffer.alloc(32, name)): WitnessSigner {
  const { publicKey, secretKey } = ml_dsa44.keygen(seed);
  return signer(verifierKey(name, 'ml-dsa-44-cosignature', Buffer.from(publicKey)), (text, seconds) => {
    const { origin, size, root } = parseCheckpoint(text);
    return Buffer.from(ml_dsa44.sign(cosignedMessage(name, seconds, origin, 0n, BigInt(size), root), secretKey));
  });
}

/** A subtree from `start` to `end`, as the specification lays it out. */
export function cosignedMessage(
  cosigner: string,
  seconds: bigint,
  origin: string,
  start: bigint,
  end: bigint,
  hash: Buffer,
): Buffer {
  const [numbers, name, log] = [Buffer.alloc(24), Buffer.from(cosigner), Buffer.from(origin)];
  numbers.writeBigUInt64BE(seconds, 0);
  numbers.writeBigUInt64BE(start, 8);
  numbers.writeBigUInt64BE(end, 16);
  return Buffer.concat([
    Buffer.from('737562747265652f76310a00', 'hex'),
    Buffer.from([name.length]),
    name,
    numbers.subarray(0, 8),
    Buffer.from([log.length]),
    log,
    numbers.subarray(8),
    hash,
  ]);
}

/** As a verifier key is written. */
export function formatVkey(name: string, id: Buffer, type: number, publicKey: Buffer): string {
  return `${name}+${id.toString('hex')}+${Buffer.concat([Buffer.from([type]), publicKey]).toString('base64')}`;
}

function signer(key: VerifierKey, signText: (text: string, seconds: bigint) => Buffer): WitnessSigner {
  return {
    key,
    vkey: formatVkey(key.name, key.id, key.kind === 'ed25519-cosignature' ? 0x04 : 0x06, key.publicKey),
    witness: (name = key.name) => ({ name, key }),
    line: (text, seconds) => {
      const time = Buffer.alloc(8);
      time.writeBigUInt64BE(BigInt(seconds));
      return signatureLine(key.name, key.id, Buffer.concat([time, signText(text, BigInt(seconds))]));
    },
  };
}
