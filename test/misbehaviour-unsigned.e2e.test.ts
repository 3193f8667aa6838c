import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { MisbehaviourKind } from '../src/log/log.ts';
import { fillers, NOW } from './support/actors.ts';
import type { LogSite, StartSite } from './support/log-sites.ts';
import { misbehaving, outcomeOf, standings } from './support/misbehaviour-outcome.ts';
import {
  CHECKPOINT_PATHS,
  enact,
  EVERY,
  PHASES,
  type Misbehave,
  type SiteName,
} from './support/misbehaviour-phases.ts';
import { SuspectStage } from './support/suspect-stage.ts';

interface Row {
  readonly what: string;
  readonly kind: MisbehaviourKind;
  readonly severity: 'critical' | 'high';
  /** Whether the checkpoint is the log's own. */
  readonly signed: boolean;
  readonly anew?: boolean;
  readonly misbehave: (start: StartSite, name: SiteName) => Misbehave;
  /** Where there is no such thing, and why. */
  readonly not?: Partial<Readonly<Record<SiteName, string>>>;
}

/** What a broken cache or a man in the middle could cause as well. */
const UNSIGNED: readonly Row[] = [
  {
    what: 'a checkpoint with a bad signature',
    kind: 'bad-signature',
    severity: 'high',
    signed: false,
    misbehave: () => (site) => {
      site.badSignature();
    },
  },
  {
    what: 'a checkpoint by a key that nobody knows',
    kind: 'bad-signature',
    severity: 'high',
    signed: false,
    misbehave: (start, name) => async (site) => {
      // It says of itself that it is the same log, and differs in its key.
      const impostor = await start();
      impostor.append(fillers(site.size));
      const answer = await fetch(`${impostor.url}${CHECKPOINT_PATHS[name]}`);
      site.answer('checkpoint', { status: 200, body: await answer.text() });
      await impostor.close();
    },
  },
  {
    what: 'a checkpoint of another log',
    kind: 'wrong-origin',
    severity: 'high',
    signed: false,
    misbehave: () => (site) => {
      site.wrongOrigin();
    },
    not: { rfc6962: 'a signed tree head names no log: one of another log is one by an unknown key' },
  },
  {
    what: 'another leaf',
    kind: 'entry-mismatch',
    severity: 'critical',
    signed: true,
    misbehave: () => (site, read) => {
      site.tamperLeaf(read);
    },
  },
  {
    what: 'another proof',
    kind: 'entry-mismatch',
    severity: 'critical',
    signed: true,
    // Tiles that are proven are kept.
    anew: true,
    misbehave: () => (site, read) => {
      proofsBehind(site, read).forEach((index) => {
        site.tamperProof(index);
      });
    },
  },
];

const CASES = EVERY.flatMap(([name, start]) =>
  UNSIGNED.filter(({ not }) => not?.[name] === undefined).map((row) => ({ ...row, name, start })),
);

let stage: SuspectStage;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'], now: NOW });
});

afterEach(async () => {
  await stage.close();
  vi.useRealTimers();
});

describe.each(CASES)('a $name log that serves $what', ({ name, start, misbehave, ...row }) => {
  it.each(PHASES)('is told and held until it heals, %s', async (phase) => {
    stage = await SuspectStage.open(await start());
    const enacted = await enact(stage, name, phase, { ...row, seen: false, misbehave: misbehave(start, name) });
    const outcome = await outcomeOf(stage, enacted.exit);
    expect(outcome).toEqual(misbehaving({ ...row, signed: false }, phase, enacted));

    stage.suspect.heal();
    expect(await stage.once()).toBe(0);
    const { size } = stage.suspect;
    expect(standings(stage)).toEqual({
      suspect: { state: 'verified', verified: size, examined: size },
      honest: { state: 'verified', left: 0 },
    });
  });
});

/** Where there is no proof but in an entry's own answer, each of those that are not read yet; else the last one. */
function proofsBehind(site: LogSite, read: number): readonly number[] {
  return site.type === 'rekor-v1'
    ? Array.from({ length: site.size - read }, (_, place) => read + place)
    : [site.size - 1];
}
