import { createPublicKey, generateKeyPairSync, hash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createExplainer } from '../../src/cli/create-explainer.ts';
import { offlineTrust } from '../../src/cli/offline-trust.ts';
import { loadConfig } from '../../src/config/load.ts';
import { createDemoAuthority, type IssuedClaims } from '../../src/demo/certificate-authority.ts';
import { dsseV1, hashedRekordV1, hashedRekordV2, type EntrySigner } from '../../src/demo/entries.ts';
import { withAttestation } from '../../src/entry/attestation.ts';
import { decodeEntry } from '../../src/entry/decode.ts';
import { judge } from '../../src/policy/judge.ts';
import { intotoV002 } from '../support/attested-entries.ts';
import { exampleNames, NO_SCT, stagedExample } from '../support/examples.ts';
import { createConfigFolder, type ConfigFolder } from './config-folder.ts';

const NOW = new Date('2026-11-21T12:00:00.000Z');
const authority = createDemoAuthority({ name: 'example-ca', now: NOW });
const forger = createDemoAuthority({ name: 'example-ca', now: NOW });

let folder: ConfigFolder;

beforeAll(() => {
  folder = createConfigFolder();
  folder.write('example-ca.pem', authority.chainPem());
});

afterAll(() => {
  folder.remove();
});

/** A job of GitHub Actions, as its certificate tells it. */
interface Job {
  readonly repository: string;
  /** `repository/file`; the workflow that was started is the same unless it is named. */
  readonly builder: string;
  readonly workflow?: string;
  readonly ref: string;
  /** Of repository and owner. */
  readonly ids: readonly [string, string];
  readonly claims?: IssuedClaims;
  readonly by?: typeof authority;
}

function certified({ repository, builder, workflow = builder, ref, ids, claims, by = authority }: Job): EntrySigner {
  const url = `https://github.com/${repository}`;
  const subject = withRef(builder, ref);
  return by.issue({
    subject,
    notBefore: NOW,
    claims: {
      issuer: 'https://token.actions.githubusercontent.com',
      builder: subject,
      runner: 'github-hosted',
      source_repository: url,
      source_ref: ref,
      source_repository_id: ids[0],
      source_owner: `https://github.com/${repository.split('/', 1).join('')}`,
      source_owner_id: ids[1],
      workflow: withRef(workflow, ref),
      trigger: 'push',
      run: `${url}/actions/runs/4711/attempts/1`,
      ...claims,
    },
  });
}

/** `owner/repo/file`, or `owner/repo/file@ref` where it has a ref of its own. */
function withRef(name: string, ref: string): string {
  const [owner, repository, ...file] = name.split('/');
  const path = `https://github.com/${owner ?? ''}/${repository ?? ''}/.github/workflows/${file.join('/')}`;
  return path.includes('@') ? path : `${path}@${ref}`;
}

function holder(subject: string, issuer: string, by = authority): EntrySigner {
  return by.issue({ subject, notBefore: NOW, claims: { issuer }, ...(subject.includes('://') && { sanKind: 'uri' }) });
}

const artifact = Buffer.from('widget');
const image = (signer: EntrySigner): Buffer => hashedRekordV2({ ...signer, artifact });
const attestation = (signer: EntrySigner): Buffer => dsseV1({ signers: [signer], payload: Buffer.from('{}') });

/** An entry whose statement Rekor v1 keeps. */
interface Kept {
  readonly leaf: Buffer;
  readonly payload: Buffer;
}

function kept(signer: EntrySigner, subject: string, predicateType: string, predicate: unknown = {}): Kept {
  const payload = Buffer.from(
    JSON.stringify({
      _type: 'https://in-toto.io/Statement/v1',
      subject: [{ name: subject, digest: { sha256: hash('sha256', artifact, 'hex') } }],
      predicateType,
      predicate,
    }),
  );
  return { leaf: intotoV002({ signers: [signer], payload }), payload };
}

