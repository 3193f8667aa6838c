import { artifactsOf, digestFromHex } from './digest.ts';
import type { EntryContent } from './entry.ts';
import { objectAt, type JsonObject } from './json.ts';
import { signerFromPem } from './signer.ts';

/**
 * alpine 0.0.1 of Rekor v1 (rekor pkg/types/alpine/v0.0.1). The signature is inside the package, which is the artifact. Throws
 * EntryError or DerError.
 */
export function readAlpine001(spec: JsonObject): EntryContent {
  const hash = objectAt(objectAt(spec, 'package', 'spec'), 'hash', 'spec.package');
  const { content } = objectAt(spec, 'publicKey', 'spec');
  const signers = [signerFromPem(content, null, 'spec.publicKey.content')];
  return {
    signers,
    artifacts: artifactsOf(digestFromHex(hash, 'spec.package.hash')),
    signedDigest: null,
    payload: null,
  };
}
