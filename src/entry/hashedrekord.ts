import { decodeBase64 } from './base64.ts';
import { artifactsOf, digestFromBase64, digestFromHex } from './digest.ts';
import type { EntryContent } from './entry.ts';
import { objectAt, type JsonObject } from './json.ts';
import { recordAt } from './record.ts';
import { signerFromPem, signerFromVerifier } from './signer.ts';

/** hashedrekord 0.0.1 of Rekor v1 (rekor pkg/types/hashedrekord/v0.0.1). Throws EntryError or DerError. */
export function readHashedRekord001(spec: JsonObject): EntryContent {
  const hash = objectAt(objectAt(spec, 'data', 'spec'), 'hash', 'spec.data');
  const signature = objectAt(spec, 'signature', 'spec');
  const publicKey = objectAt(signature, 'publicKey', 'spec.signature');
  const signatureBytes = decodeBase64(signature['content'], 'spec.signature.content');
  const signer = signerFromPem(publicKey['content'], signatureBytes, 'spec.signature.publicKey.content');
  const signedDigest = digestFromHex(hash, 'spec.data.hash');
  return { signers: [signer], artifacts: artifactsOf(signedDigest), signedDigest, payload: null };
}

/** hashedrekord 0.0.2 of Rekor v2 (rekor-tiles pkg/types/hashedrekord). Throws EntryError or DerError. */
export function readHashedRekord002(spec: JsonObject): EntryContent {
  const { record, path } = recordAt(spec, 'hashedrekord');
  const signature = objectAt(record, 'signature', path);
  const signaturePath = `${path}.signature`;
  const signatureBytes = decodeBase64(signature['content'], `${signaturePath}.content`);
  const signer = signerFromVerifier(signature, signatureBytes, signaturePath);
  const signedDigest = digestFromBase64(objectAt(record, 'data', path), `${path}.data`);
  return { signers: [signer], artifacts: artifactsOf(signedDigest), signedDigest, payload: null };
}
