import { randomBytes } from 'node:crypto';
import { element, integer, octetString, oid, sequence, set } from '../../src/demo/der-writer.ts';
import { readElement } from '../../src/entry/der.ts';
import { locateTbs } from '../../src/entry/tbs.ts';

const SHA256 = '2.16.840.1.101.3.4.2.1';

/** SignedData (RFC 5652 §5.1) as a test wants it: DER throughout. */
export interface SignedDataParts {
  readonly certificates: readonly Buffer[];
  /** What {@link signerInfo} makes. */
  readonly signers: readonly Buffer[];
  /** Default: data that is kept elsewhere. */
  readonly content?: { readonly type: string; readonly bytes: Buffer };
}

/** ContentInfo with SignedData. */
export function signedData({ certificates, signers, content }: SignedDataParts): Buffer {
  const inner =
    content === undefined
      ? sequence(oid('1.2.840.113549.1.7.1'))
      : sequence(oid(content.type), element(0xa0, octetString(content.bytes)));
  return contentInfo(
    sequence(integer(Buffer.of(1)), set(algorithm()), inner, element(0xa0, ...certificates), set(...signers)),
  );
}

/** ContentInfo of signed data around any bytes. */
export function contentInfo(content: Buffer): Buffer {
  return sequence(oid('1.2.840.113549.1.7.2'), element(0xa0, content));
}

/** A SignerInfo that names its certificate by `id`: {@link issuerAndSerial}, or {@link keyId}. */
export function signerInfo(id: Buffer, signature: Buffer = randomBytes(64)): Buffer {
  const attributes = element(0xa0, sequence(oid('1.2.840.113549.1.9.3'), set(oid('1.2.840.113549.1.7.1'))));
  return sequence(integer(Buffer.of(1)), id, algorithm(), attributes, algorithm(), octetString(signature));
}

/** How a SignerInfo names `certificate` by what stands in it. */
export function issuerAndSerial(certificate: Buffer): Buffer {
  const outer = readElement(certificate, 0, certificate.length);
  const { tbs, algorithm: signed, issuer } = locateTbs(certificate, outer.start, outer.end);
  const version = readElement(certificate, tbs.start, tbs.end);
  return sequence(certificate.subarray(issuer.at, issuer.end), certificate.subarray(version.end, signed.at));
}

/** How a SignerInfo names a certificate by its subject key identifier. */
export function keyId(identifier: Buffer): Buffer {
  return element(0x80, identifier);
}

function algorithm(): Buffer {
  return sequence(oid(SHA256), element(0x05));
}