const key = (): EntrySigner => ({ privateKey: generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey });
const fingerprint = ({ privateKey }: EntrySigner): string =>
  hash('sha256', createPublicKey(privateKey).export({ type: 'spki', format: 'der' }), 'hex');

const GENERATOR = 'slsa-framework/slsa-github-generator';
const MAIN = 'refs/heads/main';
const TAG = 'refs/tags/v1.2.3';
const WIDGET = { repository: 'acme/widget', ids: ['123456', '654321'] } as const;

const flux2: Job = {
  repository: 'fluxcd/flux2',
  builder: 'fluxcd/flux2/release.yaml',
  ref: 'refs/tags/v2.7.5',
  ids: ['1', '52158677'],
};
const controller: Job = {
  repository: 'fluxcd/source-controller',
  builder: 'fluxcd/gha-workflows/controller-release.yaml@refs/tags/v0.4.0',
  workflow: 'fluxcd/source-controller/release.yml',
  ref: 'refs/tags/v1.7.3',
  ids: ['2', '52158677'],
};
const argo: Job = {
  repository: 'argoproj/argo-cd',
  builder: 'argoproj/argo-cd/image-reuse.yaml',
  workflow: 'argoproj/argo-cd/release.yaml',
  ref: 'refs/tags/v2.11.3',
  ids: ['3', '30269780'],
};
const build: Job = { ...WIDGET, builder: 'acme/widget/build.yml', ref: MAIN };
const publishNpm: Job = { ...WIDGET, builder: 'acme/widget/release.yml', ref: TAG };
const publishPypi: Job = {
  ...WIDGET,
  builder: 'acme/widget/publish.yml',
  ref: TAG,
  claims: { environment: 'pypi', trigger: 'release' },
};
const otherRepository: Job = {
  repository: 'acme/gadget',
  builder: 'acme/gadget/ci.yml',
  ref: MAIN,
  ids: ['777', '654321'],
};
const chains = 'https://kubernetes.io/namespaces/tekton-chains/serviceaccounts/tekton-chains-controller';
const CLUSTER = 'https://container.googleapis.com/v1/projects/acme-build/locations/europe-west1/clusters/build';
const AKS = 'https://westeurope.oic.prod-aks.azure.com';
const AKS_CLUSTER = `${AKS}/11111111-2222-3333-4444-555555555555/66666666-7777-8888-9999-000000000000/`;
const GOOGLE = 'https://accounts.google.com';
const signingKey = key();
const PROVENANCE = 'https://slsa.dev/provenance/v1';
const PUBLISH = 'https://github.com/npm/attestation/tree/main/specs/publish/v0.1';
const builtBy = (id: string): unknown => ({ buildDefinition: {}, runDetails: { builder: { id } } });

/** Placeholders that a test must fill with what it makes itself. */
const NAMES: Readonly<Record<string, readonly (readonly [string, string])[]>> = {
  'aks-kyverno': [['0d9e8c7b6a5948372615040f3e2d1c0bf3a7a2f64c0a4f7d4f8a8b0c1e6f3c5f', fingerprint(signingKey)]],
  'key-only': [['5f3c6f1e0c8b8a4f7d4f0a4cf6a2a7f3c0b1d2e3f405162738495a6b7c8d9e0f', fingerprint(signingKey)]],
  'tekton-chains': [['5f3c6f1e0c8b8a4f7d4f0a4cf6a2a7f3c0b1d2e3f405162738495a6b7c8d9e0f', fingerprint(signingKey)]],
  npm: [['fb190a462123443500cbcdb6519623e7179e9f38d84ad4e9362b72d2b68b62c1', fingerprint(signingKey)]],
};

type Case = readonly [what: string, entry: Buffer | Kept, due: readonly string[]];

