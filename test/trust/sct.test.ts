import { generateKeyPairSync, hash, sign, type KeyObject } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { extension } from '../../src/demo/certificate-authority.ts';
import { octetString } from '../../src/demo/der-writer.ts';
import { expectElement, TAG } from '../../src/entry/der.ts';
import { tlsOpaque } from '../../src/lib/tls-reader.ts';
import { createSctVerifier } from '../../src/trust/sct.ts';
import { certify, nameOf, OF_AUTHORITY, OF_LEAF, party, read, type Party } from '../support/chain-maker.ts';

const SCT_LIST = '1.3.6.1.4.1.11129.2.4.2';
const AT = new Date('2026-01-01T12:00:01Z');
const [root, other, signer] = [party('root'), party('root'), party('signer')];
const authority = authorityOf(root);
const log = logOf(generateKeyPairSync('ec', { namedCurve: 'P-256' }));
const rsaLog = logOf(generateKeyPairSync('rsa', { modulusLength: 2048 }));
const stranger = logOf(generateKeyPairSync('ec', { namedCurve: 'P-256' }));

interface CtLog {
  readonly key: KeyObject;
  readonly spki: Buffer;
  readonly algorithm: number;
}

/** How a promise is to differ from one that is kept. */
interface Promised {
  readonly by: CtLog;
  readonly version?: number;
  readonly logId?: Buffer;
  readonly at?: number;
  /** When it says that it was made. */
  readonly saidAt?: number;
  readonly extensions?: Buffer;
  readonly saidExtensions?: Buffer;
  readonly hash?: number;
  readonly algorithm?: number;
  readonly issuer?: Party;
  readonly entryType?: number;
  readonly tail?: Buffer;
}

const verify = createSctVerifier([authority], [inForce(log), inForce(rsaLog)]);
const verdictOn = (...promises: readonly Promised[]): string => verify(read(certificateWith(listOf(...promises))));

describe('createSctVerifier()', () => {
  it('verifies what logs promised, by either kind of key', () => {
    expect(verdictOn({ by: log })).toBe('verified');
    expect(verdictOn({ by: rsaLog })).toBe('verified');
    expect(verdictOn({ by: log, extensions: Buffer.from([0, 0, 5, 0, 0, 0, 0, 1]) })).toBe('verified');
    expect(verdictOn({ by: log }, { by: rsaLog }, { by: log, at: AT.getTime() + 1 })).toBe('verified');
  });

  it('finds none where there is none', () => {
    expect(verify(read(certify(signer, root, { extensions: OF_LEAF })))).toBe('absent');
  });

  it('does not ask for promises in what a log holds', () => {
    const certificate = read(certificateWith(listOf({ by: stranger })));
    const precertificate = { issuerKeyHash: Buffer.alloc(32), holds: true };
    expect(verify({ ...certificate, precertificate })).toBe('absent');
  });

  it('does not know logs that nobody named, and none at a time for which nobody did', () => {
    const ended = { ...inForce(log), validTo: new Date(AT.getTime() - 1) };
    const later = { ...inForce(log), validFrom: new Date(AT.getTime() + 1) };
    const exact = { ...inForce(log), validFrom: AT, validTo: AT };
    const certificate = read(certificateWith(listOf({ by: log })));
    expect(verdictOn({ by: stranger })).toBe('unknown-log');
    expect(createSctVerifier([authority], [])(certificate)).toBe('unknown-log');
    expect(createSctVerifier([], [])(certificate)).toBe('unknown-log');
    expect(createSctVerifier([authority], [ended])(certificate)).toBe('unknown-log');
    expect(createSctVerifier([authority], [later])(certificate)).toBe('unknown-log');
    expect(createSctVerifier([authority], [exact])(certificate)).toBe('verified');
    expect(createSctVerifier([authority], [ended, exact])(certificate)).toBe('verified');
  });

  it('needs one promise that holds, and none that does not', () => {
    const forged: Promised = { by: log, saidAt: 0 };
    expect(verdictOn({ by: log }, { by: stranger })).toBe('verified');
    expect(verdictOn({ by: stranger }, forged)).toBe('invalid');
    expect(verdictOn({ by: log }, forged)).toBe('invalid');
    expect(verdictOn(forged, { by: rsaLog })).toBe('invalid');
  });

  it.each<readonly [string, Promised]>([
    ['by another in its name', { by: stranger, logId: idOf(log) }],
    ['by another in its name, of the other kind', { by: rsaLog, logId: idOf(log) }],
    ['at another time', { by: log, saidAt: AT.getTime() + 1 }],
    ['with other extensions', { by: log, saidExtensions: Buffer.from([1]) }],
    ['for the certificate of another authority', { by: log, issuer: other }],
    ['for a certificate without an issuer', { by: log, entryType: 0 }],
    ['by another hash', { by: log, hash: 5 }],
    ['by another algorithm', { by: log, algorithm: 1 }],
    ['of another version', { by: log, version: 1 }],
    ['at a time that no clock shows', { by: log, saidAt: 2 ** 60 }],
    ['with bytes at its end', { by: log, tail: Buffer.from([0]) }],
  ])('finds a promise invalid: %s', (_, promised) => {
    expect(verdictOn(promised)).toBe('invalid');
  });

  it('finds a promise invalid for a certificate that nobody known issued', () => {
    const certificate = read(certificateWith(listOf({ by: log })));
    expect(createSctVerifier([], [inForce(log)])(certificate)).toBe('invalid');
    expect(createSctVerifier([authorityOf(other)], [inForce(log)])(certificate)).toBe('invalid');
    // Whichever of those that have the name issued it, the log says which.
    expect(createSctVerifier([authorityOf(other), authority], [inForce(log)])(certificate)).toBe('verified');
  });

  it('finds a promise invalid for a certificate that says something else', () => {
    const list = listOf({ by: log });
    const differing = [
      certificateWith(list, { subject: nameOf(['2.5.4.3', 'another']) }),
      certificateWith(list, { extensions: [...OF_LEAF, extension('1.2.3', false, Buffer.from('x'))] }),
      certificateWith(list, { extensions: OF_LEAF.slice(1) }),
      certificateWith(list, { extensions: OF_LEAF.toReversed() }),
    ];
    expect(differing.map((der) => verify(read(der)))).toEqual(differing.map(() => 'invalid'));
  });

  it.each<readonly [string, Buffer]>([
    ['an empty list', octetString(tlsOpaque(2))],
    ['an empty promise', octetString(tlsOpaque(2, tlsOpaque(2)))],
    ['no octet string', tlsOpaque(2, sctOf({ by: log }))],
    [
      'bytes after the list',
      octetString(Buffer.concat([tlsOpaque(2, tlsOpaque(2, sctOf({ by: log }))), Buffer.from([0])])),
    ],
    ['bytes after the octet string', Buffer.concat([listOf({ by: log }), Buffer.from([5, 0])])],
    ['a list cut off', octetString(tlsOpaque(2, tlsOpaque(2, sctOf({ by: log })).subarray(0, -1)))],
    ['nothing', Buffer.alloc(0)],
    ['more than anybody has', listOf(...Array.from({ length: 17 }, () => ({ by: log })))],
  ])('finds %s invalid', (_, value) => {
    expect(verify(read(certificateWith(value)))).toBe('invalid');
  });

  it('finds two lists invalid', () => {
    const list = extension(SCT_LIST, false, listOf({ by: log }));
    const der = certify(signer, root, { extensions: [...OF_LEAF, list, list] });
    expect(verify(read(der))).toBe('invalid');
  });

  it('verifies nothing once a bit of the list is another, and never throws', () => {
    const list = listOf({ by: log });
    // A bit of the log's ID makes it the promise of a log that is not known.
    fc.assert(
      fc.property(fc.nat(list.length * 8 - 1), (bit) => {
        const changed = Buffer.from(list);
        changed.writeUInt8(changed.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
        expect(['invalid', 'unknown-log']).toContain(verify(read(certificateWith(changed))));
      }),
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expect(['invalid', 'unknown-log']).toContain(verify(read(certificateWith(Buffer.from(bytes)))));
        expect(['invalid', 'unknown-log']).toContain(verify(read(certificateWith(octetString(bytes)))));
      }),
    );
  });
});

