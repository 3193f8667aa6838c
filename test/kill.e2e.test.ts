import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDemoAuthority } from '../src/demo/certificate-authority.ts';
import { dsseV2 } from '../src/demo/entries.ts';
import { startFakeLog, type RunningFakeLog } from './fakes/fake-log.ts';
import { countEach } from './support/count-each.ts';
import { logLines, stop, type Ended, type Running } from './support/program.ts';
import { setStage, WIDGET, type Stage } from './support/stage.ts';
import { until } from './support/until.ts';
import { strangerEntries, workflowEntry, workflowSigner } from './support/workflow-entries.ts';

/** When the daemon is killed: so many milliseconds after it came so far. */
type Moment = readonly [after: 'spawned' | 'running' | 'judged' | 'posting' | 'posted' | 'mailed', ms: number];

const random = createRandom(20_261_121);

/** `posting`: Slack has taken the message, and its answer never arrives. */
const MOMENTS: readonly Moment[] = [
  ...spread('spawned', 6, 900),
  ...spread('running', 5, 250),
  ...spread('judged', 5, 150),
  ...spread('posting', 3, 0),
  ...spread('posted', 3, 25),
  ...spread('mailed', 3, 25),
];

/** What the logs hold for one signer of one entry. */
interface Planted {
  readonly log: string;
  readonly index: number;
  readonly signer: number;
  readonly watch: string;
  readonly verdict: 'expected' | 'unexpected' | 'forged';
  readonly ref: string;
}

const REPOSITORIES = ['widget', 'gadget', 'gizmo'];

let stage: Stage;
let second: RunningFakeLog;
let grower: Grower;
let last: Ended;
const kills: { readonly after: Moment[0]; readonly ended: Ended }[] = [];

// Everything happens here; the tests below look at what is left.
beforeAll(async () => {
  stage = await setStage();
  second = await startFakeLog('second.test');
  grower = createGrower(stage, [stage.log, second]);
  const config = stage.configure({
    logs: {
      discover: false,
      poll_interval: '50ms',
      custom: [stage.customLog(stage.log, 'first'), stage.customLog(second, 'second')],
    },
    watches: REPOSITORIES.map((name) => ({
      ...WIDGET,
      name,
      select: [{ source_repository: `acme/${name}` }],
      expect: { source_ref: 'refs/tags/v*' },
    })),
    notify: { ...stage.notify(), group_wait: '100ms' },
  });

  grower.start();
  for (const moment of shuffle(MOMENTS)) {
    const daemon = stage.bench.start(['run', '--config', config]);
    kills.push({ after: moment[0], ended: await killAt(daemon, moment) });
  }
  grower.stop();

  const daemon = stage.bench.start(['run', '--config', config]);
  await until('everything is verified and told', isDone);
  last = await stop(daemon);
}, 170_000);

afterAll(async () => {
  grower.stop();
  await stage.close();
  await second.close();
});

