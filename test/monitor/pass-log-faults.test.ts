import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LogReader, LogSource } from '../../src/log/log.ts';
import { followed, followedLog } from '../../src/monitor/followed-source.ts';
import { passOverSource } from '../../src/monitor/follow-source.ts';
import { pass } from '../../src/monitor/pass.ts';
import { sha256 } from '../../src/tlog/hash.ts';
import { certify, fillers, NOW, releaseAt } from '../support/actors.ts';
import { provesEqualSizes, provesPrefix } from '../support/evidence.ts';
import { BOTH, type LogSite } from '../support/log-sites.ts';
import { MonitorRig, NEVER } from '../support/monitor-rig.ts';

const ANOTHER_ROOT = sha256(Buffer.from('another history'));

let rig: MonitorRig;
let site: LogSite;
let source: LogSource;

afterEach(async () => {
  await rig.close();
  await site.close();
});

const poll = () => rig.poll(source);
const restart = () => {
  rig.reopen();
  source = site.source(rig.http);
};
const grow = (by: number) => {
  site.append(fillers(by, site.size));
};
const position = () => rig.rows('SELECT frontier_size, verified_size, target_note FROM logs');
const told = () => rig.rows(`SELECT alert FROM deliveries WHERE group_key LIKE 'log/%'`);

