import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LogSource } from '../../src/log/log.ts';
import { followed } from '../../src/monitor/followed-source.ts';
import { passOverSource } from '../../src/monitor/follow-source.ts';
import { saveDecision } from '../../src/store/decisions.ts';
import { readStatus } from '../../src/store/status.ts';
import { sha256 } from '../../src/tlog/hash.ts';
import { certify, fillers, releaseAt } from '../support/actors.ts';
import { startFakeRekorV1, type RunningFakeRekorV1 } from '../fakes/fake-rekor-v1.ts';
import { BOTH, siteV1, type LogSite } from '../support/log-sites.ts';
import { Death, mortalStore } from '../support/mortal-store.ts';
import { MonitorRig, NEVER } from '../support/monitor-rig.ts';
import { TWINS, type Twins } from '../support/twin-sites.ts';

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
const growTo = (size: number) => {
  site.append(fillers(size - site.size, site.size));
};
const attack = (artifact: string) => site.entry(certify(releaseAt('refs/heads/hotfix')), artifact);
const stoppedBy = () => rig.rows<{ stopped_by: string | null }>('SELECT stopped_by FROM logs')[0]?.stopped_by ?? null;
const decide = () => {
  saveDecision(rig.store, { log: site.origin, by: 'alice', note: 'asked them', alert: stoppedBy() }, rig.now);
};
const outcomes = () =>
  rig.rows<{ outcome: string }>('SELECT outcome FROM decisions ORDER BY id').map((row) => row.outcome);
const position = () =>
  rig.rows(
    'SELECT state, started_at_index, frontier_size, verified_size, stopped_by IS NOT NULL AS stopped FROM logs',
  )[0];
const verifiedTo = (size: number, started = 0) => ({
  state: 'verified',
  started_at_index: started,
  frontier_size: size,
  verified_size: size,
  stopped: 0,
});
const contradictions = () =>
  rig
    .alerts()
    .filter((alert) => alert.class === 'log')
    .map(({ kind, state }) => `${kind} ${state}`);
const told = () => rig.rows(`SELECT event FROM deliveries WHERE group_key LIKE 'log/%' ORDER BY id`);

const anew = async (old: MonitorRig) => {
  await old.close();
  return new MonitorRig();
};

