import { createHash, generateKeyPairSync, randomBytes, sign, type KeyObject } from 'node:crypto';
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
} from './der-writer.ts';

/** What a certificate says besides its subject: Fulcio's claims by the names of the configuration. */
export type IssuedClaims = Partial<Record<keyof typeof CLAIM_ARCS, string>>;

/** How one leaf certificate is to look. */
export interface CertificateRequest {
  /** The subject alternative name: an e-mail address, or a URI. */
  readonly subject: string;
  /** Default: by the form of `subject`. */
  readonly sanKind?: 'email' | 'uri' | 'username';
  readonly claims: IssuedClaims;
  /** Valid for ten minutes from here on; default: now. */
  readonly notBefore?: Date;
  /** The public key to certify; default: a fresh P-256 pair. */
  readonly key?: { readonly publicKey: KeyObject; readonly privateKey: KeyObject };
  /** Default true. */
  readonly codeSigning?: boolean;
  /** DER of whole Extension structures to add. */
  readonly extraExtensions?: readonly Buffer[];
}

/** A certificate authority like Fulcio, of which everybody may ask anything. */
export interface DemoAuthority {
  /** Intermediate, then root, as PEM. */
  chainPem(): string;
  /** Intermediate, then root, as DER. */
  readonly chain: readonly [Buffer, Buffer];
  issue(request: CertificateRequest): { readonly certificate: Buffer; readonly privateKey: KeyObject };
  /** Certifies as Fulcio does with a CT log: a precertificate for the log first, then the certificate, of one serial number. */
  issueLogged(request: CertificateRequest): LoggedIssuance;
}

/** One issuance as a CT log sees it (RFC 6962 §3.1). DER. */
export interface LoggedIssuance {
  /** Signed, and poisoned so that nobody takes it for a certificate. */
  readonly precertificate: Buffer;
  /** What both certify, without the poison and without promises of logs: what the log holds. */
  readonly tbs: Buffer;
  /** SHA-256 of the issuer's SubjectPublicKeyInfo. */
  readonly issuerKeyHash: Buffer;
  /** With a list of promises, an empty one here. */
  readonly certificate: Buffer;
  readonly privateKey: KeyObject;
}

/** Fulcio's extensions 1.3.6.1.4.1.57264.1.N by claim (Fulcio docs/oid-info.md). */
const CLAIM_ARCS = {
  issuer: 8,
  builder: 9,
  builder_digest: 10,
  runner: 11,
  source_repository: 12,
  source_digest: 13,
  source_ref: 14,
  source_repository_id: 15,
  source_owner: 16,
  source_owner_id: 17,
  workflow: 18,
  workflow_digest: 19,
  trigger: 20,
  run: 21,
  visibility: 22,
  environment: 23,
  token_subject: 24,
} as const;

const FULCIO = '1.3.6.1.4.1.57264.1';
const ECDSA_SHA384 = sequence(oid('1.2.840.10045.4.3.3'));
const MINUTE = 60_000;
const YEAR = 365 * 24 * 60 * MINUTE;

/** Makes a root and an intermediate on P-384, as Fulcio's are, valid for a year before and five after `now`. */
export function createDemoAuthority(options: { readonly name: string; readonly now?: Date }): DemoAuthority {
  const now = (options.now ?? new Date()).getTime();
  const validity = sequence(time(new Date(now - YEAR)), time(new Date(now + 5 * YEAR)));
  const root = generateKeyPairSync('ec', { namedCurve: 'P-384' });
  const intermediate = generateKeyPairSync('ec', { namedCurve: 'P-384' });
  const [rootName, intermediateName] = [name(options.name), name(`${options.name}-intermediate`)];
  const rootCertificate = signCertificate(
    { issuer: rootName, validity, subject: rootName, key: root.publicKey, extensions: authorityExtensions(root, 1) },
    root.privateKey,
  );
  const intermediateCertificate = signCertificate(
    {
      issuer: rootName,
      validity,
      subject: intermediateName,
      key: intermediate.publicKey,
      extensions: [...authorityExtensions(intermediate, 0), extendedKeyUsage(CODE_SIGNING)],
    },
    root.privateKey,
  );
  const chain = [intermediateCertificate, rootCertificate] as const;

  return {
    chain,
    chainPem: () => chain.map(toPem).join(''),
    issue(request) {
      const key = request.key ?? generateKeyPairSync('ec', { namedCurve: 'P-256' });
      const certificate = signCertificate(leafParts(request, key.publicKey), intermediate.privateKey);
      return { certificate, privateKey: key.privateKey };
    },
    issueLogged(request) {
      const key = request.key ?? generateKeyPairSync('ec', { namedCurve: 'P-256' });
      const parts = leafParts(request, key.publicKey);
      const serial = newSerial();
      const signed = (extra: Buffer): Buffer =>
        signCertificate({ ...parts, extensions: [...parts.extensions, extra] }, intermediate.privateKey, serial);
      return {
        precertificate: signed(extension(POISON, true, element(0x05))),
        tbs: tbsCertificate(parts, serial),
        issuerKeyHash: createHash('sha256').update(spkiOf(intermediate.publicKey)).digest(),
        certificate: signed(extension(PROMISES, false, octetString(Buffer.alloc(2)))),
        privateKey: key.privateKey,
      };
    },
  };

  function leafParts(request: CertificateRequest, key: KeyObject): Parts {
    const notBefore = request.notBefore ?? new Date();
    return {
      issuer: intermediateName,
      validity: sequence(time(notBefore), time(new Date(notBefore.getTime() + 10 * MINUTE))),
      // Fulcio leaves the subject empty: who it is stands in the SAN.
      subject: sequence(),
      key,
      extensions: [
        extension('2.5.29.15', true, bitString(Buffer.from([0x80]), 7)),
        extendedKeyUsage(request.codeSigning === false ? SERVER_AUTH : CODE_SIGNING),
        keyIdentifier('2.5.29.14', octetString(keyId(key))),
        keyIdentifier('2.5.29.35', sequence(element(0x80, keyId(intermediate.publicKey)))),
        extension('2.5.29.17', true, sequence(generalName(request))),
        ...claimExtensions(request.claims),
        ...(request.extraExtensions ?? []),
      ],
    };
  }
}