// No entry that PyPI's publishers made is recorded, so that its example is judged on made ones alone.
const CASES: Readonly<Record<string, readonly Case[]>> = {
  flux: [
    ['a release', image(certified(flux2)), ['flux2-release expected']],
    [
      'its provenance',
      attestation(
        certified({
          ...flux2,
          builder: `${GENERATOR}/generator_generic_slsa3.yml@refs/tags/v2.1.0`,
          workflow: flux2.builder,
        }),
      ),
      ['flux2-release expected'],
    ],
    [
      'the same at a branch',
      image(certified({ ...flux2, ref: MAIN })),
      ['flux2-release unexpected builder source_ref workflow'],
    ],
    [
      'the generator, called by another workflow',
      attestation(
        certified({
          ...flux2,
          builder: `${GENERATOR}/generator_generic_slsa3.yml@refs/tags/v2.1.0`,
          workflow: 'fluxcd/flux2/test.yaml',
        }),
      ),
      ['flux2-release unexpected workflow'],
    ],
    [
      'the generator, called by a stranger',
      attestation(
        certified({
          ...flux2,
          repository: 'example/flux2',
          builder: `${GENERATOR}/generator_generic_slsa3.yml@refs/tags/v2.1.0`,
          workflow: 'example/flux2/release.yaml',
          ids: ['9', '9'],
        }),
      ),
      ['flux2-lookalike unexpected'],
    ],
    ['a forger', image(certified({ ...flux2, by: forger })), ['flux2-release forged']],
    ['a controller', image(certified(controller)), ['flux-controllers expected']],
    [
      'a controller whose file ends otherwise',
      image(certified({ ...controller, workflow: 'fluxcd/source-controller/release.yaml' })),
      ['flux-controllers expected'],
    ],
    [
      'a repository without a rule',
      image(certified({ ...flux2, repository: 'fluxcd/website', builder: 'fluxcd/website/deploy.yaml' })),
      ['fluxcd-others observed'],
    ],
    ['a stranger', image(certified(build)), []],
  ],
  'argo-cd': [
    ['a release', image(certified(argo)), ['argo-cd-release expected']],
    [
      'a push to master',
      image(certified({ ...argo, workflow: 'argoproj/argo-cd/image.yaml', ref: 'refs/heads/master' })),
      ['argo-cd-master expected'],
    ],
    [
      'the workflow of releases on master',
      image(certified({ ...argo, ref: 'refs/heads/master' })),
      ['argo-cd-master unexpected workflow'],
    ],
    [
      'a fork at the same tag',
      image(certified({ ...argo, repository: 'example/argo-cd', ids: ['9', '9'] })),
      ['argo-cd-lookalike unexpected'],
    ],
    ['the application', attestation(certified(build)), ['app-build expected']],
    [
      'the application, from a pull request',
      image(certified({ ...build, ref: 'refs/pull/7/merge', claims: { trigger: 'pull_request_target' } })),
      ['app-build unexpected builder source_ref trigger workflow'],
    ],
    [
      'the application by a builder that nobody knows',
      attestation(certified({ ...build, builder: 'example/actions/build.yml@refs/tags/v1', workflow: build.builder })),
      ['app-build unexpected builder'],
    ],
    [
      'another owner',
      image(
        certified({ ...build, repository: 'acme-ci/widget', builder: 'acme-ci/widget/build.yml', ids: ['9', '9'] }),
      ),
      ['app-lookalike unexpected'],
    ],
    [
      'the repository of manifests',
      image(
        certified({
          ...build,
          repository: 'acme/widget-deploy',
          builder: 'acme/widget-deploy/x.yml',
          ids: ['8', '654321'],
        }),
      ),
      ['app-manifests unexpected'],
    ],
    ['a forger', image(certified({ ...build, by: forger })), ['app-build forged']],
    ['a stranger', image(holder('developer@elsewhere.example', GOOGLE)), []],
  ],
  'tekton-chains': [
    ['an image signed by the key', image(signingKey), ['chains-key expected']],
    [
      'an attestation of Chains',
      kept(signingKey, 'registry.example/acme/widget', PROVENANCE, builtBy('https://tekton.dev/chains/v2')),
      ['chains-key expected', 'chains-builder expected'],
    ],
    [
      'an attestation of another builder',
      kept(signingKey, 'registry.example/acme/widget', PROVENANCE, builtBy('https://builder.example')),
      ['chains-key expected', 'chains-builder unexpected slsa_builder'],
    ],
    [
      'an attestation that is not the one that was signed',
      {
        ...kept(signingKey, 'registry.example/acme/widget', PROVENANCE, builtBy('https://builder.example')),
        payload: kept(signingKey, 'registry.example/acme/widget', PROVENANCE, builtBy('https://tekton.dev/chains/v2'))
          .payload,
      },
      ['chains-key expected', 'chains-builder unexpected slsa_builder'],
    ],
    ['another key', image(key()), []],
    ['the controller', image(holder(chains, CLUSTER)), ['chains-k8s expected']],
    ['the controller of another cluster', image(holder(chains, `${CLUSTER}2`)), ['chains-k8s unexpected issuer']],
    [
      'another account of the cluster',
      image(holder('https://kubernetes.io/namespaces/default/serviceaccounts/default', CLUSTER)),
      ['chains-k8s unexpected subject'],
    ],
    [
      'SPIFFE',
      image(
        holder('spiffe://acme.example/ns/tekton-chains/sa/tekton-chains-controller', 'https://oidc.spire.acme.example'),
      ),
      ['chains-spiffe expected'],
    ],
    [
      'a trust domain that begins like ours',
      image(
        holder(
          'spiffe://acme.example.org/ns/tekton-chains/sa/tekton-chains-controller',
          'https://oidc.spire.acme.example',
        ),
      ),
      [],
    ],
    [
      'the account of Google by another provider',
      image(holder('tekton-chains-controller@acme-build.iam.gserviceaccount.com', 'https://github.com/login/oauth')),
      ['chains-google unexpected issuer'],
    ],
    ['a forger', image(holder(chains, CLUSTER, forger)), ['chains-k8s forged']],
  ],
  'aks-kyverno': [
    ['an image', image(certified(build)), ['aks-build expected']],
    [
      'an SBOM',
      kept(certified(build), 'registry.example/acme/widget', 'https://spdx.dev/Document'),
      ['aks-build expected', 'aks-sbom expected'],
    ],
    [
      'something else that was attested',
      kept(certified(build), 'registry.example/acme/widget', 'https://example.com/approved'),
      ['aks-build expected', 'aks-sbom unexpected predicate_type'],
    ],
    [
      'a branch',
      image(certified({ ...build, ref: 'refs/heads/hotfix' })),
      ['aks-build unexpected builder source_ref workflow'],
    ],
    [
      'a repository whose name only begins so',
      image(
        certified({
          ...build,
          repository: 'acme/widget-tools',
          builder: 'acme/widget-tools/build.yml',
          ids: ['7', '654321'],
        }),
      ),
      ['aks-org unexpected'],
    ],
    [
      'another owner',
      image(
        certified({ ...build, repository: 'acme-prod/widget', builder: 'acme-prod/widget/build.yml', ids: ['9', '9'] }),
      ),
      ['aks-lookalike unexpected'],
    ],
    ['the key', hashedRekordV1({ ...signingKey, artifact }), ['aks-key expected']],
    [
      'the cluster',
      image(holder('https://kubernetes.io/namespaces/build/serviceaccounts/image-signer', AKS_CLUSTER)),
      ['aks-workload expected'],
    ],
    [
      'another account of the cluster',
      image(holder('https://kubernetes.io/namespaces/default/serviceaccounts/default', AKS_CLUSTER)),
      ['aks-workload unexpected subject'],
    ],
    [
      'the mailbox',
      image(holder('release@acme.example', 'https://login.microsoftonline.com')),
      ['aks-release-mail expected'],
    ],
    [
      'the mailbox by another provider',
      image(holder('release@acme.example', GOOGLE)),
      ['aks-release-mail unexpected issuer'],
    ],
    ['a forger', image(certified({ ...build, by: forger })), ['aks-build forged']],
    ['a stranger', image(key()), []],
  ],
  npm: [
    ['a release', attestation(certified(publishNpm)), ['widget-provenance expected']],
    [
      'a release that names its package',
      kept(certified(publishNpm), 'pkg:npm/%40acme/widget@1.2.3', PROVENANCE),
      ['widget-provenance expected'],
    ],
    [
      'a branch with its own copy of the workflow',
      attestation(certified({ ...publishNpm, ref: 'refs/heads/snapshot-0f1e2d' })),
      ['widget-provenance unexpected builder source_ref workflow'],
    ],
    [
      'a workflow that a comment started',
      attestation(certified({ ...publishNpm, claims: { trigger: 'issue_comment' } })),
      ['widget-provenance unexpected trigger'],
    ],
    [
      'a runner of our own',
      attestation(certified({ ...publishNpm, claims: { runner: 'self-hosted' } })),
      ['widget-provenance unexpected runner'],
    ],
    ["npm's word", kept(signingKey, 'pkg:npm/%40acme/widget@1.2.3', PUBLISH), ['widget-published expected']],
    [
      "npm's word by somebody else",
      kept(key(), 'pkg:npm/%40acme/widget@1.2.3', PUBLISH),
      ['widget-published unexpected key'],
    ],
    ["npm's word on another package", kept(signingKey, 'pkg:npm/%40acme/widgets@1.2.3', PUBLISH), []],
    [
      'our package, built elsewhere',
      kept(
        certified({
          ...publishNpm,
          repository: 'example/widget',
          builder: 'example/widget/release.yml',
          ids: ['9', '9'],
        }),
        'pkg:npm/%40acme/widget@1.2.4',
        PROVENANCE,
      ),
      ['widget-built-elsewhere unexpected'],
    ],
    ['another repository of ours', attestation(certified(otherRepository)), ['acme-others observed']],
    ['a forger', attestation(certified({ ...publishNpm, by: forger })), ['widget-provenance forged']],
    ['a stranger', attestation(certified(flux2)), []],
  ],
  pypi: [
    ['a wheel', attestation(certified(publishPypi)), ['widget-publish expected']],
    ['the same in Rekor v2', image(certified(publishPypi)), ['widget-publish expected']],
    [
      'the workflow outside its environment',
      attestation(certified({ ...publishPypi, claims: { trigger: 'release' } })),
      ['widget-publish unexpected environment'],
    ],
    [
      'another environment',
      attestation(certified({ ...publishPypi, claims: { trigger: 'release', environment: 'testpypi' } })),
      ['widget-publish unexpected environment'],
    ],
    [
      'a branch',
      attestation(certified({ ...publishPypi, ref: MAIN })),
      ['widget-publish unexpected builder source_ref workflow'],
    ],
    [
      'another workflow of the repository in the environment',
      attestation(certified({ ...publishPypi, builder: 'acme/widget/nightly.yml' })),
      ['widget-publish unexpected builder workflow'],
    ],
    [
      'a repository that took the name',
      attestation(certified({ ...publishPypi, ids: ['999', '888'] })),
      ['widget-publish unexpected source_owner_id source_repository_id'],
    ],
    ['another repository of ours', attestation(certified(otherRepository)), ['acme-others observed']],
    ['a forger', attestation(certified({ ...publishPypi, by: forger })), ['widget-publish forged']],
    [
      'a stranger',
      attestation(
        certified({
          ...publishPypi,
          repository: 'example/widget',
          builder: 'example/widget/publish.yml',
          ids: ['9', '9'],
        }),
      ),
      [],
    ],
  ],
  'key-only': [
    ['a release', image(signingKey), ['release-key-2026 expected']],
    ['an attestation', attestation(signingKey), ['release-key-2026 expected']],
    ['another key', image(key()), []],
  ],
  'personal-email': [
    [
      'a maintainer',
      image(holder('maintainer@acme.example', GOOGLE)),
      ['maintainer-google expected', 'acme-addresses observed'],
    ],
    [
      'the maintainer by another provider',
      image(holder('maintainer@acme.example', 'https://github.com/login/oauth')),
      ['maintainer-google unexpected issuer', 'acme-addresses observed'],
    ],
    ['a colleague', image(holder('somebody@acme.example', GOOGLE)), ['acme-addresses observed']],
    ['a domain that begins like ours', image(holder('maintainer@acme.example.org', GOOGLE)), []],
    [
      'a forger',
      image(holder('maintainer@acme.example', GOOGLE, forger)),
      ['maintainer-google forged', 'acme-addresses forged'],
    ],
  ],
  'nothing-signs-here': [
    ['a workflow', image(certified(build)), ['acme-workflows unexpected']],
    [
      'the number alone',
      image(certified({ ...build, repository: 'acme-new/widget', builder: 'acme-new/widget/build.yml' })),
      ['acme-workflows unexpected'],
    ],
    [
      'a stranger who calls our workflow',
      image(certified({ ...build, repository: 'example/x', ids: ['9', '9'] })),
      ['acme-workflows unexpected'],
    ],
    ['an address', image(holder('somebody@mail.acme.example', GOOGLE)), ['acme-addresses unexpected']],
    [
      'the old organisation',
      image(certified({ ...build, repository: 'acme-archive/x', builder: 'acme-archive/x/ci.yml', ids: ['9', '9'] })),
      ['acme-archived observed'],
    ],
    ['a forger', image(certified({ ...build, by: forger })), ['acme-workflows forged']],
    [
      'an owner whose name begins so',
      image(certified({ ...build, repository: 'acme-ci/x', builder: 'acme-ci/x/ci.yml', ids: ['9', '9'] })),
      [],
    ],
  ],
};

