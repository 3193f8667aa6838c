import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { restoreCheckpoint, type SignedCheckpoint } from '../../src/tlog/checkpoint.ts';
import { verifyCosignatures, type Cosignature } from '../../src/tlog/cosignature.ts';
import { parseVkey } from '../../src/tlog/vkey.ts';
import { ed25519Signer, formatNote, signatureLine } from './signed-note.ts';
import { ed25519Witness, mlDsaWitness, type WitnessSigner } from './witness-signer.ts';

const NOW = new Date('2026-11-21T13:00:00Z');
const SECONDS = NOW.getTime() / 1000;
const ORIGIN = 'log.example';
const TEXT = `${ORIGIN}\n20\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n`;
const log = ed25519Signer(ORIGIN);
const ed25519 = ed25519Witness('witness.example/w1');
const mlDsa = mlDsaWitness('witness.example/w2');
const BOTH: readonly (readonly [string, WitnessSigner])[] = [
  ['Ed25519', ed25519],
  ['ML-DSA-44', mlDsa],
];

/** A checkpoint of the log with further signature lines. */
function checkpoint(lines: readonly string[], text = TEXT): SignedCheckpoint {
  return restoreCheckpoint(formatNote(text, log.line(text), ...lines));
}

function verify(lines: readonly string[], text = TEXT, now = NOW): readonly Cosignature[] {
  return verifyCosignatures(checkpoint(lines, text), [ed25519.witness('w1'), mlDsa.witness('w2')], now);
}

