import { hash } from 'node:crypto';
import type { DemoAuthority } from '../../src/demo/certificate-authority.ts';

/** A log as a trusted root lists it. */
export interface ListedLog {
  readonly url: string;
  /** SubjectPublicKeyInfo, DER. */
  readonly spki: Buffer;
  /** Of Rekor v1 the log's ID is the hash of its key. */
  readonly isV1?: boolean;
  readonly start?: string;
  readonly end?: string;
}

/** A `trusted_root.json` of these logs and authorities. */
export function trustedRootJson(content: {
  readonly logs?: readonly ListedLog[];
  readonly authorities?: readonly DemoAuthority[];
}): string {
  return JSON.stringify({
    mediaType: 'application/vnd.dev.sigstore.trustedroot+json;version=0.1',
    tlogs: (content.logs ?? []).map(({ url, spki, isV1, start, end }) => ({
      baseUrl: url,
      hashAlgorithm: 'SHA2_256',
      publicKey: {
        rawBytes: spki.toString('base64'),
        validFor: { start: start ?? '2020-01-01T00:00:00Z', ...(end !== undefined && { end }) },
      },
      logId: { keyId: (isV1 === true ? hash('sha256', spki, 'buffer') : Buffer.alloc(32)).toString('base64') },
    })),
    certificateAuthorities: (content.authorities ?? []).map(({ chain }, position) => ({
      uri: `https://ca-${position}.example`,
      certChain: { certificates: chain.map((der) => ({ rawBytes: der.toString('base64') })) },
      validFor: { start: '2020-01-01T00:00:00Z' },
    })),
    ctlogs: [],
    timestampAuthorities: [],
  });
}
