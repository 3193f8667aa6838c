import type { Store } from './store.ts';

/** Somebody who signed an artifact that a watch follows, without being one of the watch's. */
export interface Resigner {
  readonly watch: string;
  /** `ALGORITHM:hex`. */
  readonly artifact: string;
  /** What stays the same from one signature to the next, hashed. */
  readonly identity: string;
}

/** How many others had signed the artifact when this one was seen with it first; null: it was not yet. */
export function findPlace(store: Store, { watch, artifact, identity }: Resigner): number | null {
  const row = store
    .prepare<{ place: number }>(
      'SELECT place FROM resigners WHERE watch = @watch AND artifact = @artifact AND identity = @identity',
    )
    .get({ watch, artifact, identity });
  return row?.place ?? null;
}

/** How many are known to have signed it. */
export function countResigners(store: Store, { watch, artifact }: Omit<Resigner, 'identity'>): number {
  const row = store
    .prepare<{ count: number }>('SELECT count(*) AS count FROM resigners WHERE watch = @watch AND artifact = @artifact')
    .get({ watch, artifact });
  return row?.count ?? 0;
}

/** Notes one more; nothing changes for one that is known. Call inside a transaction. */
export function noteResigner(store: Store, { watch, artifact, identity }: Resigner): void {
  store
    .prepare(
      `INSERT INTO resigners (watch, artifact, identity, place)
       VALUES (@watch, @artifact, @identity, (SELECT count(*) FROM resigners WHERE watch = @watch AND artifact = @artifact))
       ON CONFLICT (watch, artifact, identity) DO NOTHING`,
    )
    .run({ watch, artifact, identity });
}
