import { artifactsOf, digestFromHex } from './digest.ts';
import type { EntryContent } from './entry.ts';
import { objectAt, type JsonObject } from './json.ts';
import { signersFromPgp } from './pgp.ts';

/**
 * rpm 0.0.1 of Rekor v1 (rekor pkg/types/rpm/v0.0.1). The signature is inside the package, which is the artifact. Throws EntryError.
 */
export function readRpm001(spec: JsonObject): EntryContent {
  const hash = objectAt(objectAt(spec, 'package', 'spec'), 'hash', 'spec.package');
  const { content } = objectAt(spec, 'publicKey', 'spec');
  const signers = signersFromPgp(content, null, 'spec.publicKey.content');
  return {
    signers,
    artifacts: artifactsOf(digestFromHex(hash, 'spec.package.hash')),
    signedDigest: null,
    payload: null,
  };
}
