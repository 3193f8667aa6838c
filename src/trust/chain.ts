import { createPublicKey, X509Certificate, type KeyObject } from 'node:crypto';
import { DerError } from '../entry/der.ts';
import type { Certificate } from '../entry/entry.ts';
import { withoutPoison } from '../entry/poison.ts';
import type { NonEmpty } from '../lib/non-empty.ts';
import type { ChainVerdict } from '../policy/watch.ts';
import { readCertificateParts, readTbsParts, type TbsParts } from './certificate-parts.ts';
import { issuerName, prepareIssuers, type Issuer } from './issuer.ts';
import { findLeafFault, NOT_FOR_CODE } from './leaf-fault.ts';
import { namesOf } from './name-constraints.ts';

/** A certificate authority that issues to signers, as Fulcio does. */
export interface CertificateAuthority {
  readonly name: string;
  /** DER; the one that issues first, the root last. */
  readonly chain: NonEmpty<Buffer>;
  /** When it may be trusted, both ends included; null: open. */
  readonly validFrom: Date | null;
  readonly validTo: Date | null;
}

/** Whether a certificate chains to a trusted authority at its own notBefore, and why it does not. */
export interface ChainFinding {
  readonly verdict: ChainVerdict;
  /** Name of the authority that issued it; null unless it is trusted. */
  readonly authority: string | null;
  /** Why it is not trusted: a clause about "it", the certificate; null where it is. */
  readonly reason: string | null;
}

/** How far ahead of our clock a certificate may begin: clocks differ, but one of tomorrow was not issued. */
const MAX_AHEAD_MS = 5 * 60_000;

/**
 * Prepares the authorities, and returns the question whether a certificate chains to one of them at its own notBefore,
 * since log entries have no better time. `goodUntil`: for later certificates the data cannot say that a CA is missing
 * from it. Throws SyntaxError for an authority whose certificates are no chain of CA certificates. Takes a millisecond a
 * certificate: only for signers that somebody watches.
 */
export function createChainVerifier(
  authorities: readonly CertificateAuthority[],
  goodUntil: Date | null,
): (certificate: Certificate, now: Date) => ChainVerdict {
  const find = createChainFinder(authorities, goodUntil);
  return (certificate, now) => find(certificate, now).verdict;
}

/** As {@link createChainVerifier}, with the reason. */
export function createChainFinder(
  authorities: readonly CertificateAuthority[],
  goodUntil: Date | null,
): (certificate: Certificate, now: Date) => ChainFinding {
  const issuers = authorities.flatMap(prepareIssuers);
  return (certificate, now) => {
    const { notBefore } = certificate;
    if (notBefore > now.getTime() + MAX_AHEAD_MS) {
      return untrusted('it begins more than five minutes from now');
    }
    const finding = findChain(certificate, issuers);
    return finding.verdict === 'untrusted' &&
      finding.isStranger &&
      goodUntil !== null &&
      notBefore > goodUntil.getTime()
      ? unknown('it is later than the trust data, which may not know its authority yet')
      : finding;
  };
}

/** A finding, and whether an authority that is not known might find otherwise. */
type Found = ChainFinding & { readonly isStranger: boolean };

function trusted(authority: string): Found {
  return { verdict: 'trusted', authority, reason: null, isStranger: false };
}

/** Whatever the authority: such a certificate is none for those who sign code. */
function untrusted(reason: string): Found {
  return { verdict: 'untrusted', authority: null, reason, isStranger: false };
}

function stranger(reason: string): Found {
  return { verdict: 'untrusted', authority: null, reason, isStranger: true };
}

function unknown(reason: string): Found {
  return { verdict: 'unknown', authority: null, reason, isStranger: false };
}

function findChain(certificate: Certificate, issuers: readonly Issuer[]): Found {
  try {
    const parts = readParts(certificate);
    const fault = certificate.codeSigning ? findLeafFault(parts) : NOT_FOR_CODE;
    return fault === null ? findIssuer(certificate, parts, issuers) : untrusted(fault);
  } catch (error) {
    if (error instanceof DerError) {
      return untrusted(`it is not written as it must be: ${error.message}`);
    }
    throw error;
  }
}

