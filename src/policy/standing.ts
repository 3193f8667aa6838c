import type { Certificate, ParsedEntry, SignatureVerdict, Signer } from '../entry/entry.ts';
import type { ChainVerdict } from './watch.ts';

/** Whether the entry was logged while the certificate was valid; `unknown` where there is none, or nobody signed a time. */
export type SigningTime = 'within' | 'outside' | 'unknown';

/** What the promises of CT logs in a certificate are worth (RFC 6962 §3.3). */
export type SctVerdict = 'verified' | 'invalid' | 'absent' | 'unknown-log';

/** What is known of a signer besides what the entry says. */
export interface Standing {
  /** Null where there is no certificate. */
  readonly chain: ChainVerdict | null;
  readonly signature: SignatureVerdict;
  readonly signingTime: SigningTime;
  /** Null where there is no certificate. */
  readonly sct: SctVerdict | null;
}

/** What the judge must ask, because it needs keys and certificates that are not in the entry. */
export interface JudgeContext {
  chainOf(certificate: Certificate): ChainVerdict;
  signatureOf(entry: ParsedEntry, signer: Signer): SignatureVerdict;
  sctOf(certificate: Certificate): SctVerdict;
  readonly now: Date;
}

/** Unix seconds at which the log took the entry, as far as it signed that; null: no such time is known. */
export type SignedTime = () => number | null;

/** Finds out what is known of one signer. Takes milliseconds: only for signers that somebody watches. Throws only what `context` throws. */
export function standingOf(
  entry: ParsedEntry,
  signer: Signer,
  context: JudgeContext,
  signedTime: SignedTime,
): Standing {
  const { certificate } = signer;
  return {
    chain: certificate === null ? null : context.chainOf(certificate),
    signature: context.signatureOf(entry, signer),
    signingTime: certificate === null ? 'unknown' : signingTimeOf(certificate, signedTime()),
    sct: certificate === null ? null : context.sctOf(certificate),
  };
}

/** Both ends are part of a validity (RFC 5280 §4.1.2.5). */
function signingTimeOf({ notBefore, notAfter }: Certificate, seconds: number | null): SigningTime {
  if (seconds === null) {
    return 'unknown';
  }
  return seconds * 1000 >= notBefore && seconds * 1000 <= notAfter ? 'within' : 'outside';
}
