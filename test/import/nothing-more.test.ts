import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { importText, keyed, outcomeOf, somebody, workflow } from './imported.ts';

const GOOGLE = 'https://accounts.google.com';
const ACTIONS = 'https://token.actions.githubusercontent.com';

function clusterImagePolicy(...identities: readonly object[]): string {
  return JSON.stringify({
    apiVersion: 'policy.sigstore.dev/v1beta1',
    kind: 'ClusterImagePolicy',
    metadata: { name: 'p' },
    spec: { authorities: [{ keyless: { identities } }] },
  });
}

function keyPair() {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' });
}

function pem(key: KeyObject): string {
  return key.export({ type: 'spki', format: 'pem' }).toString();
}

describe('what is imported accepts nobody more', () => {
  it('by an expression that only an empty text meets', async () => {
    const identities = [
      { subjectRegExp: '^$', issuer: ACTIONS },
      { subject: 'ann@acme.example', issuer: GOOGLE },
    ];
    const { watches } = await importText(clusterImagePolicy(...identities));
    expect(outcomeOf(watches, workflow('acme/widget'))).not.toBe('accepted');
    expect(outcomeOf(watches, somebody('ann@acme.example', GOOGLE))).toBe('accepted');
  });

  it('by a host that stands in the middle of a URL', async () => {
    const elsewhere = 'https://evil.example/https://github.com/acme/widget/.github/workflows/a.yml@refs/heads/main';
    const { watches } = await importText(
      clusterImagePolicy(
        { subject: elsewhere, issuer: GOOGLE },
        { subjectRegExp: '^https://github\\.com/acme/widget/', issuer: ACTIONS },
      ),
    );
    expect(outcomeOf(watches, workflow('acme/widget'))).toBe('accepted');
    expect(outcomeOf(watches, somebody(elsewhere, GOOGLE))).toBe('accepted');
    expect(outcomeOf(watches, somebody(elsewhere, ACTIONS))).toBe('refused');
  });

  it('by the second key where a tool reads one', async () => {
    const [first, second] = [keyPair(), keyPair()];
    const keys = `${pem(first.publicKey)}${pem(second.publicKey)}`;
    const entries = { keys: { publicKeys: pem(first.publicKey) } };
    const certificates = { certificates: { cert: keys } };
    const { err, watches } = await importText(
      JSON.stringify({
        apiVersion: 'kyverno.io/v1',
        kind: 'ClusterPolicy',
        metadata: { name: 'p' },
        spec: { rules: [{ name: 'r', verifyImages: [{ attestors: [{ entries: [entries, certificates] }] }] }] },
      }),
    );
    expect(err).toContain('only the first of 2 keys and certificates is read there');
    expect(outcomeOf(watches, keyed(first.privateKey))).toBe('accepted');
    expect(outcomeOf(watches, keyed(second.privateKey))).not.toBe('accepted');
  });
});

describe('what is imported leaves nothing out in silence', () => {
  it.each<[what: string, policy: string, ...notes: string[]]>([
    [
      'Kyverno',
      `apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata: { name: p }
spec:
  validationFailureAction: Audit
  rules:
    - name: r
      match: { any: [] }
      preconditions: { all: [] }
      verifyImages:
        - failureAction: Audit
          repository: ghcr.io/acme/signatures
          attestors:
            - entries:
                - keyless: { subject: ann@acme.example, issuer: "${GOOGLE}", rekor: { slip: x } }
                  signatureAlgorithm: sha512
    - name: another
      validate: {}
`,
      '5: warning: validationFailureAction Audit: images pass',
      '8: warning: which resources',
      '9: warning: conditions about a request',
      '11: warning: failureAction Audit: images pass',
      '12: warning: where signatures lie',
      '15: warning: key "slip" is not known',
      '16: warning: which hash',
      '17: warning: the rule "another" verifies no images',
    ],
    [
      "Kyverno's policies in CEL",
      `apiVersion: policies.kyverno.io/v1
kind: ImageValidatingPolicy
metadata: { name: p }
spec:
  validationActions: [Audit]
  matchConstraints: { resourceRules: [] }
  slip: true
  attestors:
    - name: a
      cosign:
        source: { repository: ghcr.io/acme/signatures }
        ctlog: { slip: true }
        keyless: { slip: true, identities: [{ subject: ann@acme.example, issuer: "${GOOGLE}" }] }
        key: { hashAlgorithm: sha512 }
`,
      '5: warning: no action Deny: images pass',
      '6: warning: which resources',
      '7: warning: key "slip" is not known',
      '11: warning: where signatures lie',
      '12: warning: key "slip" is not known',
      '13: warning: key "slip" is not known',
      '14: warning: which hash',
    ],
    [
      'policy-controller',
      `apiVersion: policy.sigstore.dev/v1beta1
kind: ClusterImagePolicy
metadata: { name: p }
spec:
  authorities:
    - source: [{ oci: ghcr.io/acme/signatures }]
      ctlog: { slip: true }
      key: { hashAlgorithm: sha512, slip: true }
    - keyless: { identities: [{ subject: ann@acme.example, issuer: "${GOOGLE}" }] }
`,
      '6: warning: where signatures lie',
      '7: warning: key "slip" is not known',
      '8: warning: which hash',
      '8: warning: key "slip" is not known',
    ],
  ])('%s', async (_what, policy, ...notes) => {
    const { status, err } = await importText(policy);
    expect(status).toBe(0);
    const lines = err.split('\n');
    expect(notes.filter((note) => !lines.some((line) => line.startsWith(`stdin:${note}`)))).toEqual([]);
  });

  it.each(['"$COSIGN"', '${COSIGN_BIN}', '$(COSIGN)'])('reads a command by its variable: %s', async (program) => {
    const { watches } = await importText(
      `${program} verify --certificate-identity ann@acme.example --certificate-oidc-issuer ${GOOGLE} image\n`,
    );
    expect(outcomeOf(watches, somebody('ann@acme.example', GOOGLE))).toBe('accepted');
  });
});

describe('what is imported is a configuration that loads', () => {
  it('with a name for each watch, also where one looks like a number of another', async () => {
    const identities = [
      { subject: 'imported keys', issuer: GOOGLE },
      { subject: 'imported keys (2)', issuer: ACTIONS },
    ];
    const { watches } = await importText(
      JSON.stringify({
        apiVersion: 'policy.sigstore.dev/v1beta1',
        kind: 'ClusterImagePolicy',
        metadata: { name: 'p' },
        spec: { authorities: [{ keyless: { identities } }, { key: { data: pem(keyPair().publicKey) } }] },
      }),
    );
    // Loading refuses a name that stands twice.
    expect(watches.map(({ name }) => name)).toEqual(['imported keys', 'imported keys (2)', 'imported keys (3)']);
  });

  it('within seconds, however many identities there are', async () => {
    const identities = Array.from({ length: 1900 }, (_, index) => ({
      issuer: `https://issuer-${index}.example`,
      subject: `https://host.example/${index}/x`,
    }));
    const { watches, err } = await importText(clusterImagePolicy(...identities));
    expect(watches).toHaveLength(1);
    expect(err).toContain('overlap in too many ways');
  });
});
