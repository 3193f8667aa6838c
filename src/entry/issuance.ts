import { hash } from 'node:crypto';
import { expectElement, readElement, TAG } from './der.ts';

/** Context tag of the version of a TBSCertificate, which may be left out (RFC 5280 §4.1). */
const VERSION = 0xa0;

/**
 * What a certificate and its precertificate have in common and no other issuance of an honest authority has: the issuer and
 * the serial number (RFC 5280 §4.1.2.2), hashed, hex. Of `der`, the TBSCertificate begins at `at`. Throws DerError.
 */
export function issuanceOf(der: Buffer, at: number): string {
  const tbs = expectElement(der, at, der.length, TAG.sequence, 'TBS certificate');
  const first = readElement(der, tbs.start, tbs.end);
  const serial = expectElement(
    der,
    first.tag === VERSION ? first.end : tbs.start,
    tbs.end,
    TAG.integer,
    'serial number',
  );
  const algorithm = expectElement(der, serial.end, tbs.end, TAG.sequence, 'signature algorithm');
  const issuer = expectElement(der, algorithm.end, tbs.end, TAG.sequence, 'issuer');
  return hash(
    'sha256',
    Buffer.concat([der.subarray(issuer.at, issuer.end), der.subarray(serial.at, serial.end)]),
    'hex',
  );
}
