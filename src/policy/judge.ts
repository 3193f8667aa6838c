import type { ParsedEntry, Signer } from '../entry/entry.ts';
import type { NonEmpty } from '../lib/non-empty.ts';
import { ATTESTATION_CLAIMS, LIST_CLAIMS } from './claims.ts';
import { meetsAny } from './meets.ts';
import type { Pattern } from './pattern.ts';
import { selectingWatches } from './selecting.ts';
import { standingOf, type JudgeContext, type SignedTime, type Standing } from './standing.ts';
import type { ClaimRule, Judgement, Verdict, Violation, Watch } from './watch.ts';

/** How far ahead of our clock a certificate may begin, in milliseconds. */
const MAX_AHEAD_MS = 5 * 60_000;

/**
 * What each watch makes of each signer of one entry: a judgement for every signer that meets `select`, none for the others.
 * The chain and the signature of a signer are asked for once, and only if some watch selects it. Throws only what `context` throws.
 */
export function judge(
  entry: ParsedEntry,
  watches: readonly Watch[],
  context: JudgeContext,
  signedTime: SignedTime = () => null,
): readonly Judgement[] {
  return entry.signers.flatMap((signer, position) => {
    const selecting = selectingWatches(watches, (claim) => claimValues(claim, entry, signer, null));
    if (selecting.length === 0) {
      return [];
    }
    const standing = standingOf(entry, signer, context, signedTime);
    const ahead = isAhead(signer, context.now);
    return selecting.map((watch) => ({
      watch: watch.name,
      signer: position,
      ...(ahead ? AHEAD : reachVerdict(watch, entry, signer, standing)),
      ...standing,
    }));
  });
}

const AHEAD = { verdict: 'forged', violations: [] } as const;

/** Clocks differ, but a certificate of tomorrow was not issued. */
function isAhead({ certificate }: Signer, now: Date): boolean {
  return certificate !== null && certificate.notBefore > now.getTime() + MAX_AHEAD_MS;
}

function reachVerdict(
  watch: Watch,
  entry: ParsedEntry,
  signer: Signer,
  standing: Standing,
): { readonly verdict: Verdict; readonly violations: readonly Violation[] } {
  if (standing.chain === 'untrusted') {
    return { verdict: 'forged', violations: [] };
  }
  if (standing.chain === 'unknown') {
    return { verdict: 'unverifiable', violations: [] };
  }
  if (standing.signature === 'invalid') {
    return { verdict: 'forged', violations: [] };
  }
  if (watch.expect === null) {
    return { verdict: 'observed', violations: [] };
  }
  if (watch.expect === 'none') {
    return { verdict: 'unexpected', violations: [] };
  }
  const violations = watch.expect.flatMap((rule) => findViolation(rule, entry, signer, standing));
  return { verdict: violations.length === 0 ? 'expected' : 'unexpected', violations };
}

/** Claims about something that was signed. A CT log holds certificates, so there they say nothing for or against a signer. */
const OF_SIGNATURES: ReadonlySet<string> = new Set([
  ...ATTESTATION_CLAIMS,
  'signature',
  'signing_time',
  'sct',
  'artifact',
  'kind',
]);

/**
 * Every value must meet the rule, and there must be one: a claim that is absent meets no pattern, not even a `not`. One that is
 * written wrongly never holds: which of its readings a verifier takes is not for us to guess.
 */
export function findViolation(
  rule: ClaimRule,
  entry: ParsedEntry,
  signer: Signer,
  standing: Standing,
): readonly Violation[] {
  if (entry.issuance !== undefined && OF_SIGNATURES.has(rule.claim)) {
    return [];
  }
  const values = claimValues(rule.claim, entry, signer, standing);
  const met = values.filter((value) => meetsAny(rule, value));
  // Of minisign's two names for one key, its id and its hash, either will do.
  const failing = rule.claim === 'key' && met.length > 0 ? [] : values.filter((value) => !met.includes(value));
  if (values.length > 0 && failing.length === 0 && signer.certificate?.problems[rule.claim] === undefined) {
    return [];
  }
  return [
    {
      claim: rule.claim,
      expected: asWritten(rule.patterns),
      found: foundIn(rule.claim, failing.length > 0 ? failing : values),
    },
  ];
}

/** Empty when the claim is absent. `standing` is null while it has not been asked for: no `select` can name what is in it. */
export function claimValues(
  claim: string,
  entry: ParsedEntry,
  signer: Signer,
  standing: Standing | null,
): readonly string[] {
  switch (claim) {
    case 'kind':
      return [entry.kind];
    case 'artifact':
      return entry.artifacts;
    case 'key':
      // A PGP key may list subkeys that are another's: they are found, but only the key itself is a reason to trust.
      return standing === null || signer.type === 'minisign'
        ? (signer.claims['key'] ?? [])
        : present(signer.fingerprint);
    case 'signature':
      return present(standing?.signature);
    case 'signing_time':
      return present(standing?.signingTime);
    case 'sct':
      return present(standing?.sct);
    default:
      return signer.claims[claim] ?? entry.claims[claim] ?? [];
  }
}

function present(value: string | null | undefined): readonly string[] {
  return value === null || value === undefined ? [] : [value];
}

/** What a rule expects, as the watch writes it: a pattern, or a list of them. */
export function asWritten(patterns: NonEmpty<Pattern>): unknown {
  return patterns.length === 1 ? patterns[0].source : patterns.map((pattern) => pattern.source);
}

function foundIn(claim: string, failing: readonly string[]): string | readonly string[] | null {
  const [first] = failing;
  if (first === undefined) {
    return null;
  }
  return LIST_CLAIMS.has(claim) && failing.length > 1 ? failing : first;
}
