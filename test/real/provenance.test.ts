import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { hasWrongAttestation, withAttestation } from '../../src/entry/attestation.ts';
import { decodeEntry } from '../../src/entry/decode.ts';
import type { ParsedEntry } from '../../src/entry/entry.ts';
import { isObject } from '../../src/entry/json.ts';
import { parseStatement } from '../../src/entry/statement.ts';
import { decodeLeaf } from '../../src/monitor/judge-batch.ts';
import { hasRealdata, realdata } from '../support/realdata.ts';
import { jsonIn, readRecordedEnvelopes } from '../support/recorded-envelopes.ts';

const CHAINS = 'https://tekton.dev/chains/v2';
const GENERATOR = 'https://github.com/slsa-framework/slsa-github-generator/.github/workflows';
const VERIFIER = 'bundles/slsa-framework__slsa-verifier/cli/slsa-verifier/testdata';
const EXAMPLE = 'git+https://github.com/slsa-framework/example-package@refs';

/** Each builder's own provenance, beside the entry in which it was logged; what it says was read by hand. */
const BUNDLES: readonly (readonly [builder: string, file: string, claims: Readonly<Record<string, string>>])[] = [
  [
    'actions/attest-build-provenance',
    'bundles/automata-network__automata-slsa-sigstore-verifier/samples/actions-attest-build-provenance-attestation-13532655.sigstore.json',
    {
      slsa_builder: 'https://github.com/actions/attest-build-provenance/.github/workflows/prober.yml@refs/heads/main',
      build_type: 'https://actions.github.io/buildtypes/workflow/v1',
      source_uri: 'git+https://github.com/actions/attest-build-provenance@refs/heads/main',
      source_sha: 'ba965ac88abfc6fa49344893ed19e5bf479a07d6',
      subject_name: 'artifact',
      predicate_type: 'https://slsa.dev/provenance/v1',
    },
  ],
  [
    'npm, SLSA 0.2',
    'bundles/sigstore__sigstore-go/examples/bundle-provenance.json',
    {
      slsa_builder: 'https://github.com/actions/runner',
      build_type: 'https://github.com/npm/cli/gha/v2',
      source_uri: 'git+https://github.com/sigstore/sigstore-js@refs/heads/main',
      source_sha: 'dae8bd8eb433a4147b4655c00fe73e0f22bc0fb1',
      subject_name: 'pkg:npm/sigstore@1.3.0',
      predicate_type: 'https://slsa.dev/provenance/v0.2',
    },
  ],
  [
    'the generic generator',
    `${VERIFIER}/gha_generic/v2.1.0/binary-linux-amd64-push-v13.0.30.intoto.jsonl`,
    {
      slsa_builder: `${GENERATOR}/generator_generic_slsa3.yml@refs/tags/v2.1.0`,
      build_type: 'https://github.com/slsa-framework/slsa-github-generator/generic@v1',
      source_uri: `${EXAMPLE}/tags/v13.0.30`,
      source_sha: '4d329c75e7ec1725f7c9ce917a8799d408d06be3',
      subject_name: 'gha_generic-binary-linux-amd64-v13.0.30',
      predicate_type: 'https://slsa.dev/provenance/v0.2',
    },
  ],
  [
    'the Go builder',
    `${VERIFIER}/gha_go/v2.1.0/binary-linux-amd64-push-v13.0.30.intoto.jsonl`,
    {
      slsa_builder: `${GENERATOR}/builder_go_slsa3.yml@refs/tags/v2.1.0`,
      build_type: 'https://github.com/slsa-framework/slsa-github-generator/go@v1',
      source_uri: `${EXAMPLE}/tags/v13.0.30`,
      source_sha: '4d329c75e7ec1725f7c9ce917a8799d408d06be3',
      subject_name: 'gha_go-binary-linux-amd64-v13.0.30',
      predicate_type: 'https://slsa.dev/provenance/v0.2',
    },
  ],
  [
    'the container-based builder',
    `${VERIFIER}/gha_container-based/v1.10.0/binary-linux-amd64-workflow_dispatch.intoto.build.slsa`,
    {
      slsa_builder: `${GENERATOR}/builder_container-based_slsa3.yml@refs/tags/v1.10.0`,
      build_type: 'https://slsa.dev/container-based-build/v0.1?draft',
      source_uri: `${EXAMPLE}/heads/main`,
      source_sha: 'd37a7f740ee7404914456f24dcd90e865a0509e8',
      subject_name: 'gha_container-based-binary-linux-amd64-workflow_dispatch',
      predicate_type: 'https://slsa.dev/provenance/v1',
    },
  ],
];

