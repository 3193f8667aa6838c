import type { SignatureVerdict, Signer } from '../entry/entry.ts';
import type { SctVerdict, SigningTime } from '../policy/standing.ts';
import type { ChainFinding } from '../trust/chain.ts';
import type { Mark, Row } from './page.ts';
import { formatTime } from './print.ts';

/** The last second of the year 9999, beyond which RFC 3339 cannot say a time. */
const LAST_MS = 253_402_300_799_000;

/** Whether the certificate was issued by a trusted authority, and by which one, or why not. */
export function chainRow({ verdict, authority, reason }: ChainFinding): Row {
  const because = reason === null ? '' : `: ${reason}`;
  switch (verdict) {
    case 'trusted':
      return { mark: 'good', label: 'chain', value: `trusted: issued by "${authority ?? ''}"` };
    case 'unknown':
      return { mark: 'doubt', label: 'chain', value: `cannot be told${because}` };
    case 'untrusted':
      return { mark: 'bad', label: 'chain', value: `not trusted${because}` };
  }
}

const SIGNATURES: Readonly<Record<SignatureVerdict, readonly [Mark, string]>> = {
  verified: ['good', 'verified'],
  invalid: ['bad', 'invalid: it does not hold over what the entry records'],
  'not-checkable': ['none', 'not checkable: the entry does not hold all that it takes'],
};

export function signatureRow(signature: SignatureVerdict): Row {
  const [mark, value] = SIGNATURES[signature];
  return { mark, label: 'signature', value };
}

/** `seconds`: when the log took the entry, as it signed. */
export function signingTimeRow(signingTime: SigningTime, seconds: number | null): Row {
  const logged = seconds === null ? '' : formatTime(new Date(Math.min(seconds * 1000, LAST_MS)));
  switch (signingTime) {
    case 'within':
      return { mark: 'good', label: 'signing time', value: `${logged}, while the certificate was valid` };
    case 'outside':
      return { mark: 'bad', label: 'signing time', value: `${logged}, when the certificate was not valid` };
    case 'unknown':
      return { mark: 'none', label: 'signing time', value: 'unknown: no time that a known log signed' };
  }
}

const PROMISES: Readonly<Record<SctVerdict, readonly [Mark, string]>> = {
  verified: ['good', 'verified: a trusted CT log promised to publish the certificate'],
  invalid: ['bad', 'invalid: the promise of a CT log in the certificate does not hold'],
  absent: ['none', 'absent: the certificate holds no promise of a CT log'],
  'unknown-log': ['none', 'only of CT logs that are not trusted here'],
};

/** The promises of CT logs in the certificate. */
export function sctRow(sct: SctVerdict): Row {
  const [mark, value] = PROMISES[sct];
  return { mark, label: 'sct', value };
}

/** When a certificate is valid, and by what a `key` rule finds the signer. */
export function keyRows({ certificate, fingerprint }: Signer): readonly Row[] {
  const valid =
    certificate === null
      ? []
      : [{ label: 'valid', value: `${timeOf(certificate.notBefore)} to ${timeOf(certificate.notAfter)}` }];
  return fingerprint === null ? valid : [...valid, { label: 'key', value: fingerprint }];
}

function timeOf(ms: number): string {
  return formatTime(new Date(Math.min(ms, LAST_MS)));
}
