import { hash } from 'node:crypto';
import { withAttestation } from '../entry/attestation.ts';
import { parseCertificate } from '../entry/certificate.ts';
import type { Certificate, Claims, ParsedEntry, SignedDigest, Signer } from '../entry/entry.ts';
import { preAuthEncoding } from '../entry/pae.ts';
import { certificateSigner } from '../entry/signer.ts';
import { parseStatement } from '../entry/statement.ts';
import type { JudgeContext } from '../policy/standing.ts';
import type { Candidate } from './candidate.ts';

/** What must be asked about the certificate and the signature that come with an attestation. */
export type Proving = Pick<JudgeContext, 'chainOf' | 'signatureOf'>;

/** An attestation about an artifact is believed from the same source as the signer's, by these claims. */
const SAME = ['issuer', 'source_repository', 'source_repository_id'] as const;
/** Without these there is no source to compare. */
const NEEDED = ['issuer', 'source_repository'] as const;

/** Whichever of them the key was meant for is not known from outside. */
const ALGORITHMS: readonly SignedDigest['algorithm'][] = ['sha256', 'sha384', 'sha512'];

/**
 * The entry with what the candidates say that may be believed; null where that is none of them. Believed is the payload that hashes
 * to what the entry records. Besides, of an entry that records the digest of an artifact: statements about that digest, signed
 * under a trusted certificate of the same issuer and source repository as the signer's; their claims, of several all values, are
 * then the entry's. `signer`: one with a trusted certificate, or null where only the hash may decide. Never throws but what `proving` throws.
 */
export function acceptAttestations(
  entry: ParsedEntry,
  signer: Signer | null,
  candidates: readonly Candidate[],
  proving: Proving,
): ParsedEntry | null {
  for (const { payload, payloadType } of candidates) {
    const bound = withAttestation(entry, { payload, payloadType });
    if (bound.attestation !== null) {
      return bound;
    }
  }
  if (signer === null || entry.signedDigest === null) {
    return null;
  }
  const believed = candidates
    .map((candidate) => claimsAbout(entry, signer, candidate, proving))
    .filter((claims) => claims !== null);
  return believed.length === 0 ? null : { ...entry, claims: merge([entry.claims, ...believed]) };
}

/** What a statement about an artifact of the entry says, where the same source signed it; null for any other. */
function claimsAbout(entry: ParsedEntry, signer: Signer, candidate: Candidate, proving: Proving): Claims | null {
  const statement = parseStatement(candidate.payload);
  if (statement?.subjects.some((subject) => entry.artifacts.includes(subject)) !== true) {
    return null;
  }
  const certificate = candidate.certificate === null ? null : readCertificate(candidate.certificate);
  if (certificate === null || !isSameSource(certificate, signer) || proving.chainOf(certificate) !== 'trusted') {
    return null;
  }
  return isSigned(entry, candidate, certificate, proving) ? statement.claims : null;
}

/** The claims are compared as they stand, and one that is written wrongly equals none. */
function isSameSource(certificate: Certificate, signer: Signer): boolean {
  const isSame = (claim: string): boolean => {
    const [ours, theirs] = [signer.claims[claim] ?? [], certificate.claims[claim] ?? []];
    return ours.length === theirs.length && ours.every((value, place) => value === theirs[place]);
  };
  const faults = { ...signer.certificate?.problems, ...certificate.problems };
  return (
    NEEDED.every((claim) => signer.claims[claim]?.length === 1) &&
    SAME.every((claim) => isSame(claim) && !Object.hasOwn(faults, claim))
  );
}

/** Whether one of the envelope's signatures is made by the key of its certificate. */
function isSigned(entry: ParsedEntry, candidate: Candidate, certificate: Certificate, proving: Proving): boolean {
  const { payload, payloadType, signatures } = candidate;
  if (payloadType === null) {
    return false;
  }
  const message = preAuthEncoding(payloadType, payload);
  const digests = ALGORITHMS.map((algorithm) => ({ algorithm, value: hash(algorithm, message, 'buffer') }));
  return signatures.some((signature) => {
    const signer = certificateSigner(certificate, signature);
    // As if it had been logged: an entry that records the digest of what was signed.
    return digests.some(
      (signedDigest) => proving.signatureOf({ ...entry, signers: [signer], signedDigest }, signer) === 'verified',
    );
  });
}

function readCertificate(der: Buffer): Certificate | null {
  try {
    return parseCertificate(der);
  } catch {
    return null;
  }
}

/** All values of each claim, each value once: one that is left out could be the one that does not hold. */
function merge(all: readonly Claims[]): Claims {
  const names = new Set(all.flatMap((claims) => Object.keys(claims)));
  return Object.fromEntries(
    [...names].map((name) => [name, [...new Set(all.flatMap((claims) => claims[name] ?? []))]]),
  );
}