/** Stored in a Rekor v1 server, entry number by system. */
const STORED: readonly (readonly [system: string, index: number, claims: Readonly<Record<string, string>>])[] = [
  ...[0, 1, 2, 6].map((index) => ['tekton', index, { slsa_builder: CHAINS }] as const),
  [
    'flux',
    4,
    {
      slsa_builder: `${GENERATOR}/generator_container_slsa3.yml@refs/tags/v1.7.0`,
      source_uri: 'git+https://github.com/fluxcd/source-controller@refs/tags/v1.0.0',
    },
  ],
  ['flux', 7, { slsa_builder: `${GENERATOR}/generator_generic_slsa3.yml@refs/tags/v1.7.0` }],
  ['flux', 17, { slsa_builder: `${GENERATOR}/generator_generic_slsa3.yml@refs/tags/v2.1.0` }],
  ['aks', 2, { predicate_type: 'https://spdx.dev/Document' }],
  [
    'aks',
    4,
    {
      slsa_builder: `${GENERATOR}/generator_container_slsa3.yml@refs/tags/v1.9.0`,
      source_uri: 'git+https://github.com/myorg/myrepo@refs/heads/main',
    },
  ],
  [
    'argo-cd',
    18,
    {
      slsa_builder: 'https://github.com/your-org/your-repo/.github/workflows/build.yml@refs/heads/main',
      source_uri: 'git+https://github.com/your-org/your-repo@refs/heads/main',
    },
  ],
];

const single = (claims: Readonly<Record<string, string>>) =>
  Object.fromEntries(Object.entries(claims).map(([name, value]) => [name, [value]]));

describe.runIf(hasRealdata)('what was attested, in recorded data', () => {
  it.each(BUNDLES)('by %s: builder, source and subject', (_, file, claims) => {
    const [envelope] = readRecordedEnvelopes(file.slice(0, file.lastIndexOf('/'))).filter((one) => one.file === file);
    const decoded = envelope && decodeEntry(envelope.leaf);
    const entry = envelope && decoded?.ok === true ? withAttestation(decoded.entry, envelope) : null;
    expect(entry?.attestationProblem).toBeNull();
    expect(entry?.claims).toEqual(single(claims));
  });

  it.each(STORED)('%s %i, as the log stores it', (system, index, claims) => {
    const entry = storedEntry(system, `entries/${pad(index)}`);
    expect(entry.claims).toMatchObject(single(claims));
    expect(entry.attestation).not.toBeNull();
  });

  it('tekton 3 and 4, as Chains of today signs it: SLSA 1.0 in an entry of kind dsse', () => {
    for (const [index, type] of [
      [3, 'https://tekton.dev/chains/v2/slsa'],
      [4, 'https://tekton.dev/chains/v2/slsa-tekton'],
    ] as const) {
      const folder = realdata('systems/tekton/recorded/v1');
      const decoded = decodeEntry(readFileSync(`${folder}/bodies/${pad(index)}.json`));
      const [envelope] = jsonIn(`${folder}/submitted/${pad(index)}.dsse.json`);
      // The recording's own format.
      const payload = Buffer.from((envelope as { readonly payload: string }).payload, 'base64');
      const entry = decoded.ok ? withAttestation(decoded.entry, { payload, payloadType: null }) : null;
      expect(entry?.claims).toMatchObject({
        slsa_builder: [CHAINS],
        build_type: [type],
        source_uri: ['git+https://github.com/yourorg/yourapp.git'],
      });
    }
  });

  it('tekton 21, whose stored attestation was exchanged: nothing of it is believed', () => {
    expect(storedEntry('tekton', 'entries/021').claims).toMatchObject({ slsa_builder: [CHAINS] });
    const tampered = storedEntry('tekton', 'entries-tampered/021');
    expect(hasWrongAttestation(tampered)).toBe(true);
    expect(tampered.claims).toEqual({});
    expect(tampered.artifacts).toHaveLength(1);
  });

  it.each([1977956, 1977957, 1977959, 1977978])(
    'of 2022 in the public log, entry %i: no hash to hold it against, so not believed and not blamed',
    (index) => {
      const folder = realdata('systems/tekton/conforma__policy');
      const payload = readFileSync(`${folder}/${index}.attestation.json`);
      const decoded = decodeEntry(readFileSync(`${folder}/${index}.body.json`));
      const entry = decoded.ok ? withAttestation(decoded.entry, { payload, payloadType: null }) : null;
      expect(entry).toMatchObject({ kind: 'intoto', claims: {}, attestation: null, attestationProblem: null });
      expect(parseStatement(payload)?.claims).toMatchObject({ slsa_builder: [CHAINS] });
    },
  );

  it.each([33, 34, 35, 36, 37, 47, 48])('server entry %i, with the attestation that a real server stored', (index) => {
    const entry = readEntry(`servers/rekor-v1/entries/${pad(index)}.json`);
    expect(entry.attestationProblem).toBeNull();
    expect(entry.attestation).not.toBeNull();
    // 48 is a COSE message of plain text.
    expect(entry.attestation?.statement === null).toBe(index === 48);
  });
});

