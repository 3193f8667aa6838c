import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readEntryFile, type FilePart } from '../../src/evidence/entry-file.ts';
import { answerOf, bodyOf, recorded } from '../support/explain-stage.ts';

const BODY = bodyOf('workflow.json');
const OTHER = bodyOf('attested.json');
const ANSWER = answerOf('workflow.json');
const PAYLOAD = Buffer.from('{"_type":"https://in-toto.io/Statement/v1"}');
const IN_TOTO = 'application/vnd.in-toto+json';

const read = (text: string): readonly FilePart[] => [...readEntryFile(text)];
const readJson = (value: unknown): readonly FilePart[] => read(JSON.stringify(value));

/** The bodies of the entries, or what is said in their place. */
function bodiesOf(parts: readonly FilePart[]): readonly string[] {
  return parts.map((part) => ('problem' in part ? part.problem : part.body.toString()));
}

const PROMISE = {
  encodedBody: ANSWER.body,
  integratedTime: ANSWER.integratedTime,
  logId: ANSWER.logID,
  globalIndex: ANSWER.logIndex,
  timestamp: Buffer.from(ANSWER.verification.signedEntryTimestamp, 'base64'),
};

const ENTRY = { type: 'rekor', body: BODY, promise: PROMISE, attestation: null };

const TLOG_ENTRY = {
  logIndex: String(ANSWER.logIndex),
  logId: { keyId: Buffer.from(ANSWER.logID, 'hex').toString('base64') },
  kindVersion: { kind: 'hashedrekord', version: '0.0.1' },
  integratedTime: String(ANSWER.integratedTime),
  inclusionPromise: { signedEntryTimestamp: ANSWER.verification.signedEntryTimestamp },
  inclusionProof: { logIndex: '5' },
  canonicalizedBody: ANSWER.body,
};

const ENVELOPE = { payload: PAYLOAD.toString('base64'), payloadType: IN_TOTO, signatures: [{ sig: 'AA==' }] };
const BUNDLE = { verificationMaterial: { tlogEntries: [TLOG_ENTRY] }, dsseEnvelope: ENVELOPE };
const ATTESTED = { ...ENTRY, attestation: { payload: PAYLOAD, payloadType: IN_TOTO } };

const LEGACY = {
  SignedEntryTimestamp: ANSWER.verification.signedEntryTimestamp,
  Payload: {
    body: ANSWER.body,
    integratedTime: ANSWER.integratedTime,
    logIndex: ANSWER.logIndex,
    logID: ANSWER.logID,
  },
};

const PEP740 = {
  version: 1,
  verification_material: { certificate: 'AA==', transparency_entries: [TLOG_ENTRY] },
  envelope: { statement: PAYLOAD.toString('base64'), signature: 'AA==' },
};

