import type { ExitStatus } from '../../src/cli/io.ts';
import { listAlerts } from '../../src/store/alerts.ts';
import { readStatus, type LogStatus } from '../../src/store/status.ts';
import { certify, fillers, releaseAt } from './actors.ts';
import { CT_SITES } from './ct-sites.ts';
import { BOTH, type LogSite, type StartSite } from './log-sites.ts';
import type { SuspectStage } from './suspect-stage.ts';
import { until } from './until.ts';

/** Each kind of log that there is, CT logs by their two interfaces. */
export type SiteName = 'rekor-v2' | 'rekor-v1' | 'static-ct' | 'rfc6962';

/** For `describe.each`. */
export const EVERY: readonly (readonly [SiteName, StartSite])[] = [...BOTH, ...CT_SITES];

/** Starts a log of a kind. */
export function startOf(name: SiteName): Promise<LogSite> {
  const [found] = EVERY.filter(([kind]) => kind === name);
  if (found === undefined) {
    throw new Error(`There is no kind of log "${name}"`);
  }
  return found[1]();
}

/** Where each serves its checkpoint, below its URL. */
export const CHECKPOINT_PATHS: Readonly<Record<SiteName, string>> = {
  'rekor-v2': '/api/v2/checkpoint',
  'rekor-v1': '/api/v1/log',
  'static-ct': '/checkpoint',
  rfc6962: '/ct/v1/get-sth',
};

/** How far the log had been followed when it began to misbehave. */
export type Phase = 'at start' | 'in mid-catch-up' | 'after a restart';

export const PHASES: readonly Phase[] = ['at start', 'in mid-catch-up', 'after a restart'];

/** What must not change from the moment on at which the log misbehaves. */
export interface Held {
  readonly verified: number | null;
  /** How many entries were examined. */
  readonly examined: number | null;
}

/** Whether entries of such logs lie in bundles of 256, which are served whole or not at all. */
export function isBundled(name: SiteName): boolean {
  return name === 'rekor-v2' || name === 'static-ct';
}

/** The middle of a catch-up: so many entries are verified, so many read, of so many, because one is missing. */
export function middleOf(name: SiteName): { verified: number; examined: number; size: number; missing: number } {
  return isBundled(name)
    ? { verified: 13, examined: 256, size: 600, missing: 300 }
    : { verified: 13, examined: 33, size: 60, missing: 33 };
}

/** How a row begins. */
export interface Begin {
  /** Whether the size that the misbehaviour is about was signed, and seen, while the log was still honest. */
  readonly seen: boolean;
  /** Whether the log itself signed the checkpoint that it shows then: it is joined by it where it was not before. */
  readonly signed: boolean;
  /** Whether the daemon is started anew in the middle: what proves the rest may have been had before. */
  readonly anew?: boolean;
  /** Whether the log is followed on, whatever it does: only then is a daemon's position certain. */
  readonly goesOn?: boolean;
  /** What the log does, before it misbehaves, once it has the size that is seen. */
  readonly prepare?: () => void;
  readonly misbehave: Misbehave;
}

/** Lets a log misbehave of which so many entries are read. */
export type Misbehave = (site: LogSite, read: number) => void | Promise<void>;

export interface Enacted {
  readonly held: Held;
  /** Exit status of the run that found it: 0 of a daemon, which a signal ended. */
  readonly exit: ExitStatus;
}

/** Lets the suspect misbehave in a phase. Resolves once the program told of it, or with what a run made of it. */
export async function enact(stage: SuspectStage, name: SiteName, phase: Phase, begin: Begin): Promise<Enacted> {
  switch (phase) {
    case 'at start':
      return atStart(stage, begin);
    case 'in mid-catch-up':
      return inTheMiddle(stage, name, begin);
    case 'after a restart':
      return afterRestart(stage, begin);
  }
}

/** Nothing of it was ever verified. What it signs now may contradict what it signed when its entries were not to be had yet. */
async function atStart(stage: SuspectStage, { seen, signed, prepare, misbehave }: Begin): Promise<Enacted> {
  const { suspect } = stage;
  suspect.append(fillers(21));
  prepare?.();
  if (seen) {
    suspect.answer('entries', { status: 404, body: '' });
    requireStatus(await stage.once(), 3);
    suspect.heal();
  }
  growHonest(stage);
  await misbehave(suspect, 0);
  const exit = await stage.once();
  return { exit, held: { verified: null, examined: signed ? 0 : null } };
}

/** A daemon has read a part of what the log signed when it begins to misbehave, and goes on. */
async function inTheMiddle(stage: SuspectStage, name: SiteName, begin: Begin): Promise<Enacted> {
  const { suspect, honest } = stage;
  const { verified, examined, size, missing } = middleOf(name);
  suspect.append(fillers(verified));
  requireStatus(await stage.once(), 0);
  suspect.append(fillers(size - verified, verified));
  begin.prepare?.();
  suspect.withhold(missing);
  let daemon = stage.start();
  await until('it stands in the middle', () => look(stage)?.examined_size === examined);
  // No poll is under way any more that would see a part of this and a part of that.
  suspect.answer('checkpoint', { status: 500, body: 'a pause' });
  await until('it stands still', () => look(stage)?.last_error?.includes('a pause'));
  growHonest(stage);
  honest.append([honest.entry(certify(releaseAt('refs/heads/hotfix')))]);
  if (begin.anew === true) {
    await daemon.stop();
  }
  suspect.heal();
  await begin.misbehave(suspect, examined);
  if (begin.anew === true) {
    daemon = stage.start();
  }
  await until('it was told', () => isTold(stage));
  if (begin.goesOn === true) {
    await until('it was verified', () => look(stage)?.verified_size === suspect.size);
  }
  await until('the honest log went on', () => look(stage, honest)?.verified_size === honest.size);
  return { exit: await daemon.stop(), held: { verified, examined } };
}

/** All of it was verified by a process that is gone, but for what it signed last where that was not seen. */
async function afterRestart(stage: SuspectStage, { seen, prepare, misbehave }: Begin): Promise<Enacted> {
  const { suspect } = stage;
  suspect.append(fillers(13));
  requireStatus(await stage.once(), 0);
  suspect.append(fillers(8, 13));
  prepare?.();
  if (seen) {
    requireStatus(await stage.once(), 0);
  }
  growHonest(stage);
  const held = seen ? 21 : 13;
  await misbehave(suspect, held);
  return { exit: await stage.once(), held: { verified: held, examined: held } };
}

/** Five entries that nobody watches. */
export function growHonest({ honest }: SuspectStage): void {
  honest.append(fillers(5, honest.size));
}

/** A log as the database has it beside a running daemon. */
export function look(stage: SuspectStage, { origin }: Pick<LogSite, 'origin'> = stage.suspect): LogStatus | undefined {
  return readStatus(stage.store()).logs.find((log) => log.origin === origin);
}

/** Whether an alert of class `log` is in the channel. */
export function isTold(stage: SuspectStage): boolean {
  return listAlerts(stage.store()).some((alert) => alert.class === 'log' && stage.told(alert.id).length > 0);
}

function requireStatus(found: number, expected: number): void {
  if (found !== expected) {
    throw new Error(`Expected the exit status ${expected} before the log misbehaves, found ${found}`);
  }
}
