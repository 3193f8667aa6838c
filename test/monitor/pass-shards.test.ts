import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { hashedRekordV1 } from '../../src/demo/entries.ts';
import type { LogReader, LogSource, Start } from '../../src/log/log.ts';
import { createRekorV1Source } from '../../src/log/rekor-v1/reader.ts';
import { followedLog } from '../../src/monitor/followed-source.ts';
import { pass } from '../../src/monitor/pass.ts';
import { saveDecision } from '../../src/store/decisions.ts';
import { startFakeRekorV1, type RunningFakeRekorV1 } from '../fakes/fake-rekor-v1.ts';
import { certify, fillers, releaseAt } from '../support/actors.ts';
import { MonitorRig, NEVER } from '../support/monitor-rig.ts';

let rig: MonitorRig;
let rekor: RunningFakeRekorV1;

beforeEach(async () => {
  rig = new MonitorRig();
  rekor = await startFakeRekorV1();
});

afterEach(async () => {
  await rig.close();
  await rekor.close();
});

const sourceFrom = (start: Start): LogSource =>
  createRekorV1Source({ name: 'rekor', url: rekor.url, origin: rekor.host, keys: rekor.keys, start }, rig.http);
const attack = () => hashedRekordV1({ ...certify(releaseAt('refs/heads/hotfix')), artifact: Buffer.from('widget') });
const grow = (count: number) => {
  rekor.append(fillers(count, rekor.active.size));
};
const positions = () => rig.rows('SELECT origin, started_at_index, verified_size, state FROM logs ORDER BY rowid');
const found = () => rig.rows('SELECT log, "index", global_index, verdict FROM v_history ORDER BY global_index');
const position = (shard: number, started: number, verified: number, state: string) => ({
  origin: rekor.shards[shard]?.origin,
  started_at_index: started,
  verified_size: verified,
  state,
});