describe('readEntryFile()', () => {
  it('takes a body byte for byte, also in an array and on a line', () => {
    const [one, two] = [BODY.toString(), OTHER.toString()];
    const spaced = '{ "kind":"dsse",\n  "apiVersion":"0.0.1", "spec":{"a":"]}\\""} }';
    for (const text of [`${one}\n`, ` \n${one}`]) {
      expect(read(text)).toEqual([{ type: 'rekor', body: BODY, promise: null, attestation: null }]);
    }
    expect(bodiesOf(read(`[${one}, ${spaced} ,${two}]`))).toEqual([one, spaced, two]);
    expect(bodiesOf(read(`${one}\n\n${two}\n`))).toEqual([one, two]);
    expect(bodiesOf(read(`${spaced}\n${spaced}`))).toEqual([spaced, spaced]);
    expect(bodiesOf(read(`[[${one}],[[${two}]]]`))).toEqual([one, two]);
  });

  it('takes the base64 of a body, in lines or in one', () => {
    const lines = BODY.toString('base64').replace(/.{76}/g, '$&\n');
    expect(bodiesOf(read(lines))).toEqual([BODY.toString()]);
    expect(bodiesOf(read(BODY.toString('base64url')))).toEqual([BODY.toString()]);
  });

  it.each<[string, unknown, readonly unknown[]]>([
    ['an answer of Rekor v1', JSON.parse(recorded('workflow.json')), [ENTRY]],
    ['an answer for several', [{ ['a'.repeat(80)]: ANSWER }, { ['b'.repeat(64)]: ANSWER }], [ENTRY, ENTRY]],
    ['what stands in such an answer', ANSWER, [ENTRY]],
    ['a TransparencyLogEntry', TLOG_ENTRY, [ENTRY]],
    [
      'one of Rekor v2',
      { ...TLOG_ENTRY, inclusionPromise: undefined, integratedTime: '0' },
      [{ ...ENTRY, promise: null }],
    ],
    ['a bundle', { ...BUNDLE, dsseEnvelope: undefined, messageSignature: {} }, [ENTRY]],
    ['a bundle with an envelope', BUNDLE, [ATTESTED]],
    ['a bundle with two entries', { verificationMaterial: { tlogEntries: [TLOG_ENTRY, TLOG_ENTRY] } }, [ENTRY, ENTRY]],
    ['attestations of npm or GitHub', { attestations: [{ bundle: BUNDLE }, { bundle: BUNDLE }] }, [ATTESTED, ATTESTED]],
    ["cosign's first bundle", LEGACY, [ENTRY]],
    ['the same beside its certificate', { base64Signature: 'AA==', cert: 'AA==', rekorBundle: LEGACY }, [ENTRY]],
    [
      'the same in a manifest',
      { layers: [{ annotations: { 'dev.sigstore.cosign/bundle': JSON.stringify(LEGACY) } }] },
      [ENTRY],
    ],
    ['an attestation of PyPI', PEP740, [ATTESTED]],
    [
      'provenance of PyPI',
      { version: 1, attestation_bundles: [{ publisher: {}, attestations: [PEP740, PEP740] }] },
      [ATTESTED, ATTESTED],
    ],
    [
      'names in snake case',
      {
        log_index: TLOG_ENTRY.logIndex,
        log_id: { key_id: TLOG_ENTRY.logId.keyId },
        integrated_time: TLOG_ENTRY.integratedTime,
        inclusion_promise: { signed_entry_timestamp: TLOG_ENTRY.inclusionPromise.signedEntryTimestamp },
        canonicalized_body: TLOG_ENTRY.canonicalizedBody,
      },
      [ENTRY],
    ],
    ['a list of all of them', [ANSWER, TLOG_ENTRY, [BUNDLE]], [ENTRY, ENTRY, ATTESTED]],
  ])('takes %s', (_form, value, expected) => {
    expect(readJson(value)).toEqual(expected);
    expect(read(JSON.stringify(value, null, 2))).toEqual(expected);
  });

  it('takes the attestation that Rekor v1 stores', () => {
    const [part] = read(recorded('attested.json'));
    const stored = Buffer.from(answerOf('attested.json').attestation?.data ?? '', 'base64');
    expect(part).toMatchObject({ attestation: { payload: stored, payloadType: null } });
  });

  it('takes evidence of our own, with what came beside a leaf', () => {
    const extra = Buffer.from('what came with it');
    const reported = { extra_data: extra.toString('base64') };
    const ct = { entry: { ct_entry: { leafInput: BODY.toString('base64') } }, reported };
    expect(readJson(ct)).toEqual([{ type: 'ct', body: BODY, extra, promise: null, attestation: null }]);
    const rekor = { entry: { transparency_log_entry: TLOG_ENTRY }, reported };
    expect(readJson(rekor)).toEqual([{ ...ENTRY, attestation: { payload: extra, payloadType: null } }]);
  });

  it.each<[string, string, string]>([
    ['nothing', '', 'it is neither JSON nor the base64 of it'],
    ['text', 'hello {"a":1}', 'it is neither JSON nor the base64 of it'],
    ['base64 of something else', 'aGVsbG8=', 'it is neither JSON nor the base64 of it'],
    ['an empty object', '{}', 'expected a canonical entry body'],
    ['an empty array', '[[],[[]]]', 'expected a canonical entry body'],
    ['another object', '{"kind":"Pod","spec":{}}', 'expected a canonical entry body'],
    [
      'an in-toto statement',
      '{"predicate":{"kind":"a","apiVersion":"b","spec":{}}}',
      'expected a canonical entry body',
    ],
    ['a bundle without an entry', '{"verificationMaterial":{"tlogEntries":[]}}', 'the bundle holds none'],
    ['an envelope', JSON.stringify(ENVELOPE), 'the bundle holds none'],
    ['half a JSON', '{"kind":"dsse","spec":', 'it is not JSON'],
    ['what is nested without end', '{"a":'.repeat(200_000), 'it is nested deeper than 100 levels'],
    ['a million values', `{"a":[${'0,'.repeat(1_000_000)}0]}`, 'it holds more than 1000000 values'],
    ['arrays without end', '['.repeat(200_000), 'it is nested deeper than 100 levels'],
  ])('says that there is no entry in %s', (_what, text, why) => {
    const [part, ...more] = read(text);
    expect(part).toEqual({ problem: expect.stringContaining(`Cannot find an entry: ${why}`) as string });
    expect(more).toEqual([]);
  });

  it('says where an entry is missing among others', () => {
    const old = { ...TLOG_ENTRY, canonicalizedBody: undefined };
    expect(
      bodiesOf(readJson([old, BUNDLE, 7, { bundle: null }, { verificationMaterial: { tlogEntries: [] } }])),
    ).toEqual([
      'Cannot read the entry: it holds no canonicalizedBody, so what the log hashed is not known',
      BODY.toString(),
      expect.stringContaining('it is no JSON object'),
      expect.stringContaining('expected a canonical entry body'),
      'Cannot find an entry: the bundle holds none, so nothing shows that it was logged',
    ]);
    expect(bodiesOf(readJson({ attestations: [{ bundle: null }, { bundle: BUNDLE }] }))).toEqual([
      'Cannot find an entry: what stands in its place holds none',
      BODY.toString(),
    ]);
  });

  it('reads on behind a line that is broken, and says where a file was cut', () => {
    const line = JSON.stringify(BUNDLE);
    expect(bodiesOf(read(`${line}\n# no JSON\n{"a":\n${line}\n`))).toEqual([
      BODY.toString(),
      expect.stringContaining('it is no JSON object'),
      expect.stringContaining('it is not JSON'),
      BODY.toString(),
    ]);
    expect(bodiesOf(read(`[${line},${line.slice(0, -20)}`))).toEqual([
      BODY.toString(),
      expect.stringContaining('it is not JSON'),
      expect.stringContaining('the file may have been cut'),
    ]);
  });

  it('believes no promise that is not whole, and refuses a body that is not base64', () => {
    for (const change of [
      { integratedTime: '-1' },
      { logIndex: 'x' },
      { logId: {} },
      { integratedTime: '9'.repeat(16) },
    ]) {
      expect(readJson({ ...TLOG_ENTRY, ...change })).toEqual([{ ...ENTRY, promise: null }]);
    }
    expect(readJson({ ...TLOG_ENTRY, canonicalizedBody: 'e30' })).toMatchObject([{ body: Buffer.from('{}') }]);
    for (const body of ['not base64!', 'e3', `${'='.repeat(100)}x`]) {
      expect(readJson({ ...TLOG_ENTRY, canonicalizedBody: body })).toEqual([
        { problem: 'Cannot read the entry: its body is not base64' },
      ]);
    }
  });

  it('stops counting at some number of entries, and says so', () => {
    const parts = read(`[${'1,'.repeat(100_005)}1]`);
    expect(parts).toHaveLength(100_001);
    expect(parts.at(-1)).toEqual({
      problem: 'Cannot read more than 100000 entries of one file: what follows was not looked at',
    });
  });

  it('always gives something, whatever the text', () => {
    const pieces = fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      '"',
      '\\',
      ',',
      '\n',
      ' ',
      'x',
      JSON.stringify(BUNDLE),
      BODY.toString(),
    );
    const texts = fc.oneof(
      fc.string(),
      fc.json(),
      fc.array(pieces, { maxLength: 12 }).map((parts) => parts.join('')),
    );
    fc.assert(
      fc.property(texts, (text) => {
        expect(read(text).length).toBeGreaterThan(0);
      }),
      { numRuns: 2000 },
    );
  });

  it('finds every body of any list, as it is written', () => {
    const body = fc
      .dictionary(fc.string(), fc.jsonValue())
      .map((spec) => JSON.stringify({ apiVersion: '0.0.1', kind: 'dsse', spec }));
    fc.assert(
      fc.property(fc.array(body, { minLength: 1, maxLength: 5 }), fc.constantFrom(',', ' ,\n'), (bodies, between) => {
        expect(bodiesOf(read(`[${bodies.join(between)}]`))).toEqual(bodies);
        expect(bodiesOf(read(bodies.join('\n')))).toEqual(bodies);
      }),
    );
  });
});
