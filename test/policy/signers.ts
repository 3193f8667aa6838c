import { UNATTESTED } from '../../src/entry/attestation.ts';
import type { Certificate, Claims, ParsedEntry, Signer } from '../../src/entry/entry.ts';
import type { JudgeContext } from '../../src/policy/standing.ts';
import { compilePattern, type PatternSource } from '../../src/policy/pattern.ts';
import type { ClaimRule, Watch } from '../../src/policy/watch.ts';

export const NOW = new Date('2026-06-15T12:00:00Z');

/** What a release of acme/widget carries. */
export const RELEASE: Claims = {
  issuer: ['https://token.actions.githubusercontent.com'],
  subject: ['https://github.com/acme/widget/.github/workflows/release.yml@refs/tags/v1.0.0'],
  builder: ['https://github.com/acme/widget/.github/workflows/release.yml@refs/tags/v1.0.0'],
  runner: ['github-hosted'],
  source_repository: ['https://github.com/acme/widget'],
  source_digest: ['9cc1f3a1c2c7b0d7a2b6a0b7d0a6f4f1c1b2a3d4'],
  source_ref: ['refs/tags/v1.0.0'],
  source_repository_id: ['123456'],
  source_owner: ['https://github.com/acme'],
  source_owner_id: ['654321'],
  workflow: ['https://github.com/acme/widget/.github/workflows/release.yml@refs/tags/v1.0.0'],
  trigger: ['push'],
  environment: ['release'],
};

/** A signer with a certificate of these claims. */
export function certified(claims: Claims, notBefore: Date = NOW): Signer {
  const certificate: Certificate = {
    der: Buffer.from('der'),
    spki: Buffer.from('spki'),
    notBefore: notBefore.getTime(),
    notAfter: notBefore.getTime() + 600_000,
    codeSigning: true,
    claims,
    problems: {},
  };
  return {
    ...withKey('cc'.repeat(32)),
    type: 'certificate',
    certificate,
    claims: { ...claims, key: ['cc'.repeat(32)] },
  };
}

/** A signer with a raw key. */
export function withKey(fingerprint: string): Signer {
  return {
    type: 'public-key',
    fingerprint,
    claims: { key: [fingerprint] },
    certificate: null,
    spki: Buffer.from('spki'),
    signature: Buffer.from('signature'),
  };
}

export function entryOf(...signers: readonly Signer[]): ParsedEntry {
  return {
    kind: 'hashedrekord',
    apiVersion: '0.0.1',
    signers,
    artifacts: [`sha256:${'ab'.repeat(32)}`],
    signedDigest: null,
    payload: null,
    ...UNATTESTED,
    unread: false,
  };
}

type Rules = Readonly<Record<string, PatternSource>>;

/** A watch as configuration makes it. */
export function watchOf(select: readonly [Rules, ...Rules[]], expect: Rules | 'none' | null, name = 'widget'): Watch {
  const [first, ...others] = select.map(rulesOf);
  return {
    name,
    description: null,
    select: [first ?? [], ...others] as unknown as Watch['select'], // each Rules of a test has a claim
    expect: expect === null || expect === 'none' ? expect : rulesOf(expect),
    mode: 'enforce',
    severity: 'high',
    notify: null,
    attestations: null,
    firstSeen: [],
    burst: null,
    cadenceMs: null,
    artifacts: null,
  };
}

/** A context in which everything is trusted and verified, but for what is given. */
export function contextOf(answers: Partial<JudgeContext> = {}): JudgeContext {
  return { chainOf: () => 'trusted', signatureOf: () => 'verified', sctOf: () => 'verified', now: NOW, ...answers };
}

function rulesOf(rules: Rules): readonly ClaimRule[] {
  return Object.entries(rules).map(([claim, source]) => ({ claim, patterns: [compilePattern(source, claim)] }));
}
