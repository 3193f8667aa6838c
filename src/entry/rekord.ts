import { decodeBase64 } from './base64.ts';
import { artifactsOf, digestFromHex } from './digest.ts';
import { isEd25519 } from './ed25519.ts';
import { EntryError } from './entry-error.ts';
import type { EntryContent, Signer } from './entry.ts';
import { objectAt, stringAt, type JsonObject } from './json.ts';
import { signerFromMinisign } from './minisign.ts';
import { signersFromPgp } from './pgp.ts';
import { signerFromPem } from './signer.ts';
import { signerFromSsh } from './ssh-key.ts';

/** Whom a key file of this format names. */
type ReadKeys = (publicKey: unknown, signature: Buffer, what: string) => readonly Signer[];

/** By `spec.signature.format`. */
const FORMATS = new Map<string, ReadKeys>([
  ['pgp', signersFromPgp],
  ['minisign', (...key) => [signerFromMinisign(...key)]],
  ['ssh', (...key) => [signerFromSsh(...key)]],
  ['x509', (...key) => [signerFromPem(...key)]],
]);

/**
 * rekord 0.0.1 of Rekor v1 (rekor pkg/types/rekord/v0.0.1). Only signatures of format x509 are made over the digest that is recorded:
 * PGP, SSH and minisign sign hashes of their own. Throws EntryError or DerError.
 */
export function readRekord001(spec: JsonObject): EntryContent {
  const hash = objectAt(objectAt(spec, 'data', 'spec'), 'hash', 'spec.data');
  const signature = objectAt(spec, 'signature', 'spec');
  const format = stringAt(signature, 'format', 'spec.signature');
  const readKeys = FORMATS.get(format);
  if (readKeys === undefined) {
    throw new EntryError(`Cannot read spec.signature.format: expected ${[...FORMATS.keys()].join(', ')}`);
  }
  const { content } = objectAt(signature, 'publicKey', 'spec.signature');
  const signatureBytes = decodeBase64(signature['content'], 'spec.signature.content');
  const signers = readKeys(content, signatureBytes, 'spec.signature.publicKey.content');
  const digest = digestFromHex(hash, 'spec.data.hash');
  const signedDigest =
    format === 'x509' && digest?.algorithm === 'sha256' && signers.every(signsDigest) ? digest : null;
  return { signers, artifacts: artifactsOf(digest), signedDigest, payload: null };
}

/** Rekor takes ECDSA and RSA over SHA-256 here, whatever the curve, and of Ed25519 the plain one: over the artifact itself. */
function signsDigest({ spki }: Signer): boolean {
  return spki !== null && !isEd25519(spki);
}
