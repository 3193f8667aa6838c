import { describe, expect, it } from 'vitest';
import { withAttestation } from '../../src/entry/attestation.ts';
import { decodeEntry } from '../../src/entry/decode.ts';
import { checkSignature } from '../../src/entry/signature.ts';
import { countEach } from '../support/count-each.ts';
import { hasRealdata } from '../support/realdata.ts';
import { readRecordedEnvelopes, type RecordedEnvelope } from '../support/recorded-envelopes.ts';

/** Made wrong to be refused: where, what is found, and how often. */
const MADE_WRONG: readonly (readonly [file: RegExp, standing: string, count: number])[] = [
  [/\/dsse-mismatch-envelope_fail\//, 'dsse 0.0.1 another payload not-checkable', 1],
  // The same for Rekor v2, at two times.
  [/\/04fd20b903-bundle/, 'dsse 0.0.2 another payload not-checkable', 1],
  [/\/rekor2-dsse-mismatch-envelope_fail\//, 'hashedrekord 0.0.2 another payload verified', 1],
  [/\/intoto-log-entry-mismatch_fail\//, 'intoto 0.0.2 bound invalid', 1],
  [/\.tlog-body-error\./, 'intoto cannot be read', 2],
  [/-invalidsig(prov|pub)\.tgz/, 'intoto 0.0.2 another payload not-checkable', 10],
  [/\/npm-(att|stmt)-/, 'intoto 0.0.2 another payload not-checkable', 8],
  [/\/bundle\/mismatch-tlog/, 'intoto 0.0.2 another payload not-checkable', 1],
];

/** Kind and version, whether the payload is the one that was logged, and what the signatures are. */
function standing({ leaf, payload, payloadType }: RecordedEnvelope, alter = (bytes: Buffer): Buffer => bytes): string {
  const decoded = decodeEntry(leaf);
  if (!decoded.ok) {
    return `${decoded.kind ?? ''} cannot be read`;
  }
  const entry = withAttestation(decoded.entry, { payload: alter(payload), payloadType });
  const bound = entry.attestation === null ? 'another payload' : 'bound';
  const signatures = entry.signers.map((signer) => checkSignature(entry, signer));
  return [`${entry.kind} ${entry.apiVersion}`, bound, ...signatures].join(' ');
}

// Bundles that others published, with what they signed: production and staging, Rekor v1 and v2.
describe.runIf(hasRealdata)('every recorded DSSE envelope with its entry', () => {
  const all = (hasRealdata ? readRecordedEnvelopes('bundles') : []).map((envelope) => ({
    envelope,
    file: envelope.file,
    standing: standing(envelope),
  }));
  const wrong = all.filter((one) => MADE_WRONG.some(([file, found]) => file.test(one.file) && found === one.standing));
  const right = all.filter((one) => !wrong.includes(one));

  it('is bound to it, and every signature holds: 263 of 263', () => {
    const failing = right.filter((one) => !/ bound( verified)+$/.test(one.standing));
    expect(failing.map(({ file }) => file)).toEqual([]);
    expect(countEach(right.map((one) => one.standing))).toEqual({
      'dsse 0.0.1 bound verified': 115,
      'dsse 0.0.2 bound verified': 4,
      'hashedrekord 0.0.1 bound verified': 1,
      'hashedrekord 0.0.2 bound verified': 5,
      'intoto 0.0.2 bound verified': 138,
    });
  });

  it('is not the one that was signed, where it was made so', () => {
    for (const [file, found, count] of MADE_WRONG) {
      expect([found, wrong.filter((one) => file.test(one.file)).length]).toEqual([found, count]);
    }
    expect(wrong).toHaveLength(25);
  });

  it('is another one with another byte', () => {
    const flip = (payload: Buffer): Buffer => {
      const copy = Buffer.from(payload);
      copy.writeUInt8(copy.readUInt8(copy.length >> 1) ^ 1, copy.length >> 1);
      return copy;
    };
    const found = right.map(({ envelope }) => standing(envelope, flip));
    expect(found.filter((one) => !one.includes('another payload'))).toEqual([]);
    // A hashedrekord holds the digest that was signed, so that its signature needs no payload.
    expect(found.filter((one) => /^(dsse|intoto).*verified/.test(one))).toEqual([]);
  });
});
