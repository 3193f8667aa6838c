import { createHash } from 'node:crypto';
import type { ParsedEntry, Signer } from '../entry/entry.ts';
import type { Judgement, Severity, Violation, Watch } from '../policy/watch.ts';
import type { AlertDraft, SignerSummary } from './alert.ts';
import { QUOTED, signerName, signerSentence } from './describe-signer.ts';
import { describeAbsence } from './describe-absence.ts';
import { formatFound, violationSentence } from './describe-violation.ts';
import { shown } from './escape.ts';
import { identityLinks } from './links.ts';
import { summarizeSigner } from './signer-summary.ts';

/** One judgement and what it is about. */
export interface JudgedSigner {
  readonly watch: Watch;
  readonly judgement: Judgement;
  readonly entry: ParsedEntry;
  /** The signer that was judged. */
  readonly signer: Signer;
  /** Origin. */
  readonly log: string;
  readonly index: number;
  readonly globalIndex: number | null;
}

type IdentityKind = 'unexpected' | 'forged' | 'unverifiable';

/** Claims whose value differs from one honest run to the next: they would keep equal findings from folding into one alert. */
const LEFT_OUT = new Set([
  'run',
  'artifact',
  'source_digest',
  'source_sha',
  'subject_name',
  'builder_digest',
  'workflow_digest',
]);

/** The failing claim that says most about what happened comes first in a title. */
const TELLING = [
  'source_ref',
  'trigger',
  'runner',
  'builder',
  'slsa_builder',
  'source_repository',
  'source_repository_id',
  'issuer',
];

/** More failing claims than this are counted in the summary; all of them are in the violations. */
const MAX_SENTENCES = 8;

/** The alert that a judgement calls for, whatever the mode of its watch; null when it calls for none (expected, or only observed). Pure. */
export function identityAlert(judged: JudgedSigner): AlertDraft | null {
  const { watch, judgement } = judged;
  const kind = alertKind(judgement);
  if (kind === null) {
    return null;
  }
  const signer = summarizeSigner(judged.entry, judged.signer, judgement);
  return {
    class: 'identity',
    kind,
    severity: severityOf(kind, judged),
    watch: watch.name,
    title: shown(`${watch.name}: ${whatHappened(kind, judged, signer)}`, 400),
    summary: summarize(kind, judged, signer),
    log: judged.log,
    index: judged.index,
    violations: judgement.violations,
    signer,
    artifacts: judged.entry.artifacts,
    dedupeKey: dedupeKey(kind, judged),
    links: identityLinks({
      log: judged.log,
      globalIndex: judged.globalIndex,
      chain: judgement.chain,
      claims: judged.signer.claims,
    }),
    evidence: null,
    notify: watch.notify,
  };
}

function alertKind({ verdict }: Judgement): IdentityKind | null {
  switch (verdict) {
    case 'expected':
    case 'observed':
    case 'unparsable':
      return null;
    case 'unexpected':
    case 'forged':
    case 'unverifiable':
      return verdict;
  }
}

/**
 * Anyone can make a certificate that claims anything, so that a forged one is low; a trusted certificate under a signature that does
 * not verify is not, nor is a watched key that did sign, whatever certificate it came in.
 */
function severityOf(kind: IdentityKind, judged: JudgedSigner): Severity {
  const isLow = kind === 'forged' && !isBrokenSignature(judged.judgement) && !isWatchedKey(judged);
  return isLow ? 'low' : judged.watch.severity;
}

/** The signature verifies under a key that the watch selects by itself: whoever made it holds that key. */
function isWatchedKey({ watch, judgement, signer }: JudgedSigner): boolean {
  return (
    judgement.signature === 'verified' &&
    watch.select.some((selector) =>
      selector.some(
        ({ claim, patterns }) =>
          claim === 'key' && patterns.some((pattern) => pattern.matches(signer.fingerprint ?? '')),
      ),
    )
  );
}

function isBrokenSignature(judgement: Judgement): boolean {
  return judgement.chain === 'trusted' && judgement.signature === 'invalid';
}

function whatHappened(kind: IdentityKind, judged: JudgedSigner, signer: SignerSummary): string {
  const { judgement } = judged;
  const name = signerName(signer);
  switch (kind) {
    case 'forged':
      if (judgement.chain === null) {
        return `forged signature: it does not verify under the ${name}`;
      }
      if (isWatchedKey(judged)) {
        return `the watched key signed under a certificate that no trusted authority issued, which claims to be ${name}`;
      }
      return isBrokenSignature(judgement)
        ? `forged signature: it does not verify under the certificate of ${name}`
        : `forged certificate that claims to be ${name}`;
    case 'unverifiable':
      return `cannot verify the certificate of ${name}`;
    case 'unexpected': {
      const [first, ...others] = byTelling(judgement.violations);
      if (first === undefined) {
        return `unexpected signature by ${name}`;
      }
      const found = formatFound(first.found);
      const also = others.length === 0 ? '' : ` (and ${others.map(({ claim }) => claim).join(', ')})`;
      if (found === null) {
        return `unexpected signature without ${first.claim}${also} by ${name}`;
      }
      // A key is its own name.
      return first.claim === 'key'
        ? `unexpected signature by ${name}${also}`
        : `unexpected ${first.claim} ${shown(found, QUOTED)}${also} signed by ${name}`;
    }
  }
}

