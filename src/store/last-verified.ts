import type { Store } from './store.ts';

/** When a log was verified last, by its origin; null: never, or there is no such log. */
export function lastVerified(store: Store, origin: string): Date | null {
  const row = store
    .prepare<{ verified_at: number | null }>('SELECT verified_at FROM logs WHERE origin = @origin')
    .get({ origin });
  return row?.verified_at == null ? null : new Date(row.verified_at);
}
