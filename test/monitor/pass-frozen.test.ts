import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LogSource } from '../../src/log/log.ts';
import { startFakeLog, type RunningFakeLog } from '../fakes/fake-log.ts';
import { fillers } from '../support/actors.ts';
import { siteV2, type LogSite } from '../support/log-sites.ts';
import { MonitorRig } from '../support/monitor-rig.ts';

let rig: MonitorRig;
let log: RunningFakeLog;
let site: LogSite;
let source: LogSource;

beforeEach(async () => {
  rig = new MonitorRig();
  log = await startFakeLog();
  site = siteV2(log);
  source = site.source(rig.http);
  log.append(fillers(13));
});

afterEach(async () => {
  await rig.close();
  await log.close();
});

const restart = () => {
  rig.reopen();
  source = site.source(rig.http);
};
const state = () => rig.rows('SELECT state, verified_size, stopped_by IS NOT NULL AS stopped FROM logs');

describe('pass() over a Rekor v2 log that says it has ended', () => {
  it('is at its end once all of it is verified, and stays there', async () => {
    await rig.poll(source);
    expect(state()).toEqual([{ state: 'verified', verified_size: 13, stopped: 0 }]);
    log.freeze();
    expect(await rig.poll(source)).toEqual([{ kind: 'verified', size: 13 }]);
    expect(state()).toEqual([{ state: 'frozen', verified_size: 13, stopped: 0 }]);
    restart();
    expect(await rig.poll(source)).toEqual([{ kind: 'verified', size: 13 }]);
    expect(state()).toEqual([{ state: 'frozen', verified_size: 13, stopped: 0 }]);
    expect(rig.alerts()).toEqual([]);
  });

  it('raises nothing when the same tree is served in other notes, or as it was before', async () => {
    log.freeze();
    await rig.poll(source);
    log.heal();
    expect(await rig.poll(source)).toEqual([{ kind: 'verified', size: 13 }]);
    const again = log.signCheckpoint({ extensions: ['Log frozen — Sun Nov 22 02:05:09 UTC 2026'] });
    log.before((path) => (path === 'checkpoint' ? { status: 200, body: `${again}— witness.test AAAABBBB\n` } : null));
    expect(await rig.poll(source)).toEqual([{ kind: 'verified', size: 13 }]);
    expect(state()).toEqual([{ state: 'frozen', verified_size: 13, stopped: 0 }]);
    expect(rig.alerts()).toEqual([]);
  });

  it('stops it when it grows, by what it signed', async () => {
    log.freeze();
    await rig.poll(source);
    log.heal();
    log.append(fillers(3, 13));
    expect(await rig.poll(source)).toEqual([{ kind: 'misbehaving' }]);
    const alert = rig.onlyAlert();
    expect(alert).toMatchObject({
      class: 'log',
      kind: 'frozen-log-grew',
      severity: 'critical',
      state: 'open',
      occurrences: 1,
    });
    expect(alert.evidence).toEqual({
      kind: 'frozen-log-grew',
      log: site.origin,
      signed: true,
      notes: [expect.stringContaining('\n13\n'), expect.stringContaining('\n16\n')],
    });
    expect(state()).toEqual([{ state: 'misbehaving', verified_size: 13, stopped: 1 }]);
    log.append(fillers(3, 16));
    restart();
    expect(await rig.poll(source)).toEqual([{ kind: 'misbehaving' }]);
    expect(rig.onlyAlert().occurrences).toBe(1);
    expect(rig.rows('SELECT frontier_size FROM logs')).toEqual([{ frontier_size: 13 }]);
  });

  it('stops it by what it signed also where its entries were not read to that end', async () => {
    log.freeze();
    site.answer('entries', { status: 404, body: '' });
    await rig.poll(source);
    log.heal();
    // The same tree in another note, as it may be published again: the first word counts.
    expect(await rig.poll(source)).toEqual([{ kind: 'verified', size: 13 }]);
    log.append(fillers(3, 13));
    restart();
    expect(await rig.poll(source)).toEqual([{ kind: 'misbehaving' }]);
    expect(rig.onlyAlert()).toMatchObject({ kind: 'frozen-log-grew', evidence: { signed: true } });
    expect(state()).toEqual([{ state: 'misbehaving', verified_size: 13, stopped: 1 }]);
  });

  it('calls it a fork when it grew otherwise', async () => {
    log.freeze();
    await rig.poll(source);
    log.heal();
    log.fork(3);
    log.append(fillers(3, 13));
    expect(await rig.poll(source)).toEqual([{ kind: 'misbehaving' }]);
    expect(rig.onlyAlert().kind).toBe('fork');
  });
});
