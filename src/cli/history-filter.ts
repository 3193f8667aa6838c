import type { SignerSummary } from '../alert/alert.ts';
import { bareFingerprint, compilePattern } from '../policy/pattern.ts';
import type { Verdict } from '../policy/watch.ts';
import type { HistoryFilter } from '../store/history.ts';
import { parseTimeBound } from './time-bound.ts';

/** The filters of `sigwatch history`, as they were typed. */
export interface HistoryFilterOptions {
  readonly watch?: string | undefined;
  readonly verdict?: string | undefined;
  readonly log?: string | undefined;
  readonly since?: string | undefined;
  readonly until?: string | undefined;
  readonly repo?: string | undefined;
  readonly ref?: string | undefined;
  readonly builder?: string | undefined;
  readonly issuer?: string | undefined;
  readonly subject?: string | undefined;
  readonly artifact?: string | undefined;
  readonly key?: string | undefined;
}

const VERDICTS: readonly Verdict[] = ['expected', 'unexpected', 'forged', 'unverifiable', 'observed', 'unparsable'];

/** Options that ask for a claim, by the patterns of the configuration. */
const CLAIM_OPTIONS = [
  ['repo', 'source_repository'],
  ['ref', 'source_ref'],
  ['builder', 'builder'],
  ['issuer', 'issuer'],
  ['subject', 'subject'],
] as const;

/** Reads the filters. Throws SyntaxError, naming the option and what would be right. */
export function parseHistoryFilter(options: HistoryFilterOptions, now: Date): HistoryFilter {
  const { watch, log, since, until, artifact, key } = options;
  return {
    watch,
    verdict: options.verdict === undefined ? undefined : parseVerdict(options.verdict),
    log,
    since: since === undefined ? undefined : parseTimeBound(since, '--since', now),
    until: until === undefined ? undefined : parseTimeBound(until, '--until', now),
    artifact: artifact === undefined ? undefined : parseArtifact(artifact),
    key: key === undefined ? undefined : bareFingerprint(key),
    signer: parseClaims(options),
  };
}

function parseVerdict(text: string): Verdict {
  const verdict = VERDICTS.find((known) => known === text);
  if (verdict === undefined) {
    throw new SyntaxError(`Cannot use --verdict "${text.slice(0, 40)}": expected one of ${VERDICTS.join(', ')}`);
  }
  return verdict;
}

/** Algorithms by the number of their hex digits. */
const ALGORITHMS: Readonly<Record<number, string>> = { 64: 'sha256', 96: 'sha384', 128: 'sha512' };

function parseArtifact(text: string): string {
  const [, algorithm, hex = ''] = /^(?:(sha256|sha384|sha512):)?([0-9a-f]+)$/.exec(text.toLowerCase()) ?? [];
  const fitting = ALGORITHMS[hex.length];
  if (fitting === undefined || (algorithm ?? fitting) !== fitting) {
    throw new SyntaxError(
      `Cannot use --artifact "${text.slice(0, 140)}": expected a digest in hex, as sha256:…, sha384:… or sha512:…`,
    );
  }
  return `${fitting}:${hex}`;
}

/** Undefined when no claim is asked for. A claim that is absent meets no pattern. */
function parseClaims(options: HistoryFilterOptions): ((signer: SignerSummary) => boolean) | undefined {
  const rules = CLAIM_OPTIONS.flatMap(([option, claim]) => {
    const source = options[option];
    return source === undefined ? [] : [{ claim, pattern: compilePattern(source, claim) }];
  });
  if (rules.length === 0) {
    return undefined;
  }
  return (signer) =>
    rules.every(({ claim, pattern }) =>
      [signer[claim] ?? []].flat().some((value) => typeof value === 'string' && pattern.matches(value)),
    );
}
