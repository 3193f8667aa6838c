import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { displayWidth } from '../../src/cli/print.ts';
import { ConfigError } from '../../src/config/config-error.ts';
import { decodeEntry } from '../../src/entry/decode.ts';
import { leafHash } from '../../src/tlog/hash.ts';
import { certificateEntry } from '../fakes/ct-entry.ts';
import { answerOf, bodyOf, ExplainStage, LATER, recorded } from '../support/explain-stage.ts';

const REPOSITORY = 'https://github.com/your-org/your-repo';
const WORKFLOW = `${REPOSITORY}/.github/workflows/build.yml@refs/heads/main`;
const RELEASE = { name: 'app-build', select: [{ source_repository: 'your-org/your-repo' }] };

const EXPECTED = {
  ...RELEASE,
  expect: {
    issuer: 'https://token.actions.githubusercontent.com',
    builder: 'your-org/your-repo/.github/workflows/build.yml@refs/heads/main',
    source_ref: ['refs/heads/main', 'refs/tags/v*'],
    signature: 'verified',
    signing_time: 'within',
  },
};

const UNEXPECTED = {
  ...RELEASE,
  expect: {
    issuer: 'https://token.actions.githubusercontent.com',
    builder: 'your-org/your-repo/.github/workflows/build.yml@refs/tags/v*',
    source_ref: 'refs/tags/v*',
    environment: 'production',
    subject: { not: 'https://github.com/your-org/**' },
  },
};

/** Nobody it has to do with. */
const OTHERS = [
  { name: 'other-release', select: [{ source_repository: 'acme/other', trigger: 'push' }, { subject: '*@acme.test' }] },
  { name: 'a-watch-with-a-name-that-is-longer-than-usual', select: [{ key: 'ab'.repeat(32) }], expect: 'none' },
];

const ALICE = { name: 'alice', select: [{ subject: 'alice@example.com' }], expect: { issuer: '**' } };

let stage: ExplainStage;

beforeEach(() => {
  stage = new ExplainStage();
  stage.configure([EXPECTED, ...OTHERS]);
});

afterEach(() => {
  stage.close();
});

/** What is printed, without the folder of this test. */
async function textOf(file: string, content: string | Buffer): Promise<{ status: number; out: string }> {
  const path = stage.write(file, content);
  const { status, out, err } = await stage.explain([path]);
  expect(err).toBe('');
  // As long as the folder's path would move every line, the title is put back to the bare name.
  const body = out.slice(out.indexOf('\n  '));
  return { status, out: `${file}${body}` };
}

function ctEvidence(): string {
  const decoded = decodeEntry(bodyOf('workflow.json'));
  const certificate = decoded.ok ? decoded.entry.signers[0]?.certificate?.der : undefined;
  const { leaf } = certificateEntry(certificate ?? Buffer.alloc(0), 1_795_000_000_000);
  return JSON.stringify({ entry: { ct_entry: { leafInput: leaf.toString('base64') } } });
}

const GOLDEN: readonly (readonly [string, number, readonly unknown[], string | (() => string)])[] = [
  ['expected', 0, [EXPECTED, ...OTHERS], 'workflow.json'],
  ['unexpected', 1, [UNEXPECTED, ...OTHERS], 'workflow.json'],
  ['nothing-may-sign', 1, [{ ...RELEASE, expect: 'none', mode: 'audit' }], 'workflow.json'],
  ['observed', 0, [RELEASE], 'workflow.json'],
  ['forged', 1, [ALICE, ...OTHERS], 'foreign-ca.json'],
  [
    'false-signature',
    1,
    [EXPECTED],
    (): string => bodyOf('workflow.json').toString().replace('"value":"3', '"value":"4'),
  ],
  [
    'two-signers',
    1,
    [
      { ...UNEXPECTED, select: [{ source_repository: 'acme/widgets' }] },
      { ...ALICE, select: [{ subject: 'dsse3@**' }] },
    ],
    'two-signers.json',
  ],
  ['attested', 0, [{ ...ALICE, select: [{ slsa_builder: 'acme/builder' }] }], 'attested.json'],
  ['unwatched', 0, [], 'attested.json'],
  ['ct', 1, [{ ...UNEXPECTED, expect: { ...UNEXPECTED.expect, signature: 'verified' } }], ctEvidence],
  [
    'unparsable',
    1,
    [RELEASE, ...OTHERS],
    () => `{"kind":"hashedrekord","apiVersion":"0.0.1","spec":"${REPOSITORY}\u202e"}`,
  ],
  ['unknown-kind', 0, OTHERS, () => '{"kind":"filler","apiVersion":"7","spec":{}}'],
];

