import type { LogType } from '../log/log.ts';
import type { Store } from './store.ts';

/** Makes a configured source known, or takes over what changed in its configuration. */
export function recordSource(
  store: Store,
  source: { readonly name: string; readonly type: LogType; readonly url: string; readonly origin: string },
): void {
  store
    .prepare(
      `INSERT INTO sources (name, type, url, origin) VALUES (@name, @type, @url, @origin)
       ON CONFLICT (name) DO UPDATE SET configured = 1, type = excluded.type, url = excluded.url, origin = excluded.origin`,
    )
    .run({ name: source.name, type: source.type, url: source.url, origin: source.origin });
}

/** Says which sources are followed from now on; the others keep their position and history, but are shown no more. */
export function saveConfigured(store: Store, names: readonly string[]): void {
  store
    .prepare('UPDATE sources SET configured = name IN (SELECT value FROM json_each(@names))')
    .run({ names: JSON.stringify(names) });
}

/** Since when the source cannot be asked for its logs, and why; null while it can. */
export function findFailure(store: Store, name: string): { readonly since: Date; readonly error: string } | null {
  const row = store
    .prepare<{ since: number; error: string }>(
      `SELECT failing_since AS since, coalesce(last_error, '') AS error FROM sources
       WHERE name = @name AND failing_since IS NOT NULL`,
    )
    .get({ name });
  return row === undefined ? null : { since: new Date(row.since), error: row.error };
}

/** Remembers how asking the source for its logs ended; null: well. Throws Error for a source never recorded. */
export function saveSourceError(
  store: Store,
  name: string,
  error: string | null,
  now: Date,
  state: 'unreachable' | 'misbehaving' = 'unreachable',
): void {
  const { changes } = store
    .prepare(
      `UPDATE sources SET state = @state, last_error = @error, updated_at = @now,
       failing_since = iif(@state = 'unreachable', coalesce(failing_since, @now), NULL)
       WHERE name = @name`,
    )
    .run({ name, state: error === null ? 'reached' : state, error, now: now.getTime() });
  if (changes !== 1) {
    throw new Error(`Cannot save the state of source "${name}": it was never recorded`);
  }
}
