import { createPublicKey, generateKeyPairSync, hash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { importFixtures, importText, keyed, outcomeOf, somebody, workflow, type Outcome } from './imported.ts';

const ACTIONS = 'https://token.actions.githubusercontent.com';
const GOOGLE = 'https://accounts.google.com';
const GITHUB_LOGIN = 'https://github.com/login/oauth';
const WIDGET = 'acme/widget';
const GENERATOR = 'slsa-framework/slsa-github-generator';

type Case = readonly [what: string, entry: Buffer, outcome: Outcome];

/** By fixture, what the original makes of each entry. `refused` ones claim to be of those that the policy is about. */
const CASES: Readonly<Record<string, readonly Case[]>> = {
  'kyverno-keyless.yaml': [
    ['a tag', workflow(WIDGET, { ref: 'refs/tags/v1' }), 'accepted'],
    ['a wildcard crosses slashes', workflow(WIDGET, { ref: 'refs/tags/nightly/2' }), 'accepted'],
    ['a wildcard may be nothing', workflow(WIDGET, { ref: 'refs/tags/' }), 'accepted'],
    ['a branch', workflow(WIDGET), 'refused'],
    ['another workflow', workflow(WIDGET, { ref: 'refs/tags/v1', file: 'evil.yml' }), 'refused'],
    ["a stranger's builder", workflow(WIDGET, { ref: 'refs/tags/v1', builder: 'mallory/builder' }), 'refused'],
    ['another issuer', workflow(WIDGET, { ref: 'refs/tags/v1', claims: { issuer: GOOGLE } }), 'refused'],
    ['another repository', workflow('acme/widget-fork', { ref: 'refs/tags/v1' }), 'not selected'],
  ],
  'kyverno-cross-pairs.yaml': [
    ['somebody of acme by Google', somebody('alice@acme.example', GOOGLE), 'accepted'],
    ['the pipeline', workflow(WIDGET), 'accepted'],
    ['somebody of acme by GitHub Actions', somebody('alice@acme.example', ACTIONS), 'refused'],
    ['the pipeline by Google', workflow(WIDGET, { claims: { issuer: GOOGLE } }), 'refused'],
    ['somebody of acme by another', somebody('alice@acme.example', GITHUB_LOGIN), 'refused'],
    ['another branch', workflow(WIDGET, { ref: 'refs/heads/x' }), 'refused'],
    ['somebody else', somebody('alice@acme.example.net', GOOGLE), 'not selected'],
  ],
  'kyverno-regexp.yaml': [
    ['release', workflow(WIDGET), 'accepted'],
    ['hotfix', workflow(WIDGET, { file: 'hotfix.yaml' }), 'accepted'],
    [
      'it may stand anywhere',
      somebody(`https://evil.example/github.com/${WIDGET}/.github/workflows/release.yml@x`, ACTIONS),
      'accepted',
    ],
    ['the issuer goes on', workflow(WIDGET, { claims: { issuer: `${ACTIONS}/enterprise` } }), 'accepted'],
    [
      'the issuer begins otherwise',
      workflow(WIDGET, { claims: { issuer: `https://evil.example/${ACTIONS}` } }),
      'refused',
    ],
    ['another workflow', workflow(WIDGET, { file: 'prerelease.yml' }), 'refused'],
  ],
  'kyverno-extensions.yaml': [
    ['a release branch', workflow(WIDGET, { ...shared('v1'), ref: 'refs/heads/release-1.2' }), 'accepted'],
    ['a wildcard crosses slashes', workflow(WIDGET, { ...shared('v1'), ref: 'refs/heads/release-1/x' }), 'accepted'],
    ['two characters for "?"', workflow(WIDGET, { ...shared('v12'), ref: 'refs/heads/release-1' }), 'refused'],
    ['another branch', workflow(WIDGET, shared('v1')), 'refused'],
    [
      'another trigger',
      workflow(WIDGET, { ...shared('v1'), ref: 'refs/heads/release-1', claims: { trigger: 'workflow_dispatch' } }),
      'refused',
    ],
    ['its own workflow', workflow(WIDGET, { ref: 'refs/heads/release-1' }), 'refused'],
    ['another repository', workflow('acme/gadget', { ...shared('v1'), ref: 'refs/heads/release-1' }), 'not selected'],
  ],
  'kyverno-bundle.yaml': [
    ['by an expression', workflow('acme/gadget', { file: 'build.yml', ref: 'refs/tags/v12' }), 'accepted'],
    ['its end counts', workflow('acme/gadget', { file: 'build.yml', ref: 'refs/tags/v12-rc' }), 'refused'],
    ['"*" stands for itself', workflow(WIDGET, { file: 'release.yml' }), 'refused'],
  ],
  'kyverno-image-policy.yaml': [
    ['the workflow', workflow(WIDGET), 'accepted'],
    [
      'the pipeline of GitLab',
      somebody('https://gitlab.com/acme/gadget//.gitlab-ci.yml@refs/heads/stable', 'https://gitlab.com'),
      'accepted',
    ],
    [
      'another branch of it',
      somebody('https://gitlab.com/acme/gadget//.gitlab-ci.yml@refs/heads/stable2', 'https://gitlab.com'),
      'refused',
    ],
    ['the workflow by GitLab', workflow(WIDGET, { claims: { issuer: 'https://gitlab.com' } }), 'refused'],
    [
      'the pipeline by GitHub',
      somebody('https://gitlab.com/acme/gadget//.gitlab-ci.yml@refs/heads/main', ACTIONS),
      'refused',
    ],
    ['a tag', workflow(WIDGET, { ref: 'refs/tags/v1' }), 'refused'],
  ],
  'cluster-image-policy.yaml': [
    ['a version', workflow(WIDGET, { ref: 'refs/tags/v1.2.3' }), 'accepted'],
    ['a pre-release', workflow(WIDGET, { ref: 'refs/tags/v1.2.3-rc1' }), 'refused'],
    [
      'the service account',
      somebody('https://kubernetes.io/namespaces/builds/serviceaccounts/signer', 'https://kubernetes.default.svc'),
      'accepted',
    ],
    [
      'the service account by another',
      somebody('https://kubernetes.io/namespaces/builds/serviceaccounts/signer', GOOGLE),
      'refused',
    ],
    [
      'another service account',
      somebody('https://kubernetes.io/namespaces/builds/serviceaccounts/x', 'https://kubernetes.default.svc'),
      'not selected',
    ],
  ],
  'cluster-image-policy-pairs.yaml': [
    ['Alice by Google', somebody('alice@acme.example', GOOGLE), 'accepted'],
    ['Alice by GitHub', somebody('alice@acme.example', GITHUB_LOGIN), 'accepted'],
    ['Alice by something with google in it', somebody('alice@acme.example', 'https://google.evil.example'), 'refused'],
    ['Bob by something with google in it', somebody('bob@acme.example', 'https://google.evil.example'), 'accepted'],
    ['Bob by Google', somebody('bob@acme.example', GOOGLE), 'accepted'],
    ['Bob by GitHub', somebody('bob@acme.example', GITHUB_LOGIN), 'refused'],
    ['what is anchored nowhere', workflow('mallory/acme', { file: 'acme/widget.yml' }), 'accepted'],
    ['the same by Google', workflow(WIDGET, { claims: { issuer: GOOGLE } }), 'refused'],
    ['Alice by GitHub Actions', somebody('alice@acme.example', ACTIONS), 'refused'],
    ['Alice by nobody we know', somebody('alice@acme.example', 'https://issuer.example'), 'refused'],
  ],
  'verify.sh': [
    ['a release', workflow(WIDGET, { ref: 'refs/tags/v1' }), 'accepted'],
    [
      'a release by hand',
      workflow(WIDGET, { ref: 'refs/tags/v1', claims: { trigger: 'workflow_dispatch' } }),
      'refused',
    ],
    [
      'a blob, however it was triggered',
      workflow(WIDGET, { file: 'blob.yml', claims: { trigger: 'workflow_dispatch' } }),
      'accepted',
    ],
    ['a blob at a tag', workflow(WIDGET, { file: 'blob.yml', ref: 'refs/tags/v1' }), 'refused'],
    ['a release at a branch', workflow(WIDGET), 'refused'],
    ['what only the shell knows', workflow(WIDGET, { file: 'sbom.yml', ref: 'refs/tags/v1.2.3' }), 'refused'],
    ['Bob', somebody('bob@acme.example', GOOGLE), 'accepted'],
    ['Bob by GitHub', somebody('bob@acme.example', GITHUB_LOGIN), 'refused'],
    ['what stands in a comment', somebody('commented@out.example', 'https://out.example'), 'not selected'],
  ],
  'README-cosign.md': [
    ['the release manager', somebody('release@acme.example', GOOGLE), 'accepted'],
    ['the same by another', somebody('release@acme.example', ACTIONS), 'refused'],
  ],
  'ci.yml': [
    ['a workflow', workflow(WIDGET), 'accepted'],
    ['a dot that is not escaped', somebody('https://githubxcom/acme/widget/', ACTIONS), 'accepted'],
    ['by another', workflow(WIDGET, { claims: { issuer: GOOGLE } }), 'refused'],
    ['another owner', workflow('mallory/widget'), 'not selected'],
  ],
  'slsa.sh': [
    ['the generator at a release', generated(WIDGET, 'generator_generic_slsa3.yml', 'v2.0.0', 'v1.2.7'), 'accepted'],
    ['a version without its last part', generated(WIDGET, 'builder_go_slsa3.yml', 'v2.0.0', 'v1.2'), 'accepted'],
    ['a pre-release of the version', generated(WIDGET, 'builder_go_slsa3.yml', 'v2.0.0', 'v1.2.0-rc.1'), 'accepted'],
    ['another version', generated(WIDGET, 'generator_generic_slsa3.yml', 'v2.0.0', 'v1.20.0'), 'refused'],
    [
      'a pre-release of the generator',
      generated(WIDGET, 'generator_generic_slsa3.yml', 'v2.0.0-rc.1', 'v1.2.7'),
      'refused',
    ],
    [
      'a generator for something else',
      generated(WIDGET, 'generator_container_slsa3.yml', 'v2.0.0', 'v1.2.7'),
      'refused',
    ],
    ['its own workflow', workflow(WIDGET, { ref: 'refs/tags/v1.2.7' }), 'refused'],
    ['the image', generated('acme/gadget', 'generator_container_slsa3.yml', 'v2.0.0', 'v2.0.0'), 'accepted'],
    [
      'the image by a newer generator',
      generated('acme/gadget', 'generator_container_slsa3.yml', 'v2.1.0', 'v2.0.0'),
      'refused',
    ],
    ['a package', workflow('acme/thing', { file: 'publish.yml' }), 'accepted'],
    ['a package from a runner of its own', workflow('acme/thing', { claims: { runner: 'self-hosted' } }), 'refused'],
    [
      'a package of a stranger',
      generated('mallory/thing', 'generator_generic_slsa3.yml', 'v2.0.0', 'v1.2.7'),
      'not selected',
    ],
  ],
  'rekor-monitor.yaml': [
    ['an address, anywhere', somebody('notalice@acme.example.net', GOOGLE), 'observed'],
    ['a repository by an issuer', workflow('acme/widget-fork'), 'observed'],
    ['the issuer may hold more', somebody('https://github.com/acme/widget/x', 'https://gitlab.example'), 'observed'],
    ['the issuer is anchored', somebody('https://github.com/acme/widget/x', `${ACTIONS}/enterprise`), 'not selected'],
    ['a subject, also of a certificate', somebody('release@acme.example', GOOGLE), 'observed'],
    ['a subject with more behind it', somebody('release@acme.example.net', GOOGLE), 'not selected'],
    ['an extension', workflow('mallory/x', { claims: { source_owner: 'https://github.com/acme' } }), 'observed'],
    [
      'a value that is no URL',
      workflow('mallory/x', { claims: { source_repository: 'https://github.com/mallory/acme/widget' } }),
      'not selected',
    ],
    ['somebody else', somebody('bob@acme.example', GOOGLE), 'not selected'],
  ],
  'rekor-monitor-workflow.yml': [
    ['a workflow', workflow(WIDGET), 'observed'],
    ['another repository', workflow('acme/widget-fork'), 'not selected'],
  ],
};

/** A run of a shared workflow at a tag of it. */
function shared(tag: string): { readonly builder: string; readonly file: string; readonly builderRef: string } {
  return { builder: 'acme/shared', file: 'sign.yml', builderRef: `refs/tags/${tag}` };
}

/** A run of a builder of slsa-github-generator. */
function generated(repository: string, file: string, builderTag: string, tag: string): Buffer {
  return workflow(repository, {
    builder: GENERATOR,
    file,
    builderRef: `refs/tags/${builderTag}`,
    ref: `refs/tags/${tag}`,
  });
}

describe.each(Object.entries(CASES))('%s', (fixture, cases) => {
  it.each(cases)('%s', async (_, entry, outcome) => {
    const { status, watches } = await importFixtures(fixture);
    expect(status).toBe(0);
    expect(outcomeOf(watches, entry)).toBe(outcome);
  });
});

describe('several policies at once', () => {
  it('accepts whom any of them accepts: no entry shows which image is meant', async () => {
    const { watches } = await importFixtures('kyverno-keyless.yaml', 'cluster-image-policy.yaml', 'verify.sh');
    const outcomes = [
      workflow(WIDGET, { ref: 'refs/tags/any' }),
      workflow(WIDGET, { file: 'blob.yml' }),
      workflow(WIDGET, { file: 'other.yml', ref: 'refs/tags/v1.2.3' }),
      workflow(WIDGET, { file: 'other.yml' }),
    ].map((entry) => outcomeOf(watches, entry));
    expect(outcomes).toEqual(['accepted', 'accepted', 'accepted', 'refused']);
  });
});

describe('keys', () => {
  const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const stranger = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const pem = String(pair.publicKey.export({ type: 'spki', format: 'pem' }));
  const indented = (blanks: number): string => pem.trim().replace(/^/gm, ' '.repeat(blanks)).trimStart();
  const own = readFileSync('test/fixtures/import/release.pub', 'utf8').trim();

  it.each([
    ['kyverno-keys.yaml', 22],
    ['kyverno-image-policy.yaml', 12],
  ] as const)('of %s are those of the policy', async (fixture, blanks) => {
    const text = readFileSync(`test/fixtures/import/${fixture}`, 'utf8');
    const block = own.replace(/^/gm, ' '.repeat(blanks)).trimStart();
    expect(text).toContain(block);
    const { watches } = await importText(text.replace(block, indented(blanks)));
    expect(outcomeOf(watches, keyed(pair.privateKey))).toBe('accepted');
    expect(outcomeOf(watches, keyed(stranger.privateKey))).toBe('not selected');
  });

  it('are read from the file that a command names, beside it', async () => {
    const { watches } = await importFixtures('verify.sh');
    const [watch] = watches.filter(({ name }) => name === 'imported keys');
    const der = createPublicKey(own).export({ type: 'spki', format: 'der' });
    expect(watch?.expect).toMatchObject([{ claim: 'key', patterns: [{ source: hash('sha256', der, 'hex') }] }]);
  });
});
