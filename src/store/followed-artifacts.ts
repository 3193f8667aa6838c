import type { SignerSummary } from '../alert/alert.ts';
import type { Watch } from '../policy/watch.ts';
import type { Store } from './store.ts';

/** An artifact that a watch follows, and the entry that is known to have signed it first. */
export interface FollowedArtifact {
  /** `ALGORITHM:hex`. */
  readonly artifact: string;
  readonly watch: string;
  /** Origin. */
  readonly log: string;
  readonly index: number;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/** So many artifacts are looked up by one statement: their JSON stays small. */
const AT_ONCE = 2_000;
/** Findings of the past that are read at a time. */
const PAGE = 500;

/** Digests of nothing: everybody signs an empty file at some time. */
const EMPTY: ReadonlySet<string> = new Set([
  'sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  'sha384:38b060a751ac96384cd9327eb1b1e36a21fdb71114be07434c0cc7bf63f6e1da274edebfe76f65fbd51ad2f14898b95b',
  'sha512:cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e',
]);

/** False for what is never followed. */
export function canBeFollowed(artifact: string): boolean {
  return !EMPTY.has(artifact);
}

/** Follows artifacts for a watch; those that it follows already stay as they are. Call inside a transaction. */
export function followAll(
  store: Store,
  artifacts: readonly string[],
  { watch, log, index, at }: Omit<FollowedArtifact, 'artifact'>,
): void {
  const insert = store.prepare(
    `INSERT INTO followed_artifacts (prefix, artifact, watch, log, idx, signed_at)
     SELECT @prefix, @artifact, @watch, @log, @index, @at WHERE NOT EXISTS
       (SELECT 1 FROM followed_artifacts WHERE prefix = @prefix AND artifact = @artifact AND watch = @watch)`,
  );
  for (const artifact of artifacts.filter(canBeFollowed)) {
    insert.run({ prefix: prefixOf(artifact), artifact, watch, log, index, at });
  }
}

/** Which of these artifacts any watch follows, also one that is configured no more. */
export function findFollowed(store: Store, artifacts: readonly string[]): readonly FollowedArtifact[] {
  const query = store.prepare<FollowedArtifact>(
    `SELECT f.artifact, f.watch, f.log, f.idx AS "index", f.signed_at AS at
     FROM json_each(@prefixes) AS j CROSS JOIN followed_artifacts AS f ON f.prefix = j.value`,
  );
  const asked = new Set(artifacts);
  // In their order, so that neighbours are read together.
  const prefixes = [...new Set(artifacts.map(prefixOf))].sort((a, b) => a - b);
  const found: FollowedArtifact[] = [];
  for (let start = 0; start < prefixes.length; start += AT_ONCE) {
    found.push(...query.all({ prefixes: JSON.stringify(prefixes.slice(start, start + AT_ONCE)) }));
  }
  return found.filter(({ artifact }) => asked.has(artifact));
}

/** The first six bytes of a digest, `ALGORITHM:hex`, as a number. */
function prefixOf(artifact: string): number {
  const start = artifact.indexOf(':') + 1;
  return Number.parseInt(artifact.slice(start, start + 12), 16) || 0;
}

/** Who signed at this entry what a watch expected; null where nothing of it is kept. */
export function findExpectedSigner(
  store: Store,
  { watch, log, index }: Pick<FollowedArtifact, 'watch' | 'log' | 'index'>,
): SignerSummary | null {
  const row = store
    .prepare<{ signer: string }>(
      `SELECT f.signer FROM entries AS e JOIN findings AS f ON f.entry = e.id
       WHERE e.log = @log AND e.idx = @index AND f.watch = @watch AND f.verdict = 'expected'
       ORDER BY e.id, f.signer_position LIMIT 1`,
    )
    .get({ watch, log, index });
  // Written as JSON of this type by saveFindings.
  return row === undefined ? null : (JSON.parse(row.signer) as SignerSummary);
}

/**
 * Follows what expected signers of these watches signed before, for each watch that begins to follow; notes those that follow no more,
 * so that what they find in the meantime is looked for when they do again. Call inside a transaction.
 */
export function followHistory(store: Store, watches: readonly Pick<Watch, 'name' | 'artifacts'>[], now: Date): void {
  const following = watches.filter(({ artifacts }) => artifacts?.follow === true).map(({ name }) => name);
  store
    .prepare('DELETE FROM following_watches WHERE watch NOT IN (SELECT value FROM json_each(@following))')
    .run({ following: JSON.stringify(following) });
  for (const watch of following) {
    const { changes } = store
      .prepare('INSERT INTO following_watches (watch, since) VALUES (@watch, @now) ON CONFLICT (watch) DO NOTHING')
      .run({ watch, now: now.getTime() });
    if (changes > 0) {
      followPast(store, watch);
    }
  }
}

/** A finding of an expected signer, and what its entry binds. */
interface PastRow {
  readonly id: number;
  readonly log: string;
  readonly idx: number;
  readonly at: number;
  readonly artifacts: string;
}

function followPast(store: Store, watch: string): void {
  const page = store.prepare<PastRow>(
    `SELECT f.id, e.log, e.idx, coalesce(e.integrated_time, e.observed_at) AS at, e.artifacts
     FROM findings AS f JOIN entries AS e ON e.id = f.entry
     WHERE f.id > @after AND f.watch = @watch AND f.verdict = 'expected' AND f.signer ->> '$.signature' = 'verified'
     ORDER BY f.id LIMIT ${PAGE}`,
  );
  for (
    let rows = page.all({ watch, after: -1 });
    rows.length > 0;
    rows = page.all({ watch, after: rows.at(-1)?.id ?? 0 })
  ) {
    for (const { log, idx: index, at, artifacts } of rows) {
      // Written as JSON of this type by saveFindings.
      followAll(store, JSON.parse(artifacts) as readonly string[], { watch, log, index, at });
    }
  }
}
