import { artifactsOf, digestFromHex } from './digest.ts';
import type { EntryContent } from './entry.ts';
import { objectAt, type JsonObject } from './json.ts';
import { signerFromPem } from './signer.ts';

/**
 * cose 0.0.1 of Rekor v1 (rekor pkg/types/cose/v0.0.1): of a COSE_Sign1 message (RFC 9052 §4.2) the entry holds the verifier and
 * two hashes. That of the payload is the artifact; that of the whole message, `data.envelopeHash`, is none, as it depends on
 * how the message was put together. The message itself, headers and signature included, is what the server may serve as the
 * attestation. External data that was signed with it is kept nowhere, so its signature cannot be called wrong.
 * Throws EntryError or DerError.
 */
export function readCose001(spec: JsonObject): EntryContent {
  const signer = signerFromPem(spec['publicKey'], null, 'spec.publicKey');
  const data = objectAt(spec, 'data', 'spec');
  const digest = digestFromHex(objectAt(data, 'payloadHash', 'spec.data'), 'spec.data.payloadHash');
  return { signers: [signer], artifacts: artifactsOf(digest), signedDigest: null, payload: { digest, type: null } };
}
