import { X509Certificate } from 'node:crypto';
import type { CertificateAuthority } from './chain.ts';

/** The certificates that issued a leaf, one by the next, the root last (DER); empty where no authority did. */
export function findIssuers(leaf: Buffer, authorities: readonly CertificateAuthority[]): readonly Buffer[] {
  const certificate = readOrNull(leaf);
  for (const { chain } of certificate === null ? [] : authorities) {
    // Any certificate of a chain may issue (in 2022 Fulcio's root did).
    const place = chain.findIndex((der) => {
      const issuer = readOrNull(der);
      // Not checkIssued(), which refuses a leaf for some faults that the judge tells as what they are.
      return issuer !== null && certificate?.issuer === issuer.subject && certificate.verify(issuer.publicKey);
    });
    if (place !== -1) {
      return chain.slice(place);
    }
  }
  return [];
}

function readOrNull(der: Buffer): X509Certificate | null {
  try {
    return new X509Certificate(der);
  } catch {
    // What OpenSSL cannot read was not issued by any authority we know.
    return null;
  }
}
