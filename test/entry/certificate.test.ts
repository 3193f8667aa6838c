import { X509Certificate } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createDemoAuthority, extension, type CertificateRequest } from '../../src/demo/certificate-authority.ts';
import { boolean, element, octetString, oid, sequence, utf8String } from '../../src/demo/der-writer.ts';
import { parseCertificate } from '../../src/entry/certificate.ts';
import { DerError } from '../../src/entry/der.ts';
import type { Claims } from '../../src/entry/entry.ts';

const FULCIO = '1.3.6.1.4.1.57264.1';
const authority = createDemoAuthority({ name: 'test' });

describe('parseCertificate()', () => {
  it('reads key, times, purpose and every claim', () => {
    const claims = {
      issuer: 'https://issuer.example',
      builder: 'b',
      builder_digest: 'bd',
      runner: 'github-hosted',
      source_repository: 'https://github.com/acme/widget',
      source_digest: 'sd',
      source_ref: 'refs/tags/v1',
      source_repository_id: '1',
      source_owner: 'https://github.com/acme',
      source_owner_id: '2',
      workflow: 'w',
      workflow_digest: 'wd',
      trigger: 'push',
      run: 'r',
      visibility: 'public',
      environment: 'release',
      token_subject: 'repo:acme/widget',
    };
    const der = issue({
      subject: 'https://github.com/acme/widget/x@refs/tags/v1',
      claims,
      notBefore: new Date(1.7e12),
    });
    const { spki, ...others } = parseCertificate(der);
    expect(others).toEqual({
      der,
      notBefore: 1.7e12,
      notAfter: 1.7e12 + 600_000,
      codeSigning: true,
      claims: {
        ...Object.fromEntries(Object.entries(claims).map(([claim, value]) => [claim, [value]])),
        subject: ['https://github.com/acme/widget/x@refs/tags/v1'],
      },
      problems: {},
    });
    expect(spki).toEqual(new X509Certificate(der).publicKey.export({ type: 'spki', format: 'der' }));
  });

  it('reads e-mail addresses and user names as subjects', () => {
    expect(claimsOf({ subject: 'a@example.com' })['subject']).toEqual(['a@example.com']);
    expect(claimsOf({ subject: 'me!example.com', sanKind: 'username' })['subject']).toEqual(['me!example.com']);
  });

  it('gives no claim that the certificate does not make', () => {
    expect(claimsOf({ subject: 'a@example.com' })).toEqual({ subject: ['a@example.com'] });
  });

  it('tells a certificate for other purposes', () => {
    expect(parseCertificate(issue({ codeSigning: false })).codeSigning).toBe(false);
  });

  it('takes the issuer from .8, or else from .1', () => {
    const first = extension(`${FULCIO}.1`, false, Buffer.from('https://old.example'));
    expect(claimsOf({ extraExtensions: [first] })).toEqual({
      subject: ['a@example.com'],
      issuer: ['https://old.example'],
    });
    const second = extension(`${FULCIO}.8`, false, utf8String('https://old.example'));
    expect(parseCertificate(issue({ extraExtensions: [second, first] }))).toMatchObject({
      claims: { subject: ['a@example.com'], issuer: ['https://old.example'] },
      problems: {},
    });
  });

  it('shows old and unknown extensions by their number, as text or else as hex', () => {
    const extraExtensions = [
      extension(`${FULCIO}.2`, false, Buffer.from('push')),
      extension(`${FULCIO}.25`, false, utf8String('to come')),
      extension('1.2.3.4', true, Buffer.from('plain')),
      extension('1.2.3.5', false, Buffer.concat([utf8String('one'), utf8String('two')])),
      extension('1.2.3.6', false, Buffer.from('80ff', 'hex')),
    ];
    const { claims, problems } = parseCertificate(issue({ extraExtensions }));
    expect(problems).toEqual({});
    expect(claims).toEqual({
      subject: ['a@example.com'],
      [`oid:${FULCIO}.2`]: ['push'],
      [`oid:${FULCIO}.25`]: ['to come'],
      'oid:1.2.3.4': ['plain'],
      'oid:1.2.3.5': ['\x0c\x03one\x0c\x03two'],
      'oid:1.2.3.6': ['80ff'],
    });
  });

  it('takes no claim from extensions of X.509 itself, its profile or Certificate Transparency', () => {
    const extraExtensions = ['2.5.29.31', '1.3.6.1.5.5.7.1.1', '1.3.6.1.4.1.11129.2.4.2'].map((id) =>
      extension(id, false, Buffer.from('x')),
    );
    expect(claimsOf({ extraExtensions })).toEqual({ subject: ['a@example.com'] });
  });

  it('gives every name that is text, also those of several kinds in one certificate', () => {
    const der = withSan(
      sequence(
        element(0x82, Buffer.from('host.example')),
        element(0x87, Buffer.from([127, 0, 0, 1])),
        element(0xa0, oid('1.2.3'), element(0xa0, utf8String('of a type unknown'))),
        element(0x81, Buffer.from('a@example.com')),
        element(0x86, Buffer.from('https://ü.example/')),
      ),
    );
    expect(parseCertificate(der).claims['subject']).toEqual(['host.example', 'a@example.com', 'https://ü.example/']);
  });

  it.each([
    ['an extension without a value', sequence(oid('1.2.3'))],
    [
      'an extension with more than a value',
      sequence(oid('1.2.3'), octetString(Buffer.of(1)), octetString(Buffer.of(2))),
    ],
    [
      'a criticality of two bytes',
      sequence(oid('1.2.3'), element(0x01, Buffer.from([255, 255])), octetString(Buffer.of(1))),
    ],
    ['an extension that is none', boolean(true)],
    ['a number that is none', sequence(element(0x06, Buffer.from([0x2a, 0x80, 0x01])), octetString(Buffer.of(1)))],
  ])('refuses a certificate with %s', (_, extra) => {
    const der = issue({ extraExtensions: [extra] });
    expect(() => parseCertificate(der)).toThrow(DerError);
  });

  it.each([
    ['a month that there is not', '20241301000000Z'],
    ['a day that its month does not have', '20230229000000Z'],
    ['an hour that there is not', '20240101240000Z'],
    ['no seconds', '202401010000Z'],
    ['an offset', '20240101000000+0100'],
    ['letters', '2024010100000xZ'],
    ['a year before all certificates', '00500101000000Z'],
  ])('refuses a time with %s', (_, text) => {
    expect(() => parseCertificate(validFrom(element(0x18, Buffer.from(text))))).toThrow(DerError);
  });

  it.each([
    ['20240229235959Z', 0x18, '2024-02-29T23:59:59.000Z'],
    ['99991231235959Z', 0x18, '9999-12-31T23:59:59.000Z'],
    ['500101000000Z', 0x17, '1950-01-01T00:00:00.000Z'],
    ['491231235959Z', 0x17, '2049-12-31T23:59:59.000Z'],
  ])('reads the time %s', (text, tag, expected) => {
    const { notBefore } = parseCertificate(validFrom(element(tag, Buffer.from(text))));
    expect(new Date(notBefore).toISOString()).toBe(expected);
  });

  it('refuses a certificate of a size that none has', () => {
    const der = issue({ extraExtensions: [extension('1.2.3', false, Buffer.alloc(256 * 1024))] });
    expect(() => parseCertificate(der)).toThrow(/^Cannot read certificate of \d+ bytes: expected at most 262144$/);
  });
});