describe('verifyCosignatures()', () => {
  it('gives each cosignature by the name of the witness, with its time and its line', () => {
    const lines = [mlDsa.line(TEXT, SECONDS - 60), ed25519.line(TEXT, SECONDS)];
    expect(verify(lines)).toEqual([
      { name: 'w1', time: NOW.getTime(), line: lines[1]?.trimEnd() },
      { name: 'w2', time: NOW.getTime() - 60_000, line: lines[0]?.trimEnd() },
    ]);
  });

  it('verifies the example of a witness that runs', () => {
    const key = parseVkey('witness.local+02cdf13f+BDVJ9Kh6I/SES87HwP0bCfEankhcPXPDfJ9vlr9wl0VL');
    const note =
      'rekor-local\n10\n5VNgfNCy0RyfLocO4dY3PkhcguKMg2wl8maIJh7kKiI=\n\n' +
      '— witness.local As3xPwAAAABrAPiewwCvJ1BZyRUqka8kmZva0WeKFJ//AlrpwuW+8GVF+18EWw0FL3hhOvTkU2soScy49XiFIMqmT1GiAM38CERcCg==\n';
    expect(verifyCosignatures(restoreCheckpoint(note), [{ name: 'w1', key }], NOW)).toEqual([
      { name: 'w1', time: Date.parse('2026-11-21T01:49:18Z'), line: note.split('\n').at(-2) },
    ]);
  });

  it('finds nothing where only the log signed, or strangers', () => {
    expect(verify([])).toEqual([]);
    expect(verify([ed25519Witness('witness.example/w1').line(TEXT, SECONDS), ed25519Signer('x').line(TEXT)])).toEqual(
      [],
    );
  });

  describe.each(BOTH)('of %s', (_, witness) => {
    it.each([
      ['another size', TEXT.replace('\n20\n', '\n21\n')],
      ['another root', TEXT.replace('CsUY', 'DsUY')],
      ['another origin', TEXT.replace(ORIGIN, 'other.example')],
    ])('refuses one of %s', (_case, text) => {
      expect(verify([witness.line(text, SECONDS)])).toEqual([]);
    });

    it('refuses a changed time', () => {
      const line = witness.line(TEXT, SECONDS).trimEnd();
      const blob = Buffer.from(line.split(' ')[2] ?? '', 'base64');
      blob.writeBigUInt64BE(BigInt(SECONDS - 1), 4);
      expect(verify([signatureLine(witness.key.name, blob.subarray(0, 4), blob.subarray(4))])).toEqual([]);
    });

    it('refuses the signature under another name', () => {
      const blob = Buffer.from(witness.line(TEXT, SECONDS).trimEnd().split(' ')[2] ?? '', 'base64');
      const renamed = { ...witness.key, name: 'other.example' };
      const line = signatureLine('other.example', blob.subarray(0, 4), blob.subarray(4));
      const found = verifyCosignatures(checkpoint([line]), [{ name: 'w', key: renamed }], NOW);
      // What Ed25519 signs does not name the cosigner; the ID of a key does, but here it is the one of another name.
      expect(found).toHaveLength(witness === ed25519 ? 1 : 0);
    });

    it.each([
      ['shorter', (signature: Buffer) => signature.subarray(0, -1)],
      ['longer', (signature: Buffer) => Buffer.concat([signature, Buffer.from([0])])],
      ['a time alone', (signature: Buffer) => signature.subarray(0, 8)],
      ['nothing but a byte', (signature: Buffer) => signature.subarray(0, 1)],
      ['as long as one of the other kind', () => Buffer.alloc(witness === ed25519 ? 2428 : 72, 1)],
    ])('refuses a signature that is %s', (_case, change) => {
      const blob = Buffer.from(witness.line(TEXT, SECONDS).trimEnd().split(' ')[2] ?? '', 'base64');
      const line = signatureLine(witness.key.name, blob.subarray(0, 4), change(blob.subarray(4)));
      expect(verify([line])).toEqual([]);
    });

    it('believes a clock that is five minutes ahead, and none that is more', () => {
      expect(verify([witness.line(TEXT, SECONDS + 300)])).toHaveLength(1);
      expect(verify([witness.line(TEXT, SECONDS + 301)])).toEqual([]);
    });

    it.each([2n ** 53n, 2n ** 63n - 1n, 2n ** 63n, 2n ** 64n - 1n])('refuses the time %s', (seconds) => {
      expect(verify([witness.line(TEXT, seconds)])).toEqual([]);
    });

    it('takes the latest of several that hold, whatever stands between them', () => {
      const [early, late] = [witness.line(TEXT, SECONDS - 9), witness.line(TEXT, SECONDS - 3)];
      const broken = witness.line(TEXT.replace('20', '21'), SECONDS - 1);
      const future = witness.line(TEXT, SECONDS + 9999);
      for (const lines of [
        [early, late, broken, future],
        [future, broken, late, early],
      ]) {
        expect(verify(lines).map(({ time, line }) => ({ time, line }))).toEqual([
          { time: (SECONDS - 3) * 1000, line: late.trimEnd() },
        ]);
      }
    });

    it('refuses it when one byte is changed', () => {
      const blob = Buffer.from(witness.line(TEXT, SECONDS).trimEnd().split(' ')[2] ?? '', 'base64');
      fc.assert(
        fc.property(fc.nat(blob.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
          const changed = Buffer.from(blob);
          changed.writeUInt8(changed.readUInt8(at) ^ change, at);
          const line = signatureLine(witness.key.name, changed.subarray(0, 4), changed.subarray(4));
          expect(verify([line])).toEqual([]);
        }),
        { numRuns: 60 },
      );
    });
  });

  it('needs the extensions of a checkpoint as they are for Ed25519, and not for ML-DSA-44', () => {
    const lines = [ed25519.line(TEXT, SECONDS), mlDsa.line(TEXT, SECONDS)];
    const frozen = `${TEXT}Log frozen — Sat Nov 21 02:05:09 UTC 2026\n`;
    expect(verify(lines, frozen).map(({ name }) => name)).toEqual(['w2']);
    expect(verify([ed25519.line(frozen, SECONDS)], frozen).map(({ name }) => name)).toEqual(['w1']);
  });

  it('takes a time of 0 as no time, and refuses the cosignature of a subtree that is no checkpoint', () => {
    expect(verify([mlDsa.line(TEXT, 0)]).map(({ time }) => time)).toEqual([0]);
    expect(verify([mlDsa.line(TEXT.replace('\n20\n', '\n10\n'), 0)])).toEqual([]);
  });

  it('refuses ML-DSA-44 for an origin that is too long to be signed', () => {
    const longest = TEXT.replace(ORIGIN, 'o'.repeat(255));
    const longer = TEXT.replace(ORIGIN, 'o'.repeat(256));
    const line = (text: string): string => mlDsa.line(text.replace('o'.repeat(256), 'o'.repeat(255)), SECONDS);
    expect(verify([line(longest)], longest)).toHaveLength(1);
    expect(verify([line(longer)], longer)).toEqual([]);
  });

  it('cosigns the empty tree too', () => {
    const empty = `${ORIGIN}\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n`;
    expect(verify([ed25519.line(empty, SECONDS), mlDsa.line(empty, SECONDS)], empty)).toHaveLength(2);
  });

  it('ignores a key of a kind that does not cosign', () => {
    const line = ed25519.line(TEXT, SECONDS);
    const key = { ...ed25519.key, kind: 'ed25519-note' as const };
    expect(verifyCosignatures(checkpoint([line]), [{ name: 'w1', key }], NOW)).toEqual([]);
  });
});