describe('sigwatch explain', () => {
  it.each(GOLDEN)('reads as it was reviewed: %s', async (name, expected, watches, source) => {
    stage.configure(watches);
    const { status, out } = await textOf(`${name}.json`, typeof source === 'string' ? recorded(source) : source());
    expect(status).toBe(expected);
    expect(out.split('\n').filter((line) => displayWidth(line) > 80)).toEqual([]);
    await expect(out).toMatchFileSnapshot(`golden/explain-${name}.txt`);
  });

  it('prints JSON with these keys in this order', async () => {
    const [line] = await stage.json([stage.write('entry.json', recorded('workflow.json'))]);
    expect(Object.keys(line ?? {})).toEqual([
      'file',
      'kind',
      'api_version',
      'leaf_hash',
      'artifacts',
      'problem',
      'signers',
      'judgements',
      'attestation',
      'unread',
    ]);
    expect(line).toMatchObject({
      file: stage.path('entry.json'),
      kind: 'hashedrekord',
      api_version: '0.0.1',
      leaf_hash: leafHash(bodyOf('workflow.json')).toString('hex'),
      artifacts: [expect.stringMatching(/^sha256:[0-9a-f]{64}$/)],
      problem: null,
      signers: [
        {
          type: 'certificate',
          chain: 'trusted',
          fingerprint: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
          subject: [WORKFLOW],
          source_repository: REPOSITORY,
          signature: 'verified',
          signing_time: 'within',
          sct: 'absent',
        },
      ],
      judgements: [{ watch: 'app-build', signer: 0, verdict: 'expected', violations: [] }],
      attestation: null,
      unread: false,
    });
    expect(Object.keys(line?.signers[0] ?? {}).slice(0, 3)).toEqual(['type', 'chain', 'fingerprint']);
  });

  it('names each failing claim with what was expected and found', async () => {
    stage.configure([UNEXPECTED]);
    const [line] = await stage.json([stage.write('entry.json', recorded('workflow.json'))]);
    expect(line?.judgements).toEqual([
      {
        watch: 'app-build',
        signer: 0,
        verdict: 'unexpected',
        violations: [
          {
            claim: 'builder',
            expected: 'your-org/your-repo/.github/workflows/build.yml@refs/tags/v*',
            found: WORKFLOW,
          },
          { claim: 'source_ref', expected: 'refs/tags/v*', found: 'refs/heads/main' },
          { claim: 'environment', expected: 'production', found: null },
          { claim: 'subject', expected: { not: 'https://github.com/your-org/**' }, found: WORKFLOW },
        ],
      },
    ]);
  });

  it('gives a line for each entry of a file, numbered from 0, and none of them a number where there is one', async () => {
    const bodies = ['workflow.json', 'foreign-ca.json'].map((name) => bodyOf(name).toString());
    const several = stage.write('several.jsonl', `${bodies.join('\n')}\nnot json\n`);
    const one = stage.write('one.json', bodies[0] ?? '');
    const lines = await stage.json([several, one]);
    expect(lines.map(({ file, part, kind }) => [file, part, kind])).toEqual([
      [several, 0, 'hashedrekord'],
      [several, 1, 'hashedrekord'],
      [several, 2, null],
      [one, undefined, 'hashedrekord'],
    ]);
    expect(lines[0]?.leaf_hash).toBe(leafHash(bodyOf('workflow.json')).toString('hex'));
  });

  it('gives one line with its problem for a file without an entry, and ends with 1', async () => {
    const file = stage.write('note.txt', 'hello world\n');
    const { status, out, err } = await stage.explain([file], { json: true });
    expect([status, err]).toEqual([1, '']);
    expect(JSON.parse(out)).toEqual({
      file,
      kind: null,
      api_version: null,
      leaf_hash: null,
      artifacts: [],
      problem: expect.stringMatching(
        /^Cannot find an entry: it is neither JSON nor the base64 of it; expected a /,
      ) as string,
      signers: [],
      judgements: [],
      attestation: null,
      unread: false,
    });
  });

  it('takes an entry that cannot be read for a finding, and says what it holds of the watches', async () => {
    stage.configure([RELEASE, ...OTHERS]);
    const hidden = Buffer.from(JSON.stringify({ repo: REPOSITORY })).toString('base64');
    const file = stage.write('broken.json', `{"kind":"dsse","apiVersion":"0.0.1","spec":{"x":"${hidden}"}}`);
    const { status, out } = await stage.explain([file], { json: true });
    expect(status).toBe(1);
    expect(JSON.parse(out)).toMatchObject({
      kind: 'dsse',
      api_version: '0.0.1',
      problem: expect.stringContaining('spec') as string,
      signers: [],
      judgements: [{ watch: 'app-build', signer: null, verdict: 'unparsable', violations: [] }],
    });
  });

  it('takes an unknown kind for a finding only where it holds what is watched', async () => {
    stage.configure([RELEASE]);
    const body = (spec: string): string => `{"kind":"filler","apiVersion":"0.0.1","spec":{"x":"${spec}"}}`;
    const quiet = await stage.explain([stage.write('quiet.json', body('nothing'))], { json: true });
    const loud = await stage.explain([stage.write('loud.json', body('YOUR-ORG/your-repo'))], { json: true });
    expect([quiet.status, loud.status]).toEqual([0, 1]);
    expect(JSON.parse(quiet.out)).toMatchObject({ problem: null, unread: true, judgements: [] });
    expect(JSON.parse(loud.out)).toMatchObject({
      problem: null,
      judgements: [{ verdict: 'unparsable', signer: null }],
    });
  });

  it('judges the entry of a bundle by its body, whatever the verification material says', async () => {
    const { body, integratedTime, logID, logIndex, verification } = answerOf('foreign-ca.json');
    const tlogEntry = {
      logIndex: String(logIndex),
      logId: { keyId: Buffer.from(logID, 'hex').toString('base64') },
      kindVersion: { kind: 'hashedrekord', version: '0.0.1' },
      integratedTime: String(integratedTime),
      inclusionPromise: { signedEntryTimestamp: verification.signedEntryTimestamp },
      canonicalizedBody: body,
    };
    const own = decodeEntry(bodyOf('workflow.json'));
    const certificate = own.ok ? own.entry.signers[0]?.certificate?.der.toString('base64') : null;
    const bundle = { verificationMaterial: { certificate: { rawBytes: certificate }, tlogEntries: [tlogEntry] } };
    const [line] = await stage.json([stage.write('bundle.json', JSON.stringify(bundle))]);
    expect(line?.signers).toMatchObject([
      { chain: 'untrusted', subject: ['alice@example.com'], signing_time: 'within' },
    ]);
    expect(line?.judgements).toEqual([]);
  });

  it('believes a time only where a known log signed it for this very entry', async () => {
    const answer = answerOf('workflow.json');
    const later = { ...answer, integratedTime: answer.integratedTime + 86_400 };
    const lines = await stage.json([
      stage.write('moved.json', JSON.stringify(later)),
      stage.write('bare.json', bodyOf('workflow.json')),
      stage.write('unknown.json', JSON.stringify({ ...answer, logID: '00'.repeat(32) })),
    ]);
    expect(lines.map(({ signers }) => signers[0]?.['signing_time'])).toEqual(['unknown', 'unknown', 'unknown']);
    expect(lines.map(({ judgements }) => judgements[0]?.violations)).toEqual(
      lines.map(() => [{ claim: 'signing_time', expected: 'within', found: 'unknown' }]),
    );
  });

  it('believes an attestation only where it is the one that was signed', async () => {
    const answer = answerOf('attested.json');
    const payload = Buffer.from(answer.attestation?.data ?? '', 'base64');
    const altered = Buffer.from(payload.toString().replace('acme/builder', 'acme/another'));
    const lines = await stage.json([
      stage.write('right.json', JSON.stringify(answer)),
      stage.write('wrong.json', JSON.stringify({ ...answer, attestation: { data: altered.toString('base64') } })),
      stage.write('none.json', JSON.stringify({ ...answer, attestation: undefined })),
    ]);
    expect(lines.map(({ attestation, signers }) => [attestation?.state, signers[0]?.['slsa_builder']])).toEqual([
      ['bound', 'https://github.com/acme/builder'],
      ['mismatch', undefined],
      [undefined, undefined],
    ]);
    expect(lines[1]?.attestation?.problem).toContain('sha256:');
  });

  it('reads standard input', async () => {
    const [line, ...more] = await stage.json(['-'], recorded('workflow.json'));
    expect(line).toMatchObject({ file: '-', kind: 'hashedrekord', judgements: [{ verdict: 'expected' }] });
    expect(more).toEqual([]);
    const { out } = await stage.explain(['-'], {}, { stdin: recorded('workflow.json') });
    expect(out).toMatch(/^standard input\n/);
  });

  it('ends with 2 for a file that is not there, and explains the others all the same', async () => {
    const file = stage.write('entry.json', recorded('workflow.json'));
    const { status, out, err } = await stage.explain([stage.path('missing.json'), stage.folder, file], { json: true });
    expect([status, out.split('\n').length]).toEqual([2, 2]);
    expect(err).toBe(
      `Cannot read entry "${stage.path('missing.json')}": no such file\nCannot read entry "${stage.folder}": it is a folder\n`,
    );
  });

  it('refuses a configuration that is there and cannot be used', async () => {
    stage.write('sigwatch.yaml', 'version: 2\n');
    await expect(stage.explain(['-'], {}, { stdin: '{}' })).rejects.toThrow(ConfigError);
    await expect(stage.explain(['-'], { config: stage.path('other.yaml') })).rejects.toThrow('no such file');
  });

  it('shows hostile text as what it is, cut, and never raw', async () => {
    const hostile = `\u001b[31m\u202e${'x'.repeat(5000)}`;
    const file = stage.write(
      'hostile.json',
      JSON.stringify({ kind: hostile.slice(0, 60), apiVersion: '\u0007', spec: {} }),
    );
    const { out } = await stage.explain([file, stage.write(`na\u0007me.json`, JSON.stringify([hostile]))]);
    expect(out).toContain('\\u{001B}[31m\\u{202E}xxx');
    expect(out).toContain('na\\u{0007}me.json');
    expect(Array.from(out).filter((character) => character < ' ' && character !== '\n')).toEqual([]);
    expect(out.split('\n').filter((line) => displayWidth(line) > 80)).toEqual([]);
  });

  it('colours marks on a terminal alone, and not where NO_COLOR is set', async () => {
    const file = stage.write('entry.json', recorded('workflow.json'));
    const plain = await stage.explain([file]);
    const coloured = await stage.explain([file], {}, { terminal: true });
    const asked = await stage.explain([file], {}, { terminal: true, env: { NO_COLOR: '1' } });
    expect(plain.out).not.toContain('\u001b');
    expect(coloured.out).toContain('\u001b[32m✓\u001b[0m');
    // eslint-disable-next-line no-control-regex -- what colours are made of
    expect(coloured.out.replace(/\u001b\[\d*m/g, '')).toBe(plain.out);
    expect(asked.out).toBe(plain.out);
    expect(LATER.getTime()).toBeGreaterThan(answerOf('workflow.json').integratedTime * 1000);
  });
});