function byTelling(violations: readonly Violation[]): readonly Violation[] {
  const rank = ({ claim }: Violation): number => (TELLING.includes(claim) ? TELLING.indexOf(claim) : TELLING.length);
  return violations.toSorted((a, b) => rank(a) - rank(b));
}

function summarize(kind: IdentityKind, whole: JudgedSigner, signer: SignerSummary): string {
  const { judgement, entry, signer: judged } = whole;
  const { violations } = judgement;
  const told = violations.slice(0, MAX_SENTENCES).map((violation) => {
    const { claim } = violation;
    const problem = judged.certificate?.problems[claim] ?? null;
    return violationSentence(violation, QUOTED, { whyAbsent: describeAbsence(claim, entry), problem });
  });
  const more = violations.length > MAX_SENTENCES ? [`${violations.length - MAX_SENTENCES} further claims fail.`] : [];
  const { sought } = judgement;
  const inVain = sought ? `An attestation was looked for at ${shown(`${sought.place}: ${sought.why}`, QUOTED)}.` : '';
  return [meaning(kind, judgement, entry), signerSentence(signer), ...told, ...more, inVain, advice(kind, whole)]
    .filter((line) => line !== '')
    .join('\n');
}

/** A CT log holds certificates, no signatures. */
const ISSUED = 'A certificate was issued to this identity; the log it stands in does not say what was signed with it.';

/** Of what a CT log holds before there is a certificate, the signature of its issuer is no part. */
const PRECERTIFICATE = {
  forged:
    'The precertificate was not issued by a certificate authority that is trusted for its time; what follows is only what it says of itself.',
  unverifiable:
    'The log names a certificate authority for this precertificate, but came with no signature of it that fits what was logged, or the trust data at hand does not reach to its time; what follows is only what the logged part says of itself.',
} as const;

function meaning(kind: IdentityKind, judgement: Judgement, entry: ParsedEntry): string {
  if (entry.kind === 'precertificate' && entry.issuance !== undefined && kind !== 'unexpected') {
    return PRECERTIFICATE[kind];
  }
  switch (kind) {
    case 'unexpected':
      return [
        entry.issuance === undefined ? '' : ISSUED,
        judgement.violations.length === 0 ? 'Nothing is expected to sign here.' : '',
      ]
        .filter((sentence) => sentence !== '')
        .join(' ');
    case 'forged':
      if (judgement.chain === null) {
        return 'The signature that the entry records does not verify under the key it names. Whoever made the entry need not hold that key.';
      }
      return isBrokenSignature(judgement)
        ? 'The certificate is genuine, but the signature that the entry records does not verify over what it was made for.'
        : 'The certificate was not issued by a certificate authority that is trusted for its time. The log accepts such entries from anyone; what follows is only what the certificate says of itself.';
    case 'unverifiable':
      return 'The trust data at hand does not reach to the time of this certificate, so that it can neither be trusted nor called forged; what follows is only what it says of itself.';
  }
}

function advice(kind: IdentityKind, judged: JudgedSigner): string {
  const { judgement } = judged;
  switch (kind) {
    case 'unexpected':
      return 'What to do now: find out who ran this and whether it was meant. If not, treat what was signed as compromised: stop its distribution, close the way in, rotate what the run could reach. If it was meant, add it to the watch.';
    case 'forged':
      if (isWatchedKey(judged)) {
        return 'What to do now: find out who used the key. Whoever verifies by the key alone accepts what was signed; if it was not meant, treat the key as stolen.';
      }
      return judgement.signature === 'invalid' && judgement.chain !== 'untrusted'
        ? 'What to do now: do not accept the artifact. Find out from the run who made this entry.'
        : 'What to do now: nothing that verifies signatures accepts this certificate. Make sure that whoever installs your artifacts does verify, and watch whether it repeats.';
    case 'unverifiable':
      return 'What to do now: nothing yet. The trust data is read again by itself, and this signer is judged again by it; if this stays open, look why the trust source cannot be read.';
  }
}

/** Equal findings share a key: watch, kind, identity and the failing claims with what was found; of forged ones, which cost nothing to vary, watch and kind only. */
function dedupeKey(kind: IdentityKind, judged: JudgedSigner): string {
  const { watch, signer, judgement } = judged;
  const { violations } = judgement;
  const scope = `identity/${watch.name}/${kind}`;
  // Neither of these proves who signed: keyed by what they claim, anybody could make one alert after another.
  if (kind === 'forged' || kind === 'unverifiable') {
    // But what takes a genuine certificate, or a watched key, must not fold into what costs nothing to make.
    return isBrokenSignature(judgement) ? `${scope}/signature` : isWatchedKey(judged) ? `${scope}/key` : scope;
  }
  const identity =
    signer.certificate === null
      ? [signer.fingerprint]
      : [signer.claims['issuer']?.[0] ?? null, [...(signer.claims['subject'] ?? [])].sort()];
  const failing = violations
    .filter(({ claim }) => !isFleeting(claim, signer))
    .map(({ claim, found }) => [claim, found])
    .sort((a, b) => (String(a[0]) < String(b[0]) ? -1 : 1));
  // Hashed, because a certificate may hold a megabyte of subject.
  return `${scope}/${createHash('sha256')
    .update(JSON.stringify([identity, failing]))
    .digest('hex')}`;
}

/** Keyless certificates carry a new key each time: there the claim `key` is as good as a serial number. */
function isFleeting(claim: string, signer: Signer): boolean {
  return LEFT_OUT.has(claim) || (claim === 'key' && signer.certificate !== null);
}
