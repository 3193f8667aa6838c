import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LogSource } from '../../src/log/log.ts';
import { followed } from '../../src/monitor/followed-source.ts';
import { passOverSource } from '../../src/monitor/follow-source.ts';
import { listAlerts } from '../../src/store/alerts.ts';
import { startFakeRekorV1 } from '../fakes/fake-rekor-v1.ts';
import { fillers, NOW } from '../support/actors.ts';
import { CT_SITES } from '../support/ct-sites.ts';
import { BOTH, siteV1, type LogSite, type StartSite } from '../support/log-sites.ts';
import { MonitorRig, NEVER } from '../support/monitor-rig.ts';

const MINUTE = 60_000;
const SITES: readonly (readonly [string, StartSite])[] = [...BOTH, ...CT_SITES];

let rig: MonitorRig;
let site: LogSite;
let source: LogSource;

afterEach(async () => {
  await rig.close();
  await site.close();
});

const poll = () => rig.poll(source);
const wait = (minutes: number) => {
  rig.now = new Date(rig.now.getTime() + minutes * MINUTE);
};
const state = () => rig.log(site.origin).state;
const kinds = () =>
  rig
    .alerts()
    .map(({ kind, state: is }) => `${kind} ${is}`)
    .sort();

describe.each(SITES)('passOverSource() over a %s log that stands still', (name, start) => {
  beforeEach(async () => {
    rig = new MonitorRig();
    site = await start();
    source = site.source(rig.http);
    site.append(fillers(13));
    site.timeIs(NOW);
    await poll();
  });

  it('tells after stale_after, once, and closes it when the log lives again', async () => {
    wait(60);
    expect(await poll()).toEqual([{ kind: 'verified', size: 13 }]);
    expect([state(), kinds()]).toEqual(['verified', []]);
    wait(1);
    expect(await poll()).toEqual([{ kind: 'verified', size: 13 }]);
    expect(state()).toBe('stalled');
    expect(rig.log(site.origin)).toMatchObject({ verified_size: 13, last_error: null });
    const { summary, ...alert } = rig.onlyAlert('stalled');
    expect(alert).toMatchObject({
      class: 'operational',
      severity: 'high',
      state: 'open',
      log: site.origin,
      title: `${site.origin}: no sign of life since ${NOW.toISOString()}`,
    });
    expect(summary).toContain('verified to size 13');
    expect(summary).toContain('shown frozen to one victim');

    rig.reopen();
    wait(10);
    await poll();
    expect(rig.onlyAlert('stalled').occurrences).toBe(1);

    site.append(fillers(1, 13));
    site.timeIs(rig.now);
    await poll();
    expect([state(), kinds()]).toEqual(['verified', ['stalled closed']]);

    wait(61);
    await poll();
    expect([state(), kinds()]).toEqual(['stalled', ['stalled open']]);
  });

  it.each([
    ['never', null, 'verified'],
    ['after a day', 24 * 60 * MINUTE, 'verified'],
    ['after a minute', MINUTE, 'stalled'],
  ])('does so %s where that is asked for', async (_when, staleAfterMs, expected) => {
    wait(30);
    await passOverSource(followed(source, { staleAfterMs }), rig.deps(), NEVER);
    expect(state()).toBe(expected);
  });

  it('does not tell it of one that cannot be read as well', async () => {
    site.answer('checkpoint', { status: 500, body: '' });
    wait(1);
    await poll();
    wait(14);
    await poll();
    expect([state(), kinds()]).toEqual(['unreachable', []]);
    wait(100);
    await poll();
    expect([state(), kinds()]).toEqual(['unreachable', ['unreachable open']]);
    expect(rig.onlyAlert('unreachable').occurrences).toBe(1);
    site.heal();
    await poll();
    expect([state(), kinds()]).toEqual(['stalled', ['stalled open', 'unreachable closed']]);
  });

  it('does not tell it of one that contradicts itself', async () => {
    site.fork(5);
    await poll();
    wait(100);
    await poll();
    expect([state(), kinds()]).toEqual(['misbehaving', ['fork open']]);
  });

  it('takes what it learns late for a sign of life now, where the log says no time', async () => {
    wait(600);
    site.append(fillers(2, 13));
    await poll();
    expect(state()).toBe(name === 'static-ct' || name === 'rfc6962' ? 'stalled' : 'verified');
  });
});

