import { resolve } from 'node:path';
import { loadWithoutSecrets } from '../config/load.ts';
import { createJudging } from '../judging.ts';
import { replayHistory, type ComparedJudgement, type ReplayDeps, type ReplayOutcome } from '../monitor/replay.ts';
import type { Watch } from '../policy/watch.ts';
import { hasFindingsOf } from '../store/recorded-entries.ts';
import { countTold, openSimulation } from '../store/simulation.ts';
import { Store } from '../store/store.ts';
import type { ExitStatus, Io } from './io.ts';
import { offlineTrust } from './offline-trust.ts';
import { jsonLine, safe } from './print.ts';
import { createProgressLine } from './progress-line.ts';
import { renderReplay, ReplayTally } from './render-replay.ts';
import { parseTimeBound } from './time-bound.ts';

/** Options of `sigwatch replay`, as they were written. */
export interface ReplayOptions {
  readonly since: string;
  readonly until?: string | undefined;
  readonly watch?: string | undefined;
  readonly database?: string | undefined;
  readonly json?: boolean | undefined;
}

type ReplayIo = Pick<Io, 'stdout' | 'stderr' | 'columns' | 'interactive' | 'env' | 'signal'>;

/**
 * `sigwatch replay`: what the configuration would make of the recorded history, and what it would tell. Writes nothing. 2 for options that
 * cannot be understood, 3 where it was ended before. Throws ConfigError and DatabaseError.
 */
export async function replayCommand(
  configFile: string,
  options: ReplayOptions,
  io: ReplayIo,
  now: Date,
): Promise<ExitStatus> {
  const span = parseSpan(options, now);
  if (typeof span === 'string') {
    io.stderr(`${safe(span)}\n`);
    return 2;
  }
  const config = loadWithoutSecrets(configFile, io.env);
  const database = options.database === undefined ? config.database : resolve(options.database);
  const recorded = Store.open(database, { readonly: true });
  try {
    const problem = findUnknownWatch(recorded, config.watches, options.watch);
    if (problem !== null) {
      io.stderr(`${safe(problem)}\n`);
      return 2;
    }
    const judging = createJudging(offlineTrust({ ...config, database }), () => now);
    const simulation = openSimulation();
    try {
      const replay = { recorded, simulation, watches: config.watches, judging, now, ...span };
      return await show(replay, options, io);
    } finally {
      simulation.close();
    }
  } finally {
    recorded.close();
  }
}

interface Span {
  readonly since: Date;
  readonly until: Date | null;
}

/** Returns what is wrong with the options, if anything is. */
function parseSpan({ since, until }: ReplayOptions, now: Date): Span | string {
  try {
    const span = {
      since: parseTimeBound(since, '--since', now),
      until: until === undefined ? null : parseTimeBound(until, '--until', now),
    };
    return span.until !== null && span.until <= span.since
      ? `Cannot use --until "${(until ?? '').slice(0, 40)}": expected a time after --since`
      : span;
  } catch (error) {
    if (error instanceof SyntaxError) {
      return error.message;
    }
    throw error;
  }
}

function findUnknownWatch(recorded: Store, watches: readonly Watch[], name: string | undefined): string | null {
  return name === undefined || watches.some((watch) => watch.name === name) || hasFindingsOf(recorded, name)
    ? null
    : `Cannot find --watch "${name.slice(0, 100)}": expected a watch of the configuration or of the history`;
}

async function show(
  replay: Omit<ReplayDeps, 'onJudgement' | 'onProgress'>,
  { watch, json }: ReplayOptions,
  io: ReplayIo,
): Promise<ExitStatus> {
  const tally = new ReplayTally();
  const progress = createProgressLine(io.interactive ? io.stderr : () => undefined, io.columns, () => Date.now());
  const outcome = await replayHistory(
    {
      ...replay,
      onJudgement(compared) {
        if (watch !== undefined && compared.watch !== watch) {
          return;
        }
        tally.add(compared);
        if (json === true && compared.before !== compared.after) {
          progress.clear();
          io.stdout(`${jsonLine(toJson(compared))}\n`);
        }
      },
      onProgress({ done, total }) {
        progress.update({ log: 'history', size: done, target: total });
      },
    },
    io.signal,
  );
  progress.clear();
  if (!outcome.isWhole) {
    io.stderr('Cannot finish the replay: it was ended before\n');
    return 3;
  }
  const told = countTold(replay.simulation).filter((count) => watch === undefined || count.watch === watch);
  if (json === true) {
    const alerts = told.filter(({ isAudited }) => !isAudited).reduce((sum, count) => sum + count.alerts, 0);
    io.stderr(`${tally.changed} of ${tally.judgements} judgements change; alerts that would be told: ${alerts}\n`);
  } else {
    io.stdout(renderReplay({ ...replay, watch: watch ?? null, entries: outcome.entries, tally, told }));
  }
  io.stderr(limitsOf(outcome));
  return 0;
}

/** Keys in this order (contract: `replay --json`). */
function toJson({ log, index, watch, before, after, violations, signer }: ComparedJudgement) {
  return { log, index, watch, before, after, violations, signer };
}

/** What a replay cannot know. */
function limitsOf({ lost, unattested }: ReplayOutcome): string {
  return [
    'Judged were only entries that a watch matched when they were read, and those that could not be read: no other is kept. ' +
      'What a wider `select` finds besides shows only when the logs are read again, into another `database`',
    ...(lost === 0 ? [] : [`Not judged: ${lost} entries of logs that are not known any more`]),
    ...(unattested === 0
      ? []
      : [`Judgements that wait for an attestation which nobody looked for when the entry was read: ${unattested}`]),
  ]
    .map((line) => `${line}\n`)
    .join('');
}
