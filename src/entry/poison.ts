import { tbsWithout } from './tbs-without.ts';

/** What makes a precertificate no certificate (RFC 6962 §3.1). */
export const POISON = '1.3.6.1.4.1.11129.2.4.3';

/**
 * What the certificate is to hold that a precertificate announces: its TBSCertificate without the poison, which is what a
 * CT log holds of it (RFC 6962 §3.2). Null for a certificate that is no precertificate, and for bytes that are none.
 */
export function withoutPoison(precertificate: Buffer): Buffer | null {
  return tbsWithout(precertificate, POISON);
}
