import { X509Certificate } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createDemoAuthority, type LoggedIssuance } from '../../src/demo/certificate-authority.ts';
import { parseCertificate, parseTbsCertificate } from '../../src/entry/certificate.ts';
import { DerError } from '../../src/entry/der.ts';
import type { Certificate, Precertificate } from '../../src/entry/entry.ts';
import { createChainVerifier, type CertificateAuthority } from '../../src/trust/chain.ts';

const NOW = new Date('2026-01-01T12:00:00Z');
const MINUTE = 60_000;
const authority = createDemoAuthority({ name: 'test', now: NOW });
const evil = createDemoAuthority({ name: 'test', now: NOW });
const trusted: CertificateAuthority = { name: 'test', chain: authority.chain, validFrom: null, validTo: null };

describe('createChainVerifier()', () => {
  it('trusts a certificate of the authority, and not one of another that has the same names', () => {
    const verify = createChainVerifier([trusted], null);
    expect(verify(leaf(), NOW)).toBe('trusted');
    expect(verify(leaf({ by: evil }), NOW)).toBe('untrusted');
    expect(createChainVerifier([{ ...trusted, chain: evil.chain }, trusted], null)(leaf(), NOW)).toBe('trusted');
  });

  it('trusts nobody when there is no authority', () => {
    expect(createChainVerifier([], null)(leaf(), NOW)).toBe('untrusted');
  });

  it('asks for the purpose of code signing', () => {
    expect(createChainVerifier([trusted], null)(leaf({ codeSigning: false }), NOW)).toBe('untrusted');
  });

  it('needs the issuer only', () => {
    const [intermediate, root] = authority.chain;
    expect(createChainVerifier([{ ...trusted, chain: [intermediate] }], null)(leaf(), NOW)).toBe('trusted');
    expect(createChainVerifier([{ ...trusted, chain: [root] }], null)(leaf(), NOW)).toBe('untrusted');
  });

  it.each([
    ['at the first moment', { validFrom: NOW }, 'trusted'],
    ['at the last moment', { validTo: NOW }, 'trusted'],
    ['before the first moment', { validFrom: new Date(NOW.getTime() + 1) }, 'untrusted'],
    ['after the last moment', { validTo: new Date(NOW.getTime() - 1) }, 'untrusted'],
  ] as const)('looks %s whether the authority is trusted', (_, window, expected) => {
    expect(createChainVerifier([{ ...trusted, ...window }], null)(leaf(), NOW)).toBe(expected);
  });

  it('looks whether the certificates of the authority were valid when the leaf began', () => {
    const { validFrom, validTo } = new X509Certificate(authority.chain[1]);
    const verdicts = [Date.parse(validFrom), Date.parse(validTo)].flatMap((at) =>
      [-1000, 0, 1000].map((offset) => {
        const notBefore = new Date(at + offset);
        return createChainVerifier([trusted], null)(leaf({ notBefore }), notBefore);
      }),
    );
    expect(verdicts).toEqual(['untrusted', 'trusted', 'trusted', 'trusted', 'trusted', 'untrusted']);
  });

  it('does not mind that the leaf has long expired', () => {
    expect(createChainVerifier([trusted], null)(leaf(), new Date('2027-01-01'))).toBe('trusted');
  });

  it('trusts no certificate that begins more than five minutes from now', () => {
    const verify = createChainVerifier([trusted], null);
    expect(verify(leaf({ notBefore: new Date(NOW.getTime() + 5 * MINUTE) }), NOW)).toBe('trusted');
    expect(verify(leaf({ notBefore: new Date(NOW.getTime() + 6 * MINUTE) }), NOW)).toBe('untrusted');
  });

  it('does not know about strangers that are later than its data', () => {
    const verify = createChainVerifier([trusted], new Date(NOW.getTime() - MINUTE));
    expect(verify(leaf(), NOW)).toBe('trusted');
    expect(verify(leaf({ by: evil }), NOW)).toBe('unknown');
    expect(verify(leaf({ by: evil, notBefore: new Date(NOW.getTime() - MINUTE) }), NOW)).toBe('untrusted');
  });

  it('does not trust a certificate that was changed after it was signed', () => {
    const { der } = leaf();
    const verify = createChainVerifier([trusted], null);
    const verdicts = Array.from(der, (_, at) => {
      const changed = Buffer.from(der);
      changed.writeUInt8((changed.readUInt8(at) + 1) % 256, at);
      return verifyRead(verify, changed);
    });
    expect([...new Set(verdicts)].sort()).toEqual(['unreadable', 'untrusted']);
  });

  it('does not trust one of which a bit was changed that nobody signed', () => {
    const { der } = leaf();
    const verify = createChainVerifier([trusted], null);
    // The header of the whole, and all that follows what was signed.
    const signedFrom = 4;
    const signedTo = signedFrom + 4 + der.readUInt16BE(signedFrom + 2);
    const places = [...der.keys()].filter((at) => at < signedFrom || at >= signedTo);
    const verdicts = places.flatMap((at) =>
      [0, 1, 2, 3, 4, 5, 6, 7].map((bit) => {
        const changed = Buffer.from(der);
        changed.writeUInt8(changed.readUInt8(at) ^ (1 << bit), at);
        return verifyRead(verify, changed);
      }),
    );
    expect(verdicts.length).toBeGreaterThan(900);
    expect([...new Set(verdicts)].sort()).toEqual(['unreadable', 'untrusted']);
  });

  it('does not trust bytes that are no certificate', () => {
    expect(createChainVerifier([trusted], null)({ ...leaf(), der: Buffer.from('x') }, NOW)).toBe('untrusted');
  });

  it.each([
    [
      'bytes that are no certificate',
      [Buffer.from('x')],
      'Cannot use authority "acme": certificate 1 of 1: it cannot be read, expected X.509 in DER',
    ],
    [
      'a certificate that is no CA',
      [leaf().der],
      'Cannot use authority "acme": certificate 1 of 1: it is no CA certificate',
    ],
    [
      'two chains in one',
      [authority.chain[0], evil.chain[1]],
      'Cannot use authority "acme": certificate 1 of 2: it is not issued by the next one',
    ],
    [
      'a chain from its root down',
      [authority.chain[1], authority.chain[0]],
      'Cannot use authority "acme": certificate 1 of 2: it is not issued by the next one',
    ],
  ])('refuses an authority of %s', (_, [first = Buffer.alloc(0), ...others], message) => {
    expect(() => createChainVerifier([{ ...trusted, name: 'acme', chain: [first, ...others] }], null)).toThrow(
      new SyntaxError(message),
    );
  });
});