describe.each(BOTH)('pass() over a stopped %s log of which an operator decided', (_, start) => {
  beforeEach(async () => {
    rig = new MonitorRig();
    site = await start();
    source = site.source(rig.http);
    growTo(13);
    await poll();
    growTo(21);
    await poll();
  });

  describe('that it extends the tree that was proven', () => {
    beforeEach(async () => {
      site.signHead(21, ANOTHER_ROOT);
      await poll();
      site.heal();
    });

    it('goes on where it was, and tells nobody that it is new', async () => {
      site.append([attack('one')]);
      decide();
      expect(await poll()).toEqual([{ kind: 'verified', size: 22 }]);
      expect(position()).toEqual(verifiedTo(22));
      expect(rig.verdicts()).toEqual(['21 widget-release unexpected']);
      expect(contradictions()).toEqual(['fork closed']);
      expect(outcomes()).toEqual(['it goes on from 21: what it shows now extends the tree that was proven']);
      expect(rig.rows(`SELECT occurrences FROM alerts WHERE kind = 'started'`)).toEqual([{ occurrences: 1 }]);
      expect(rig.log(site.origin)).toMatchObject({ last_error: null, seen_size: 22 });
      expect(rig.messages()).toContain('log resumed');

      restart();
      growTo(30);
      expect(await poll()).toEqual([{ kind: 'verified', size: 30 }]);
    });

    it('goes on also when it shows no more, or less, than was verified', async () => {
      site.serveOldCheckpoint(13);
      decide();
      expect(await poll()).toEqual([{ kind: 'verified', size: 21 }]);
      expect(position()).toEqual(verifiedTo(21));
      site.heal();
      expect(await poll()).toEqual([{ kind: 'verified', size: 21 }]);
    });

    it('waits with it while the log cannot be asked', async () => {
      decide();
      site.answer('checkpoint', { status: 503, body: '' });
      await poll();
      expect(position()).toMatchObject({ state: 'misbehaving', stopped: 1 });
      expect(outcomes()).toEqual([null]);
      site.heal();
      expect(await poll()).toEqual([{ kind: 'verified', size: 21 }]);
    });

    it('stops again, and opens the same alert again, when the contradiction comes back', async () => {
      decide();
      await poll();
      rig.now = new Date(rig.now.getTime() + 60_000);
      site.signHead(21, ANOTHER_ROOT);
      expect(await poll()).toEqual([{ kind: 'misbehaving' }]);
      expect(position()).toMatchObject({ state: 'misbehaving', stopped: 1 });
      expect(rig.onlyAlert()).toMatchObject({ kind: 'fork', state: 'open', occurrences: 2 });
      expect(told()).toEqual([{ event: 'opened' }, { event: 'reopened' }]);
      site.heal();
      decide();
      expect(await poll()).toEqual([{ kind: 'verified', size: 21 }]);
      expect(outcomes()).toHaveLength(2);
    });

    it('is not held back by other contradictions that were minted meanwhile', async () => {
      for (const mark of ['two', 'three']) {
        site.signHead(21, sha256(Buffer.from(mark)));
        await poll();
        site.heal();
      }
      decide();
      expect(await poll()).toEqual([{ kind: 'verified', size: 21 }]);
      expect(contradictions()).toEqual(['fork closed', 'fork closed', 'fork closed']);
      site.signHead(21, sha256(Buffer.from('four')));
      await poll();
      expect(told()).toEqual([{ event: 'opened' }, { event: 'opened' }]);
    });

    it('does nothing about a log that is not stopped', async () => {
      decide();
      await poll();
      decide();
      expect(await poll()).toEqual([{ kind: 'verified', size: 21 }]);
      expect(outcomes()[1]).toBe('nothing was to be decided: the log was not stopped');
    });
  });

  it('forgets a target that contradicts the tree it shows', async () => {
    growTo(24);
    site.answer('entries', { status: 503, body: '' });
    await poll();
    site.heal();
    site.fork(22);
    growTo(40);
    expect(await poll()).toEqual([{ kind: 'misbehaving' }]);
    decide();
    expect(await poll()).toEqual([{ kind: 'verified', size: 40 }]);
    expect(outcomes()).toEqual(['it goes on from 21: what it shows now extends the tree that was proven']);
  });

  describe('that another history is to be followed', () => {
    beforeEach(async () => {
      site.append([attack('first history'), ...fillers(8, 22)]);
      await poll();
      site.fork(21, attack('second history'));
      await poll();
    });

    it('reads the contested range again, from the last entry that both share', async () => {
      expect(contradictions()).toEqual(['fork open']);
      growTo(40);
      decide();
      expect(await poll()).toEqual([{ kind: 'verified', size: 40 }]);
      expect(position()).toEqual(verifiedTo(40));
      expect(outcomes()).toEqual([
        'another history of size 40: joined anew at 21, and what was read up to 30 is read again from there',
      ]);
      // One of each history.
      expect(rig.verdicts()).toEqual(['21 widget-release unexpected', '21 widget-release unexpected']);
      expect(rig.rows('SELECT idx FROM entries')).toEqual([{ idx: 21 }, { idx: 21 }]);
      expect(contradictions()).toEqual(['fork closed']);
      expect(readStatus(rig.store).gaps).toEqual([]);
      restart();
      growTo(50);
      expect(await poll()).toEqual([{ kind: 'verified', size: 50 }]);
    });

    it('tells nothing anew of an entry that both histories have', async () => {
      const inBoth = attack('in both');
      site.append([inBoth]);
      site.fork(21, attack('first history'));
      rig = await anew(rig);
      source = site.source(rig.http);
      await poll();
      expect(rig.verdicts()).toEqual(['21 widget-release unexpected', '30 widget-release unexpected']);
      rig.store.prepare(`UPDATE alerts SET state = 'closed'`).run();
      const before = { alert: rig.onlyAlert(), deliveries: rig.rows('SELECT * FROM deliveries') };

      site.fork(21, fillers(1, 40)[0]);
      await poll();
      decide();
      expect(await poll()).toEqual([{ kind: 'verified', size: 31 }]);
      expect(outcomes()[0]).toContain('joined anew at 21, ');
      expect(rig.onlyAlert('unexpected')).toEqual(before.alert);
      expect(rig.rows(`SELECT * FROM deliveries WHERE group_key NOT LIKE 'log/%'`)).toEqual(before.deliveries);
    });

    it('stops when the first history comes back', async () => {
      decide();
      expect(await poll()).toEqual([{ kind: 'verified', size: 30 }]);
      site.fork(21, attack('first history'));
      site.append(fillers(3, 30));
      expect(await poll()).toEqual([{ kind: 'misbehaving' }]);
      expect(position()).toMatchObject({ state: 'misbehaving', verified_size: 30, stopped: 1 });
    });

    it('goes back to what was verified where our own leaves are long gone', async () => {
      rig.store.prepare('DELETE FROM leaf_hashes').run();
      decide();
      expect(await poll()).toEqual([{ kind: 'verified', size: 30 }]);
      expect(outcomes()[0]).toContain('joined anew at 21, ');
    });

    it('goes back to where it was joined where nothing else is known', async () => {
      rig.store.prepare('DELETE FROM leaf_hashes').run();
      rig.store.prepare('UPDATE checkpoints SET verified = 0').run();
      decide();
      expect(await poll()).toEqual([{ kind: 'verified', size: 30 }]);
      expect(outcomes()[0]).toContain('joined anew at 0, ');
      expect(rig.rows(`SELECT kind, state FROM alerts WHERE kind = 'started'`)).toEqual([
        { kind: 'started', state: 'closed' },
      ]);
      expect(
        rig.rows(
          `SELECT count(*) AS count FROM deliveries AS d JOIN alerts AS a ON a.id = d.alert WHERE a.kind = 'started'`,
        ),
      ).toEqual([{ count: 1 }]);
    });

    it.each(['before', 'after'] as const)(
      'dies %s it is written down, and goes on as if it had not',
      async (moment) => {
        decide();
        const mortal = mortalStore(rig.store, ({ sql }) => (sql.includes('UPDATE decisions') ? moment : null));
        await expect(rig.poll(source, mortal)).rejects.toBeInstanceOf(Death);
        restart();
        expect(await poll()).toEqual([{ kind: 'verified', size: 30 }]);
        expect(position()).toEqual(verifiedTo(30));
        expect(rig.rows('SELECT idx FROM entries')).toEqual([{ idx: 21 }, { idx: 21 }]);
        expect(outcomes()).toHaveLength(1);
      },
    );
  });
});