/** As PyPI serves them; made, because there is no recording of it. */
describe('the two statements of PEP 740', () => {
  const commit = '0123456789abcdef0123456789abcdef01234567';
  const workflow = 'https://github.com/acme/widget/.github/workflows/release.yml@refs/tags/v1.0';
  const subject = [{ name: 'acme_widget-1.0.tar.gz', digest: { sha256: 'ab'.repeat(32) } }];
  const read = (predicateType: string, predicate: unknown) =>
    parseStatement(
      Buffer.from(JSON.stringify({ _type: 'https://in-toto.io/Statement/v1', subject, predicateType, predicate })),
    );

  it('publish: names the file, and no builder', () => {
    const predicateType = 'https://docs.pypi.org/attestations/publish/v1';
    expect(read(predicateType, null)).toEqual({
      claims: { predicate_type: [predicateType], subject_name: ['acme_widget-1.0.tar.gz'] },
      subjects: [`sha256:${'ab'.repeat(32)}`],
    });
  });

  it('provenance: names the workflow that built it', () => {
    const buildType = 'https://actions.github.io/buildtypes/workflow/v1';
    const predicate = {
      buildDefinition: {
        buildType,
        externalParameters: {
          workflow: {
            ref: 'refs/tags/v1.0',
            repository: 'https://github.com/acme/widget',
            path: '.github/workflows/release.yml',
          },
        },
        internalParameters: { github: { event_name: 'release', runner_environment: 'github-hosted' } },
        resolvedDependencies: [
          { uri: 'git+https://github.com/acme/widget@refs/tags/v1.0', digest: { gitCommit: commit } },
        ],
      },
      runDetails: {
        builder: { id: workflow },
        metadata: { invocationId: 'https://github.com/acme/widget/actions/runs/1' },
      },
    };
    expect(read('https://slsa.dev/provenance/v1', predicate)?.claims).toEqual({
      predicate_type: ['https://slsa.dev/provenance/v1'],
      subject_name: ['acme_widget-1.0.tar.gz'],
      slsa_builder: [workflow],
      build_type: [buildType],
      source_uri: ['git+https://github.com/acme/widget@refs/tags/v1.0'],
      source_sha: [commit],
    });
  });
});

function storedEntry(system: string, name: string): ParsedEntry {
  return readEntry(`systems/${system}/recorded/v1/${name}.json`);
}

/** The entry in an answer of Rekor v1, with its attestation. */
function readEntry(file: string): ParsedEntry {
  const [answer] = jsonIn(realdata(file));
  const [entry] = isObject(answer) ? Object.values(answer) : [];
  const { body, attestation } = isObject(entry) ? entry : {};
  const data = isObject(attestation) ? attestation['data'] : null;
  if (typeof body !== 'string' || typeof data !== 'string') {
    throw new Error(`Cannot read "${file}": expected an entry with an attestation`);
  }
  const decoded = decodeLeaf('rekor-v1', { data: Buffer.from(body, 'base64'), extra: Buffer.from(data, 'base64') });
  if (!decoded.ok) {
    throw new Error(decoded.problem);
  }
  return decoded.entry;
}

function pad(index: number): string {
  return String(index).padStart(3, '0');
}
