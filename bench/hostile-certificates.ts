import { generateKeyPairSync } from 'node:crypto';
import {
  bitString,
  boolean,
  element,
  integer,
  octetString,
  oid,
  sequence,
  set,
  time,
  utf8String,
} from '../src/demo/der-writer.ts';
import { digest, hashedRekord, json, list, pem, WATCHED, type Shape, type Shaped } from './hostile-parts.ts';

const FULCIO = '1.3.6.1.4.1.57264.1';
/** No longer certificate is read. */
const MAX_BYTES = 250_000;

/** The name of the authority that issues for the public good today. */
const ISSUER = sequence(
  set(sequence(oid('2.5.4.10'), element(0x13, Buffer.from('sigstore.dev')))),
  set(sequence(oid('2.5.4.3'), element(0x13, Buffer.from('sigstore-intermediate')))),
);

export const P256_KEY = keyOn('P-256');

/** What makes extensions of about so many bytes. */
type MakeExtensions = (bytes: number) => readonly Buffer[];

const EXTENSIONS: Readonly<Record<string, MakeExtensions>> = {
  'of many claims': (bytes) => list(bytes / 60, (at) => fulcio(12, utf8String(`${WATCHED}${at}`))),
  'of one long claim': (bytes) => [fulcio(12, utf8String('a'.repeat(bytes)))],
  'of claims in lists': (bytes) => [
    fulcio(14, nested(6, element(0x2c, ...list(bytes / 8, (at) => utf8String(`v${at}`))))),
  ],
  'of old claims': (bytes) => list(bytes / 50, (at) => extension(`${FULCIO}.5`, Buffer.from(`acme/widget${at}`))),
  'of many names': (bytes) => [names(list(bytes / 60, (at) => element(0x86, Buffer.from(`${WATCHED}/${at}`))))],
  'of names of an unknown kind': (bytes) => [names(list(bytes / 20, (at) => element(0xa9, utf8String(`${at}`))))],
  'of unknown extensions': (bytes) =>
    list(bytes / 140, (at) =>
      sequence(
        element(0x06, Buffer.alloc(120, 0xff), Buffer.of(1 + (at >> 7), at % 128)),
        octetString(Buffer.of(at % 256)),
      ),
    ),
  'of purposes': (bytes) => [extension('2.5.29.37', sequence(...list(bytes / 8, () => oid('1.3.6.1.5.5'))))],
  'of promises': (bytes) => [extension('1.3.6.1.4.1.11129.2.4.2', octetString(promises(Math.min(bytes, 60_000))))],
};

/** Entries of one certificate, or of many signers of one: selected, and by their names of a trusted authority. */
export const CERTIFICATE_SHAPES: Readonly<Record<string, Shape>> = {
  ...Object.fromEntries(
    Object.entries(EXTENSIONS).map(([name, make]) => [
      `a certificate ${name}`,
      (size: number) => certified(size, make),
    ]),
  ),
  'a certificate with a long issuer': (size) =>
    certified(size, () => [], {
      issuer: sequence(
        ...list(Math.min(size / 60, 6000), (at) => set(sequence(oid('2.5.4.3'), utf8String(`  A  b ${at}`)))),
      ),
    }),
  'a certificate with an RSA key that is too large': (size) =>
    certified(size, () => [], { spki: rsaKey(size / 3, Buffer.of(1, 0, 1)) }),
  'a certificate with an RSA key of a large exponent': (size) =>
    certified(size, () => [], { spki: rsaKey(384, Buffer.alloc(383, 0xab)) }),
  'a certificate with an RSA key of 16,384 bits': (size) =>
    certified(size, () => [], { spki: rsaKey(2048, Buffer.of(1, 0, 1)) }),
  'a certificate of sequences': (size) => hashedRekord(pem('CERTIFICATE', Buffer.alloc(size / 3, 0x30))),
  'many signers of one large certificate': (size) => {
    const verifier = pem('CERTIFICATE', certificate([claims()], Math.min(size / 100, 4000))).toString('base64');
    return json('dsse', {
      payloadHash: digest(Buffer.alloc(0)),
      signatures: list(64, () => ({ signature: 'AAAA', verifier })),
    });
  },
  'a jar of many signers': (size) => jar(Math.min(size / 3, MAX_BYTES)),
};

/** A certificate of a release of the watched repository, with that key. */
export function releaseCertificate(spki: Buffer): Buffer {
  return certificate([claims()], 0, { spki });
}

