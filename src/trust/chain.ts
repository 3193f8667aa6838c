import { X509Certificate } from 'node:crypto';
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
 * from it. Throws SyntaxError for an authority whose certificates cannot be read.
 */
export function createChainVerifier(
  authorities: readonly CertificateAuthority[],
  goodUntil: Date | null,
): (certificate: Certificate, now: Date) => ChainVerdict {
  const prepared = authorities.map(prepare);
  return (certificate, now) => {
    const { notBefore } = certificate;
    if (notBefore > now.getTime() + MAX_AHEAD_MS) {
      return 'untrusted';
    }
    if (certificate.codeSigning && chainsToAny(certificate, prepared)) {
      return 'trusted';
    }
    return goodUntil !== null && notBefore > goodUntil.getTime() ? 'unknown' : 'untrusted';
  };
}

interface Issuer {
  readonly certificate: X509Certificate;
  readonly notBefore: number;
  readonly notAfter: number;
}

interface PreparedAuthority {
  readonly from: number;
  readonly to: number;
  readonly issuers: readonly Issuer[];
}

function prepare({ name, chain, validFrom, validTo }: CertificateAuthority): PreparedAuthority {
  return {
    from: validFrom?.getTime() ?? -Infinity,
    to: validTo?.getTime() ?? Infinity,
    issuers: chain.map((der) => {
      try {
        const certificate = new X509Certificate(der);
        return {
          certificate,
          notBefore: Date.parse(certificate.validFrom),
          notAfter: Date.parse(certificate.validTo),
        };
      } catch (cause) {
        throw new SyntaxError(`Cannot read a certificate of authority "${name}": expected X.509 in DER`, { cause });
      }
    }),
  };
}

function chainsToAny(leaf: Certificate, authorities: readonly PreparedAuthority[]): boolean {
  const candidates = authorities.filter(({ from, to }) => leaf.notBefore >= from && leaf.notBefore <= to);
  if (candidates.length === 0) {
    return false;
  }
  try {
    // Parsed again, strictly, by OpenSSL: our own walker is made for speed.
    const certificate = new X509Certificate(leaf.der);
    return candidates.some(({ issuers }) => chains(certificate, leaf.notBefore, issuers));
  } catch {
    // A certificate that OpenSSL cannot read was not issued by any authority we know.
    return false;
  }
}

/** Any certificate of the chain may have issued the leaf (in 2022 Fulcio's root did); from there on each issues the one before it. */
function chains(leaf: X509Certificate, at: number, issuers: readonly Issuer[]): boolean {
  return issuers.some((_, first) => {
    const path = issuers.slice(first);
    return path.every(
      ({ certificate, notBefore, notAfter }, position) =>
        at >= notBefore &&
        at <= notAfter &&
        certificate.ca &&
        issued(certificate, path[position - 1]?.certificate ?? leaf),
    );
  });
}

function issued(issuer: X509Certificate, subject: X509Certificate): boolean {
  return subject.checkIssued(issuer) && subject.verify(issuer.publicKey);
}
