import type { Watch } from '../policy/watch.ts';
import type { Store } from './store.ts';

/** A watch as it was loaded last. */
export interface KnownWatch {
  readonly name: string;
  readonly mode: Watch['mode'];
  /** Since when it is in force without a break, as far as is known. RFC 3339. */
  readonly since: string;
  /** When it was last added or changed. RFC 3339. */
  readonly changed_at: string;
}

/** Names of watches, in the order of the configuration; those that were removed by name. */
export interface WatchChanges {
  readonly added: readonly string[];
  readonly changed: readonly string[];
  readonly removed: readonly string[];
}

/** Takes over which watches are in force from now on, and notes what that changes. Call inside a transaction. */
export function saveWatches(
  store: Store,
  watches: readonly { readonly name: string; /** Canonical JSON. */ readonly definition: string }[],
  now: Date,
): WatchChanges {
  const rows = store
    .prepare<{ name: string; definition: string; in_force: number }>('SELECT name, definition, in_force FROM watches')
    .all();
  const before = new Map(rows.filter((row) => row.in_force === 1).map(({ name, definition }) => [name, definition]));
  const wanted = new Set(watches.map(({ name }) => name));
  const added = watches.filter(({ name }) => !before.has(name));
  const changed = watches.filter(({ name, definition }) => (before.get(name) ?? definition) !== definition);
  const removed = [...before.keys()].filter((name) => !wanted.has(name)).sort();

  const seen = rows.length === 0 ? firstFindings(store) : new Map<string, number>();
  for (const watch of added) {
    addWatch(store, watch, new Date(Math.min(seen.get(watch.name) ?? Infinity, now.getTime())));
    noteChange(store, watch, 'added', now);
  }
  for (const watch of changed) {
    store.prepare('UPDATE watches SET definition = @definition WHERE name = @name').run(watch);
    noteChange(store, watch, 'changed', now);
  }
  for (const name of removed) {
    store.prepare('UPDATE watches SET in_force = 0 WHERE name = @name').run({ name });
    noteChange(store, { name, definition: null }, 'removed', now);
  }
  return { added: added.map(({ name }) => name), changed: changed.map(({ name }) => name), removed };
}

/** The watches in force, by name. */
export function listWatches(store: Store): readonly KnownWatch[] {
  return store
    .prepare<KnownWatch>('SELECT name, mode, since, changed_at FROM v_watches WHERE in_force = 1 ORDER BY name')
    .all();
}

function addWatch(
  store: Store,
  { name, definition }: { readonly name: string; readonly definition: string },
  since: Date,
): void {
  store
    .prepare(
      `INSERT INTO watches (name, since, definition, in_force) VALUES (@name, @since, @definition, 1)
       ON CONFLICT (name) DO UPDATE SET since = excluded.since, definition = excluded.definition, in_force = 1`,
    )
    .run({ name, definition, since: since.getTime() });
}

function noteChange(
  store: Store,
  { name, definition }: { readonly name: string; readonly definition: string | null },
  change: 'added' | 'changed' | 'removed',
  now: Date,
): void {
  store
    .prepare(
      `INSERT INTO watch_changes (watch, change, definition, changed_at) VALUES (@name, @change, @definition, @now)`,
    )
    .run({ name, change, definition, now: now.getTime() });
}

/** When each watch first found something: for a history that is older than the record of watches. */
function firstFindings(store: Store): ReadonlyMap<string, number> {
  const rows = store
    .prepare<{ watch: string; at: number }>(
      'SELECT f.watch, min(e.observed_at) AS at FROM findings AS f JOIN entries AS e ON e.id = f.entry GROUP BY f.watch',
    )
    .all();
  return new Map(rows.map(({ watch, at }) => [watch, at]));
}