function logOf({ publicKey, privateKey }: { readonly publicKey: KeyObject; readonly privateKey: KeyObject }): CtLog {
  const spki = publicKey.export({ format: 'der', type: 'spki' });
  return { key: privateKey, spki, algorithm: publicKey.asymmetricKeyType === 'rsa' ? 1 : 3 };
}

function idOf({ spki }: CtLog): Buffer {
  return hash('sha256', spki, 'buffer');
}

function inForce({ spki }: CtLog) {
  return { spki, validFrom: null, validTo: null };
}

function authorityOf(issuer: Party) {
  return {
    name: 'acme',
    chain: [certify(issuer, issuer, { extensions: OF_AUTHORITY })] as const,
    validFrom: null,
    validTo: null,
  };
}

function certificateWith(
  list: Buffer,
  {
    extensions = OF_LEAF,
    subject = signer.name,
  }: { readonly extensions?: readonly Buffer[]; readonly subject?: Buffer } = {},
): Buffer {
  return certify(signer, root, { extensions: [...extensions, extension(SCT_LIST, false, list)], subject });
}

/** The TBSCertificate of the same certificate without promises. */
function promisedTbs(): Buffer {
  const der = certify(signer, root, { extensions: OF_LEAF });
  const certificate = expectElement(der, 0, der.length, TAG.sequence, 'certificate');
  const tbs = expectElement(der, certificate.start, certificate.end, TAG.sequence, 'TBS');
  return der.subarray(tbs.at, tbs.end);
}

function listOf(...promises: readonly Promised[]): Buffer {
  return octetString(tlsOpaque(2, ...promises.map((promised) => tlsOpaque(2, sctOf(promised)))));
}

/** SignedCertificateTimestamp (RFC 6962 §3.2). */
function sctOf(promised: Promised): Buffer {
  const { by, at = AT.getTime(), extensions = Buffer.alloc(0), issuer = root, entryType = 1 } = promised;
  const signed = Buffer.concat([
    Buffer.from([0, 0]),
    long(at),
    Buffer.from([0, entryType]),
    hash('sha256', issuer.spki, 'buffer'),
    tlsOpaque(3, promisedTbs()),
    tlsOpaque(2, extensions),
  ]);
  return Buffer.concat([
    Buffer.from([promised.version ?? 0]),
    promised.logId ?? idOf(by),
    long(promised.saidAt ?? at),
    tlsOpaque(2, promised.saidExtensions ?? extensions),
    Buffer.from([promised.hash ?? 4, promised.algorithm ?? by.algorithm]),
    tlsOpaque(2, sign('sha256', signed, by.key)),
    promised.tail ?? Buffer.alloc(0),
  ]);
}

function long(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(value));
  return bytes;
}