describe('passOverSource() over Rekor v1', () => {
  it('starts with every shard that is there at the end of it', async () => {
    grow(13);
    rekor.rollOver();
    grow(7);
    const outcomes = await rig.poll(sourceFrom('head'));
    expect(outcomes).toEqual([
      { kind: 'verified', size: 13 },
      { kind: 'verified', size: 7 },
    ]);
    expect(positions()).toEqual([position(0, 13, 13, 'frozen'), position(1, 7, 7, 'verified')]);
  });

  it('follows a roll-over while it runs: the new shard begins at 0, although the start is the head', async () => {
    const source = sourceFrom('head');
    grow(13);
    await rig.poll(source);
    rekor.append([attack()]);
    rekor.rollOver({ sameKey: true });
    rekor.append([...fillers(4), attack(), ...fillers(6)]);
    await rig.poll(source);
    expect(positions()).toEqual([position(0, 13, 14, 'frozen'), position(1, 0, 11, 'verified')]);
    expect(found()).toEqual([
      { log: rekor.shards[0].origin, index: 13, global_index: 13, verdict: 'unexpected' },
      { log: rekor.shards[1]?.origin, index: 4, global_index: 18, verdict: 'unexpected' },
    ]);
    expect(rig.onlyAlert()).toMatchObject({
      kind: 'unexpected',
      occurrences: 2,
      log: rekor.shards[0].origin,
      index: 13,
    });
    expect(rig.rows(`SELECT log FROM alerts WHERE kind = 'started' ORDER BY rowid`)).toHaveLength(2);
  });

  it('follows roll-overs of a downtime from 0, also into shards that are closed again', async () => {
    grow(13);
    await rig.poll(sourceFrom('head'));
    rig.reopen();
    rekor.append([attack()]);
    rekor.rollOver({ sameKey: true });
    rekor.append([attack()]);
    rekor.rollOver({ sameKey: true });
    rekor.append([...fillers(2), attack()]);
    await rig.poll(sourceFrom('head'));
    expect(positions()).toEqual([
      position(0, 13, 14, 'frozen'),
      position(1, 0, 1, 'frozen'),
      position(2, 0, 3, 'verified'),
    ]);
    expect(found()).toMatchObject([{ global_index: 13 }, { global_index: 14 }, { global_index: 17 }]);
  });

  it('follows a roll-over to another key once that is configured', async () => {
    grow(13);
    const old = sourceFrom('head');
    await rig.poll(old);
    rekor.rollOver();
    grow(5);
    expect(await rig.poll(old)).toEqual([{ kind: 'verified', size: 13 }, { kind: 'misbehaving' }]);
    expect(rig.onlyAlert()).toMatchObject({ kind: 'bad-signature', log: rekor.origin });
    expect(await rig.poll(sourceFrom('head'))).toMatchObject([{ size: 13 }, { size: 5 }]);
    expect(positions()).toEqual([position(0, 13, 13, 'frozen'), position(1, 0, 5, 'verified')]);
  });

  it.each([0, 1, 12, 14, 1000, 2 ** 53 - 1])('is not shifted by listed sizes of %d', async (lie) => {
    rekor.append([attack(), ...fillers(12)]);
    rekor.rollOver();
    rekor.append([...fillers(8), attack(), ...fillers(4, 8)]);
    for (const { treeId } of rekor.shards) {
      rekor.lieAboutSize(treeId, lie);
    }
    await rig.poll(sourceFrom('genesis'));
    expect(positions()).toEqual([position(0, 0, 13, 'frozen'), position(1, 0, 13, 'verified')]);
    expect(found()).toMatchObject([
      { index: 0, global_index: 0 },
      { index: 8, global_index: 21 },
    ]);
  });

  it('waits for entries that are left out, and goes on when they come', async () => {
    const source = sourceFrom('genesis');
    grow(13);
    await rig.poll(source);
    rekor.append([...fillers(14, 13), attack()]);
    rekor.omit(20);
    expect(await rig.poll(source)).toEqual([{ kind: 'unavailable', retryAfterMs: undefined }]);
    expect(rig.log(rekor.origin)).toMatchObject({
      state: 'unreachable',
      verified_size: 13,
      last_error: `Cannot read entry 20 of "${rekor.origin}": the log left out global index 20`,
    });
    expect(rig.alerts()).toEqual([]);
    rekor.heal();
    expect(await rig.poll(source)).toEqual([{ kind: 'verified', size: 28 }]);
    expect(found()).toMatchObject([{ index: 27, verdict: 'unexpected' }]);
  });

  it('takes answers that are out of order and repeat themselves', async () => {
    rekor.append([...fillers(25), attack()]);
    rekor.reorder();
    rekor.duplicate();
    expect(await rig.poll(sourceFrom('genesis'))).toEqual([{ kind: 'verified', size: 26 }]);
    expect(found()).toMatchObject([{ index: 25, global_index: 25 }]);
    expect(rig.log(rekor.origin).kinds).toEqual({ filler: 25, hashedrekord: 1 });
  });

  it('does not follow a log that counts its entries otherwise than it signed before', async () => {
    const source = sourceFrom('genesis');
    grow(13);
    await rig.poll(source);
    grow(8);
    const { active } = rekor;
    rekor.changeEntries((entries) =>
      entries.map(({ logIndex }) => {
        const other = active.entryAt(logIndex - 1);
        other.verification.signedEntryTimestamp = active.signTimestamp({ ...other, logIndex });
        return { ...other, logIndex };
      }),
    );
    expect(await rig.poll(source)).toEqual([{ kind: 'unavailable', retryAfterMs: undefined }]);
    expect(rig.log(rekor.origin)).toMatchObject({ state: 'unreachable', verified_size: 13, examined_size: 13 });
    expect(rig.log(rekor.origin).last_error).toContain('Cannot place');
    rekor.heal();
    expect(await rig.poll(source)).toEqual([{ kind: 'verified', size: 21 }]);
  });

  it('verifies while the log grows under it, so that each proof is of another size', async () => {
    grow(27);
    rekor.active.headSize = () => 21;
    rekor.active.proofSize = (index) => Math.min(27, index + 3);
    expect(await rig.poll(sourceFrom('genesis'))).toEqual([{ kind: 'verified', size: 21 }]);
    rekor.heal();
    expect(await rig.poll(sourceFrom('genesis'))).toEqual([{ kind: 'verified', size: 27 }]);
    expect(rig.log(rekor.origin).kinds).toEqual({ filler: 27 });
  });

  it('stops only the shard that contradicts itself', async () => {
    const source = sourceFrom('genesis');
    grow(13);
    await rig.poll(source);
    rekor.rollOver();
    grow(4);
    const all = sourceFrom('genesis');
    await rig.poll(all);
    rekor.shards[0].fork(3);
    rekor.append([attack()]);
    expect(await rig.poll(all)).toEqual([{ kind: 'misbehaving' }, { kind: 'verified', size: 5 }]);
    expect(positions()).toEqual([position(0, 0, 13, 'misbehaving'), position(1, 0, 5, 'verified')]);
    expect(rig.alerts().map(({ kind, log }) => [kind, log])).toEqual(
      expect.arrayContaining([
        ['fork', rekor.shards[0].origin],
        ['unexpected', rekor.shards[1]?.origin],
      ]),
    );
  });

  describe('a shard that is no longer listed', () => {
    const hide = () => {
      rekor.changeLogInfo((info) => ({ ...info, inactiveShards: [] }));
    };

    beforeEach(() => {
      grow(13);
      rekor.rollOver({ sameKey: true });
    });

    it.each(['while it is followed', 'after a restart'])('is missed no more once it had ended (%s)', async (when) => {
      grow(4);
      const source = sourceFrom('genesis');
      await rig.poll(source);
      hide();
      expect(await rig.poll(when === 'after a restart' ? sourceFrom('genesis') : source)).toEqual([
        { kind: 'verified', size: 4 },
      ]);
      const [first] = await sourceFrom('genesis').discover(NEVER);
      expect(first?.origin).toBe(rekor.origin);
      expect(positions()).toEqual([position(0, 0, 13, 'frozen'), position(1, 0, 4, 'verified')]);
    });

    it('is unreachable while it was not shown to have ended', async () => {
      const source = sourceFrom('genesis');
      await rig.poll(source);
      expect(positions()).toEqual([position(0, 0, 13, 'verified'), position(1, 0, 0, 'verified')]);
      hide();
      expect(await rig.poll(source)).toEqual([
        { kind: 'verified', size: 0 },
        { kind: 'unavailable', retryAfterMs: undefined },
      ]);
      expect(rig.log(rekor.shards[0].origin)).toMatchObject({
        state: 'unreachable',
        verified_size: 13,
        last_error: `Cannot read checkpoint of "${rekor.shards[0].origin}": the log no longer lists this shard`,
      });
      rekor.heal();
      grow(1);
      await rig.poll(source);
      expect(positions()).toEqual([position(0, 0, 13, 'frozen'), position(1, 0, 1, 'verified')]);
    });

    it('is at its end also for the loop that follows it', async () => {
      grow(4);
      const source = sourceFrom('genesis');
      const [first] = await source.discover(NEVER);
      await rig.poll(source);
      hide();
      // Discovered before it vanished.
      expect(await pass(followedLog(first as LogReader), rig.deps(), NEVER)).toEqual({ kind: 'verified', size: 13 });
      expect(positions()).toEqual([position(0, 0, 13, 'frozen'), position(1, 0, 4, 'verified')]);
    });
  });
});