/** An X.509 extension: DER of the whole structure (RFC 5280 §4.2). */
export function extension(id: string, critical: boolean, value: Buffer): Buffer {
  return sequence(oid(id), ...(critical ? [boolean(true)] : []), octetString(value));
}

/** DER as PEM. */
export function toPem(certificate: Buffer): string {
  const lines = certificate.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}

interface Parts {
  readonly issuer: Buffer;
  readonly validity: Buffer;
  readonly subject: Buffer;
  readonly key: KeyObject;
  readonly extensions: readonly Buffer[];
}

/** RFC 5280 §4.1. */
function signCertificate(parts: Parts, signer: KeyObject, serial = newSerial()): Buffer {
  const tbs = tbsCertificate(parts, serial);
  return sequence(tbs, ECDSA_SHA384, bitString(sign('sha384', tbs, signer)));
}

function tbsCertificate(parts: Parts, serial: Buffer): Buffer {
  return sequence(
    element(0xa0, integer(Buffer.from([2]))),
    integer(serial),
    ECDSA_SHA384,
    parts.issuer,
    parts.validity,
    parts.subject,
    spkiOf(parts.key),
    element(0xa3, sequence(...parts.extensions)),
  );
}

function newSerial(): Buffer {
  return Buffer.concat([Buffer.from([0x01]), randomBytes(19)]);
}

const CODE_SIGNING = '1.3.6.1.5.5.7.3.3';
const SERVER_AUTH = '1.3.6.1.5.5.7.3.1';
/** Extensions of RFC 6962 §3.1 and §3.3. */
const POISON = '1.3.6.1.4.1.11129.2.4.3';
const PROMISES = '1.3.6.1.4.1.11129.2.4.2';

function authorityExtensions(keys: { readonly publicKey: KeyObject }, pathLength: number): Buffer[] {
  return [
    extension('2.5.29.19', true, sequence(boolean(true), integer(Buffer.from([pathLength])))),
    // keyCertSign and cRLSign
    extension('2.5.29.15', true, bitString(Buffer.from([0x06]), 1)),
    keyIdentifier('2.5.29.14', octetString(keyId(keys.publicKey))),
  ];
}

function extendedKeyUsage(purpose: string): Buffer {
  return extension('2.5.29.37', false, sequence(oid(purpose)));
}

function keyIdentifier(id: string, value: Buffer): Buffer {
  return extension(id, false, value);
}

/** The issuer stands twice, as Fulcio writes it: raw in .1, as a UTF8String in .8. */
function claimExtensions(claims: IssuedClaims): Buffer[] {
  const old = claims.issuer === undefined ? [] : [extension(`${FULCIO}.1`, false, Buffer.from(claims.issuer))];
  const named = Object.entries(CLAIM_ARCS).flatMap(([claim, arc]) => {
    // The keys of CLAIM_ARCS are those of IssuedClaims; Object.entries forgets it.
    const value = claims[claim as keyof IssuedClaims];
    return value === undefined ? [] : [extension(`${FULCIO}.${arc}`, false, utf8String(value))];
  });
  return [...old, ...named];
}

function generalName({ subject, sanKind }: CertificateRequest): Buffer {
  const kind = sanKind ?? (subject.includes('://') ? 'uri' : 'email');
  switch (kind) {
    case 'email':
      return element(0x81, Buffer.from(subject));
    case 'uri':
      return element(0x86, Buffer.from(subject));
    case 'username':
      return element(0xa0, oid(`${FULCIO}.7`), element(0xa0, utf8String(subject)));
  }
}

function name(commonName: string): Buffer {
  return sequence(set(sequence(oid('2.5.4.3'), utf8String(commonName))));
}

function keyId(key: KeyObject): Buffer {
  return createHash('sha1').update(spkiOf(key)).digest();
}

function spkiOf(key: KeyObject): Buffer {
  return key.export({ type: 'spki', format: 'der' });
}