describe('every example', () => {
  it('is judged here', () => {
    expect(Object.keys(CASES).sort()).toEqual(exampleNames());
  });
});

describe.each(Object.entries(CASES))('the example %s on entries made for it', (example, cases) => {
  it.each(cases)('%s', (_, entry, due) => {
    expect(judgementsOf(example, entry)).toEqual(due);
  });
});

describe('the example npm', () => {
  it("names npm's keys as the public instance publishes them", async () => {
    const { default: seeds } = (await import('@sigstore/tuf/seeds.json', { with: { type: 'json' } })) as {
      readonly default: Readonly<Record<string, { readonly targets: Readonly<Record<string, string>> }>>;
    };
    const [, listed = ''] =
      Object.values(seeds)
        .flatMap(({ targets }) => Object.entries(targets))
        .find(([name]) => name.endsWith('keys.json')) ?? [];
    const { keys } = JSON.parse(Buffer.from(listed, 'base64').toString()) as {
      readonly keys: readonly { readonly keyUsage: string; readonly publicKey: { readonly rawBytes: string } }[];
    };
    const published = keys
      .filter(({ keyUsage }) => keyUsage === 'npm:attestations')
      .map(({ publicKey }) => hash('sha256', Buffer.from(publicKey.rawBytes, 'base64'), 'hex'));
    const named = stagedExample('npm').match(/\b[0-9a-f]{64}\b/g);
    expect([...(named ?? [])].sort()).toEqual(published.sort());
  });
});

/** `WATCH VERDICT` and the claims that fail. The example is as it is but for trust and what stands for a reader's own keys. */
function judgementsOf(example: string, entry: Buffer | Kept): readonly string[] {
  const trust = { source: 'none', certificate_authorities: [{ name: 'example-ca', chain: './example-ca.pem' }] };
  const text = stagedExample(example, { trust, names: NAMES[example] ?? [] });
  const file = folder.write(`${example}.yaml`, text.replaceAll(...NO_SCT));
  const config = loadConfig(file, {});
  const { watches, context } = createExplainer(config.watches, offlineTrust(config), NOW);
  const { leaf, payload } = 'leaf' in entry ? entry : { leaf: entry, payload: null };
  const decoded = decodeEntry(leaf);
  if (!decoded.ok) {
    throw new Error(decoded.problem);
  }
  const read = payload === null ? decoded.entry : withAttestation(decoded.entry, { payload, payloadType: null });
  return judge(read, watches, context).map(({ watch, verdict, violations }) =>
    [watch, verdict, ...violations.map(({ claim }) => claim).sort()].join(' '),
  );
}
