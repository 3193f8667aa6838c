import { expect } from 'vitest';
import type { ExitStatus } from '../../src/cli/io.ts';
import type { MisbehaviourKind } from '../../src/log/log.ts';
import type { Severity } from '../../src/policy/watch.ts';
import { listAlerts } from '../../src/store/alerts.ts';
import { readStatus, type LogStatus } from '../../src/store/status.ts';
import { growHonest, type Enacted, type Phase } from './misbehaviour-phases.ts';
import type { SuspectStage } from './suspect-stage.ts';

/** Where a log stands. */
export interface Standing {
  readonly state: string | undefined;
  readonly verified: number | null | undefined;
  readonly examined: number | null | undefined;
}

/** How far the honest log is followed. */
export interface Followed {
  readonly state: string | undefined;
  /** Entries that are not verified. */
  readonly left: number;
}

/** What the program made of a log that misbehaves, by what its commands say. */
export interface Outcome {
  /** Of the run that found it. */
  readonly exit: ExitStatus;
  /** Those of class `log`. */
  readonly alerts: readonly {
    readonly class: string;
    readonly kind: string;
    readonly severity: string;
    readonly state: string;
    readonly occurrences: number;
    /** Messages that name it, and for how many milliseconds they had to wait. */
    readonly told: number;
    readonly waited: readonly number[];
  }[];
  readonly suspect: Standing;
  readonly honest: Followed;
  /** `sigwatch evidence verify` with the log's key: what it says, and what it ends with, also for copies of which a byte is altered. */
  readonly evidence: { readonly verdict: string; readonly exit: ExitStatus; readonly altered: readonly ExitStatus[] };
  /** Of one more run, while nothing changed but the honest log. */
  readonly again: {
    readonly exit: ExitStatus;
    readonly newAlerts: number;
    readonly newMessages: number;
    readonly repeats: number;
    readonly suspect: Standing;
    readonly honest: Followed;
  };
}

/** Looks at what became of it. */
export async function outcomeOf(stage: SuspectStage, exit: ExitStatus): Promise<Outcome> {
  const found = (await stage.alerts()).filter((alert) => alert.class === 'log');
  const messages = () => found.flatMap(({ id }) => stage.told(id)).length;
  const [first] = found;
  if (first === undefined) {
    throw new Error(`Nothing was told of the log: ${JSON.stringify([exit, standings(stage)])}`);
  }
  const before = {
    alerts: found.map(({ id, class: ofClass, kind, severity, state, occurrences }) => ({
      ...{ class: ofClass, kind, severity, state, occurrences },
      told: stage.told(id).length,
      waited: waitedFor(stage, id),
    })),
    ...standings(stage, (await stage.status()).logs),
    evidence: await verified(stage, first.id),
  };
  const told = messages();

  growHonest(stage);
  const exitAgain = await stage.once();
  const after = listAlerts(stage.store()).filter((alert) => alert.class === 'log');
  return {
    exit,
    ...before,
    again: {
      exit: exitAgain,
      newAlerts: after.length - found.length,
      newMessages: messages() - told,
      repeats: sum(after) - sum(found),
      ...standings(stage),
    },
  };
}

/** What a row of the table says. */
export interface Expected {
  readonly kind: MisbehaviourKind;
  readonly severity: Severity;
  /** Signed notes contradict each other: the log is stopped, and anybody can check it. */
  readonly signed: boolean;
}

/** What must become of a log that misbehaves so: it is told once and at once, and held where it was. */
export function misbehaving(row: Expected, phase: Phase, { held }: Enacted): Outcome {
  const { kind, severity, signed } = row;
  const suspect = { state: 'misbehaving', ...held };
  const honest = { state: 'verified', left: 0 };
  const isCounted = phase === 'in mid-catch-up' && !signed;
  return {
    exit: phase === 'in mid-catch-up' ? 0 : 1,
    alerts: [
      {
        ...{ class: 'log', kind, severity, state: 'open' },
        // What nobody signed is fetched again at every poll of the daemon, and counted.
        occurrences: isCounted ? (expect.any(Number) as number) : 1,
        told: 1,
        waited: [0],
      },
    ],
    suspect,
    honest,
    evidence: {
      verdict: signed ? 'proven' : 'not proven',
      exit: signed ? 0 : 1,
      altered: [1],
    },
    again: { exit: 1, newAlerts: 0, newMessages: 0, repeats: signed ? 0 : 1, suspect, honest },
  };
}

/** How far both logs are followed, by the database; or by `logs`, which somebody read of it. */
export function standings(
  stage: SuspectStage,
  logs: readonly LogStatus[] = readStatus(stage.store()).logs,
): { readonly suspect: Standing; readonly honest: Followed } {
  const [suspect, honest] = [stage.suspect, stage.honest].map(({ origin }) =>
    logs.find((log) => log.origin === origin),
  );
  return {
    suspect: { state: suspect?.state, verified: suspect?.verified_size, examined: suspect?.examined_size },
    honest: { state: honest?.state, left: stage.honest.size - (honest?.verified_size ?? 0) },
  };
}

/** How long each message about an alert has to wait. */
function waitedFor(stage: SuspectStage, alert: string): readonly number[] {
  const sql = 'SELECT not_before - created_at AS waited FROM deliveries WHERE alert = @alert';
  const rows = stage.store().prepare<{ readonly waited: number }>(sql).all({ alert });
  return rows.map(({ waited }) => waited);
}

async function verified(stage: SuspectStage, alert: string): Promise<Outcome['evidence']> {
  const file = await stage.evidence(alert);
  const { status, out } = await stage.verify(file);
  // The last line, up to what explains it.
  const verdict = out.trimEnd().split('\n').at(-1)?.split(';')[0] ?? '';
  return { verdict, exit: status, altered: await stage.verifyAltered(file) };
}

function sum(alerts: readonly { readonly occurrences: number }[]): number {
  return alerts.reduce((total, { occurrences }) => total + occurrences, 0);
}
