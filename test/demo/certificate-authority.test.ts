import { createPublicKey, generateKeyPairSync, hash, X509Certificate, type KeyObject } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createDemoAuthority, extension, toPem } from '../../src/demo/certificate-authority.ts';
import { parseCertificate } from '../../src/entry/certificate.ts';
import { readByOthers } from '../support/certificate-oracle.ts';

const NOW = new Date('2026-01-01T00:00:00Z');
const authority = createDemoAuthority({ name: 'demo', now: NOW });
const [intermediate, root] = authority.chain.map((der) => new X509Certificate(der));

describe('createDemoAuthority()', () => {
  it('makes a chain that OpenSSL accepts', () => {
    expect([root?.ca, root?.subject, root?.checkIssued(root), root?.verify(root.publicKey)]).toEqual([
      true,
      'CN=demo',
      true,
      true,
    ]);
    expect(root !== undefined && intermediate?.checkIssued(root) && intermediate.verify(root.publicKey)).toBe(true);
    expect([intermediate?.ca, intermediate?.subject, intermediate?.keyUsage]).toEqual([
      true,
      'CN=demo-intermediate',
      ['1.3.6.1.5.5.7.3.3'],
    ]);
  });

  it('has keys on P-384, as Fulcio has, valid a year back and five ahead', () => {
    expect([intermediate, root].map((certificate) => certificate?.publicKey.asymmetricKeyDetails)).toEqual([
      { namedCurve: 'secp384r1' },
      { namedCurve: 'secp384r1' },
    ]);
    expect([root?.validFrom, root?.validTo]).toEqual(['Jan  1 00:00:00 2025 GMT', 'Dec 31 00:00:00 2030 GMT']);
  });

  it('gives its chain as PEM, intermediate first', () => {
    expect(authority.chainPem()).toBe(`${intermediate?.toString() ?? ''}${root?.toString() ?? ''}`);
  });

  it('announces a certificate to a log before it issues it, as other readers see it', () => {
    const { precertificate, tbs, issuerKeyHash, certificate } = authority.issueLogged({
      subject: 'a@example.com',
      claims: { issuer: 'https://issuer.example' },
      notBefore: NOW,
    });
    const [before, after] = [precertificate, certificate].map((der) => new X509Certificate(der));
    expect(before?.serialNumber).toBe(after?.serialNumber);
    expect(before?.publicKey.equals(after?.publicKey as KeyObject)).toBe(true);
    for (const leaf of [before, after]) {
      expect(intermediate !== undefined && leaf?.checkIssued(intermediate)).toBe(true);
      expect(leaf?.verify(intermediate?.publicKey as KeyObject)).toBe(true);
    }
    // RFC 6962: id-pe-poison and the list of promises.
    const [poison, promises] = ['060a2b06010401d679020403', '060a2b06010401d679020402'].map((hex) =>
      Buffer.from(hex, 'hex'),
    );
    expect(
      [poison, promises].map((id) => [precertificate, tbs, certificate].map((der) => der.includes(id ?? ''))),
    ).toEqual([
      [true, false, false],
      [false, false, true],
    ]);
    const issuer = intermediate?.publicKey.export({ type: 'spki', format: 'der' }) ?? '';
    expect(issuerKeyHash).toEqual(hash('sha256', issuer, 'buffer'));
  });

  it('issues what Fulcio issues, as other readers see it', () => {
    const { certificate, privateKey } = authority.issue({
      subject: 'https://github.com/acme/widget/.github/workflows/release.yml@refs/tags/v1',
      claims: {
        issuer: 'https://issuer.example',
        trigger: 'push',
        source_repository: 'https://github.com/acme/widget',
      },
      notBefore: NOW,
    });
    const leaf = new X509Certificate(certificate);
    expect({
      subject: leaf.subject,
      issuer: leaf.issuer,
      subjectAltName: leaf.subjectAltName,
      keyUsage: leaf.keyUsage,
      ca: leaf.ca,
      validity: [leaf.validFrom, leaf.validTo],
      issued: intermediate !== undefined && leaf.checkIssued(intermediate) && leaf.verify(intermediate.publicKey),
      keyFits: leaf.publicKey.equals(createPublicKey(privateKey)),
    }).toEqual({
      subject: undefined,
      issuer: 'CN=demo-intermediate',
      subjectAltName: 'URI:https://github.com/acme/widget/.github/workflows/release.yml@refs/tags/v1',
      keyUsage: ['1.3.6.1.5.5.7.3.3'],
      ca: false,
      validity: ['Jan  1 00:00:00 2026 GMT', 'Jan  1 00:10:00 2026 GMT'],
      issued: true,
      keyFits: true,
    });
    expect(readByOthers(certificate).claims).toEqual({
      subject: ['https://github.com/acme/widget/.github/workflows/release.yml@refs/tags/v1'],
      issuer: ['https://issuer.example'],
      trigger: ['push'],
      source_repository: ['https://github.com/acme/widget'],
    });
  });

  it('issues for every kind of name, purpose, key and extension', () => {
    const keys = generateKeyPairSync('ed25519');
    const requests = [
      { subject: 'a@example.com', claims: {} },
      { subject: 'me!example.com', claims: {}, sanKind: 'username' },
      { subject: 'a@example.com', claims: {}, codeSigning: false },
      { subject: 'a@example.com', claims: {}, key: keys },
      { subject: 'a@example.com', claims: {}, extraExtensions: [extension('1.2.3', true, Buffer.from('x'))] },
      { subject: 'a@example.com', claims: {}, notBefore: new Date('2049-12-31T23:55:00Z') },
    ] as const;
    const certificates = requests.map((request) => authority.issue(request).certificate);
    expect(certificates.map((der) => legible(parseCertificate(der)))).toEqual(
      certificates.map((der) => legible(readByOthers(der))),
    );
    expect(
      certificates.map((der) => intermediate !== undefined && new X509Certificate(der).verify(intermediate.publicKey)),
    ).toEqual(requests.map(() => true));
  });

  it('gives every certificate a serial number of its own', () => {
    const serials = Array.from({ length: 20 }, () => {
      const { certificate } = authority.issue({ subject: 'a@example.com', claims: {} });
      return new X509Certificate(certificate).serialNumber;
    });
    expect(new Set(serials).size).toBe(20);
  });
});

describe('toPem()', () => {
  it('writes what OpenSSL writes', () => {
    expect(authority.chain.map(toPem)).toEqual([intermediate?.toString(), root?.toString()]);
  });
});

function legible(certificate: ReturnType<typeof parseCertificate>): unknown {
  return { ...certificate, der: certificate.der.toString('hex'), spki: certificate.spki.toString('hex') };
}
