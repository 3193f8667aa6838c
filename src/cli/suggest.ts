import type { SignerSummary } from '../alert/alert.ts';
import { expectedName } from '../config/nearest.ts';
import type { SeenSigner } from '../policy/seen-signer.ts';
import { suggestExpect, type Suggestion } from '../policy/suggest.ts';
import { everyWatch, readSeenSigners, type FoundSigner } from '../store/seen-signers.ts';
import type { Store } from '../store/store.ts';
import type { ExitStatus, Io } from './io.ts';
import { jsonLine, safe, safeLines } from './print.ts';
import { leftOutLines, renderSuggestion, signers, type SuggestionScope } from './render-suggestion.ts';
import { parseTimeBound } from './time-bound.ts';

export interface SuggestOptions {
  readonly watch: string;
  /** How far back: a duration, or a time. */
  readonly since?: string | undefined;
  readonly json?: boolean | undefined;
}

/** So many signers are looked at, the newest: more say little else, and take long. */
const MAX_SIGNERS = 20_000;

/**
 * `sigwatch suggest`: drafts an `expect` block from what a watch has seen, as YAML to paste. 0 and nothing on stdout where there is nothing
 * to draft from, which is said on stderr. 2 for options that cannot be understood, and a watch that was never in force.
 */
export function suggestCommand(
  store: Store,
  options: SuggestOptions,
  io: Pick<Io, 'stdout' | 'stderr'>,
  now: Date,
): ExitStatus {
  const { watch } = options;
  let since: Date | null;
  try {
    since = options.since === undefined ? null : parseTimeBound(options.since, '--since', now);
  } catch (error) {
    if (!(error instanceof SyntaxError)) {
      throw error;
    }
    io.stderr(`${safe(error.message)}\n`);
    return 2;
  }
  const known = everyWatch(store);
  if (!known.includes(watch)) {
    const expected = expectedName(watch, known, 'watch that a daemon has loaded', 0);
    io.stderr(`${safe(`Cannot find --watch "${watch.slice(0, 100)}"${expected}`)}\n`);
    return 2;
  }
  const reading = new Reading(store, watch, since);
  const suggestion = suggestExpect(reading.signers());
  const scope = reading.scope();
  if (options.json === true) {
    io.stdout(`${jsonLine(suggestionJson(suggestion, watch, scope))}\n`);
  } else if (scope !== null && suggestion.drafted > 0) {
    io.stdout(renderSuggestion(suggestion, scope));
  }
  if (suggestion.drafted === 0) {
    io.stderr(nothingToDraft(suggestion, watch, since));
  }
  return 0;
}

function nothingToDraft(suggestion: Suggestion, watch: string, since: Date | null): string {
  const when = since === null ? '' : ` since ${since.toISOString()}`;
  if (suggestion.seen === 0) {
    return `${safe(`Nothing to draft from: watch "${watch}" has seen no signer${when}`)}\n`;
  }
  const head = `Nothing to draft from: of ${signers(suggestion.seen)} that watch "${watch}" has seen${when} none was expected or observed`;
  return `${safeLines([head, ...leftOutLines(suggestion)].join('\n'))}\n`;
}

/** Reads the signers of a watch once, and remembers from when to when they are. */
class Reading {
  readonly #store: Store;
  readonly #watch: string;
  readonly #since: Date | null;
  #from: Date | null = null;
  #to: Date | null = null;
  #isCut = false;

  constructor(store: Store, watch: string, since: Date | null) {
    this.#store = store;
    this.#watch = watch;
    this.#since = since;
  }

  /** The newest first. */
  *signers(): Generator<SeenSigner, void> {
    let count = 0;
    for (const found of readSeenSigners(this.#store, this.#watch, this.#since)) {
      if (count === MAX_SIGNERS) {
        this.#isCut = true;
        return;
      }
      count += 1;
      this.#from = found.observedAt;
      this.#to ??= found.observedAt;
      yield toSeen(found);
    }
  }

  /** Null where there was none. */
  scope(): SuggestionScope | null {
    const [from, to] = [this.#from, this.#to];
    return from === null || to === null ? null : { watch: this.#watch, from, to, isCut: this.#isCut };
  }
}

/** What stands in the summary of a signer without being a claim. */
const NO_CLAIMS: ReadonlySet<string> = new Set(['type', 'chain', 'fingerprint', 'keys', 'problem']);

function toSeen({ log, index, isIssuance, verdict, violations, signer }: FoundSigner): SeenSigner {
  const claims = Object.entries(signer).flatMap(([claim, value]) => {
    const values = NO_CLAIMS.has(claim) ? [] : stringsIn(value);
    return values.length === 0 ? [] : [[claim, values] as const];
  });
  const key = keyOf(signer);
  return {
    log,
    index,
    verdict,
    violations,
    isIssuance,
    isCertificate: signer.type === 'certificate',
    isMiswritten: signer['problem'] !== undefined,
    claims: { ...Object.fromEntries(claims), ...(key !== null && { key: [key] }) },
  };
}

/** Of a minisign key the hash, which is bound to it; anybody can make a key with the id. */
function keyOf({ type, fingerprint, keys }: SignerSummary): string | null {
  return type === 'minisign' ? (stringsIn(keys).at(-1) ?? fingerprint) : fingerprint;
}

function stringsIn(value: unknown): readonly string[] {
  return (Array.isArray(value) ? value : [value]).filter((one): one is string => typeof one === 'string');
}

/** `suggest --json`: one object; `expect` as it would be pasted, null where nothing could be drafted. */
function suggestionJson(suggestion: Suggestion, watch: string, scope: SuggestionScope | null): unknown {
  const { claims, partial, omitted, leftOut, leftOutMore, groups, seen, trusted, drafted } = suggestion;
  const claimJson = ({ claim, patterns, absent }: Suggestion['claims'][number]): unknown => ({
    claim,
    patterns: patterns.map(({ source, count, examples }) => ({ pattern: source, count, examples })),
    absent,
  });
  return {
    watch,
    from: scope?.from.toISOString() ?? null,
    to: scope?.to.toISOString() ?? null,
    truncated: scope?.isCut ?? false,
    seen,
    trusted,
    drafted,
    expect: drafted === 0 ? null : expectOf(claims),
    claims: claims.map(claimJson),
    partial: partial.map(claimJson),
    omitted,
    left_out: leftOut,
    left_out_more: leftOutMore,
    groups: groups.map(({ claim, identity, count, differs }) => ({
      claim,
      identity,
      count,
      differs: differs.map((one) => ({ ...one, patterns: one.patterns.map((json) => JSON.parse(json) as unknown) })),
    })),
  };
}

function expectOf(claims: Suggestion['claims']): unknown {
  return Object.fromEntries(
    claims.map(({ claim, patterns }) => {
      const sources = patterns.map(({ source }) => source);
      return [claim, sources.length === 1 ? sources[0] : sources];
    }),
  );
}
