import { identityAlert } from '../../src/alert/identity-alert.ts';
import type { Alert, AlertDraft } from '../../src/alert/alert.ts';
import { UNATTESTED } from '../../src/entry/attestation.ts';
import type { Certificate, Claims, ParsedEntry, Signer } from '../../src/entry/entry.ts';
import type { Judgement, Violation, Watch } from '../../src/policy/watch.ts';
import { sha256 } from '../../src/tlog/hash.ts';

const GITHUB = 'https://github.com';
const WORKFLOW = `${GITHUB}/acme/widget/.github/workflows/release.yml`;

/** The claims of acme/widget's release workflow at `ref`. */
export function releaseClaims(ref: string): Claims {
  return {
    issuer: ['https://token.actions.githubusercontent.com'],
    subject: [`${WORKFLOW}@${ref}`],
    builder: [`${WORKFLOW}@${ref}`],
    builder_digest: ['0123456789abcdef0123456789abcdef01234567'],
    runner: ['github-hosted'],
    source_repository: [`${GITHUB}/acme/widget`],
    source_digest: ['0123456789abcdef0123456789abcdef01234567'],
    source_ref: [ref],
    source_repository_id: ['123456'],
    workflow: [`${WORKFLOW}@${ref}`],
    trigger: ['push'],
    run: [`${GITHUB}/acme/widget/actions/runs/4711/attempts/1`],
  };
}

export function makeWatch(overrides: Partial<Watch> = {}): Watch {
  const pattern = { source: '**', matches: () => true };
  return {
    name: 'widget-release',
    description: null,
    select: [[{ claim: 'source_repository', patterns: [pattern] }]],
    expect: [],
    mode: 'enforce',
    severity: 'critical',
    notify: null,
    attestations: null,
    firstSeen: [],
    burst: null,
    cadenceMs: null,
    artifacts: null,
    ...overrides,
  };
}

export function makeSigner(claims: Claims): Signer {
  const certificate: Certificate = {
    der: Buffer.alloc(0),
    spki: Buffer.alloc(0),
    notBefore: 0,
    notAfter: 0,
    codeSigning: true,
    claims,
    problems: {},
  };
  const fingerprint = sha256(Buffer.from(JSON.stringify(claims))).toString('hex');
  return {
    type: 'certificate',
    fingerprint,
    claims: { ...claims, key: [fingerprint] },
    certificate,
    spki: Buffer.alloc(0),
    signature: null,
  };
}

export function makeKeySigner(key: string): Signer {
  const fingerprint = sha256(Buffer.from(key)).toString('hex');
  return {
    type: 'public-key',
    fingerprint,
    claims: { key: [fingerprint] },
    certificate: null,
    spki: Buffer.from(key),
    signature: null,
  };
}

export const ENTRY: ParsedEntry = {
  kind: 'hashedrekord',
  apiVersion: '0.0.2',
  signers: [],
  artifacts: [`sha256:${'ab'.repeat(32)}`],
  signedDigest: null,
  payload: null,
  ...UNATTESTED,
  unread: false,
};

export function makeJudgement(overrides: Partial<Judgement> = {}): Judgement {
  return {
    watch: 'widget-release',
    signer: 0,
    verdict: 'unexpected',
    violations: [],
    chain: 'trusted',
    signature: 'verified',
    signingTime: 'unknown',
    sct: 'verified',
    ...overrides,
  };
}

/** What an attacker's branch violates of a watch that expects release tags. */
export function branchViolations(ref: string): readonly Violation[] {
  return [
    {
      claim: 'builder',
      expected: ['acme/widget/.github/workflows/release.yml@refs/tags/v*'],
      found: `${WORKFLOW}@${ref}`,
    },
    { claim: 'source_ref', expected: ['refs/tags/v*'], found: ref },
  ];
}

/** The draft about a release workflow that ran at `ref`; `overrides` are of the draft. */
export function branchDraft(ref = 'refs/heads/evil', overrides: Partial<AlertDraft> = {}, index = 41): AlertDraft {
  const draft = identityAlert({
    watch: makeWatch(),
    judgement: makeJudgement({ violations: branchViolations(ref) }),
    entry: ENTRY,
    signer: makeSigner(releaseClaims(ref)),
    log: 'rekor.sigstore.dev - 1193050959916656506',
    index,
    globalIndex: 25_000_041,
  });
  if (draft === null) {
    throw new Error('an unexpected signer makes an alert');
  }
  return { ...draft, ...overrides };
}

/** A draft as if it had been stored. */
export function stored(draft: AlertDraft, overrides: Partial<Alert> = {}): Alert {
  // Everything but what is not told in messages.
  const told = Object.entries(draft).filter(([name]) => name !== 'evidence' && name !== 'notify');
  return {
    ...(Object.fromEntries(told) as Omit<AlertDraft, 'evidence' | 'notify'>),
    id: 'k3v9x0m2qa',
    state: 'open',
    occurrences: 1,
    lastIndex: draft.index,
    firstSeen: new Date('2026-11-21T09:30:00.000Z'),
    lastSeen: new Date('2026-11-21T09:30:00.000Z'),
    ...overrides,
  };
}

/** A note of the right form with a signature that means nothing: alerts show notes, they do not verify them. */
export function unsignedNote(origin: string, size: number, tree: string): string {
  const root = sha256(Buffer.from(tree)).toString('base64');
  return `${origin}\n${size}\n${root}\n\n— ${origin} ${Buffer.alloc(68, 1).toString('base64')}\n`;
}
