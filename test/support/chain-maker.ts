import { generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { extension } from '../../src/demo/certificate-authority.ts';
import {
  bitString,
  boolean,
  element,
  integer,
  oid,
  sequence,
  set,
  time,
  utf8String,
} from '../../src/demo/der-writer.ts';
import { parseCertificate } from '../../src/entry/certificate.ts';
import type { Certificate } from '../../src/entry/entry.ts';

/** Somebody who has a name and a key, and may issue. */
export interface Party {
  /** DER of a Name. */
  readonly name: Buffer;
  readonly key: KeyObject;
  readonly spki: Buffer;
}

/** How a certificate is to be written, as far as it differs from a usual one. */
export interface CertificateForm {
  readonly extensions?: readonly Buffer[];
  /** DER of an AlgorithmIdentifier, inside and outside. */
  readonly algorithm?: Buffer;
  readonly outerAlgorithm?: Buffer;
  /** How many bits of the signature are declared unused. */
  readonly unusedBits?: number;
  readonly spki?: Buffer;
  readonly subject?: Buffer;
  /** Instead of the issuer's own. */
  readonly issuerName?: Buffer;
  /** By which hash it is signed; default SHA-256. */
  readonly hash?: string;
  /** Rewrites the signature. */
  readonly respell?: (signature: Buffer) => Buffer;
}

/** When all certificates of this file begin; they end a year later. */
export const BEGIN = new Date('2026-01-01T12:00:00Z');
export const ECDSA_SHA256 = sequence(oid('1.2.840.10045.4.3.2'));
export const ECDSA_SHA1 = sequence(oid('1.2.840.10045.4.1'));

/** A Name of one attribute each: `['2.5.4.10', 'acme']`. */
export function nameOf(...attributes: readonly (readonly [type: string, value: string | Buffer])[]): Buffer {
  return sequence(
    ...attributes.map(([type, value]) =>
      set(sequence(oid(type), typeof value === 'string' ? utf8String(value) : value)),
    ),
  );
}

/** A party with a fresh key on P-256. */
export function party(commonName: string): Party {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const name = nameOf(['2.5.4.3', commonName]);
  return { name, key: privateKey, spki: publicKey.export({ format: 'der', type: 'spki' }) };
}

/** A certificate of `subject` by `issuer` (RFC 5280 §4.1), DER. */
export function certify(subject: Party, issuer: Party, form: CertificateForm = {}): Buffer {
  const algorithm = form.algorithm ?? ECDSA_SHA256;
  const tbs = sequence(
    element(0xa0, integer(Buffer.from([2]))),
    integer(Buffer.from([7])),
    algorithm,
    form.issuerName ?? issuer.name,
    sequence(time(BEGIN), time(new Date(BEGIN.getTime() + 365 * 86_400_000))),
    form.subject ?? subject.name,
    form.spki ?? subject.spki,
    element(0xa3, sequence(...(form.extensions ?? []))),
  );
  const signature = sign(form.hash ?? 'sha256', tbs, issuer.key);
  const spelled = form.respell?.(signature) ?? signature;
  return sequence(tbs, form.outerAlgorithm ?? algorithm, bitString(spelled, form.unusedBits));
}

/** Basic constraints (RFC 5280 §4.2.1.9). */
export function basicConstraints(isAuthority: boolean, pathLength?: number): Buffer {
  const length = pathLength === undefined ? [] : [integer(Buffer.from([pathLength]))];
  return extension('2.5.29.19', true, sequence(...(isAuthority ? [boolean(true)] : []), ...length));
}

/** Key usage of one byte of bits: 0x80 signatures, 0x04 certificates. */
export function keyUsage(bits: number): Buffer {
  return extension('2.5.29.15', true, bitString(Buffer.from([bits]), 31 - Math.clz32(bits & -bits)));
}

export function extendedKeyUsage(...purposes: readonly string[]): Buffer {
  return extension('2.5.29.37', false, sequence(...purposes.map(oid)));
}

export const CODE_SIGNING = '1.3.6.1.5.5.7.3.3';
export const SERVER_AUTH = '1.3.6.1.5.5.7.3.1';
export const ANY_PURPOSE = '2.5.29.37.0';

/** A subject alternative name of such names, each an element of its form. */
export function alternativeNames(...names: readonly Buffer[]): Buffer {
  return extension('2.5.29.17', true, sequence(...names));
}

export const email = (text: string): Buffer => element(0x81, Buffer.from(text));
export const dns = (text: string): Buffer => element(0x82, Buffer.from(text));
export const uri = (text: string): Buffer => element(0x86, Buffer.from(text));
export const ip = (...bytes: readonly number[]): Buffer => element(0x87, Buffer.from(bytes));
export const directory = (name: Buffer): Buffer => element(0xa4, name);
export const otherName = (type: string, text: string): Buffer =>
  element(0xa0, oid(type), element(0xa0, utf8String(text)));

/** Name constraints (RFC 5280 §4.2.1.10). */
export function nameConstraints(lists: {
  readonly permitted?: readonly Buffer[];
  readonly excluded?: readonly Buffer[];
}) {
  const subtrees = (tag: number, names: readonly Buffer[] = []): readonly Buffer[] =>
    names.length === 0 ? [] : [element(tag, ...names.map((name) => sequence(name)))];
  return extension('2.5.29.30', true, sequence(...subtrees(0xa0, lists.permitted), ...subtrees(0xa1, lists.excluded)));
}

/** The extensions of an authority, and those of a leaf, that are in order. */
export const OF_AUTHORITY: readonly Buffer[] = [basicConstraints(true), keyUsage(0x06)];
export const OF_LEAF: readonly Buffer[] = [
  keyUsage(0x80),
  extendedKeyUsage(CODE_SIGNING),
  alternativeNames(email('a@example.com')),
];

/** Reads a certificate as an entry's is read. */
export function read(der: Buffer): Certificate {
  return parseCertificate(der);
}