function issue(request: Partial<CertificateRequest> = {}): Buffer {
  return authority.issue({ subject: 'a@example.com', claims: {}, ...request }).certificate;
}

function claimsOf(request: Partial<CertificateRequest>): Claims {
  return parseCertificate(issue(request)).claims;
}

/** A certificate of RFC 5280 §4.1 with these names; nothing of it is signed. */
function withSan(names: Buffer): Buffer {
  return unsigned(element(0x17, Buffer.from('240101000000Z')), [extension('2.5.29.17', true, names)]);
}

function validFrom(time: Buffer): Buffer {
  return unsigned(time, []);
}

function unsigned(notBefore: Buffer, extensions: readonly Buffer[]): Buffer {
  const algorithm = sequence(oid('1.2.840.10045.4.3.3'));
  const spki = sequence(sequence(oid('1.2.3')), element(0x03, Buffer.from([0, 1])));
  const validity = sequence(notBefore, element(0x18, Buffer.from('20990101000000Z')));
  const serial = element(0x02, Buffer.of(1));
  const tbs = sequence(
    serial,
    algorithm,
    sequence(),
    validity,
    sequence(),
    spki,
    element(0xa3, sequence(...extensions)),
  );
  return sequence(tbs, algorithm, element(0x03, Buffer.from([0, 1])));
}
