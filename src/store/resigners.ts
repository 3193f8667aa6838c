import type { Store } from './store.ts';

/** Somebody who signed an artifact that a watch follows, without being one of the watch's. */
export interface Resigner {
  readonly watch: string;
  /** `ALGORITHM:hex`. */
  readonly artifact: string;
  /** `SORT:hash` of what stays the same from one signature to the next. */
  readonly identity: string;
}

/** How many others of its sort had signed the artifact when this one was seen with it first; null: it was not yet. */
export function findPlace(store: Store, { watch, artifact, identity }: Resigner): number | null {
  const row = store
    .prepare<{ place: number }>(
      'SELECT place FROM resigners WHERE watch = @watch AND artifact = @artifact AND identity = @identity',
    )
    .get({ watch, artifact, identity });
  return row?.place ?? null;
}

/** How many of the sort of this one are known to have signed it. */
export function countResigners(store: Store, { watch, artifact, identity }: Resigner): number {
  const row = store.prepare<{ count: number }>(COUNT).get({ watch, artifact, identity });
  return row?.count ?? 0;
}

const COUNT = `SELECT count(*) AS count FROM resigners WHERE watch = @watch AND artifact = @artifact
  AND substr(identity, 1, instr(identity, ':')) = substr(@identity, 1, instr(@identity, ':'))`;

/** Notes one more; nothing changes for one that is known. Call inside a transaction. */
export function noteResigner(store: Store, { watch, artifact, identity }: Resigner): void {
  store
    .prepare(
      `INSERT INTO resigners (watch, artifact, identity, place)
       VALUES (@watch, @artifact, @identity, (${COUNT}))
       ON CONFLICT (watch, artifact, identity) DO NOTHING`,
    )
    .run({ watch, artifact, identity });
}
