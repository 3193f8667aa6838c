import type { Store } from './store.ts';

/** What the trust source of this name published when it was last read, as it was saved; null when it never was. */
export function readTrustSnapshot(store: Store, source: string): string | null {
  const row = store
    .prepare<{ content: string }>('SELECT content FROM trust_snapshot WHERE source = @source')
    .get({ source });
  return row?.content ?? null;
}

/** Keeps what a trust source published, to be compared with what it publishes next. */
export function saveTrustSnapshot(store: Store, source: string, content: string, now: Date): void {
  store
    .prepare(
      `INSERT INTO trust_snapshot (source, content, taken_at) VALUES (@source, @content, @now)
       ON CONFLICT (source) DO UPDATE SET content = excluded.content, taken_at = excluded.taken_at`,
    )
    .run({ source, content, now: now.getTime() });
}
