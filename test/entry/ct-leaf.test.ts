import { createHash, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { extension } from '../../src/demo/certificate-authority.ts';
import { element, sequence } from '../../src/demo/der-writer.ts';
import { decodeCtLeaf } from '../../src/entry/ct-leaf.ts';
import type { ParsedEntry } from '../../src/entry/entry.ts';
import { withoutPoison } from '../../src/entry/poison.ts';
import { tlsOpaque } from '../../src/lib/tls-reader.ts';
import { parseDataTile } from '../../src/log/ct/data-tile.ts';
import { certificateEntry, precertificateEntry, type Announced } from '../fakes/ct-entry.ts';
import { authority, releaseAt, STRANGER } from '../support/actors.ts';
import { hasRealdata, realdata } from '../support/realdata.ts';

const TIME = 1_700_000_000_123;
const request = releaseAt('refs/tags/v1');
const issued = authority.issueLogged(request);
const precertificate = precertificateEntry(issued, TIME).leaf;
const certificate = certificateEntry(issued.certificate, TIME).leaf;

/** What readers put beside a leaf. */
const beside = (announced: Buffer) => Buffer.concat([tlsOpaque(3, announced), tlsOpaque(3), tlsOpaque(2)]);
const extra = beside(issued.precertificate);

function decoded(leaf: Buffer, unhashed?: Buffer): ParsedEntry {
  const outcome = decodeCtLeaf(leaf, unhashed);
  expect(outcome).toMatchObject({ ok: true });
  return (outcome as { readonly entry: ParsedEntry }).entry;
}

describe('decodeCtLeaf()', () => {
  it('reads a certificate', () => {
    const entry = decoded(certificate, beside(Buffer.alloc(0)));
    const [signer] = entry.signers;
    expect(entry).toEqual({
      kind: 'certificate',
      apiVersion: 'v1',
      signers: [signer],
      artifacts: [],
      signedDigest: null,
      payload: null,
      claims: {},
      attestation: null,
      attestationProblem: null,
      unread: false,
      issuance: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
    });
    expect(signer).toMatchObject({
      type: 'certificate',
      signature: null,
      fingerprint: spkiHash(issued.certificate),
      claims: { subject: [request.subject], key: [spkiHash(issued.certificate)], source_ref: ['refs/tags/v1'] },
      certificate: { der: issued.certificate, notBefore: request.notBefore?.getTime(), codeSigning: true },
    });
    expect(signer?.certificate).not.toHaveProperty('precertificate');
  });

  it('reads the same claims of the precertificate, and knows it for the same issuance', () => {
    const [of, before] = [decoded(certificate), decoded(precertificate, extra)];
    expect(before).toMatchObject({ kind: 'precertificate', apiVersion: 'v1', artifacts: [], signedDigest: null });
    expect(before.issuance).toBe(of.issuance);
    expect(before.signers[0]?.claims).toEqual(of.signers[0]?.claims);
    expect(before.signers[0]?.fingerprint).toBe(of.signers[0]?.fingerprint);
    expect(before.signers[0]?.certificate).toMatchObject({
      der: issued.precertificate,
      codeSigning: true,
      precertificate: { issuerKeyHash: issued.issuerKeyHash, holds: true },
    });
  });

  it('tells issuances apart', () => {
    const again = authority.issueLogged(request);
    expect(decoded(certificateEntry(again.certificate, TIME).leaf).issuance).not.toBe(decoded(certificate).issuance);
  });

  const other = authority.issueLogged(releaseAt('refs/tags/v2'));
  const poison = extension('1.3.6.1.4.1.11129.2.4.3', true, element(0x05));

  it.each([
    ['nothing came with it', undefined],
    ['no precertificate came with it', beside(Buffer.alloc(0))],
    ['what came with it is cut off', extra.subarray(0, 100)],
    ['random bytes came with it', beside(Buffer.from('no certificate'))],
    ['the precertificate of another came with it', beside(other.precertificate)],
    ['its certificate came with it', beside(issued.certificate)],
    ['what was logged is inside, but not signed', beside(sequence(issued.tbs))],
  ])('does not believe a precertificate where %s', (_, unhashed) => {
    expect(decoded(precertificate, unhashed).signers[0]).toMatchObject({
      claims: { source_ref: ['refs/tags/v1'] },
      certificate: { der: issued.tbs, precertificate: { holds: false } },
    });
  });

  it('takes its claims from what was logged, not from what came with it', () => {
    const mixed = precertificateEntry({ ...issued, precertificate: other.precertificate }, TIME);
    expect(decoded(mixed.leaf, beside(other.precertificate)).signers[0]?.claims['source_ref']).toEqual([
      'refs/tags/v1',
    ]);
  });

  it.each([
    ['an empty leaf', Buffer.alloc(0), null, 'Cannot read Merkle tree leaf: 1 bytes expected at byte 0, found 0'],
    [
      'another version',
      Buffer.concat([Buffer.from([1]), certificate.subarray(1)]),
      null,
      'Cannot read Merkle tree leaf: its version or type is unknown, expected v1, timestamped_entry',
    ],
    [
      'another leaf type',
      Buffer.concat([Buffer.from([0, 1]), certificate.subarray(2)]),
      null,
      'Cannot read Merkle tree leaf: its version or type is unknown, expected v1, timestamped_entry',
    ],
    [
      'an entry type of another time',
      Buffer.concat([certificate.subarray(0, 10), Buffer.from([0, 2]), certificate.subarray(12)]),
      null,
      'Cannot read Merkle tree leaf: its entry is of type 2, expected 0 or 1',
    ],
    [
      'bytes at its end',
      Buffer.concat([certificate, Buffer.alloc(1)]),
      'certificate',
      'Cannot read Merkle tree leaf: 1 bytes follow at its end, expected none',
    ],
    [
      'what is no certificate',
      certificateEntry(Buffer.from('x'), TIME).leaf,
      'certificate',
      'Cannot read DER at byte 0: the element reaches beyond byte 1',
    ],
    [
      'what was to be certified and more',
      precertificateEntry({ ...issued, tbs: Buffer.concat([issued.tbs, Buffer.alloc(2)]) }, TIME).leaf,
      'precertificate',
      'Cannot read TBS certificate: 2 unexpected bytes at its end',
    ],
  ])('cannot read %s', (_, leaf, kind, problem) => {
    expect(decodeCtLeaf(leaf, undefined)).toEqual({
      ok: false,
      kind,
      apiVersion: kind === null ? null : 'v1',
      problem,
    });
  });

  it('reads promises with extensions, which say nothing', () => {
    const promised = Buffer.concat([certificate.subarray(0, -2), tlsOpaque(2, Buffer.from('leaf index'))]);
    expect(decoded(promised)).toEqual(decoded(certificate));
  });

  it('never throws, whatever the bytes', () => {
    const leaves = fc.oneof(
      fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
      mutated(precertificate),
      mutated(certificate),
    );
    fc.assert(
      fc.property(leaves, mutated(extra), (leaf, unhashed) => {
        const outcome = decodeCtLeaf(leaf, unhashed);
        expect(outcome.ok || outcome.problem !== '').toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  it('believes no precertificate of which one byte is another', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: issued.tbs.length - 1 }),
        fc.integer({ min: 1, max: 255 }),
        (at, change) => {
          const tbs = Buffer.from(issued.tbs);
          tbs.writeUInt8((tbs.readUInt8(at) + change) % 256, at);
          const outcome = decodeCtLeaf(precertificateEntry({ ...issued, tbs }, TIME).leaf, extra);
          const holds = outcome.ok && outcome.entry.signers[0]?.certificate?.precertificate?.holds === true;
          expect(holds).toBe(false);
        },
      ),
    );
  });

  it('keeps poison out of the claims', () => {
    const poisoned = authority.issue({ ...STRANGER, extraExtensions: [poison] }).certificate;
    const claims = decoded(certificateEntry(poisoned, TIME).leaf).signers[0]?.claims ?? {};
    expect(Object.keys(claims).filter((claim) => claim.startsWith('oid:'))).toEqual([]);
  });
});

describe('withoutPoison()', () => {
  it('gives what the certificate is to hold', () => {
    expect(withoutPoison(issued.precertificate)).toEqual(issued.tbs);
  });

  it.each([0, 100, 120, 200, 250, 300, 65_400, 70_000])('makes lengths anew around %i further bytes', (length) => {
    const extensions = [extension('1.2.3', false, Buffer.alloc(length))];
    const { precertificate: long, tbs } = authority.issueLogged({ ...STRANGER, extraExtensions: extensions });
    expect(withoutPoison(long)).toEqual(tbs);
  });

  it.each([
    ['a certificate', issued.certificate],
    ['the bare inside', issued.tbs],
    ['bytes', Buffer.from('no certificate')],
    ['nothing', Buffer.alloc(0)],
    ['one poisoned twice', poisonedTwice()],
  ])('gives nothing for %s', (_, der) => {
    expect(withoutPoison(der)).toBeNull();
  });
});

describe.runIf(hasRealdata)('decodeCtLeaf() on recorded entries', () => {
  it.each(['000', '001', '002', '003'])('finds every precertificate of tile %s to hold what was logged', (tile) => {
    const body = readFileSync(realdata(`tiles/FiloSottile__sunlight/testdata/navigli2025h2/tile/data/${tile}`));
    const entries = parseDataTile(body, 256, 256).map(({ data, unhashed }) =>
      decoded(data, beside(unhashed.precertificate)),
    );
    const precertificates = entries.filter(({ kind }) => kind === 'precertificate');
    expect(precertificates.length).toBeGreaterThan(100);
    for (const { signers } of precertificates) {
      const { der, spki, precertificate: logged } = signers[0]?.certificate ?? {};
      expect(logged?.holds).toBe(true);
      const openSsl = new X509Certificate(der ?? '');
      expect(spki).toEqual(openSsl.publicKey.export({ type: 'spki', format: 'der' }));
    }
  });
});

function mutated(bytes: Buffer): fc.Arbitrary<Buffer> {
  return fc.tuple(fc.nat(bytes.length - 1), fc.nat(255), fc.nat(bytes.length)).map(([at, value, length]) => {
    const copy = Buffer.from(bytes);
    copy.writeUInt8(value, at);
    return copy.subarray(0, length % 3 === 0 ? length : copy.length);
  });
}

function poisonedTwice(): Buffer {
  const poisoned = extension('1.3.6.1.4.1.11129.2.4.3', true, element(0x05));
  const twice: Announced = authority.issueLogged({ ...STRANGER, extraExtensions: [poisoned] });
  return twice.precertificate;
}

function spkiHash(der: Buffer): string {
  const spki = new X509Certificate(der).publicKey.export({ type: 'spki', format: 'der' });
  return createHash('sha256').update(spki).digest('hex');
}
