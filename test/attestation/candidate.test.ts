import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { candidatesIn, candidatesOf } from '../../src/attestation/candidate.ts';
import { acceptAttestations, type Proving } from '../../src/attestation/accept.ts';
import { decodeEntry } from '../../src/entry/decode.ts';
import { certify, releaseAt } from '../support/actors.ts';
import { bundleOf, digestOf, envelopeOf, provenance } from '../support/attestations.ts';
import { hasRealdata, realdata } from '../support/realdata.ts';

const SIGNER = certify(releaseAt('refs/tags/v1'));
const PAYLOAD = provenance(digestOf('widget'));
const BUNDLE = bundleOf(PAYLOAD, SIGNER);
const text = (value: unknown): Buffer => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value));

describe('candidatesIn()', () => {
  it('reads a bundle with its certificate, alone or at the head of a chain', () => {
    const { certificate } = BUNDLE.verificationMaterial;
    const chained = { ...BUNDLE, verificationMaterial: { x509CertificateChain: { certificates: [certificate, {}] } } };
    for (const bundle of [BUNDLE, chained]) {
      expect(candidatesIn(text(bundle))).toEqual([
        {
          payload: PAYLOAD,
          payloadType: 'application/vnd.in-toto+json',
          signatures: [Buffer.from(BUNDLE.dsseEnvelope.signatures[0]?.sig ?? '', 'base64')],
          certificate: SIGNER.certificate,
        },
      ]);
    }
  });

  it('reads base64 of either alphabet', () => {
    const envelope = envelopeOf(Buffer.from([0xfb, 0xff, 0xfe]), SIGNER);
    expect(envelope.payload).toBe('+//+');
    expect(candidatesIn(text({ ...envelope, payload: '-__-' }))[0]?.payload).toEqual(Buffer.from([0xfb, 0xff, 0xfe]));
  });

  it('passes over what is none, beside what is one', () => {
    const list = [
      null,
      7,
      'text',
      {},
      [],
      { dsseEnvelope: 7 },
      { payload: '*', payloadType: 'x' },
      { payload: 'YQ==' },
      BUNDLE,
    ];
    expect(candidatesIn(text(list)).map(({ payload }) => payload)).toEqual([PAYLOAD]);
    expect(candidatesIn(text('{}'))).toEqual([]);
    expect(candidatesIn(text(`{}\n{\n${JSON.stringify(BUNDLE)}\n`))).toHaveLength(1);
  });

  it.each(['', 'hello', '{"payload":', '\0\0', '[1,2\n,3'])('refuses %j', (content) => {
    expect(() => candidatesIn(text(content))).toThrow(
      new SyntaxError('Cannot read attestations: expected JSON, or a line of JSON for each'),
    );
  });

  it('goes no deeper than lists of attestations do', () => {
    const nested = (depth: number): unknown => (depth === 0 ? BUNDLE : [nested(depth - 1)]);
    expect([candidatesOf(nested(6)).length, candidatesOf(nested(7)).length]).toEqual([1, 0]);
    const deep = Buffer.from(`${'['.repeat(100_000)}${']'.repeat(100_000)}`);
    expect(candidatesIn(deep)).toEqual([]);
  });

  it('never does more than refuse, whatever the JSON', () => {
    const keys = ['dsseEnvelope', 'payload', 'payloadType', 'signatures', 'sig', 'attestations', 'bundle', 'envelope'];
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof(
        { depthSize: 'small' },
        fc.constantFrom<unknown>(null, 1, 'YWJj', 'no base64!', true),
        fc.array(tie('tree'), { maxLength: 3 }),
        fc.dictionary(fc.constantFrom(...keys), tie('tree'), { maxKeys: 5 }),
      ),
    }));
    fc.assert(
      fc.property(tree, (value) => {
        for (const { payload, signatures } of candidatesIn(text(JSON.stringify(value)))) {
          expect([payload, ...signatures].every((bytes) => Buffer.isBuffer(bytes))).toBe(true);
        }
      }),
    );
  });
});

/** Files whose payload was exchanged, by their names. */
const ALTERED = /_fail\/|mismatch|invalid|nodigest|nosubjects|tlog-body-error|04fd20b903/;

describe.runIf(hasRealdata)('recorded bundles, answers of APIs and provenance objects', () => {
  it('hold the payload of each entry that they name, but where it was exchanged', () => {
    const proving: Proving = { chainOf: () => 'trusted', signatureOf: () => 'verified' };
    const outcomes = recordedFiles().flatMap(({ path, content, candidates }) =>
      bodiesIn(content).map((body) => {
        const decoded = decodeEntry(Buffer.from(body, 'base64'));
        const isBound = decoded.ok && acceptAttestations(decoded.entry, null, candidates, proving) !== null;
        return { path, isBound };
      }),
    );
    const honest = outcomes.filter(({ path }) => !ALTERED.test(path));
    const bound = honest.filter(({ isBound }) => isBound).length;
    console.info(`${bound} of ${honest.length} recorded attestations are bound to their entry`);
    expect(honest.filter(({ isBound }) => !isBound)).toEqual([]);
    expect(honest.length).toBeGreaterThan(200);
    expect(outcomes.filter(({ path, isBound }) => ALTERED.test(path) && !isBound).length).toBeGreaterThan(20);
  });
});

function recordedFiles() {
  const root = realdata('bundles');
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((item) => item.isFile())
    .map(({ parentPath, name }) => join(parentPath, name))
    .flatMap((path) => {
      const content = readFileSync(path);
      try {
        const candidates = candidatesIn(content);
        return candidates.length === 0 ? [] : [{ path, content, candidates }];
      } catch {
        return [];
      }
    });
}

/** Base64 of every canonicalized body in a text. */
function bodiesIn(content: Buffer): readonly string[] {
  return [...content.toString('utf8').matchAll(/"(?:canonicalizedBody|canonicalized_body)":\s*"([^"]*)"/g)].flatMap(
    ([, body]) => body ?? [],
  );
}
