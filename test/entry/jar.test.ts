import { hash } from 'node:crypto';
import { X509Certificate } from '@sigstore/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createDemoAuthority } from '../../src/demo/certificate-authority.ts';
import { element, integer, octetString, oid, sequence, set } from '../../src/demo/der-writer.ts';
import { decodeEntry } from '../../src/entry/decode.ts';
import { isForeseen } from '../support/entry-mutations.ts';
import { contentInfo, issuerAndSerial, keyId, signedData, signerInfo } from '../support/signed-data.ts';

const authority = createDemoAuthority({ name: 'test' });
const ours = issue('release@acme.example');
const other = issue('nobody@example.com');
const ourKeyId = X509Certificate.parse(Buffer.from(ours)).extSubjectKeyID?.keyIdentifier ?? Buffer.alloc(0);
const archive = hash('sha256', 'a jar');

describe('decodeEntry() of a jar', () => {
  it('names the signer whom the signature block names, not the first certificate in it', () => {
    const signature = Buffer.from('signature');
    const block = signedData({
      certificates: [other, authority.chain[0], ours],
      signers: [signerInfo(issuerAndSerial(ours), signature)],
    });
    const decoded = decode(pemOf(block), other);
    expect(decoded).toMatchObject({
      ok: true,
      entry: { artifacts: [`sha256:${archive}`], signedDigest: null, payload: null, unread: false },
    });
    expect(signersOf(decoded)).toMatchObject([
      { type: 'certificate', claims: { subject: ['release@acme.example'] }, certificate: { der: ours }, signature },
    ]);
  });

  it('names a signer by the identifier of its key', () => {
    const block = signedData({ certificates: [other, ours], signers: [signerInfo(keyId(ourKeyId))] });
    expect(signersOf(decode(pemOf(block)))).toMatchObject([{ claims: { subject: ['release@acme.example'] } }]);
  });

  it('names each of several signers', () => {
    const signers = [ours, other].map((certificate) => signerInfo(issuerAndSerial(certificate)));
    expect(signersOf(decode(pemOf(signedData({ certificates: [other, ours], signers }))))).toMatchObject([
      { claims: { subject: ['release@acme.example'] } },
      { claims: { subject: ['nobody@example.com'] } },
    ]);
  });

  it('names one who signed twice once', () => {
    const signers = ['first', 'second'].map((text) => signerInfo(issuerAndSerial(ours), Buffer.from(text)));
    expect(signersOf(decode(pemOf(signedData({ certificates: [ours], signers }))))).toMatchObject([
      { claims: { subject: ['release@acme.example'] }, signature: Buffer.from('first') },
    ]);
  });

  it('passes over what is no certificate of X.509, and over a certificate that came twice', () => {
    const attributes = element(0xa2, integer(Buffer.of(1)));
    const block = signedData({
      certificates: [attributes, ours, ours],
      signers: [signerInfo(issuerAndSerial(ours))],
    });
    expect(signersOf(decode(pemOf(block)))).toHaveLength(1);
  });

  const named = signerInfo(issuerAndSerial(ours));
  it.each<[string, string, string]>([
    [
      'a signer without its certificate',
      pemOf(signedData({ certificates: [other], signers: [named] })),
      'Cannot name a signer of signed data: its certificate is not among those that came with it',
    ],
    [
      'one signer of two whose certificate is missing',
      pemOf(signedData({ certificates: [other], signers: [signerInfo(issuerAndSerial(other)), named] })),
      'Cannot name a signer of signed data: its certificate is not among those that came with it',
    ],
    [
      'a key identifier that no certificate has',
      pemOf(signedData({ certificates: [authority.chain[0], ours], signers: [signerInfo(keyId(Buffer.of(1)))] })),
      'Cannot name a signer of signed data: its certificate is not among those that came with it',
    ],
    [
      'two certificates of one issuer and serial number',
      pemOf(signedData({ certificates: [ours, twinOf(ours)], signers: [named] })),
      'Cannot name a signer of signed data: two different certificates are named alike',
    ],
    [
      'no signer',
      pemOf(signedData({ certificates: [ours], signers: [] })),
      'Cannot read spec.signature.content: nobody signed it',
    ],
    [
      '21 signers',
      pemOf(signedData({ certificates: [ours], signers: Array.from({ length: 21 }, () => named) })),
      'Cannot read signed data of more than 20 signers',
    ],
    [
      '101 certificates',
      pemOf(signedData({ certificates: Array.from({ length: 101 }, () => ours), signers: [named] })),
      'Cannot read signed data of more than 100 certificates',
    ],
    [
      'lengths that are not given',
      pemOf(Buffer.concat([Buffer.from('3080', 'hex'), signedData({ certificates: [ours], signers: [named] })])),
      'Cannot read DER at byte 0: its length is indefinite, overlong or too large',
    ],
    [
      'bytes after the end',
      pemOf(Buffer.concat([signedData({ certificates: [ours], signers: [named] }), Buffer.of(0, 0)])),
      'Cannot read PKCS #7: 2 unexpected bytes at its end',
    ],
    [
      'data that nobody signed',
      pemOf(sequence(oid('1.2.840.113549.1.7.1'), element(0xa0, octetString(Buffer.of(1))))),
      'Cannot read PKCS #7: its content is of type 1.2.840.113549.1.7.1, expected signed data, 1.2.840.113549.1.7.2',
    ],
    [
      'a signer that is a number',
      pemOf(signedData({ certificates: [ours], signers: [integer(Buffer.of(1))] })),
      'Cannot read signer of signed data at byte',
    ],
    [
      'a signer that nothing names',
      pemOf(signedData({ certificates: [ours], signers: [signerInfo(octetString(Buffer.of(1)))] })),
      'Cannot read signer of signed data at byte',
    ],
    [
      'signed data without signers',
      pemOf(contentInfo(sequence(integer(Buffer.of(1)), set(), sequence(oid('1.2.840.113549.1.7.1'))))),
      'Cannot read DER at byte',
    ],
    ['no PEM', 'MIIB', 'Cannot read PEM: text outside of its blocks'],
    ['nothing', '', 'Cannot read spec.signature.content: expected PEM of one PKCS7'],
    [
      'two blocks',
      pemOf(signedData({ certificates: [ours], signers: [named] })).repeat(2),
      'Cannot read spec.signature.content: expected PEM of one PKCS7',
    ],
    [
      'a block of another kind',
      pemOf(ours, 'CERTIFICATE'),
      'Cannot read spec.signature.content: expected PEM of one PKCS7',
    ],
  ])('does not name anybody by a block with %s', (_, pem, problem) => {
    expect(decode(pem)).toEqual({
      ok: false,
      kind: 'jar',
      apiVersion: '0.0.1',
      problem: expect.stringContaining(problem) as string,
    });
  });

  it('has an outcome whatever bytes of the block are changed, and never another signer', () => {
    const block = signedData({ certificates: [other, ours], signers: [named] });
    const subjects = new Set<string | undefined>();
    fc.assert(
      fc.property(fc.nat(block.length - 1), fc.integer({ min: 1, max: 255 }), (at, mask) => {
        const changed = Buffer.from(block);
        changed.writeUInt8(changed.readUInt8(at) ^ mask, at);
        const decoded = decode(pemOf(changed));
        signersOf(decoded).forEach(({ claims }) => subjects.add(claims['subject']?.[0]));
        return isForeseen(decoded);
      }),
      { numRuns: 3000 },
    );
    expect(subjects).not.toContain('nobody@example.com');
  });
});

/** Another certificate for somebody else under the same issuer and serial number. */
function twinOf(certificate: Buffer): Buffer {
  const twin = Buffer.from(certificate.toString('latin1').replace('release@acme', 'release@evil'), 'latin1');
  expect(twin).not.toEqual(certificate);
  return twin;
}

function issue(subject: string): Buffer {
  return authority.issue({ subject, claims: {} }).certificate;
}

function decode(pem: string, publicKey = ours): ReturnType<typeof decodeEntry> {
  const spec = {
    archive: { hash: { algorithm: 'sha256', value: archive } },
    signature: {
      content: Buffer.from(pem).toString('base64'),
      publicKey: { content: Buffer.from(pemOf(publicKey, 'CERTIFICATE')).toString('base64') },
    },
  };
  return decodeEntry(Buffer.from(JSON.stringify({ kind: 'jar', apiVersion: '0.0.1', spec })));
}

function signersOf(decoded: ReturnType<typeof decodeEntry>) {
  return decoded.ok ? decoded.entry.signers : [];
}

function pemOf(der: Buffer, label = 'PKCS7'): string {
  return `-----BEGIN ${label}-----\n${der.toString('base64')}\n-----END ${label}-----\n`;
}