describe.each(BOTH)('pass() over a %s log that contradicts itself', (_, start) => {
  beforeEach(async () => {
    rig = new MonitorRig();
    site = await start();
    source = site.source(rig.http);
    grow(13);
    await poll();
    grow(8);
    await poll();
  });

  const expectStopped = (verified: number) => {
    expect(rig.log(site.origin)).toMatchObject({
      state: 'misbehaving',
      verified_size: verified,
      examined_size: verified,
    });
    expect(rig.rows('SELECT stopped_by FROM logs')).toEqual([{ stopped_by: rig.alerts()[0]?.id }]);
  };

  it('tells of a fork at equal size, with both notes', async () => {
    site.fork(5);
    expect(await poll()).toEqual([{ kind: 'misbehaving' }]);
    const alert = rig.onlyAlert();
    expect(alert).toEqual({
      id: expect.any(String) as string,
      class: 'log',
      kind: 'fork',
      severity: 'critical',
      state: 'open',
      watch: null,
      title: `${site.origin}: the log signed two histories that contradict each other`,
      summary: expect.stringContaining(`Log "${site.origin}" signed two different trees of size 21.\n`) as string,
      log: site.origin,
      index: null,
      lastIndex: null,
      violations: [],
      signer: null,
      artifacts: [],
      dedupeKey: expect.stringMatching(new RegExp(`^log/${site.origin}/fork/[0-9a-f]{64}/[0-9a-f]{64}$`)) as string,
      links: { entry: null, run: null, commit: null },
      evidence: alert.evidence,
      notify: null,
      occurrences: 1,
      firstSeen: NOW,
      lastSeen: NOW,
    });
    expect(alert.dedupeKey).toContain(site.root.toString('hex'));
    expect(provesEqualSizes(alert.evidence, site)).toBe(21);
    expect(told()).toEqual([{ alert: alert.id }]);
    expectStopped(21);
    expect(rig.checkpointSizes()).toEqual([13, 21, 21]);
  });

  it('tells of a fork at a larger size, with the nodes that prove it', async () => {
    site.fork(5);
    grow(16);
    expect(await poll()).toEqual([{ kind: 'misbehaving' }]);
    expect(rig.onlyAlert()).toMatchObject({ kind: 'fork', severity: 'critical', state: 'open', occurrences: 1 });
    expect(rig.onlyAlert().summary).toContain(
      `Log "${site.origin}" signed a tree of size 37 that contradicts the tree of size 21 it signed before.`,
    );
    expect(provesPrefix(rig.onlyAlert().evidence, site)).toEqual([21, 37]);
    expectStopped(21);
    expect(rig.log(site.origin)).toMatchObject({ seen_size: 37, kinds: { filler: 21 } });
  });

  it('tells of a rollback to a smaller tree that is no prefix', async () => {
    site.signHead(17, ANOTHER_ROOT);
    expect(await poll()).toEqual([{ kind: 'misbehaving' }]);
    expect(rig.onlyAlert()).toMatchObject({
      kind: 'rollback',
      severity: 'critical',
      title: `${site.origin}: the log signed a smaller tree that is no prefix of the one it signed before`,
    });
    expect(provesPrefix(rig.onlyAlert().evidence, site)).toEqual([17, 21]);
    expectStopped(21);
  });

  it('tells of a rollback by the notes alone where that size was seen before', async () => {
    site.signHead(13, ANOTHER_ROOT);
    site.answer('entries', { status: 404, body: '' });
    expect(await poll()).toEqual([{ kind: 'misbehaving' }]);
    expect(rig.onlyAlert().kind).toBe('rollback');
    expect(provesEqualSizes(rig.onlyAlert().evidence, site)).toBe(13);
    expectStopped(21);
  });

  it.each([
    [
      'fork',
      (log: LogSite) => {
        log.signHead(21, ANOTHER_ROOT);
      },
    ],
    [
      'rollback',
      (log: LogSite) => {
        log.signHead(4, ANOTHER_ROOT);
      },
    ],
  ])('neither tells nor counts the same %s at each poll', async (kind, misbehave) => {
    misbehave(site);
    await poll();
    const told1 = rig.messages().filter((message) => message === 'log misbehaves');
    rig.now = new Date(NOW.getTime() + 10_000);
    expect(await poll()).toEqual([{ kind: 'misbehaving' }]);
    restart();
    expect(await poll()).toEqual([{ kind: 'misbehaving' }]);
    expect(rig.onlyAlert()).toMatchObject({ kind, occurrences: 1, firstSeen: NOW, lastSeen: NOW });
    expect(told()).toHaveLength(1);
    expect(rig.messages().filter((message) => message === 'log misbehaves')).toEqual(told1);
  });

  it('counts a new contradiction at each poll, and tells of the first', async () => {
    for (const mark of ['one', 'two', 'three']) {
      site.signHead(21, sha256(Buffer.from(mark)));
      expect(await poll()).toEqual([{ kind: 'misbehaving' }]);
      site.heal();
    }
    expect(rig.alerts().map(({ kind, occurrences }) => [kind, occurrences])).toEqual([
      ['fork', 1],
      ['fork', 1],
      ['fork', 1],
    ]);
    expect(told()).toHaveLength(1);
  });

  it('does not go on with the forked history when it grows, also after a restart', async () => {
    site.fork(5);
    await poll();
    const before = position();
    restart();
    grow(9);
    expect(await poll()).toEqual([{ kind: 'misbehaving' }]);
    restart();
    grow(9);
    expect(await poll()).toEqual([{ kind: 'misbehaving' }]);
    expect(position()).toEqual(before);
    // Both larger trees have the same first 21 leaves: the contradiction is the one that was told.
    expect(rig.onlyAlert()).toMatchObject({ kind: 'fork', occurrences: 1 });
    expect(told()).toHaveLength(1);
    expectStopped(21);
  });

  it('stays stopped when the log shows the first history again', async () => {
    site.signHead(21, ANOTHER_ROOT);
    await poll();
    site.heal();
    grow(5);
    restart();
    expect(await poll()).toEqual([{ kind: 'misbehaving' }]);
    expectStopped(21);
    expect(rig.onlyAlert().occurrences).toBe(1);
    expect(rig.checkpointSizes()).toEqual([13, 21, 21, 26]);
  });

  it('finds a fork by a target that was accepted before a restart', async () => {
    grow(4);
    site.answer('entries', { status: 503, body: '' });
    await poll();
    expect(position()).toMatchObject([{ frontier_size: 21, target_note: expect.stringContaining('\n25\n') as string }]);
    site.heal();
    restart();
    site.fork(23);
    grow(6);
    expect(await poll()).toEqual([{ kind: 'misbehaving' }]);
    expect(rig.onlyAlert().kind).toBe('fork');
    expect(provesPrefix(rig.onlyAlert().evidence, site)).toEqual([25, 31]);
    expectStopped(21);
  });

  it('finds a contradiction that a crash left untold', async () => {
    site.signHead(21, ANOTHER_ROOT);
    const deaf = {
      ...rig.deps(),
      tell: () => {
        throw new Error('power cut');
      },
    };
    await expect(passOverSource(followed(source), deaf, NEVER)).rejects.toThrow('power cut');
    site.heal();
    restart();
    expect(await poll()).toEqual([{ kind: 'misbehaving' }]);
    expect(provesEqualSizes(rig.onlyAlert().evidence, site)).toBe(21);
  });

  it('keeps a contradiction that it finds while the program ends', async () => {
    site.signHead(21, ANOTHER_ROOT);
    const end = new AbortController();
    const [reader] = await source.discover(NEVER);
    const last = {
      origin: site.origin,
      fetchCheckpoint: async (signal: AbortSignal) => {
        const checkpoint = await reader?.fetchCheckpoint(signal);
        end.abort();
        return checkpoint;
      },
    } as LogReader; // Two notes of one size need nothing else.
    expect(await pass(followedLog(last), rig.deps(), end.signal)).toEqual({ kind: 'misbehaving' });
    expect(provesEqualSizes(rig.onlyAlert().evidence, site)).toBe(21);
    expectStopped(21);
  });

  it('goes on with another log', async () => {
    site.fork(5);
    const other = await start('other.test');
    other.append(fillers(7));
    try {
      await poll();
      expect(await rig.poll(other.source(rig.http))).toEqual([{ kind: 'verified', size: 7 }]);
    } finally {
      await other.close();
    }
  });
});

