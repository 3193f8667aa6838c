import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { followed, type FollowedShard } from '../../src/monitor/followed-source.ts';
import { passOverSource } from '../../src/monitor/follow-source.ts';
import { readStatus } from '../../src/store/status.ts';
import { startFakeRekorV1, type RunningFakeRekorV1 } from '../fakes/fake-rekor-v1.ts';
import { fillers } from '../support/actors.ts';
import { siteV1 } from '../support/log-sites.ts';
import { MonitorRig, NEVER } from '../support/monitor-rig.ts';

let rig: MonitorRig;
let rekor: RunningFakeRekorV1;
let old: string;
let young: string;

beforeEach(async () => {
  rig = new MonitorRig();
  rekor = await startFakeRekorV1();
  rekor.append(fillers(13));
  rekor.rollOver({ sameKey: true });
  rekor.append(fillers(7));
  [old = '', young = ''] = rekor.shards.map(({ origin }) => origin);
});

afterEach(async () => {
  await rig.close();
  await rekor.close();
});

const poll = async (shards: Readonly<Record<string, FollowedShard>> = {}): Promise<void> => {
  const source = followed(siteV1(rekor).source(rig.http, 'head'), { shards: new Map(Object.entries(shards)) });
  await passOverSource(source, rig.deps(), NEVER);
};
const shown = () =>
  readStatus(rig.store).logs.map(({ origin, started_at_index: start, state }) => ({ origin, start, state }));

describe('what is asked of single shards', () => {
  it('leaves one out, and neither follows nor shows it', async () => {
    await poll({ [old]: { enabled: false } });
    expect(shown()).toMatchObject([{ origin: young, start: 7 }]);
    expect(rig.rows('SELECT origin FROM logs')).toEqual([{ origin: young }]);
  });

  it('keeps what is known of one that is left out later, and shows it when it is back', async () => {
    await poll();
    await poll({ [old]: { enabled: false } });
    expect(shown().map(({ origin }) => origin)).toEqual([young]);
    expect(readStatus(rig.store).gaps.map(({ log }) => log)).toEqual([young]);
    await poll();
    expect(shown()).toMatchObject(
      [
        { origin: old, start: 13 },
        { origin: young, start: 7 },
      ].sort((a, b) => (a.origin < b.origin ? -1 : 1)),
    );
  });

  it('begins one elsewhere than the others', async () => {
    await poll({ [young]: { start: 'genesis' } });
    const starts = Object.fromEntries(shown().map(({ origin, start }) => [origin, start]));
    expect(starts).toEqual({ [old]: 13, [young]: 0 });
  });

  it('compares one with another address', async () => {
    const twin = await startFakeRekorV1({ host: rekor.host, signer: rekor.shards[0].signer });
    twin.append(fillers(13));
    twin.active.fork(1);
    await poll({ [old]: { also: [siteV1(twin).source(rig.http)] } });
    await twin.close();
    expect(rig.onlyAlert()).toMatchObject({ kind: 'fork', log: old });
    expect(rig.log(young)).toMatchObject({ state: 'verified' });
  });

  it('waits for an address that does not serve one of them, and says so', async () => {
    const twin = await startFakeRekorV1({ host: rekor.host, signer: rekor.shards[0].signer });
    await poll({ [young]: { also: [siteV1(twin).source(rig.http)] } });
    await twin.close();
    const served = `Cannot read checkpoint of "${young}" from "${twin.url}": this log is not served there`;
    expect(rig.log(young)).toMatchObject({
      state: 'unreachable',
      last_error: `Cannot begin with "${young}" before it is compared with "${twin.url}": ${served}`,
    });
  });
});
