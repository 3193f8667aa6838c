import { onTestFinished } from 'vitest';
import {
  replayHistory,
  type ComparedJudgement,
  type ReplayDeps,
  type ReplayOutcome,
} from '../../src/monitor/replay.ts';
import { countTold, listTold, openSimulation, type ToldAlert } from '../../src/store/simulation.ts';
import type { MonitorRig } from './monitor-rig.ts';
import { NEVER } from './monitor-rig.ts';

/** What a replay said. */
export interface Replayed extends ReplayOutcome {
  readonly judgements: readonly ComparedJudgement[];
  /** `index watch before -> after` of each change. */
  readonly changes: readonly string[];
  /** What would be told, or written down, by watch. */
  readonly told: readonly (ToldAlert & { readonly watch: string })[];
}

/** Replays what the monitor recorded, by the watches that it has by now. */
export async function replay(
  rig: MonitorRig,
  differing: Partial<ReplayDeps> = {},
  signal: AbortSignal = NEVER,
): Promise<Replayed> {
  const simulation = openSimulation();
  onTestFinished(() => {
    simulation.close();
  });
  const judgements: ComparedJudgement[] = [];
  const outcome = await replayHistory(
    {
      recorded: rig.store,
      simulation,
      watches: rig.watches,
      judging: rig.deps().judging,
      since: new Date(0),
      until: null,
      now: rig.now,
      onJudgement: (compared) => judgements.push(compared),
      onProgress: () => undefined,
      ...differing,
    },
    signal,
  );
  const watches = [...new Set(countTold(simulation).map(({ watch }) => watch))];
  return {
    ...outcome,
    judgements,
    changes: judgements
      .filter(({ before, after }) => before !== after)
      .map(({ index, watch, before, after }) => `${index} ${watch} ${before} -> ${after}`),
    told: watches.flatMap((watch) => listTold(simulation, watch, 1000).map((alert) => ({ watch, ...alert }))),
  };
}

type Alarm = Pick<ToldAlert, 'kind' | 'severity' | 'title' | 'log' | 'index' | 'occurrences' | 'dedupeKey'> & {
  readonly watch: string | null;
};

/** All that matters of what was told of watches, in one order. */
export function alarms(alerts: readonly Alarm[]): readonly string[] {
  return alerts
    .filter(({ watch }) => watch !== null)
    .map(({ watch, kind, severity, title, log, index, occurrences, dedupeKey }) =>
      JSON.stringify([watch, kind, severity, title, log, index, occurrences, dedupeKey]),
    )
    .sort();
}

/** The same of what watches in audit mode wrote down. */
export function written(rig: MonitorRig): readonly string[] {
  return alarms(
    rig.rows<Alarm>(
      `SELECT watch, kind, severity, title, log, idx AS "index", occurrences, dedupe_key AS dedupeKey FROM audit_alerts`,
    ),
  );
}
