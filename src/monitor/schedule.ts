import cron from 'node-cron';
import type { Clock } from '../lib/clock.ts';
import type { Logger } from '../lib/logger.ts';
import { pruneAuditAlerts } from '../store/audit-alerts.ts';
import { enqueueReminders, pruneDeliveries } from '../store/deliveries.ts';
import { pruneCheckpoints } from '../store/retention.ts';
import type { StoredAlert } from '../store/alerts.ts';
import type { Store } from '../store/store.ts';

/** What is done by the clock on the wall rather than after the last time it was done. */
export interface Scheduled {
  readonly channelsFor: (alert: StoredAlert) => readonly string[];
  readonly repeatIntervalMs: number;
  readonly retention: { readonly checkpointsMs: number; readonly deliveriesMs: number };
}

/** Every minute: tells again of alerts that are still open. */
const REMIND = '* * * * *';
/** At night, at a minute that is not everybody's: forgets what is older than its retention. */
const PRUNE = '17 3 * * *';

/** What watches in audit mode would have told is kept for so long after it was last seen. */
const AUDIT_MS = 400 * 86_400_000;

/** Runs the jobs that have a time of day, until `signal` aborts. */
export async function schedule(
  store: Store,
  jobs: Scheduled,
  deps: { readonly clock: Clock; readonly logger: Logger },
  signal: AbortSignal,
): Promise<void> {
  const { clock, logger } = deps;
  await new Promise<void>((resolve, reject) => {
    const run = (name: string, expression: string, job: (now: Date) => void) =>
      cron.schedule(
        expression,
        () => {
          try {
            job(clock.now());
          } catch (error) {
            reject(error instanceof Error ? error : new Error(String(error)));
          }
        },
        { name, noOverlap: true },
      );
    const tasks = [
      run('remind', REMIND, (now) => {
        const told = enqueueReminders(store, now, jobs.repeatIntervalMs, jobs.channelsFor);
        if (told > 0) {
          logger.info({ alerts: told }, 'open alerts told again');
        }
      }),
      run('prune', PRUNE, (now) => {
        const checkpoints = pruneCheckpoints(store, before(now, jobs.retention.checkpointsMs));
        pruneDeliveries(store, before(now, jobs.retention.deliveriesMs));
        pruneAuditAlerts(store, before(now, AUDIT_MS));
        logger.info({ checkpoints }, 'pruned');
      }),
    ];
    const stop = (): void => {
      for (const task of tasks) {
        void task.destroy();
      }
      resolve();
    };
    if (signal.aborted) {
      stop();
    } else {
      signal.addEventListener('abort', stop, { once: true });
    }
  });
}

function before(now: Date, ms: number): Date {
  return new Date(now.getTime() - ms);
}
