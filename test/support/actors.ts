import {
  createDemoAuthority,
  type CertificateRequest,
  type DemoAuthority,
} from '../../src/demo/certificate-authority.ts';
import type { EntrySigner } from '../../src/demo/entries.ts';
import { sha256 } from '../../src/tlog/hash.ts';
import { createPublicKey } from 'node:crypto';

/** When everything happens. */
export const NOW = new Date('2026-11-21T12:00:00.000Z');

export const GITHUB = 'https://github.com';
export const REPOSITORY = `${GITHUB}/acme/widget`;
export const WORKFLOW = `${REPOSITORY}/.github/workflows/release.yml`;
const COMMIT = '0123456789abcdef0123456789abcdef01234567';

/** The authority that the monitor trusts. */
export const authority = createDemoAuthority({ name: 'test-ca', now: NOW });

/** One that anybody could have made. */
export const forger = createDemoAuthority({ name: 'test-ca', now: NOW });

/** What acme/widget's release workflow gets certified when it runs at `ref`. */
export function releaseAt(ref: string): CertificateRequest {
  return {
    subject: `${WORKFLOW}@${ref}`,
    notBefore: NOW,
    claims: {
      issuer: 'https://token.actions.githubusercontent.com',
      builder: `${WORKFLOW}@${ref}`,
      runner: 'github-hosted',
      source_repository: REPOSITORY,
      source_digest: COMMIT,
      source_ref: ref,
      trigger: 'push',
      run: `${REPOSITORY}/actions/runs/4711/attempts/1`,
    },
  };
}

/** Somebody whom nobody watches. */
export const STRANGER: CertificateRequest = {
  subject: 'developer@elsewhere.example',
  notBefore: NOW,
  claims: { issuer: 'https://accounts.google.com' },
};

export type Certified = Required<EntrySigner>;

export function certify(request: CertificateRequest, by: DemoAuthority = authority): Certified {
  return by.issue(request);
}

/** SHA-256 of the signer's public key. */
export function fingerprintOf({ privateKey }: EntrySigner): string {
  return sha256(createPublicKey(privateKey).export({ type: 'spki', format: 'der' })).toString('hex');
}

/** What an alert or a finding says of a signer certified by {@link releaseAt}. */
export function releaseSummary(ref: string, signer: EntrySigner, chain = 'trusted') {
  return {
    type: 'certificate',
    chain,
    fingerprint: fingerprintOf(signer),
    ...releaseAt(ref).claims,
    subject: [`${WORKFLOW}@${ref}`],
  };
}

/** Leaves of a kind that is not read, all different. */
export function fillers(count: number, from = 0): Buffer[] {
  return Array.from({ length: count }, (_, place) =>
    Buffer.from(`{"apiVersion":"0.0.1","kind":"filler","spec":{"number":${from + place}}}`),
  );
}
