import { missingAlert, missingKey } from '../alert/missing-alert.ts';
import { silenceOf } from '../policy/silence.ts';
import type { Watch } from '../policy/watch.ts';
import { closeAlert } from '../store/alerts.ts';
import { forgetFuture, listCadences, listVerified, saveTold, type Cadence } from '../store/cadence.ts';
import type { FollowDeps } from './follow-deps.ts';
import { raise } from './raise.ts';

/** How often it is looked whether something is missing. */
const LOOK_MS = 60_000;

/** A clock by which every log was verified so lately is right. */
const TRUSTED_MS = 3_600_000;

type CadenceDeps = Pick<FollowDeps, 'store' | 'clock' | 'logger' | 'watches' | 'tell'>;

/** Tells every minute what is missing, until `signal` aborts. Rejects with a programming fault or a DatabaseError. */
export async function keepCadence(deps: CadenceDeps, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    checkCadence(deps);
    await deps.clock.sleep(LOOK_MS, signal);
  }
}

/** Tells of each silence that is as long as the cadence, once; closes what was told where nothing is overdue any more. */
export function checkCadence(deps: CadenceDeps): void {
  const { store, clock, watches } = deps;
  const now = clock.now();
  store.transaction(() => {
    const verifiedTo = listVerified(store)[0]?.verifiedTo ?? null;
    if (verifiedTo !== null && verifiedTo <= now.getTime() && now.getTime() - verifiedTo <= TRUSTED_MS) {
      forgetFuture(store, now);
    }
    const byName = new Map(watches.map((watch) => [watch.name, watch]));
    for (const cadence of listCadences(store)) {
      const watch = byName.get(cadence.watch);
      if (watch !== undefined) {
        check(cadence, watch, verifiedTo, deps, now);
      }
    }
  });
}

function check(cadence: Cadence, watch: Watch, verifiedTo: number | null, deps: CadenceDeps, now: Date): void {
  const { store, logger } = deps;
  const { cadenceMs, since, last, toldAs } = cadence;
  const silence = silenceOf({ cadenceMs, from: last?.at ?? since, verifiedTo, now: now.getTime() });
  if (silence.state === 'quiet' && toldAs !== null) {
    // The cadence is longer now, or a clock that ran ahead is right again.
    saveTold(store, watch.name, null);
    closeAlert(store, missingKey(watch.name));
  }
  // What was only written down is told once the watch is in force.
  const isTold = toldAs === 'enforce' || toldAs === watch.mode;
  if (silence.state === 'missing' && !isTold) {
    saveTold(store, watch.name, watch.mode);
    raise(deps, watch, missingAlert({ watch, cadenceMs, silentMs: silence.silentMs, since, last }), now);
    logger.warn({ watch: watch.name, silent_ms: silence.silentMs }, 'expected signature missing');
  }
}
