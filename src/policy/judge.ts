import type { Certificate, ParsedEntry, SignatureVerdict, Signer } from '../entry/entry.ts';
import type { NonEmpty } from '../lib/non-empty.ts';
import { LIST_CLAIMS } from './claims.ts';
import type { Pattern } from './pattern.ts';
import type { ChainVerdict, ClaimRule, Judgement, Verdict, Violation, Watch } from './watch.ts';

/** What the judge must ask, because it needs keys and certificates that are not in the entry. */
export interface JudgeContext {
  chainOf(certificate: Certificate): ChainVerdict;
  signatureOf(entry: ParsedEntry, signer: Signer): SignatureVerdict;
  readonly now: Date;
}

/** How far ahead of our clock a certificate may begin, in milliseconds: clocks differ, but a certificate of tomorrow was not issued. */
const MAX_AHEAD_MS = 5 * 60_000;

/**
 * What each watch makes of each signer of one entry: a judgement for every signer that meets `select`, none for the others.
 * The chain and the signature of a signer are asked for once, and only if some watch selects it. Throws only what `context` throws.
 */
export function judge(entry: ParsedEntry, watches: readonly Watch[], context: JudgeContext): readonly Judgement[] {
  return entry.signers.flatMap((signer, position) => {
    const selecting = watches.filter((watch) => isSelected(watch, entry, signer));
    if (selecting.length === 0) {
      return [];
    }
    const standing: Standing = {
      chain: signer.certificate === null ? null : context.chainOf(signer.certificate),
      signature: context.signatureOf(entry, signer),
      ahead: signer.certificate !== null && signer.certificate.notBefore > context.now.getTime() + MAX_AHEAD_MS,
    };
    return selecting.map((watch) => ({
      watch: watch.name,
      signer: position,
      ...reachVerdict(watch, entry, signer, standing),
      chain: standing.chain,
      signature: standing.signature,
    }));
  });
}

/** What is known of a signer besides its claims. */
interface Standing {
  readonly chain: ChainVerdict | null;
  readonly signature: SignatureVerdict;
  /** The certificate begins later than now. */
  readonly ahead: boolean;
}

function isSelected(watch: Watch, entry: ParsedEntry, signer: Signer): boolean {
  return watch.select.some((selector) =>
    selector.every((rule) => claimValues(rule.claim, entry, signer, null).some((value) => meetsAny(rule, value))),
  );
}

function reachVerdict(
  watch: Watch,
  entry: ParsedEntry,
  signer: Signer,
  standing: Standing,
): { readonly verdict: Verdict; readonly violations: readonly Violation[] } {
  if (standing.ahead || standing.chain === 'untrusted') {
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
  const violations = watch.expect.flatMap((rule) => findViolation(rule, entry, signer, standing.signature));
  return { verdict: violations.length === 0 ? 'expected' : 'unexpected', violations };
}

/** Claims about something that was signed. A CT log holds certificates, so there they say nothing for or against a signer. */
const OF_SIGNATURES: ReadonlySet<string> = new Set(['signature', 'signing_time', 'sct', 'artifact', 'kind']);

/** Every value must meet the rule, and there must be one: a claim that is absent meets no pattern, not even a `not`. */
function findViolation(
  rule: ClaimRule,
  entry: ParsedEntry,
  signer: Signer,
  signature: SignatureVerdict,
): readonly Violation[] {
  if (entry.issuance !== undefined && OF_SIGNATURES.has(rule.claim)) {
    return [];
  }
  const values = claimValues(rule.claim, entry, signer, signature);
  const failing = values.filter((value) => !meetsAny(rule, value));
  if (values.length > 0 && failing.length === 0) {
    return [];
  }
  return [{ claim: rule.claim, expected: asWritten(rule.patterns), found: foundIn(rule.claim, failing) }];
}

/** Empty when the claim is absent. `signature` is null while it has not been asked for: no `select` can name it. */
function claimValues(
  claim: string,
  entry: ParsedEntry,
  signer: Signer,
  signature: SignatureVerdict | null,
): readonly string[] {
  switch (claim) {
    case 'kind':
      return [entry.kind];
    case 'artifact':
      return entry.artifacts;
    case 'key':
      return [signer.fingerprint];
    case 'signature':
      return signature === null ? [] : [signature];
    default:
      return signer.claims[claim] ?? [];
  }
}

function meetsAny(rule: ClaimRule, value: string): boolean {
  return rule.patterns.some((pattern) => pattern.matches(value));
}

function asWritten(patterns: NonEmpty<Pattern>): unknown {
  return patterns.length === 1 ? patterns[0].source : patterns.map((pattern) => pattern.source);
}

function foundIn(claim: string, failing: readonly string[]): string | readonly string[] | null {
  const [first] = failing;
  if (first === undefined) {
    return null;
  }
  return LIST_CLAIMS.has(claim) && failing.length > 1 ? failing : first;
}
