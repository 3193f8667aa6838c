import type { LogType } from '../log/log.ts';
import type { JudgeContext } from '../policy/standing.ts';
import type { Watch } from '../policy/watch.ts';
import { raiseAlert } from '../store/alerts.ts';
import { listCadences } from '../store/cadence.ts';
import { copyLogs, copySince, saveVerifiedAt, verifiedBefore } from '../store/simulation.ts';
import type { Store } from '../store/store.ts';
import { saveOutcome } from './catch-up.ts';
import { checkCadence } from './check-cadence.ts';
import type { FollowDeps } from './follow-deps.ts';
import type { JudgedBatch } from './judge-batch.ts';
import { judgeResigned } from './judge-resigned.ts';
import { loadWatches } from './load-watches.ts';
import { timeOfSighting } from './time-of-sighting.ts';

const silent = (): void => undefined;
const EMPTY = Buffer.alloc(0);

/** What was made of entries of one log that were read at the same time. */
export interface SimulatedBatch {
  /** Origin. */
  readonly log: string;
  readonly type: LogType;
  readonly observedAt: Date;
  /** Index of its first entry. */
  readonly index: number;
  readonly outcome: JudgedBatch;
}

/**
 * The monitor on a database of which nothing stays, with the clock of the past: whatever reads a batch for the first time, counts,
 * compares and tells is what does so when logs are followed.
 */
export class Simulation {
  readonly #store: Store;
  readonly #recorded: Store;
  readonly #deps: Omit<FollowDeps, 'clock'>;

  /** `start`: since when watches are in force that `recorded` does not know. */
  constructor(
    store: Store,
    recorded: Store,
    { watches, judging }: { readonly watches: readonly Watch[]; readonly judging: Omit<JudgeContext, 'now'> },
    start: Date,
  ) {
    this.#store = store;
    this.#recorded = recorded;
    this.#deps = {
      store,
      watches,
      judging,
      logger: { debug: silent, info: silent, warn: silent, error: silent },
      attestations: {
        begin: () => {
          throw new Error('Nobody is asked for attestations of the past');
        },
        states: new Map(),
      },
      witnesses: null,
      tell: (draft, now) => raiseAlert(store, draft, now).alert.id,
      onProgress: silent,
      suspectTrust: () => Promise.resolve(false),
    };
    store.transaction(() => {
      copyLogs(recorded, store);
      loadWatches(store, watches, start);
      copySince(recorded, store);
    });
  }

  /** Writes a batch, and tells what it calls for: also who else signed what is followed. Bodies are not kept. */
  async write({ log, type, observedAt: now, index, outcome }: SimulatedBatch, signal: AbortSignal): Promise<void> {
    const reader = { origin: log, type };
    const deps = this.#at(now);
    const whole = await judgeResigned(reader, outcome, deps, now, signal);
    this.passTime(new Date(Math.min(now.getTime(), earliest(whole, now))));
    this.#store.transaction(() => {
      saveVerifiedAt(this.#store, verifiedBefore(this.#recorded, log, index, now), log);
      saveOutcome(reader, withoutBodies(whole), new Map(), deps, now);
    });
  }

  /** Tells what is missing by then, each silence when it became too long. */
  passTime(to: Date): void {
    const tried = new Set<string>();
    for (;;) {
      const due = this.#nextDue(tried);
      if (due === null || due.at > to.getTime()) {
        return;
      }
      tried.add(due.watch);
      this.#store.transaction(() => {
        // A little more than is asked for, as by a clock that is not quite right: since when watches are in force stays as it is.
        saveVerifiedAt(this.#store, due.at + 1);
        checkCadence(this.#at(new Date(due.at)));
      });
    }
  }

  /** The first silence that is too long and was not told. */
  #nextDue(tried: ReadonlySet<string>): { readonly watch: string; readonly at: number } | null {
    const dues = listCadences(this.#store)
      .filter(({ watch, toldAs }) => toldAs === null && !tried.has(watch))
      .map(({ watch, cadenceMs, since, last }) => ({ watch, at: (last?.at ?? since) + cadenceMs }))
      .sort((a, b) => a.at - b.at);
    return dues[0] ?? null;
  }

  #at(now: Date): FollowDeps {
    return { ...this.#deps, clock: { now: () => now, sleep: () => Promise.resolve() } };
  }
}

/** When the first of the entries was made that may end a silence; milliseconds since 1970. */
function earliest({ judged }: JudgedBatch, seen: Date): number {
  const times = judged.flatMap(({ leaf, entry, judgements }) =>
    judgements.flatMap((judgement) => {
      const signer = entry.signers[judgement.signer];
      return signer === undefined ? [] : [timeOfSighting(signer, leaf, judgement, seen).at];
    }),
  );
  return Math.min(...times, seen.getTime());
}

function withoutBodies(outcome: JudgedBatch): JudgedBatch {
  const bare = <T extends JudgedBatch['judged'][number] | JudgedBatch['unparsable'][number]>(one: T): T => {
    const leaf = { ...one.leaf, data: EMPTY };
    delete leaf.extra;
    return { ...one, leaf };
  };
  return { ...outcome, judged: outcome.judged.map(bare), unparsable: outcome.unparsable.map(bare) };
}
