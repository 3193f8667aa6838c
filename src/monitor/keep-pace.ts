import { LogUnavailable } from '../log/log.ts';
import { findLog } from '../store/logs.ts';
import { findRate, saveRate } from '../store/rates.ts';
import { checkBacklog } from './backlog.ts';
import { compareCheckpoint } from './compare-checkpoint.ts';
import type { FollowDeps } from './follow-deps.ts';
import type { FollowedLog } from './followed-source.ts';
import { noteLife } from './liveness.ts';
import { measureRate, type Mark } from './measure-rate.ts';
import { saveSeen } from './save-seen.ts';

/** How often the rate is written down. */
const MEASURED_MS = 5_000;
/** How often the log's checkpoint is looked at while its entries are read: how far behind we are must show, and that the log lives. */
const LOOK_MS = 60_000;
/** A catch-up that was interrupted for less is one and the same. */
const INTERRUPTED_MS = 10 * 60_000;

/** Watches over a catch-up that takes long. */
export interface Pace {
  /**
   * Call behind each batch, with how far the log is examined now. Measures and stores how fast it is read, and looks from
   * time to time at how far the log has grown meanwhile. Throws LogMisbehaved where that contradicts what it showed before.
   */
  advanced(size: number, signal: AbortSignal): Promise<void>;
}

/** Begins where `size` entries are examined, or where a catch-up was interrupted just before. */
export function keepPace(followed: FollowedLog, size: number, deps: FollowDeps): Pace {
  const { reader } = followed;
  const { store, clock } = deps;
  const begun = clock.now();
  let mark = interrupted(followed, size, begun, deps) ?? { size, at: begun };
  let lookedAt = begun.getTime();

  const measure = (to: Mark): void => {
    const before = findRate(store, reader.origin)?.reading ?? null;
    store.transaction(() => {
      saveRate(store, reader.origin, {
        reading: measureRate(mark, to, before),
        examinedSize: to.size,
        measuredAt: to.at,
      });
      checkBacklog(followed, deps, to.at);
    });
    mark = to;
  };

  return {
    async advanced(reached, signal) {
      const at = clock.now();
      // A clock that was set back has measured nothing.
      if (at < mark.at) {
        mark = { size: reached, at };
      } else if (at.getTime() - mark.at.getTime() >= MEASURED_MS) {
        measure({ size: reached, at });
      }
      if (Math.abs(at.getTime() - lookedAt) >= LOOK_MS && !signal.aborted) {
        lookedAt = at.getTime();
        await look(followed, deps, signal);
      }
    },
  };
}

/** Where the rate of a catch-up was measured last that ended a short time ago without having reached its target. */
function interrupted({ reader }: FollowedLog, size: number, now: Date, { store }: FollowDeps): Mark | null {
  const last = findRate(store, reader.origin);
  const verified = findLog(store, reader.origin)?.position?.verified?.size ?? 0;
  if (last === null || last.examinedSize > size || last.examinedSize <= verified) {
    return null;
  }
  const ago = now.getTime() - last.measuredAt.getTime();
  return ago >= 0 && ago < INTERRUPTED_MS ? { size: last.examinedSize, at: last.measuredAt } : null;
}

/** That the log cannot be asked, or will not show how it fits, is no reason to stop reading: the next pass asks again. */
async function look({ reader }: FollowedLog, deps: FollowDeps, signal: AbortSignal): Promise<void> {
  try {
    const seen = await reader.fetchCheckpoint(signal);
    saveSeen(seen, deps);
    noteLife(seen, deps);
    await compareCheckpoint(reader, seen, deps, signal);
  } catch (error) {
    if (!(error instanceof LogUnavailable) && !signal.aborted) {
      throw error;
    }
  }
}