describe('a daemon that is killed 25 times while entries and messages flow', () => {
  it('was killed at every moment, and ended cleanly the last time', () => {
    expect(kills.map(({ ended }) => ended.signal)).toEqual(MOMENTS.map(() => 'SIGKILL'));
    expect(countEach(kills.map(({ after }) => after))).toEqual(countEach(MOMENTS.map(([after]) => after)));
    expect(last).toMatchObject({ status: 0, stdout: '' });
    expect(MOMENTS).toHaveLength(25);
  });

  it('read both logs to their ends', () => {
    expect(query('SELECT origin, state, verified_size, verified_root, examined_size, lag FROM v_logs')).toEqual(
      [stage.log, second].map(({ origin, size, root }) => ({
        origin,
        state: 'verified',
        verified_size: size,
        verified_root: root.toString('hex'),
        examined_size: size,
        lag: 0,
      })),
    );
    expect(query('SELECT log, sum(count) AS count FROM entry_counts GROUP BY log ORDER BY log')).toEqual(
      [stage.log, second].map(({ origin, size }) => ({ log: origin, count: size })),
    );
  });

  it('lost and doubled no finding', () => {
    const found = query(
      `SELECT e.log, e.idx AS "index", f.signer_position AS signer, f.watch, f.verdict, f.signer ->> '$.source_ref' AS ref
       FROM findings AS f JOIN entries AS e ON e.id = f.entry ORDER BY e.log, e.idx, f.signer_position`,
    );
    expect(grower.planted.length).toBeGreaterThan(100);
    expect(found).toEqual(
      grower.planted.toSorted((a, b) => (a.log < b.log ? -1 : a.log > b.log ? 1 : a.index - b.index)),
    );
  });

  it('lost and doubled no alert', () => {
    const raised = query(
      `SELECT kind, watch, CASE kind WHEN 'unexpected' THEN source_ref END AS ref, occurrences FROM v_alerts`,
    );
    const unexpected = grower.planted.filter(({ verdict }) => verdict === 'unexpected');
    const forged = countEach(grower.planted.filter(({ verdict }) => verdict === 'forged').map(({ watch }) => watch));
    const due = [
      ...unexpected.map(({ watch, ref }) => ({ kind: 'unexpected', watch, ref, occurrences: 1 })),
      ...Object.entries(forged).map(([watch, occurrences]) => ({ kind: 'forged', watch, ref: null, occurrences })),
      ...[1, 2].map(() => ({ kind: 'started', watch: null, ref: null, occurrences: 1 })),
    ];
    expect(raised.map((row) => JSON.stringify(row)).sort()).toEqual(due.map((row) => JSON.stringify(row)).sort());
  });

  it('told every alert on every channel, once each in the outbox', () => {
    const deliveries = query('SELECT alert, channel, count(*) AS n FROM deliveries GROUP BY alert, channel');
    const alerts = query('SELECT id FROM alerts');
    expect(deliveries).toHaveLength(2 * alerts.length);
    expect(deliveries.filter(({ n }) => n !== 1)).toEqual([]);
    expect(query(`SELECT count(*) AS n FROM v_deliveries WHERE state <> 'sent'`)).toEqual([{ n: 0 }]);

    const posts = new Set(stage.slack.taken.map(({ body }) => body));
    const letters = new Set(stage.mail.mails().map(({ headers }) => headers.get('message-id')));
    const messages = query('SELECT id, channel, content FROM messages');
    const unheard = messages.filter(
      ({ id, channel, content }) =>
        !(channel === 'slack' ? posts.has(String(content)) : letters.has(`<${String(id)}@acme.example>`)),
    );
    expect(unheard).toEqual([]);
  });

  it('names every alert in what arrived', () => {
    // A message lists twenty alerts and counts the rest.
    const listed = query(
      `SELECT channel, group_concat(alert) AS alerts FROM deliveries GROUP BY channel, message HAVING count(*) <= 20`,
    );
    const slack = stage.slack.texts().join('\n');
    const mail = stage.mail
      .mails()
      .map(({ text }) => text)
      .join('\n');
    const heard = { slack, mail } as const;
    const missing = listed.flatMap(({ channel, alerts }) =>
      String(alerts)
        .split(',')
        // The channels are these two.
        .filter((id) => !heard[channel as keyof typeof heard].includes(id)),
    );
    expect(listed.length).toBeGreaterThan(10);
    expect(missing).toEqual([]);
  });

  it('repeated at most one message per kill and channel, byte for byte', () => {
    const posts = stage.slack.taken.map(({ body }) => body);
    const letters = stage.mail.mails().map(({ headers }) => headers.get('message-id') ?? '');
    const bytes = new Set(stage.mail.mails().map(({ raw }) => raw));
    const [slack] = query(`SELECT count(*) AS n FROM messages WHERE channel = 'slack'`);
    const [mail] = query(`SELECT count(*) AS n FROM messages WHERE channel = 'mail'`);
    expect(new Set(posts).size).toBe(slack?.['n']);
    expect(new Set(letters).size).toBe(mail?.['n']);
    expect(bytes.size).toBe(mail?.['n']);

    const doubled = { slack: posts.length - new Set(posts).size, mail: letters.length - new Set(letters).size };
    // Those killed while Slack answered were sent again: without any double this test would prove little.
    expect(doubled.slack).toBeGreaterThanOrEqual(3);
    expect(doubled.slack).toBeLessThanOrEqual(MOMENTS.length);
    expect(doubled.mail).toBeLessThanOrEqual(MOMENTS.length);
  });

  it('left a sound database', () => {
    expect(query('PRAGMA integrity_check')).toEqual([{ integrity_check: 'ok' }]);
    expect(query('PRAGMA foreign_key_check')).toEqual([]);
    expect(query(`SELECT count(*) AS n FROM alerts WHERE class = 'log'`)).toEqual([{ n: 0 }]);
  });
});

/** `count` moments in [0, ms], one in each equal part. */
function spread(after: Moment[0], count: number, ms: number): readonly Moment[] {
  return Array.from({ length: count }, (_, part) => [after, ((part + random()) / count) * ms] as const);
}

