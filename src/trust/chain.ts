import { hash, X509Certificate } from 'node:crypto';
import type { Certificate } from '../entry/entry.ts';
import type { NonEmpty } from '../lib/non-empty.ts';
import type { ChainVerdict } from '../policy/watch.ts';

/** A certificate authority that issues to signers, as Fulcio does. */
export interface CertificateAuthority {
  readonly name: string;
  /** DER; the one that issues first, the root last. */
  readonly chain: NonEmpty<Buffer>;
  /** When it may be trusted, both ends included; null: open. */
  readonly validFrom: Date | null;
  readonly validTo: Date | null;
}

/** How far ahead of our clock a certificate may begin: clocks differ, but one of tomorrow was not issued. */
const MAX_AHEAD_MS = 5 * 60_000;

/**
 * Prepares the authorities, and returns the question whether a certificate chains to one of them at its own notBefore,
 * since log entries have no better time. `goodUntil`: for later certificates the data cannot say that a CA is missing
 * from it. Throws SyntaxError for an authority whose certificates are no chain of CA certificates.
 */
export function createChainVerifier(
  authorities: readonly CertificateAuthority[],
  goodUntil: Date | null,
): (certificate: Certificate, now: Date) => ChainVerdict {
  const issuers = authorities.flatMap(prepareIssuers);
  return (certificate, now) => {
    const { notBefore } = certificate;
    if (notBefore > now.getTime() + MAX_AHEAD_MS) {
      return 'untrusted';
    }
    const candidates = certificate.codeSigning ? issuers.filter((issuer) => mayHaveIssued(issuer, certificate)) : [];
    if (chainsToAny(certificate, candidates)) {
      return 'trusted';
    }
    // A CT log holds no signature of the issuer, only what came with the entry does: that it is missing shows nothing.
    if (certificate.precertificate !== undefined && candidates.length > 0) {
      return 'unknown';
    }
    return goodUntil !== null && notBefore > goodUntil.getTime() ? 'unknown' : 'untrusted';
  };
}

/** A certificate that may have issued a leaf, and when that one must begin: while it, all above it and its authority are valid. */
interface Issuer {
  readonly certificate: X509Certificate;
  readonly from: number;
  readonly to: number;
  /** SHA-256 of its SubjectPublicKeyInfo. */
  readonly keyHash: Buffer;
}

/** Any certificate of the chain may issue (in 2022 Fulcio's root did); what stands above it is checked here, once. */
function prepareIssuers(authority: CertificateAuthority): readonly Issuer[] {
  const { name, chain } = authority;
  const issuers: Issuer[] = [];
  let above: Issuer | null = null;
  for (const der of chain.toReversed()) {
    const certificate = readAuthorityCertificate(der, name);
    if (above !== null && !isIssuedBy(certificate, above.certificate)) {
      throw new SyntaxError(`Cannot use authority "${name}": a certificate is not issued by the next of its chain`);
    }
    const issuer: Issuer = {
      certificate,
      from: Math.max(Date.parse(certificate.validFrom), above?.from ?? authority.validFrom?.getTime() ?? -Infinity),
      to: Math.min(Date.parse(certificate.validTo), above?.to ?? authority.validTo?.getTime() ?? Infinity),
      keyHash: hash('sha256', certificate.publicKey.export({ format: 'der', type: 'spki' }), 'buffer'),
    };
    issuers.push(issuer);
    above = issuer;
  }
  return issuers;
}

function readAuthorityCertificate(der: Buffer, name: string): X509Certificate {
  let certificate: X509Certificate;
  try {
    certificate = new X509Certificate(der);
  } catch (cause) {
    throw new SyntaxError(`Cannot read a certificate of authority "${name}": expected X.509 in DER`, { cause });
  }
  if (!certificate.ca) {
    throw new SyntaxError(`Cannot use authority "${name}": a certificate of its chain is no CA certificate`);
  }
  return certificate;
}

/** It was valid when the leaf begins, and is the one that a precertificate was logged for. */
function mayHaveIssued({ from, to, keyHash }: Issuer, { notBefore, precertificate }: Certificate): boolean {
  return notBefore >= from && notBefore <= to && precertificate?.issuerKeyHash.equals(keyHash) !== false;
}

function chainsToAny(leaf: Certificate, candidates: readonly Issuer[]): boolean {
  if (candidates.length === 0 || leaf.precertificate?.holds === false) {
    return false;
  }
  try {
    // Parsed again, strictly, by OpenSSL: our own walker is made for speed.
    const certificate = new X509Certificate(leaf.der);
    return candidates.some((issuer) => isIssuedBy(certificate, issuer.certificate));
  } catch {
    // A certificate that OpenSSL cannot read was not issued by any authority we know.
    return false;
  }
}

/** Names, key identifiers and key usage fit, and the signature holds. */
function isIssuedBy(certificate: X509Certificate, issuer: X509Certificate): boolean {
  return certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);
}