describe.each(BOTH)('pass() over a stopped %s log that was joined late', (_, start) => {
  beforeEach(async () => {
    rig = new MonitorRig();
    site = await start();
    growTo(20);
    source = site.source(rig.http, 'head');
    await poll();
  });

  it('is joined anew where it was joined, and reads on from there', async () => {
    site.fork(3);
    growTo(27);
    expect(await poll()).toEqual([{ kind: 'misbehaving' }]);
    decide();
    expect(await poll()).toEqual([{ kind: 'verified', size: 27 }]);
    expect(position()).toEqual(verifiedTo(27, 20));
    expect(outcomes()).toEqual([
      'another history of size 27: joined anew at 20, and what was read up to 20 is read again from there',
    ]);
  });
});

describe('pass() over a stopped Rekor v1 log that does not prove where it was joined', () => {
  let rekor: RunningFakeRekorV1;

  beforeEach(async () => {
    rig = new MonitorRig();
    rekor = await startFakeRekorV1();
    site = siteV1(rekor);
    growTo(20);
    source = site.source(rig.http, 'head');
    await poll();
    growTo(30);
    await poll();
    site.fork(3);
    growTo(40);
    await poll();
    rekor.omit(19, 20);
    decide();
  });

  it('is joined anew at its head, and what it has before is a named gap', async () => {
    expect(await poll()).toEqual([{ kind: 'verified', size: 40 }]);
    expect(position()).toEqual(verifiedTo(40, 20));
    expect(outcomes()).toEqual([
      'another history of size 40: joined anew at its head; entries 20 to 39 of it were never examined',
    ]);
    expect(rig.rows('SELECT log, from_index, to_index, reason FROM gaps')).toEqual([
      { log: site.origin, from_index: 20, to_index: 40, reason: 'contested' },
    ]);
    expect(readStatus(rig.store).gaps).toHaveLength(2);
  });
});