/** Of a precertificate what was logged: its signature, which no log holds, is looked at later. */
function readParts({ der, precertificate }: Certificate): TbsParts {
  if (precertificate === undefined) {
    return readCertificateParts(der);
  }
  return readTbsParts(precertificate.holds ? (withoutPoison(der) ?? der) : der);
}

function findIssuer(certificate: Certificate, parts: TbsParts, issuers: readonly Issuer[]): Found {
  const { notBefore, precertificate } = certificate;
  const name = issuerName(parts.issuer);
  const named = issuers.filter(
    (issuer) => issuer.name === name && precertificate?.issuerKeyHash.equals(issuer.keyHash) !== false,
  );
  if (named.length === 0) {
    return stranger('no trusted authority has the name of its issuer');
  }
  const inTime = named.filter(({ from, to }) => notBefore >= from && notBefore <= to);
  if (inTime.length === 0) {
    return stranger('its issuer was not trusted, or not valid, when it began');
  }
  const refusals = inTime.map(({ nameChecks }) => refusalOf(parts, nameChecks));
  const allowing = inTime.filter((_, place) => refusals[place] === null);
  if (allowing.length === 0) {
    return stranger(`the name constraints of its issuer do not allow its ${refusals.find(isText) ?? 'name'}`);
  }
  const signer = findSigner(certificate, parts, allowing);
  if (signer !== undefined) {
    return trusted(signer.authority);
  }
  // A CT log holds no signature of the issuer, only what came with the entry does: that it is missing shows nothing.
  return precertificate === undefined
    ? stranger('its issuer has the name of a trusted authority, which did not sign it')
    : unknown('nothing came with the log entry that shows its authority signed it');
}

/** The kind of name that is not allowed; null where all are. */
function refusalOf(parts: TbsParts, nameChecks: Issuer['nameChecks']): string | null {
  // Names that cannot be read matter only to who constrains them.
  const names = nameChecks.length === 0 ? [] : namesOf(parts);
  return nameChecks.map((check) => check(names)).find(isText) ?? null;
}

function isText(text: string | null): text is string {
  return text !== null;
}

function findSigner(certificate: Certificate, parts: TbsParts, issuers: readonly Issuer[]): Issuer | undefined {
  const { der, precertificate } = certificate;
  if (precertificate?.holds === false) {
    return undefined;
  }
  try {
    // A precertificate that only resembles DER shows no more than a missing one.
    if (precertificate !== undefined) {
      readCertificateParts(der);
    }
    // Parsed again by OpenSSL: our own walker is made for speed.
    const parsed = new X509Certificate(der);
    return agree(certificate, parts, parsed) ? issuers.find(({ key }) => parsed.verify(key)) : undefined;
  } catch {
    // What OpenSSL cannot read was not issued by any authority we know.
    return undefined;
  }
}

/** Whether all who read the certificate found the same key and the same time in it. */
function agree({ spki, notBefore, notAfter }: Certificate, parts: TbsParts, parsed: X509Certificate): boolean {
  return (
    spki.equals(parts.spki) &&
    notBefore === Date.parse(parsed.validFrom) &&
    notAfter === Date.parse(parsed.validTo) &&
    isSameKey(spki, parsed)
  );
}

/** A key has more than one spelling. One of a kind that OpenSSL does not know cannot be held against anything. */
function isSameKey(spki: Buffer, parsed: X509Certificate): boolean {
  const key = keyOf(parsed);
  return (
    key === null ||
    key.export({ format: 'der', type: 'spki' }).equals(spki) ||
    createPublicKey({ key: spki, format: 'der', type: 'spki' }).equals(key)
  );
}

function keyOf(parsed: X509Certificate): KeyObject | null {
  try {
    return parsed.publicKey;
  } catch {
    return null;
  }
}
