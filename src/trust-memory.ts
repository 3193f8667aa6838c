import type { AlertDraft } from './alert/alert.ts';
import { keyChangedAlert } from './alert/key-changed-alert.ts';
import type { TrustSource } from './config/config.ts';
import type { Clock } from './lib/clock.ts';
import type { Store } from './store/store.ts';
import { readTrustSnapshot, saveTrustSnapshot } from './store/trust-snapshot.ts';
import { decodeSnapshot, encodeSnapshot } from './trust/snapshot-json.ts';
import {
  describeChanges,
  describeRivalKeys,
  describeSharedKeys,
  digestOf,
  nextSnapshot,
  type TrustSnapshot,
} from './trust/snapshot.ts';
import type { TrustData } from './trust/trusted-root.ts';

export interface TrustMemoryDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly tell: (draft: AlertDraft, now: Date) => string;
}

/** What a trust source published when it could last be read, also by an earlier process. */
export interface TrustMemory {
  /** Null when it was never read. */
  last(): TrustSnapshot | null;
  /** Takes over what was read now: tells what differs from the last time, or is as it should not be, and keeps it. */
  take(data: TrustData): TrustSnapshot;
}

/** Opens the memory of one trust source: each has its own, so that another configuration is no change of keys. */
export function openTrustMemory(source: TrustSource, { store, clock, tell }: TrustMemoryDeps): TrustMemory {
  const name = nameOf(source);
  const stored = readTrustSnapshot(store, name);
  let last = stored === null ? null : decodeSnapshot(stored);

  return {
    last: () => last,
    take(data) {
      const now = clock.now();
      const before = last?.data ?? null;
      const next = nextSnapshot(last, data, isPublished(source));
      const changes = before === null ? [] : describeChanges(before, data);
      const rivals = before === null ? [] : describeRivalKeys(before, data, now);
      const doubts = [...describeSharedKeys(before, data), ...rivals];
      store.transaction(() => {
        if (changes.length + doubts.length > 0) {
          tell(keyChangedAlert({ source: name, doubts, changes, digest: digestOf(data) }), now);
        }
        saveTrustSnapshot(store, name, encodeSnapshot(next), now);
      });
      last = next;
      return next;
    },
  };
}

/** Whether others publish it, and may change it at any time. A file is as the operator wants it: what is gone from it is not followed. */
export function isPublished(source: TrustSource): boolean {
  return source.kind === 'public-good' || source.kind === 'staging' || source.kind === 'tuf';
}

function nameOf(source: TrustSource): string {
  switch (source.kind) {
    case 'tuf':
      return `tuf ${source.url}`;
    case 'trusted-root':
      return `trusted_root ${source.file}`;
    case 'public-good':
    case 'staging':
    case 'none':
      return source.kind;
  }
}
