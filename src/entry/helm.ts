import { decodeBase64 } from './base64.ts';
import { artifactsOf, digestFromHex } from './digest.ts';
import type { EntryContent } from './entry.ts';
import { objectAt, type JsonObject } from './json.ts';
import { signersFromPgp } from './pgp.ts';

/**
 * helm 0.0.1 of Rekor v1 (rekor pkg/types/helm/v0.0.1). The artifact is the chart by the sum that its provenance gives; what is signed is
 * the provenance, which is not recorded. Throws EntryError.
 */
export function readHelm001(spec: JsonObject): EntryContent {
  const chart = objectAt(spec, 'chart', 'spec');
  const hash = objectAt(chart, 'hash', 'spec.chart');
  const provenance = objectAt(chart, 'provenance', 'spec.chart');
  const signature = objectAt(provenance, 'signature', 'spec.chart.provenance');
  const signatureBytes = decodeBase64(signature['content'], 'spec.chart.provenance.signature.content');
  const { content } = objectAt(spec, 'publicKey', 'spec');
  const signers = signersFromPgp(content, signatureBytes, 'spec.publicKey.content');
  return { signers, artifacts: artifactsOf(digestFromHex(hash, 'spec.chart.hash')), signedDigest: null, payload: null };
}