/** The list of shards is not signed: only what the entries are signed for can end one. */
describe('passOverSource() over a Rekor v1 shard that is said to have ended', () => {
  beforeEach(() => {
    grow(13);
    rekor.rollOver({ sameKey: true });
    grow(7);
  });

  it('does not believe it of the last one', async () => {
    // As if they had come in the other order.
    rekor.changeLogInfo(({ inactiveShards, ...active }) => ({
      ...inactiveShards?.[0],
      inactiveShards: [{ ...active }],
    }));
    await rig.poll(sourceFrom('genesis'));
    expect(positions()).toMatchObject([{ state: 'unreachable' }, position(0, 0, 13, 'verified')]);
    rekor.heal();
    grow(3);
    await rig.poll(sourceFrom('genesis'));
    expect(positions()).toEqual([position(1, 0, 10, 'verified'), position(0, 0, 13, 'frozen')]);
    expect(rig.alerts()).toEqual([]);
  });

  it('does not believe it of an older head', async () => {
    rekor.shards[0].headSize = () => 11;
    rekor.lieAboutSize(rekor.shards[0].treeId, 13);
    await rig.poll(sourceFrom('genesis'));
    expect(positions()).toEqual([position(0, 0, 11, 'verified'), position(1, 0, 7, 'verified')]);
    rekor.heal();
    await rig.poll(sourceFrom('genesis'));
    expect(positions()).toEqual([position(0, 0, 13, 'frozen'), position(1, 0, 7, 'verified')]);
  });

  it('does not believe it by an entry that nobody signed for the index behind it', async () => {
    rekor.badTimestamp(13);
    expect(await rig.poll(sourceFrom('genesis'))).toMatchObject([{ kind: 'verified', size: 13 }, {}]);
    expect(positions()).toMatchObject([position(0, 0, 13, 'verified'), {}]);
  });

  it('asks for its end once', async () => {
    const source = sourceFrom('genesis');
    await rig.poll(source);
    const asked = rekor.retrievals.length;
    await rig.poll(source);
    await rig.poll(source);
    expect(rekor.retrievals.length).toBe(asked);
  });

  it('tells when it grows, holds its position, and heals by itself', async () => {
    await rig.poll(sourceFrom('genesis'));
    const [first] = rekor.shards;
    first.append(fillers(2));
    expect(await rig.poll(sourceFrom('genesis'))).toEqual([{ kind: 'misbehaving' }, { kind: 'verified', size: 7 }]);
    expect(rig.onlyAlert()).toMatchObject({
      class: 'log',
      kind: 'frozen-log-grew',
      severity: 'critical',
      log: first.origin,
      evidence: { signed: false, notes: [expect.any(String), expect.any(String)] },
    });
    expect(rig.rows('SELECT state, stopped_by, frontier_size FROM logs ORDER BY rowid LIMIT 1')).toEqual([
      { state: 'misbehaving', stopped_by: null, frontier_size: 13 },
    ]);
    first.headSize = () => 13;
    await rig.poll(sourceFrom('genesis'));
    expect(positions()).toEqual([position(0, 0, 13, 'frozen'), position(1, 0, 7, 'verified')]);
  });

  it('reads on in it when an operator decides so', async () => {
    await rig.poll(sourceFrom('genesis'));
    const [first] = rekor.shards;
    first.append(fillers(1, 13));
    await rig.poll(sourceFrom('genesis'));
    saveDecision(rig.store, { log: first.origin, by: 'alice', note: 'asked', alert: null }, rig.now);
    await rig.poll(sourceFrom('genesis'));
    expect(rig.rows('SELECT outcome FROM decisions')).toEqual([
      { outcome: 'it goes on from 13: what it shows now extends the tree that was proven' },
    ]);
    expect(rig.onlyAlert('frozen-log-grew').state).toBe('closed');
    expect(rig.rows(`SELECT frozen_note FROM logs WHERE origin = '${first.origin}'`)).toEqual([{ frozen_note: null }]);
  });
});

