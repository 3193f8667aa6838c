import type { Clock } from '../../lib/clock.ts';
import { SingleFlight } from '../../lib/single-flight.ts';
import type { LogInfo } from './api.ts';

/** How long an answer serves others who ask: the readers of one source poll at nearly the same time. */
const SHARED_MS = 1_000;

interface Shared {
  readonly info: LogInfo;
  readonly arrived: number;
  /** Who has had this answer: whoever asks again wants to know what is new. */
  readonly served: Set<object>;
}

/** Gets the list of shards for `asker`. Throws LogUnavailable, and the reason of `signal` when that aborts. */
export type FetchLogInfo = (asker: object, fresh: boolean, signal: AbortSignal) => Promise<LogInfo>;

/**
 * One answer of `/api/v1/log` tells about every shard: askers who poll together share the one that is under way, or that
 * came within the last second and is new to them. `fresh` always asks.
 */
export function shareLogInfo(
  load: (fresh: boolean, signal: AbortSignal) => Promise<LogInfo>,
  clock: Clock,
): FetchLogInfo {
  const underway = new SingleFlight<Shared>();
  let latest: Shared | null = null;

  const ask = (fresh: boolean, signal: AbortSignal): Promise<Shared> =>
    underway.run(fresh ? 'fresh' : 'cached', signal, async () => {
      const info = await load(fresh, signal);
      latest = { info, arrived: clock.now().getTime(), served: new Set() };
      return latest;
    });

  return async (asker, fresh, signal) => {
    const shared = !fresh && latest !== null && isNews(latest, asker, clock) ? latest : await ask(fresh, signal);
    shared.served.add(asker);
    return shared.info;
  };
}

function isNews(shared: Shared, asker: object, clock: Clock): boolean {
  const age = clock.now().getTime() - shared.arrived;
  return age >= 0 && age < SHARED_MS && !shared.served.has(asker);
}