/** SubjectPublicKeyInfo of an RSA key: its modulus of so many bytes is no product of primes, which nobody finds out. */
export function rsaKey(bytes: number, exponent: Buffer): Buffer {
  const key = sequence(integer(Buffer.alloc(bytes, 0xab)), integer(exponent));
  return sequence(sequence(oid('1.2.840.113549.1.1.1'), element(0x05)), bitString(key));
}

/** SubjectPublicKeyInfo of a fresh key. */
export function keyOn(namedCurve: string): Buffer {
  return generateKeyPairSync('ec', { namedCurve }).publicKey.export({ type: 'spki', format: 'der' });
}

interface Parts {
  readonly issuer?: Buffer;
  readonly spki?: Buffer;
}

/** A certificate stands in the body in base64 twice over, so that it has about half of the bytes. */
function certified(size: number, more: MakeExtensions, parts: Parts = {}): Shaped {
  const bytes = Math.min(size * 0.5, MAX_BYTES);
  return hashedRekord(pem('CERTIFICATE', certificate([claims(), more(bytes * 0.9)], 0, parts)));
}

function claims(): readonly Buffer[] {
  return [
    extension('2.5.29.37', sequence(oid('1.3.6.1.5.5.7.3.3'))),
    names([element(0x86, Buffer.from(`${WATCHED}/.github/workflows/release.yml@refs/tags/v1`))]),
    fulcio(12, utf8String(WATCHED)),
  ];
}

/** Its signature is none, which is found out last. `filler`: so many bytes of a claim. */
function certificate(extensions: readonly (readonly Buffer[])[], filler: number, parts: Parts = {}): Buffer {
  const algorithm = sequence(oid('1.2.840.10045.4.3.3'));
  const tbs = sequence(
    element(0xa0, integer(Buffer.of(2))),
    integer(Buffer.of(1)),
    algorithm,
    parts.issuer ?? ISSUER,
    sequence(time(new Date('2026-01-01T00:00:00Z')), time(new Date('2026-01-02T00:00:00Z'))),
    sequence(),
    parts.spki ?? P256_KEY,
    element(
      0xa3,
      sequence(
        extension('2.5.29.15', bitString(Buffer.of(0x80), 7), true),
        ...extensions.flat(),
        fulcio(13, utf8String('a'.repeat(1 + filler))),
      ),
    ),
  );
  return sequence(tbs, algorithm, bitString(sequence(integer(Buffer.alloc(48, 1)), integer(Buffer.alloc(48, 1)))));
}

function jar(bytes: number): Shaped {
  const large = certificate([claims(), EXTENSIONS['of many claims']?.(bytes * 0.9) ?? []], 0);
  const algorithm = sequence(oid('2.16.840.1.101.3.4.2.1'));
  const named = sequence(ISSUER, integer(Buffer.of(1)));
  const signer = sequence(integer(Buffer.of(1)), named, algorithm, algorithm, octetString(Buffer.of(1)));
  const signed = sequence(
    integer(Buffer.of(1)),
    set(algorithm),
    sequence(oid('1.2.840.113549.1.7.1')),
    element(0xa0, large),
    set(...list(20, () => signer)),
  );
  const block = pem('PKCS7', sequence(oid('1.2.840.113549.1.7.2'), element(0xa0, signed)));
  return json('jar', {
    archive: { hash: digest(Buffer.alloc(0)) },
    signature: { content: block.toString('base64'), publicKey: { content: '' } },
  });
}

function extension(id: string, value: Buffer, critical = false): Buffer {
  return sequence(oid(id), ...(critical ? [boolean(true)] : []), octetString(value));
}

function fulcio(number: number, value: Buffer): Buffer {
  return extension(`${FULCIO}.${number}`, value);
}

function names(all: readonly Buffer[]): Buffer {
  return extension('2.5.29.17', sequence(...all));
}

function nested(depth: number, inner: Buffer): Buffer {
  return depth === 0 ? inner : sequence(nested(depth - 1, inner));
}

/** A list of promises that are all zeros (RFC 6962 §3.3): more of them than are read. */
function promises(bytes: number): Buffer {
  const promise = sized(Buffer.alloc(47));
  return sized(Buffer.concat(list(bytes / promise.length, () => promise)));
}

function sized(bytes: Buffer): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(bytes.length);
  return Buffer.concat([length, bytes]);
}
