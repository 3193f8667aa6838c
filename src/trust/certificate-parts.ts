import { DerError, expectElement, expectEnd, formatOid, readElement, TAG, type Element } from '../entry/der.ts';
import { childrenOf, locateTbs } from '../entry/tbs.ts';

/** One extension (RFC 5280 §4.2). */
export interface Extension {
  /** Dotted decimal. */
  readonly id: string;
  readonly critical: boolean;
  /** The DER inside. */
  readonly value: Buffer;
}

/** What is looked at where it is decided whether a certificate may stand in a chain. DER, each whole. */
export interface TbsParts {
  readonly algorithm: Buffer;
  readonly issuer: Buffer;
  readonly subject: Buffer;
  readonly spki: Buffer;
  /** All of them, also those that occur twice. */
  readonly extensions: readonly Extension[];
}

/** Reads these parts of a TBSCertificate. Throws DerError for everything that is not exactly one. */
export function readTbsParts(der: Buffer): TbsParts {
  const parts = readParts(der, 0, der.length);
  expectEnd(parts.end, der.length, 'TBS certificate');
  return parts;
}

/**
 * Reads a certificate as strictly as DER is defined: no bytes may be left over, it is signed by the algorithm that it names
 * inside, and its signature is spelled in the one way there is. So of all bytes that nobody signed none can be changed.
 * Throws DerError.
 */
export function readCertificateParts(der: Buffer): TbsParts {
  const certificate = expectElement(der, 0, der.length, TAG.sequence, 'certificate');
  expectEnd(certificate.end, der.length, 'certificate');
  const parts = readParts(der, certificate.start, certificate.end);
  const algorithm = expectElement(der, parts.end, certificate.end, TAG.sequence, 'signature algorithm');
  const signature = expectElement(der, algorithm.end, certificate.end, TAG.bitString, 'signature of the certificate');
  expectEnd(signature.end, certificate.end, 'certificate');
  if (!parts.algorithm.equals(der.subarray(algorithm.at, algorithm.end))) {
    throw new DerError('Cannot read certificate: it names two signature algorithms, expected the same one twice');
  }
  if (der[signature.start] !== 0) {
    throw new DerError('Cannot read signature of the certificate: expected whole bytes');
  }
  if (signatureOid(parts).startsWith(ECDSA)) {
    expectEcdsaSignature(der, signature.start + 1, signature.end);
  }
  return parts;
}

/** The algorithm by which the issuer says that it signed, dotted decimal. Throws DerError. */
export function signatureOid({ algorithm }: Pick<TbsParts, 'algorithm'>): string {
  const [id] = childrenOf(algorithm, readElement(algorithm, 0, algorithm.length));
  if (id?.tag !== TAG.oid) {
    throw new DerError('Cannot read signature algorithm: expected an object identifier');
  }
  return formatOid(algorithm.subarray(id.start, id.end));
}

/** ansi-X9-62 signatures (RFC 5758 §3.2). */
const ECDSA = '1.2.840.10045.4.';

function readParts(der: Buffer, at: number, limit: number): TbsParts & { readonly end: number } {
  const { tbs, algorithm, issuer, subject, spki, extensions } = locateTbs(der, at, limit);
  const cut = (element: Element): Buffer => der.subarray(element.at, element.end);
  return {
    end: tbs.end,
    algorithm: cut(algorithm),
    issuer: cut(issuer),
    subject: cut(subject),
    spki: cut(spki),
    extensions: extensions.map((extension) => readExtension(der, extension)),
  };
}

function readExtension(der: Buffer, extension: Element): Extension {
  const [id, ...others] = childrenOf(der, extension);
  const value = others.at(-1);
  const flag = others.length === 2 ? others[0] : undefined;
  if (extension.tag !== TAG.sequence || id?.tag !== TAG.oid || value?.tag !== TAG.octetString || others.length > 2) {
    throw new DerError(`Cannot read extension at byte ${extension.at}: expected an identifier and an octet string`);
  }
  return {
    id: formatOid(der.subarray(id.start, id.end)),
    critical: flag !== undefined && readBoolean(der, flag),
    value: der.subarray(value.start, value.end),
  };
}

/** DER has one byte for true; a false that is spelled out, where it should be left out, is read all the same. */
export function readBoolean(der: Buffer, { tag, at, start, end }: Element): boolean {
  const byte = der[start];
  if (tag !== TAG.boolean || end !== start + 1 || (byte !== 0xff && byte !== 0x00)) {
    throw new DerError(`Cannot read boolean at byte ${at}: expected one byte, all ones or all zeros`);
  }
  return byte === 0xff;
}

/** Two positive numbers in their shortest form (RFC 3279 §2.2.3). */
function expectEcdsaSignature(der: Buffer, start: number, end: number): void {
  const pair = expectElement(der, start, end, TAG.sequence, 'signature of the certificate');
  expectEnd(pair.end, end, 'signature of the certificate');
  const numbers = childrenOf(der, pair);
  const isShortest = ({ tag, start: first, end: last }: Element): boolean => {
    const [sign = 0x80, next = 0x80] = der.subarray(first, last);
    return tag === TAG.integer && sign < 0x80 && !(sign === 0 && (next < 0x80 || last === first + 1));
  };
  if (numbers.length !== 2 || !numbers.every(isShortest)) {
    throw new DerError(
      'Cannot read signature of the certificate: expected two positive numbers in their shortest form',
    );
  }
}