describe.each(SITES)('passOverSource() over a %s log that cannot be read', (_, start) => {
  beforeEach(async () => {
    rig = new MonitorRig();
    site = await start();
    source = site.source(rig.http);
    site.append(fillers(13));
    site.timeIs(NOW);
  });

  it.each([
    ['an hour', 60 * MINUTE, 14, 1],
    ['never', null, 14, 1],
    ['five minutes', 5 * MINUTE, 4, 1],
  ])(
    'tells it after a while, at the latest after 15 minutes, when stale_after is %s',
    async (_when, staleAfterMs, quiet, then) => {
      const look = () => passOverSource(followed(source, { staleAfterMs }), rig.deps(), NEVER);
      site.answer('checkpoint', { status: 500, body: '' });
      await look();
      wait(quiet);
      await look();
      expect(kinds()).toEqual([]);
      wait(then);
      await look();
      rig.reopen();
      await look();
      expect(rig.onlyAlert()).toMatchObject({
        kind: 'unreachable',
        class: 'operational',
        severity: 'high',
        occurrences: 1,
      });
      expect(rig.onlyAlert().summary).toContain(site.url);
      expect(rig.onlyAlert().summary).toContain(`since ${NOW.toISOString()}`);

      site.heal();
      expect(await look()).toEqual([{ kind: 'verified', size: 13 }]);
      expect(kinds()).toEqual(['unreachable closed']);
    },
  );

  it('counts anew after each success', async () => {
    for (let round = 0; round < 4; round++) {
      site.answer('checkpoint', { status: 500, body: '' });
      await poll();
      wait(10);
      site.heal();
      await poll();
    }
    expect(kinds()).toEqual([]);
  });

  it('closes it as soon as something is read, long before all of it is', async () => {
    site.append(fillers(800, 13));
    site.answer('checkpoint', { status: 500, body: '' });
    await poll();
    wait(16);
    await poll();
    site.heal();
    const states: string[][] = [];
    const deps = { ...rig.deps(), onProgress: () => void states.push(kinds()) };
    await passOverSource(followed(source), deps, NEVER);
    expect(states.length).toBeGreaterThan(1);
    expect(new Set(states.flat())).toEqual(new Set(['unreachable closed']));
  });

  it('tells it also when only its entries cannot be read', async () => {
    await poll();
    site.append(fillers(9, 13));
    site.answer('entries', { status: 500, body: '' });
    await poll();
    wait(16);
    await poll();
    expect(rig.onlyAlert()).toMatchObject({ kind: 'unreachable', log: site.origin });
  });
});

describe('passOverSource() over a source that cannot be asked for its logs', () => {
  beforeEach(async () => {
    rig = new MonitorRig();
    site = siteV1(await startFakeRekorV1());
    source = site.source(rig.http);
    site.append(fillers(13));
  });

  it('tells it once for all its logs', async () => {
    await poll();
    wait(1);
    site.answer('checkpoint', { status: 500, body: '' });
    await poll();
    wait(20);
    await poll();
    expect(rig.onlyAlert()).toMatchObject({
      kind: 'unreachable',
      log: 'rekor.test',
      title: `rekor.test: cannot be asked for its logs since ${new Date(NOW.getTime() + MINUTE).toISOString()}`,
      occurrences: 1,
    });
  });

  it('says so in the log when it leaves shards out that nobody signed', async () => {
    const many: LogSource = { ...source, leftOut: ['rekor.test - 9'], discover: (signal) => source.discover(signal) };
    await rig.poll(many);
    expect(rig.lines).toContainEqual(
      expect.objectContaining({ level: 40, log: 'rekor.test - 9', source: 'rekor.test' }),
    );
  });
});

describe('passOverSource() over a log with signed times', () => {
  const [, start] = CT_SITES[0];

  beforeEach(async () => {
    rig = new MonitorRig();
    site = await start();
    source = site.source(rig.http);
    site.append(fillers(13));
  });

  it('tells at once of one that is shown as it was long ago', async () => {
    site.timeIs(new Date(NOW.getTime() - 61 * MINUTE));
    await poll();
    expect(state()).toBe('stalled');
    expect(rig.onlyAlert('stalled').title).toContain(new Date(NOW.getTime() - 61 * MINUTE).toISOString());
    expect(listAlerts(rig.store).map(({ kind }) => kind)).toContain('started');
  });

  it('lives as long as it signs new tree heads of the same tree', async () => {
    site.timeIs(NOW);
    await poll();
    wait(120);
    site.timeIs(rig.now);
    await poll();
    expect(state()).toBe('verified');
  });

  it('does not live for ever by one that is signed for a time to come', async () => {
    site.timeIs(new Date(NOW.getTime() + 1000 * 60 * MINUTE));
    await poll();
    wait(61);
    await poll();
    expect(state()).toBe('stalled');
  });
});
