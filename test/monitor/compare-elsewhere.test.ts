import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LogSource } from '../../src/log/log.ts';
import { followed } from '../../src/monitor/followed-source.ts';
import { passOverSource } from '../../src/monitor/follow-source.ts';
import type { PassOutcome } from '../../src/monitor/pass.ts';
import { listVantages } from '../../src/store/vantages.ts';
import { fillers } from '../support/actors.ts';
import type { LogSite } from '../support/log-sites.ts';
import { MonitorRig, NEVER } from '../support/monitor-rig.ts';
import { TWINS, type Twins } from '../support/twin-sites.ts';

const HOUR = 3_600_000;
const QUARTER = 15 * 60_000;

let rig: MonitorRig;
let twins: Twins;

afterEach(async () => {
  await rig.close();
  await twins.close();
});

describe.each(TWINS)('compareElsewhere() of a %s log', (_, start) => {
  let here: LogSite;
  let there: LogSite;
  let source: LogSource;
  let also: LogSource;

  beforeEach(async () => {
    rig = new MonitorRig({ timeoutMs: 300 });
    twins = await start();
    ({ here, there } = twins);
    twins.append(fillers(13));
    source = here.source(rig.http, 'head');
    also = there.source(rig.http, 'head');
  });

  const poll = (): Promise<readonly PassOutcome[]> =>
    passOverSource(followed(source, { also: [also] }), rig.deps(), NEVER);
  const status = () => rig.log(here.origin);
  const vantage = () => listVantages(rig.store, here.origin)[0];
  const started = () => rig.rows(`SELECT 1 FROM alerts WHERE kind = 'started'`).length;
  /** The alerts that name the further address. */
  const aboutThere = () => rig.alerts().filter(({ title }) => title.includes(there.url));
  const grow = (count: number) => {
    twins.append(fillers(count, here.size));
  };
  const later = (ms: number) => {
    rig.now = new Date(rig.now.getTime() + ms);
  };

  it('tells nothing while both show one history, and says in the status what was compared', async () => {
    await poll();
    grow(5);
    await poll();
    expect(rig.alerts()).toEqual([]);
    expect(status()).toMatchObject({
      state: 'verified',
      verified_size: 18,
      also: [{ url: there.url, error: null, seen_size: 18, seen_at: rig.now.toISOString() }],
    });
  });

  it.each([
    ['lags', 0, 300],
    ['is ahead', 300, 0],
  ])('tells nothing of a further address that %s', async (_what, more, fewer) => {
    await poll();
    there.append(fillers(more, 13));
    here.append(fillers(fewer, 13));
    await poll();
    expect(rig.alerts()).toEqual([]);
    expect(vantage()).toMatchObject({ error: null, seenSize: 13 + more });
    expect(status()).toMatchObject({ state: 'verified', verified_size: 13 + fewer });
  });

  it.each([
    ['of the same size', 0, 0],
    ['that is smaller', 0, 7],
    ['that is larger', 7, 0],
    ['that is larger by much', 700, 0],
  ])(
    'stops a log of which another history is shown there %s, before it is told to be started',
    async (_s, more, fewer) => {
      there.fork(1);
      there.append(fillers(more, 13));
      here.append(fillers(fewer, 13));
      expect(await poll()).toEqual([{ kind: 'misbehaving' }]);
      const { kind, summary, evidence } = rig.onlyAlert();
      expect([kind, evidence]).toMatchObject(['fork', { kind: 'fork', signed: true, log: here.origin }]);
      expect(summary).toContain(there.url);
      expect([started(), status().state, status().verified_size]).toEqual([0, 'misbehaving', null]);
    },
  );

  it.each([
    ['of the same size', 0, 0],
    ['that is smaller', 0, 7],
    ['that is larger', 7, 0],
  ])('stops a log that is followed when another history is shown there %s', async (_s, more, fewer) => {
    await poll();
    there.answer('checkpoint', { status: 500, body: 'no' });
    await poll();
    there.heal();
    there.fork(1);
    there.append(fillers(more, 13));
    here.append(fillers(fewer, 13));
    expect(await poll()).toEqual([{ kind: 'misbehaving' }]);
    expect(rig.onlyAlert()).toMatchObject({ kind: 'fork', evidence: { kind: 'fork', signed: true } });
    const also = [expect.objectContaining({ url: there.url, error: null, seen_size: there.size })];
    expect(status()).toMatchObject({ state: 'misbehaving', verified_size: 13, also });
  });

  it('finds histories that part after the last verified tree', async () => {
    await poll();
    grow(5);
    there.fork(15);
    there.append(fillers(2, 18));
    expect(await poll()).toEqual([{ kind: 'misbehaving' }]);
    expect(rig.onlyAlert()).toMatchObject({ kind: 'fork', evidence: { signed: true } });
  });

  it('waits with its beginning until the further address answers, and names it', async () => {
    there.answer('checkpoint', { status: 500, body: '' });
    expect(await poll()).toEqual([{ kind: 'unavailable', retryAfterMs: undefined }]);
    expect(status()).toMatchObject({ state: 'unreachable', started_at_index: null });
    expect(status().last_error).toMatch(
      `Cannot begin with "${here.origin}" before it is compared with "${there.url}": Cannot fetch "${there.url}`,
    );
    there.heal();
    expect(await poll()).toEqual([{ kind: 'verified', size: 13 }]);
    expect([started(), status().state, status().last_error]).toEqual([1, 'verified', null]);
  });

  it.each<[string, Parameters<LogSite['answer']>[1]]>([
    ['fails', { status: 500, body: '' }],
    ['hangs', 'hang'],
    ['serves a page', { status: 200, body: '<!doctype html>' }],
  ])('goes on with a log that is followed when the further address %s, and says so', async (_what, answer) => {
    await poll();
    there.answer('checkpoint', answer);
    grow(5);
    expect(await poll()).toEqual([{ kind: 'verified', size: 18 }]);
    const error = expect.stringContaining(there.url) as string;
    expect(status()).toMatchObject({
      state: 'verified',
      last_error: null,
      also: [{ url: there.url, error, seen_size: 13 }],
    });
    await poll();
    expect(rig.messages().filter((message) => message === 'further address not compared')).toHaveLength(1);
    expect(rig.alerts()).toEqual([]);
  });

  it('tells once when the further address is gone for long, and closes that when it is back', async () => {
    await poll();
    there.answer('checkpoint', { status: 500, body: '' });
    await poll();
    later(QUARTER - 1);
    await poll();
    expect(rig.alerts()).toEqual([]);
    later(1);
    await poll();
    await poll();
    expect(aboutThere()).toMatchObject([{ kind: 'unreachable', state: 'open', log: here.origin, occurrences: 1 }]);
    there.heal();
    await poll();
    expect(aboutThere()).toMatchObject([{ state: 'closed' }]);
    expect(vantage()).toMatchObject({ error: null, failingSince: null });
  });

  it('tells of a bad signature there with its address, and goes on', async () => {
    await poll();
    there.badSignature();
    grow(5);
    expect(await poll()).toEqual([{ kind: 'verified', size: 18 }]);
    expect(rig.onlyAlert()).toMatchObject({ kind: 'bad-signature', log: here.origin });
    expect(rig.onlyAlert().summary).toContain(there.url);
    expect(status()).toMatchObject({ state: 'verified', last_error: null });
  });

  it('asks the trust source for a key that only the further address uses, before it tells', async () => {
    await poll();
    there.badSignature();
    const end = new AbortController();
    rig.suspectTrust = async () => {
      // The keys have changed: whoever follows this log is ended and begun anew.
      end.abort();
      return true;
    };
    await passOverSource(followed(source, { also: [also] }), rig.deps(), end.signal);
    expect(rig.alerts()).toEqual([]);
  });

  it('tells nothing of a bad signature there that a cache on the way had kept', async () => {
    await poll();
    there.badSignature();
    there.endWhenFresh();
    await poll();
    expect(rig.alerts()).toEqual([]);
    expect(vantage()?.error).toBe(null);
  });

  it('tells nothing of a tree there that does not fit as a cache on the way had kept it', async () => {
    await poll();
    there.append(fillers(5, 13));
    there.tamperProof(12);
    there.endWhenFresh();
    await poll();
    expect(rig.alerts()).toEqual([]);
    expect(vantage()).toMatchObject({ error: null, seenSize: 18 });
  });

  it('does not begin with a log that a bad signature is shown of there', async () => {
    there.badSignature();
    expect(await poll()).toEqual([{ kind: 'misbehaving' }]);
    expect(rig.onlyAlert()).toMatchObject({ kind: 'bad-signature', occurrences: 1 });
    expect([started(), status().started_at_index]).toEqual([0, null]);
  });

  it('tells when it stands still here and grows there, once the time is up', async () => {
    await poll();
    there.append(fillers(5, 13));
    await poll();
    later(HOUR);
    await poll();
    expect(aboutThere()).toEqual([]);
    later(1);
    await poll();
    await poll();
    expect(aboutThere()).toMatchObject([{ kind: 'stalled', state: 'open', log: here.origin, occurrences: 1 }]);
    here.append(fillers(5, 13));
    await poll();
    await poll();
    expect(aboutThere()).toMatchObject([{ state: 'closed' }]);
  });

  it('tells nothing while it follows what grows there, however far behind', async () => {
    await poll();
    for (const size of [13, 18, 23, 28]) {
      there.append(fillers(5, size));
      await poll();
      later(HOUR - 1);
      here.append(fillers(5, size));
    }
    expect(aboutThere()).toEqual([]);
  });

  it('forgets an address that is configured no more', async () => {
    await poll();
    await passOverSource(followed(source), rig.deps(), NEVER);
    expect(status().also).toEqual([]);
  });
});