describe.each(BOTH)('pass() over a %s log that is stopped before it was joined', (_, start) => {
  beforeEach(async () => {
    rig = new MonitorRig();
    site = await start();
    source = site.source(rig.http, 'head');
    grow(13);
  });

  it('does not join it', async () => {
    site.answer('entries', { status: 503, body: '' });
    site.signHead(13, ANOTHER_ROOT);
    await poll();
    site.heal();
    expect(await poll()).toEqual([{ kind: 'misbehaving' }]);
    grow(3);
    expect(await poll()).toEqual([{ kind: 'misbehaving' }]);
    expect(provesEqualSizes(rig.onlyAlert('fork').evidence, site)).toBe(13);
    expect(position()).toEqual([{ frontier_size: null, verified_size: null, target_note: null }]);
  });
});

/** What somebody on the way could do as well: nobody signed it. */
const UNSIGNED: readonly [string, string, (log: LogSite) => void][] = [
  [
    'a bad signature',
    'bad-signature',
    (log) => {
      log.badSignature();
    },
  ],
  [
    'a checkpoint of another log',
    'wrong-origin',
    (log) => {
      log.wrongOrigin();
    },
  ],
  [
    'another leaf',
    'entry-mismatch',
    (log) => {
      log.tamperLeaf(17);
    },
  ],
  [
    'another proof',
    'entry-mismatch',
    (log) => {
      log.tamperProof(20);
    },
  ],
];