describe.each(BOTH)('pass() over a %s log that was stopped before it was joined', (_, start) => {
  beforeEach(async () => {
    rig = new MonitorRig();
    site = await start();
    source = site.source(rig.http, 'head');
    growTo(13);
  });

  it('joins it as if it were new', async () => {
    site.answer('entries', { status: 503, body: '' });
    site.signHead(13, ANOTHER_ROOT);
    await poll();
    site.heal();
    expect(await poll()).toEqual([{ kind: 'misbehaving' }]);
    decide();
    expect(await poll()).toEqual([{ kind: 'verified', size: 13 }]);
    expect(position()).toEqual(verifiedTo(13, 13));
    expect(outcomes()).toEqual(['it was never joined, and is joined as if it were new']);
  });
});

describe.each(TWINS)('pass() over a %s log that shows another history at a further address', (_, start) => {
  let twins: Twins;

  beforeEach(async () => {
    rig = new MonitorRig();
    twins = await start();
    site = twins.here;
    source = site.source(rig.http);
    twins.append(fillers(13));
    await pollBoth();
    twins.there.fork(3);
    twins.there.append(fillers(4, 13));
    await pollBoth();
    decide();
  });

  const pollBoth = () => passOverSource(followed(source, { also: [twins.there.source(rig.http)] }), rig.deps(), NEVER);

  it('goes on at its own address when an operator decides so, and stops at what that one signs next', async () => {
    expect(contradictions()).toEqual(['fork open']);
    expect(await pollBoth()).toEqual([{ kind: 'verified', size: 13 }]);
    site.append(fillers(4, 13));
    expect(await pollBoth()).toEqual([{ kind: 'verified', size: 17 }]);
    expect(contradictions()).toEqual(['fork closed']);
    twins.there.append(fillers(4, 17));
    expect(await pollBoth()).toEqual([{ kind: 'misbehaving' }]);
    expect(position()).toMatchObject({ state: 'misbehaving', verified_size: 17, stopped: 1 });
  });
});

describe.each(BOTH)('pass() over a %s log that at first sight signed a larger tree than it ever shows', (_, start) => {
  it('goes on with the tree that it shows, once an operator decides so', async () => {
    rig = new MonitorRig();
    site = await start();
    source = site.source(rig.http, 'genesis');
    growTo(13);
    site.signHead(50, ANOTHER_ROOT);
    await poll();
    site.heal();
    await poll();
    expect(position()).toMatchObject({ state: 'unreachable', verified_size: null, stopped: 0 });
    decide();
    expect(await poll()).toEqual([{ kind: 'verified', size: 13 }]);
    expect(position()).toEqual(verifiedTo(13));
    growTo(21);
    expect(await poll()).toEqual([{ kind: 'verified', size: 21 }]);
  });
});