describe('passOverSource() over Rekor v1 that was listed with a shard that nobody signed', () => {
  const INVENTED = 'rekor.test - 77';
  const shown = () => rig.rows('SELECT origin, state FROM v_logs ORDER BY origin');
  const listInvented = () => {
    rekor.changeLogInfo((info) => {
      const { treeSize, rootHash, signedTreeHead } = info;
      return { ...info, inactiveShards: [{ treeID: '77', treeSize, rootHash, signedTreeHead }] };
    });
  };

  it('tells of it, and shows it no longer than it is listed', async () => {
    const source = sourceFrom('head');
    grow(13);
    listInvented();
    await rig.poll(source);
    const real = { origin: rekor.origin, state: 'verified' };
    expect(shown()).toEqual([{ origin: INVENTED, state: 'misbehaving' }, real]);
    expect(rig.onlyAlert()).toMatchObject({ kind: 'wrong-origin', log: INVENTED });

    const invented = (await source.discover(NEVER)).find(({ origin }) => origin === INVENTED);
    rekor.heal();
    await rig.poll(source);
    expect(shown()).toEqual([real]);
    // Its loop goes on, and says no more of it.
    for (const minutes of [0, 60]) {
      rig.now = new Date(rig.now.getTime() + minutes * 60_000);
      expect(await pass(followedLog(invented as LogReader), rig.deps(), NEVER)).toMatchObject({ kind: 'unavailable' });
    }
    expect(rig.onlyAlert().kind).toBe('wrong-origin');

    listInvented();
    await rig.poll(source);
    expect(shown()).toEqual([{ origin: INVENTED, state: 'misbehaving' }, real]);
  });

  it('goes on to show a shard that is listed no more, once it has signed anything', async () => {
    const source = sourceFrom('head');
    grow(13);
    rekor.rollOver();
    const [first] = rekor.shards;
    // Signed, but not to be read yet.
    rekor.serveHtml(/retrieve/);
    await rig.poll(source);
    rekor.heal();
    rekor.changeLogInfo((info) => ({ ...info, inactiveShards: [] }));
    await rig.poll(source);
    expect(shown()).toContainEqual(expect.objectContaining({ origin: first.origin }));
  });
});
