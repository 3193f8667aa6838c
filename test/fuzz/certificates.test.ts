import { p384 } from '@noble/curves/nist.js';
import { describe, expect, it } from 'vitest';
import { decodeLeaf } from '../../src/monitor/judge-batch.ts';
import { run, tapes, TIMEOUT_MS } from './campaign.ts';
import { examine } from './examine.ts';
import { encodeTree, parseTree } from './der-tree.ts';
import { mutateDer } from './mutate-der.ts';
import { oddKeys } from './odd-keys.ts';
import { PLACES } from './places.ts';
import { CERTIFICATES, DEMO_SPECIMENS, SPECIMENS, type Specimen } from './specimens.ts';
import { Tape } from './tape.ts';

/*
 * Hostile certificates, in entries that fit around them. See bodies.test.ts for how to run a long campaign, and a case of one again.
 */

describe('the certificates of which hostile ones are made', () => {
  it('lie where they can be exchanged, all of them', () => {
    const signers = SPECIMENS.flatMap((specimen) => {
      const decoded = decodeLeaf(specimen.type, specimen);
      return decoded.ok ? decoded.entry.signers.filter(({ certificate }) => certificate !== null) : [];
    });
    expect(PLACES).toHaveLength(signers.length);
  });

  it('make the same entry when they are put back', () => {
    for (const { specimen, certificate, put } of PLACES) {
      expect(signersOf(put(certificate))).toEqual(signersOf(specimen));
    }
  });
});

describe('hostile certificates', () => {
  it(
    'certificates: are read or refused, and never trusted',
    async () => {
      await run({
        name: 'certificates',
        few: 4000,
        share: 0.35,
        inputs: tapes(PLACES.length).map(mutated),
        examine,
        show: ({ name, type, data, extra }) =>
          JSON.stringify({ name, type, data: data.toString('base64'), extra: extra?.toString('base64') }),
      });
    },
    TIMEOUT_MS,
  );

  it('are the same to all who verify them with the twin of their ECDSA signature, and with no other', () => {
    const [place] = PLACES.filter(({ specimen }) => specimen.name === 'hashedrekord 0.0.2');
    const twin = place === undefined ? Buffer.alloc(0) : withTwinSignature(place.certificate);
    // Nothing that is certified differs, and authorities write either of the two.
    expect(place === undefined ? null : examine(place.put(twin))).toBe('a changed certificate is trusted');
    expect(twin.includes(tbsOf(place?.certificate ?? twin))).toBe(true);
  });

  it('are refused with a key of any kind', () => {
    const keys = oddKeys();
    const places = DEMO_SPECIMENS.flatMap((specimen) => PLACES.filter((place) => place.specimen === specimen)).filter(
      ({ specimen }) => specimen.type !== 'ct',
    );
    for (const { certificate, put } of places.slice(0, 2)) {
      expect(keys.map((spki) => examine(put(withKey(certificate, spki)))).filter((fault) => fault !== null)).toEqual(
        [],
      );
    }
    expect(places.length).toBeGreaterThan(5);
  });

  it('are not trusted in the place of another, nor with a piece of another', () => {
    const [one, two] = DEMO_SPECIMENS.flatMap((specimen) => PLACES.filter((place) => place.specimen === specimen));
    if (one === undefined || two === undefined) {
      throw new Error('Cannot find two certificates');
    }
    // Of another certificate only the whole may stand there: then it is that one which is judged, and its key did not sign.
    expect(examine(one.put(two.certificate))).toBeNull();
    for (let at = 1; at < Math.min(one.certificate.length, two.certificate.length); at += 7) {
      const spliced = Buffer.concat([one.certificate.subarray(0, at), two.certificate.subarray(at)]);
      expect(examine(one.put(spliced))).toBeNull();
    }
  });
});

function tbsOf(certificate: Buffer): Buffer {
  const tbs = parseTree(certificate)?.children?.[0];
  return tbs === undefined ? Buffer.alloc(0) : encodeTree(tbs);
}

/** With the other of the two signatures that whoever knows one of them can write: (r, n−s) for (r, s), here on P-384. */
function withTwinSignature(certificate: Buffer): Buffer {
  const root = parseTree(certificate);
  const signature = root?.children?.[2]?.children?.[0];
  if (root === null || signature === undefined) {
    throw new Error('Cannot read a certificate of our own');
  }
  const { r, s } = p384.Signature.fromBytes(encodeTree(signature), 'der');
  const twin = new p384.Signature(r, p384.Point.Fn.neg(s)).toBytes('der');
  Object.assign(signature, { bytes: Buffer.from(twin) });
  return encodeTree(root);
}

/** A TBSCertificate's seventh part is its key (RFC 5280 §4.1). */
function withKey(certificate: Buffer, spki: Buffer): Buffer {
  const root = parseTree(certificate);
  const key = root?.children?.[0]?.children?.[6];
  if (root === null || key === undefined) {
    throw new Error('Cannot read a certificate of our own');
  }
  Object.assign(key, { bytes: spki });
  return encodeTree(root);
}

function mutated({ which, numbers }: { readonly which: number; readonly numbers: readonly number[] }): Specimen {
  const tape = new Tape(numbers);
  const place = PLACES[which % PLACES.length];
  if (place === undefined) {
    throw new Error('Cannot find a certificate');
  }
  let { certificate } = place;
  for (let left = 1 + tape.below(3); left > 0; left--) {
    certificate = mutateDer(certificate, tape, tape.pick(CERTIFICATES) ?? null);
  }
  return place.put(certificate);
}

function signersOf(specimen: Specimen): unknown {
  const decoded = decodeLeaf(specimen.type, specimen);
  return decoded.ok ? decoded.entry.signers : decoded.problem;
}