describe.each(BOTH)('pass() over a %s log that is served wrongly', (_, start) => {
  beforeEach(async () => {
    rig = new MonitorRig();
    site = await start();
    source = site.source(rig.http);
    grow(13);
    await poll();
    site.append([...fillers(7, 13), site.entry(certify(releaseAt('refs/heads/hotfix')))]);
  });

  it.each(UNSIGNED)('tells of %s, holds the position, and heals by itself', async (_what, kind, misbehave) => {
    misbehave(site);
    expect(await poll()).toEqual([{ kind: 'misbehaving' }]);
    const alert = rig.onlyAlert();
    expect(alert).toMatchObject({
      class: 'log',
      kind,
      state: 'open',
      log: site.origin,
      dedupeKey: `log/${site.origin}/${kind}`,
      evidence: {
        kind,
        log: site.origin,
        signed: false,
        served: {
          url: expect.stringContaining('http://127.0.0.1:') as string,
          sha256: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
        },
      },
      occurrences: 1,
    });
    expect(told()).toEqual([{ alert: alert.id }]);
    expect(rig.log(site.origin)).toMatchObject({ state: 'misbehaving', verified_size: 13, examined_size: 13 });
    expect(rig.log(site.origin).last_error).toContain(site.origin);
    expect(rig.rows('SELECT stopped_by FROM logs')).toEqual([{ stopped_by: null }]);
    expect(rig.verdicts()).toEqual([]);

    restart();
    await poll();
    expect(rig.onlyAlert()).toMatchObject({ id: alert.id, occurrences: 2 });
    expect(told()).toHaveLength(1);

    site.heal();
    expect(await poll()).toEqual([{ kind: 'verified', size: 21 }]);
    expect(rig.log(site.origin)).toMatchObject({ state: 'verified', verified_size: 21, last_error: null });
    expect(rig.alerts().map(({ kind: found, state }) => [found, state])).toEqual([
      [kind, 'open'],
      ['unexpected', 'open'],
    ]);
  });

  it.each(UNSIGNED)('tells nothing of %s that is right at the second look', async (_what, _kind, misbehave) => {
    misbehave(site);
    site.endWhenFresh();
    expect(await poll()).toEqual([{ kind: 'verified', size: 21 }]);
    expect(rig.alerts().map(({ kind }) => kind)).toEqual(['unexpected']);
    expect(rig.verdicts()).toEqual(['20 widget-release unexpected']);
    expect(rig.log(site.origin)).toMatchObject({
      state: 'verified',
      last_error: null,
      kinds: { filler: 20, hashedrekord: 1 },
    });
  });

  it('keeps the alert about a checkpoint that nobody signed free of what it says', async () => {
    site.badSignature();
    await poll();
    expect(rig.onlyAlert().evidence).toMatchObject({ notes: [], served: { excerpt: expect.any(String) as string } });
    expect(rig.checkpointSizes()).toEqual([13]);
  });
});

describe.each(BOTH)('pass() over a %s log whose entries do not make a root that it signed', (_, start) => {
  beforeEach(async () => {
    rig = new MonitorRig();
    site = await start();
    source = site.source(rig.http);
  });

  it('tells of it at the first checkpoint', async () => {
    grow(21);
    site.signHead(21, ANOTHER_ROOT);
    expect(await poll()).toEqual([{ kind: 'misbehaving' }]);
    expect(rig.onlyAlert()).toMatchObject({ class: 'log', severity: 'critical' });
    expect(rig.log(site.origin)).toMatchObject({ state: 'misbehaving', verified_size: null });
    expect(rig.rows(`SELECT * FROM alerts WHERE kind = 'started'`)).toEqual([]);
  });

  it('tells of it at a later checkpoint', async () => {
    grow(13);
    await poll();
    grow(8);
    site.signHead(21, ANOTHER_ROOT);
    expect(await poll()).toEqual([{ kind: 'misbehaving' }]);
    expect(rig.onlyAlert()).toMatchObject({ class: 'log', severity: 'critical' });
    expect(rig.log(site.origin)).toMatchObject({ state: 'misbehaving', verified_size: 13, examined_size: 13 });
  });

  it.each([0, 1, 12])('calls it a fork once the log signs the true history, %d entries later', async (further) => {
    grow(13);
    await poll();
    grow(8);
    site.signHead(21, ANOTHER_ROOT);
    await poll();
    site.heal();
    grow(further);
    restart();
    expect(await poll()).toEqual([{ kind: 'misbehaving' }]);
    expect(rig.alerts().map(({ kind }) => kind)).toContain('fork');
    expect(rig.log(site.origin)).toMatchObject({ state: 'misbehaving', verified_size: 13, examined_size: 13 });
    expect(await poll()).toEqual([{ kind: 'misbehaving' }]);
  });
});
