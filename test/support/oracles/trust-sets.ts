import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { realdata } from '../realdata.ts';

/** Whom to trust, as a `trusted_root.json`. */
export interface TrustSet {
  readonly name: string;
  readonly json: string;
}

/** The public instances, and the authorities that the recorded servers' entries were made with. */
export function readTrustSets(): readonly TrustSet[] {
  return [
    rootIn('public-good', 'trust/sigstore__root-signing/targets'),
    rootIn('staging', 'trust/sigstore__root-signing-staging/targets'),
    rootIn('the Rekor v2 server', 'servers/rekor-v2'),
    rootOf('the foreign authority of that server', [
      'servers/rekor-v2/ca/evil-int.pem',
      'servers/rekor-v2/ca/evil-root.pem',
    ]),
    rootOf('the Rekor v1 server and the systems', [
      'servers/rekor-v1/test-keys/ca-int.crt.pem',
      'servers/rekor-v1/test-keys/ca-root.crt.pem',
    ]),
  ];
}

function rootIn(name: string, folder: string): TrustSet {
  return { name, json: readFileSync(realdata(`${folder}/trusted_root.json`), 'utf8') };
}

function rootOf(name: string, files: readonly string[]): TrustSet {
  const certificates = files.map((file) => new X509Certificate(readFileSync(realdata(file))));
  const authority = {
    subject: {},
    uri: 'https://ca.example',
    certChain: { certificates: certificates.map(({ raw }) => ({ rawBytes: raw.toString('base64') })) },
    validFor: { start: '2000-01-01T00:00:00Z' },
  };
  const mediaType = 'application/vnd.dev.sigstore.trustedroot+json;version=0.1';
  const none = { tlogs: [], ctlogs: [], timestampAuthorities: [] };
  return { name, json: JSON.stringify({ mediaType, certificateAuthorities: [authority], ...none }) };
}