describe('createChainVerifier() on what a CT log holds', () => {
  const verify = createChainVerifier([trusted], null);
  const request = { subject: 'a@example.com', claims: {}, notBefore: NOW };
  const issued = authority.issueLogged(request);
  const [issuerKeyHash, evilKeyHash] = [issued.issuerKeyHash, evil.issueLogged(request).issuerKeyHash];

  /** As a CT leaf is read. */
  const logged = (announced: LoggedIssuance, differing: Partial<Precertificate> = {}): Certificate => ({
    ...parseTbsCertificate(announced.tbs),
    der: announced.precertificate,
    precertificate: { issuerKeyHash: announced.issuerKeyHash, holds: true, ...differing },
  });

  it('trusts a precertificate that the named authority signed', () => {
    expect(verify(logged(issued), NOW)).toBe('trusted');
  });

  it('does not know of one whose signature is missing, or does not hold, where a trusted authority is named', () => {
    const forgery = logged(evil.issueLogged(request), { issuerKeyHash });
    expect(verify({ ...logged(issued, { holds: false }), der: issued.tbs }, NOW)).toBe('unknown');
    expect(verify(forgery, NOW)).toBe('unknown');
  });

  it('does not trust one that names nobody who is trusted, whoever signed it', () => {
    expect(verify(logged(evil.issueLogged(request)), NOW)).toBe('untrusted');
    expect(verify(logged(evil.issueLogged(request), { holds: false }), NOW)).toBe('untrusted');
    expect(verify(logged(issued, { issuerKeyHash: evilKeyHash }), NOW)).toBe('untrusted');
    expect(verify(logged(issued, { issuerKeyHash: Buffer.alloc(0) }), NOW)).toBe('untrusted');
  });

  it('does not trust one for another purpose, or of another time than the authority is trusted for', () => {
    const ended = createChainVerifier([{ ...trusted, validTo: new Date(NOW.getTime() - 1) }], null);
    expect(verify(logged(authority.issueLogged({ ...request, codeSigning: false })), NOW)).toBe('untrusted');
    expect(ended(logged(issued), NOW)).toBe('untrusted');
    expect(ended(logged(issued, { holds: false }), NOW)).toBe('untrusted');
  });

  it('cannot tell beyond the time that the trust data is good for', () => {
    const early = createChainVerifier([], new Date(NOW.getTime() - 1));
    expect(early(logged(issued), NOW)).toBe('unknown');
  });
});

interface LeafOptions {
  readonly by?: typeof authority;
  readonly notBefore?: Date;
  readonly codeSigning?: boolean;
  readonly extraExtensions?: readonly Buffer[];
}

/** As an entry's certificate is read, and then judged. */
function verifyRead(verify: ReturnType<typeof createChainVerifier>, der: Buffer): string {
  try {
    return verify(parseCertificate(der), NOW);
  } catch (error) {
    if (error instanceof DerError) {
      return 'unreadable';
    }
    throw error;
  }
}

function leaf({ by = authority, ...request }: LeafOptions = {}): Certificate {
  return parseCertificate(by.issue({ subject: 'a@example.com', claims: {}, notBefore: NOW, ...request }).certificate);
}
