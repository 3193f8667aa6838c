import { sha256 } from '../tlog/hash.ts';
import { IS_TRUSTED } from './trusted-findings.ts';
import type { Store } from './store.ts';

/** So many values of one claim are known for a watch; of more, those that were first seen longest ago are forgotten, and are new again. */
export const MAX_VALUES = 50_000;

/** So many are forgotten at once. */
const FORGOTTEN = MAX_VALUES / 10;

/** Longest beginning of a value that is kept for people. */
const EXCERPT = 200;

/** A claim of which a watch tells new values. */
export interface SeenClaim {
  readonly claim: string;
  /** When its first value was seen; of none, since when it is looked at. */
  readonly since: Date;
  /** How many values of it are known. */
  readonly kept: number;
}

/** The claims of which a watch knows what it has seen. */
export function seenClaims(store: Store, watch: string): readonly SeenClaim[] {
  return store
    .prepare<{ claim: string; since: number; kept: number }>(
      'SELECT claim, since, kept FROM seen_claims WHERE watch = @watch ORDER BY claim',
    )
    .all({ watch })
    .map(({ claim, since, kept }) => ({ claim, since: new Date(since), kept }));
}

/** From now on a watch knows the values of a claim; those that are in its history already. Call inside a transaction. */
export function beginClaim(store: Store, watch: string, claim: string, now: Date): void {
  const known = valuesInHistory(store, watch, claim);
  store
    .prepare('INSERT INTO seen_claims (watch, claim, since, kept) VALUES (@watch, @claim, @since, 0)')
    .run({ watch, claim, since: known[0]?.since ?? now.getTime() });
  for (const { values } of known) {
    noteValues(store, watch, claim, values);
  }
}

/** From now on a watch knows nothing of a claim: what it would miss must not pass for new later. Call inside a transaction. */
export function forgetClaim(store: Store, watch: string, claim: string): void {
  store.prepare('DELETE FROM seen_claims WHERE watch = @watch AND claim = @claim').run({ watch, claim });
  store.prepare('DELETE FROM seen_values WHERE watch = @watch AND claim = @claim').run({ watch, claim });
}

/** Notes values of a claim that was begun, and returns those that were not known. Tags that differ in their numbers only are one value. Call inside a transaction. */
export function noteValues(store: Store, watch: string, claim: string, values: readonly string[]): readonly string[] {
  const added = values.filter(
    (value) =>
      store
        .prepare(
          `INSERT INTO seen_values (watch, claim, hash, excerpt) VALUES (@watch, @claim, @hash, @excerpt)
           ON CONFLICT (watch, claim, hash) DO NOTHING`,
        )
        .run({
          watch,
          claim,
          hash: sha256(Buffer.from(JSON.stringify(withoutVersion(value)))),
          excerpt: excerptOf(value),
        }).changes > 0,
  );
  if (added.length > 0) {
    const counted = store
      .prepare<{ kept: number }>(
        'UPDATE seen_claims SET kept = kept + @added WHERE watch = @watch AND claim = @claim RETURNING kept',
      )
      .get({ watch, claim, added: added.length });
    if (counted !== undefined && counted.kept > MAX_VALUES) {
      forgetOldest(store, watch, claim);
    }
  }
  return added;
}

/** The beginnings of the values that were first seen last, but for the last `newest` of them; at most `limit`. */
export function latestValues(
  store: Store,
  watch: string,
  claim: string,
  { newest, limit }: { readonly newest: number; readonly limit: number },
): readonly string[] {
  return store
    .prepare<{ excerpt: string }>(
      `SELECT excerpt FROM seen_values WHERE watch = @watch AND claim = @claim
       ORDER BY id DESC LIMIT @limit OFFSET @newest`,
    )
    .all({ watch, claim, newest, limit })
    .map(({ excerpt }) => excerpt);
}

function forgetOldest(store: Store, watch: string, claim: string): void {
  const { changes } = store
    .prepare(
      `DELETE FROM seen_values WHERE id IN (
         SELECT id FROM seen_values WHERE watch = @watch AND claim = @claim ORDER BY id LIMIT ${FORGOTTEN})`,
    )
    .run({ watch, claim });
  store
    .prepare('UPDATE seen_claims SET kept = kept - @changes WHERE watch = @watch AND claim = @claim')
    .run({ watch, claim, changes });
}

/** The different values in the findings of a watch, those that were seen first first. */
function valuesInHistory(
  store: Store,
  watch: string,
  claim: string,
): readonly { readonly values: readonly string[]; readonly since: number }[] {
  return store
    .prepare<{ value: string; since: number }>(
      `SELECT ${valueOf(claim)} AS value, min(e.observed_at) AS since
       FROM findings AS f JOIN entries AS e ON e.id = f.entry
       WHERE f.watch = @watch AND ${IS_TRUSTED} GROUP BY value HAVING value IS NOT NULL
       ORDER BY min(f.id)`,
    )
    .all({ watch, path: `$."${claim}"` })
    .map(({ value, since }) => ({ values: stringsIn(JSON.parse(value)), since }));
}

/** What a claim says, as JSON. `key` is the fingerprint; minisign's keys have two names, of which either is one. */
function valueOf(claim: string): string {
  switch (claim) {
    case 'kind':
      return 'json_quote(e.kind)';
    case 'artifact':
      return 'e.artifacts';
    case 'key':
      return `iif(f.signer ->> '$.type' = 'minisign', coalesce(f.signer -> '$.keys', f.signer -> '$.fingerprint'), f.signer -> '$.fingerprint')`;
    default:
      return 'f.signer -> @path';
  }
}

function stringsIn(value: unknown): readonly string[] {
  return (Array.isArray(value) ? value : [value]).filter((one) => typeof one === 'string');
}

const TAG = 'refs/tags/';

/** Each release has a new tag, and with it a new builder and subject: what nobody could keep quiet would be told each time. */
function withoutVersion(value: string): string {
  const tag = value.indexOf(TAG);
  return tag === -1 ? value : value.slice(0, tag) + value.slice(tag).replace(/[0-9]+/g, '#');
}

function excerptOf(value: string): string {
  return value.length > EXCERPT ? `${value.slice(0, EXCERPT)}…` : value;
}