async function killAt(daemon: Running, [after, ms]: Moment): Promise<Ended> {
  const [posts, letters] = [stage.slack.posts.length, stage.mail.mails().length];
  const reached: Readonly<Record<Moment[0], () => boolean>> = {
    spawned: () => true,
    running: () => says(daemon, 'running'),
    judged: () => says(daemon, 'entry judged'),
    posting: () => stage.slack.posts.length > posts,
    posted: () => stage.slack.posts.length > posts,
    mailed: () => stage.mail.mails().length > letters,
  };
  const killOnPost: Readonly<Record<Moment[0], () => void>> = {
    ...{ spawned: nothing, running: nothing, judged: nothing, posted: nothing, mailed: nothing },
    posting: () => {
      daemon.kill('SIGKILL');
    },
  };
  stage.slack.answer(() => {
    killOnPost[after]();
    return { status: 200, body: 'ok' };
  });
  await until(`the daemon was ${after}`, reached[after]);
  await delay(ms);
  daemon.kill('SIGKILL');
  return daemon.ended;
}

function nothing(): void {
  // Not at this moment.
}

function says(daemon: Running, message: string): boolean {
  return logLines(daemon).some(({ msg }) => msg === message);
}

interface Grower {
  readonly planted: Planted[];
  start(): void;
  stop(): void;
}

/** Lets the logs grow, strangers and now and then one of ours. */
function createGrower({ authority }: Stage, logs: readonly RunningFakeLog[]): Grower {
  const impostor = createDemoAuthority({ name: 'impostor' });
  const strangers = strangerEntries(authority, 8);
  const chance = createRandom(4711);
  const planted: Planted[] = [];
  let ticks = 0;
  let timer: NodeJS.Timeout | undefined;

  /** The leaf number `n`, with its signers. */
  const kinds: readonly ((
    n: number,
    repository: string,
  ) => {
    readonly leaf: Buffer;
    readonly signers: readonly Pick<Planted, 'verdict' | 'ref'>[];
  })[] = [
    (n, repository) => {
      const ref = `refs/tags/v${n}`;
      return { leaf: workflowEntry(authority, { repository, ref }), signers: [{ verdict: 'expected', ref }] };
    },
    (n, repository) => {
      const ref = `refs/heads/evil-${n}`;
      return { leaf: workflowEntry(authority, { repository, ref }), signers: [{ verdict: 'unexpected', ref }] };
    },
    (n, repository) => {
      const ref = `refs/tags/v${n}-forged`;
      return { leaf: workflowEntry(impostor, { repository, ref }), signers: [{ verdict: 'forged', ref }] };
    },
    (n, repository) => {
      const [good, bad] = [`refs/tags/v${n}`, `refs/heads/evil-${n}`];
      const leaf = dsseV2({
        payload: Buffer.from(`{"n":${n}}`),
        signers: [good, bad].map((ref) => workflowSigner(authority, { repository, ref })),
      });
      return {
        leaf,
        signers: [
          { verdict: 'expected', ref: good },
          { verdict: 'unexpected', ref: bad },
        ],
      };
    },
  ];

  const tick = (): void => {
    const log = pick(logs, ticks);
    const watch = pick(REPOSITORIES, Math.floor(chance() * REPOSITORIES.length));
    const { leaf, signers } = pick(kinds, Math.floor(chance() * kinds.length))(ticks, `acme/${watch}`);
    const index = log.size + strangers.length;
    planted.push(
      ...signers.map(({ verdict, ref }, signer) => ({ log: log.origin, index, signer, watch, verdict, ref })),
    );
    log.append([...strangers, leaf]);
    ticks += 1;
  };
  return {
    planted,
    start: () => {
      timer = setInterval(tick, 100);
    },
    stop: () => {
      clearInterval(timer);
    },
  };
}

function pick<T>(items: readonly T[], number: number): T {
  const item = items[number % items.length];
  if (item === undefined) {
    throw new RangeError('Cannot pick from nothing');
  }
  return item;
}

function isDone(): boolean {
  const status = stage.status();
  const sizes = status?.logs.map(({ verified_size: size }) => size);
  return status?.deliveries.pending === 0 && sizes?.join() === [stage.log, second].map(({ size }) => size).join();
}

function query(sql: string): ReturnType<Stage['query']> {
  return stage.query(sql);
}

/** Park and Miller's generator: the same moments in every run. */
function createRandom(seed: number): () => number {
  let state = seed % 2_147_483_647;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}

function shuffle<T>(items: readonly T[]): readonly T[] {
  return items
    .map((item) => ({ item, rank: random() }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ item }) => item);
}
