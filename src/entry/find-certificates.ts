import { expectElement, formatOid, readElement, TAG } from './der.ts';
import { EntryError } from './entry-error.ts';
import type { SignedData } from './pkcs7.ts';
import { locateTbs, type TbsElements } from './tbs.ts';

/** Context tag of the version of a TBSCertificate, which may be left out (RFC 5280 §4.1). */
const VERSION = 0xa0;
const SUBJECT_KEY_IDENTIFIER = '2.5.29.14';

/**
 * The certificate that each signer names, in their order. The place of a certificate among the others means nothing: whoever
 * submitted the entry chose it. Throws EntryError where there is none, or another one beside it that is named alike, since
 * either may be the one that somebody verified with; DerError where a certificate cannot be walked through.
 */
export function findCertificates({ certificates, signers }: SignedData): readonly Buffer[] {
  // Each is walked through once, however many signers there are.
  const names = certificates.map(issuerAndSerialOf);
  const keyIds = signers.some(({ subjectKeyId }) => subjectKeyId !== null) ? certificates.map(subjectKeyIdOf) : [];
  return signers.map(({ issuerAndSerial, subjectKeyId }) =>
    onlyOne(
      certificates.filter((_, place) =>
        issuerAndSerial === null ? isEqual(keyIds[place], subjectKeyId) : isEqual(names[place], issuerAndSerial),
      ),
    ),
  );
}

function isEqual(a: Buffer | null | undefined, b: Buffer | null): boolean {
  return a !== null && a !== undefined && b !== null && a.equals(b);
}

function onlyOne(named: readonly Buffer[]): Buffer {
  const [found] = named;
  if (found === undefined) {
    throw new EntryError('Cannot name a signer of signed data: its certificate is not among those that came with it');
  }
  if (named.some((certificate) => !certificate.equals(found))) {
    throw new EntryError('Cannot name a signer of signed data: two different certificates are named alike');
  }
  return found;
}

/** As an IssuerAndSerialNumber holds them (RFC 5652 §10.2.4): the name, then the number. */
function issuerAndSerialOf(der: Buffer): Buffer {
  const { tbs, algorithm, issuer } = locate(der);
  const first = readElement(der, tbs.start, tbs.end);
  // The number is all there is before the algorithm, but for a version.
  const serialAt = first.tag === VERSION ? first.end : tbs.start;
  return Buffer.concat([der.subarray(issuer.at, issuer.end), der.subarray(serialAt, algorithm.at)]);
}

/** RFC 5280 §4.2.1.2; null where there is no such extension. */
function subjectKeyIdOf(der: Buffer): Buffer | null {
  for (const extension of locate(der).extensions) {
    const id = expectElement(der, extension.start, extension.end, TAG.oid, 'extension identifier');
    if (formatOid(der.subarray(id.start, id.end)) === SUBJECT_KEY_IDENTIFIER) {
      // Never critical, so that its value follows at once: an octet string in the one that every extension has.
      const value = expectElement(der, id.end, extension.end, TAG.octetString, 'subject key identifier');
      const identifier = expectElement(der, value.start, value.end, TAG.octetString, 'subject key identifier');
      return der.subarray(identifier.start, identifier.end);
    }
  }
  return null;
}

function locate(der: Buffer): TbsElements {
  const certificate = expectElement(der, 0, der.length, TAG.sequence, 'certificate');
  return locateTbs(der, certificate.start, certificate.end);
}
