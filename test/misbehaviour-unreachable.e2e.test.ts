import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { ExitStatus } from '../src/cli/io.ts';
import type { LogStatus } from '../src/store/status.ts';
import { fillers, NOW } from './support/actors.ts';
import type { LogSite, Part } from './support/log-sites.ts';
import { CHECKPOINT_PATHS, EVERY, growHonest, middleOf, PHASES, type Phase } from './support/misbehaviour-phases.ts';
import { SuspectStage } from './support/suspect-stage.ts';

/** What a log answers that nobody can use: it may be down, or somebody else may answer in its place. */
type Fault = 'html' | 'broken' | 'hanging' | 'truncated';

const FAULTS: readonly Fault[] = ['html', 'broken', 'hanging', 'truncated'];

/** A log of each kind with each fault. */
const CASES = EVERY.flatMap(([kind, start]) =>
  FAULTS.map((fault) => ({ kind, start, fault, name: `${kind}-${fault}` })),
);

/** How a phase went. */
interface Went {
  readonly exits: readonly ExitStatus[];
  /** While they were faulty. */
  readonly logs: readonly LogStatus[];
  readonly alerts: readonly unknown[];
  readonly told: readonly string[];
  /** Once they healed. */
  readonly healed: readonly LogStatus[];
  readonly alertsAtLast: readonly unknown[];
}

const went = new Map<Phase, Went>();

// A log that hangs costs its time in each phase: so they run side by side.
beforeAll(async () => {
  vi.useFakeTimers({ toFake: ['Date'], now: NOW });
  const results = await Promise.all(PHASES.map(async (phase) => [phase, await run(phase)] as const));
  results.forEach(([phase, result]) => went.set(phase, result));
}, 120_000);

afterAll(() => {
  vi.useRealTimers();
});

describe.each(PHASES)('logs that cannot be used, %s', (phase) => {
  it('make a run end with 3, accuse nobody, and hold up no other log', () => {
    const { exits, logs, alerts, told } = wentIn(phase);
    expect({ exits, alerts, told }).toEqual({ exits: EXITS[phase], alerts: [], told: [] });
    expect(logs.find(({ name }) => name === 'honest')).toMatchObject({ state: 'verified', lag: 0, last_error: null });
  });

  it.each(CASES)('$kind, $fault: it is shown as unreachable and keeps its position', ({ kind, name }) => {
    const { verified, examined } = { 'at start': NOTHING, 'in mid-catch-up': middleOf(kind), 'after a restart': ALL }[
      phase
    ];
    expect(wentIn(phase).logs.find((log) => log.name === name)).toMatchObject({
      state: 'unreachable',
      verified_size: verified,
      examined_size: examined,
      last_error: expect.stringMatching(/^Cannot (?:fetch|find|read) /) as string,
    });
  });

  it('are verified by the next run once they heal, and never told of', () => {
    const { healed, alertsAtLast } = wentIn(phase);
    expect(healed.map(({ name, state, lag, last_error: error }) => ({ name, state, lag, error }))).toEqual(
      ['honest', ...CASES.map(({ name }) => name)]
        .sort()
        .map((name) => ({ name, state: 'verified', lag: 0, error: null })),
    );
    expect(alertsAtLast).toEqual([]);
  });
});

const NOTHING = { verified: null, examined: null };
const ALL = { verified: 13, examined: 13 };

/** Of each run: before, with the faults, and once they heal. */
const EXITS: Readonly<Record<Phase, readonly ExitStatus[]>> = {
  'at start': [3, 0],
  'in mid-catch-up': [0, 3, 3, 0],
  'after a restart': [0, 3, 0],
};

function wentIn(phase: Phase): Went {
  const found = went.get(phase);
  if (found === undefined) {
    throw new Error(`The phase "${phase}" did not run`);
  }
  return found;
}

async function run(phase: Phase): Promise<Went> {
  const suspects = await Promise.all(
    CASES.map(async ({ start, ...row }) => ({ ...row, site: await start(`${row.name}.test`) })),
  );
  const [first] = suspects;
  if (first === undefined) {
    throw new Error('There is no case');
  }
  const stage = await SuspectStage.open(first.site);
  const custom = suspects.map(({ site, name }) => stage.item(site, name));
  stage.configure({ logs: { custom: [stage.item(stage.honest, 'honest'), ...custom] } });
  const exits: ExitStatus[] = [];
  const once = async (): Promise<void> => {
    exits.push(await stage.once());
  };
  try {
    growHonest(stage);
    suspects.forEach(({ site }) => {
      site.append(fillers(13));
    });
    if (phase !== 'at start') {
      await once();
    }
    if (phase === 'in mid-catch-up') {
      suspects.forEach(({ site, kind }) => {
        const { verified, size, missing } = middleOf(kind);
        site.append(fillers(size - verified, verified));
        site.withhold(missing);
      });
      await once();
    }
    const part = phase === 'in mid-catch-up' ? 'entries' : 'checkpoint';
    await Promise.all(
      suspects.map(async ({ site, kind, fault }) => {
        site.heal();
        await fail(site, part, fault, `${site.url}${CHECKPOINT_PATHS[kind]}`);
      }),
    );
    const before = stage.slack.texts().length;
    growHonest(stage);
    await once();
    const { logs } = await stage.status();
    const alerts = await stage.alerts();
    const told = stage.slack
      .texts()
      .slice(before)
      .filter((text) => !/verified to size/.test(text));
    suspects.forEach(({ site }) => {
      site.heal();
    });
    await once();
    return { exits, logs, alerts, told, healed: (await stage.status()).logs, alertsAtLast: await stage.alerts() };
  } finally {
    await stage.close();
    await Promise.all(suspects.slice(1).map(({ site }) => site.close()));
  }
}

async function fail(site: LogSite, part: Part, fault: Fault, checkpoint: string): Promise<void> {
  switch (fault) {
    case 'html':
      site.answer(part, {
        status: 200,
        headers: { 'content-type': 'text/html' },
        body: '<!doctype html>\n<title>Sign in',
      });
      return;
    case 'broken':
      site.answer(part, { status: 500, body: 'failed on purpose' });
      return;
    case 'hanging':
      site.answer(part, 'hang');
      return;
    case 'truncated': {
      const whole =
        part === 'checkpoint' ? await (await fetch(checkpoint)).text() : '{"entries":[{"leaf_input":"AAAAAAAA';
      site.answer(part, { status: 200, body: whole.slice(0, Math.floor(whole.length / 2)) });
    }
  }
}
