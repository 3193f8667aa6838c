import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readStatus } from '../../src/store/status.ts';
import { fillers, NOW } from '../support/actors.ts';
import { BOTH, type Answer, type LogSite, type Part } from '../support/log-sites.ts';
import { MonitorRig } from '../support/monitor-rig.ts';

const MEBIBYTE = 1024 * 1024;

/** What is no usable answer, and what `last_error` says of it. */
const ANSWERS: readonly (readonly [string, Answer, RegExp])[] = [
  ['500', { status: 500, body: 'out of order' }, /status 500: "out of order"/],
  ['404 of everything', { status: 404, body: '' }, /not found|status 404/],
  [
    'HTML with 200',
    { status: 200, body: '<!doctype html>\n<title>Sign in</title>' },
    /the answer begins "<!doctype html>/,
  ],
  ['half of an answer', { status: 200, body: '{"treeID":"79' }, /the answer begins "\{"treeID":"79/],
  ['an empty answer', { status: 200, body: '' }, /the answer begins ""/],
  [
    'an answer that is too large',
    { status: 200, headers: { 'content-length': 34 * MEBIBYTE }, body: 'x'.repeat(34 * MEBIBYTE) },
    /larger than \d+ bytes/,
  ],
  ['a redirect', { status: 302, headers: { location: 'http://127.0.0.1:9/' }, body: '' }, /redirects to "127.0.0.1:9"/],
  ['no answer', 'hang', /no complete answer within 400 ms/],
];

let rig: MonitorRig;
let site: LogSite;

afterEach(async () => {
  await rig.close();
  await site.close();
});

const poll = () => rig.poll(site.source(rig.http));

describe.each(BOTH)('pass() over a %s log that does not answer', (_, start) => {
  beforeEach(async () => {
    rig = new MonitorRig({ timeoutMs: 400 });
    site = await start();
    site.append(fillers(13));
  });

  describe.each<Part>(['checkpoint', 'entries'])('with its %s but with', (part) => {
    it.each(ANSWERS)('%s says so, tells nobody, and goes on when it heals', async (_what, answer, problem) => {
      await poll();
      site.append(fillers(8, 13));
      site.answer(part, answer);
      expect(await poll()).toEqual([{ kind: 'unavailable', retryAfterMs: undefined }]);
      const failing = rig.log(site.origin);
      expect(failing).toMatchObject({ state: 'unreachable', verified_size: 13, examined_size: 13 });
      expect(failing.last_error).toMatch(problem);
      expect(failing.last_error).toContain(site.url);
      expect(rig.messages().at(-1)).toBe('log unavailable');

      site.heal();
      expect(await poll()).toEqual([{ kind: 'verified', size: 21 }]);
      expect(rig.log(site.origin)).toMatchObject({ state: 'verified', verified_size: 21, last_error: null });
      expect(rig.alerts()).toEqual([]);
    });
  });

  it('shows a log that never answered', async () => {
    site.answer('checkpoint', { status: 500, body: '' });
    await poll();
    const { logs } = readStatus(rig.store);
    expect(logs).toMatchObject([{ state: 'unreachable', url: site.url, verified_size: null, started_at_index: null }]);
    expect(logs[0]?.last_error).toContain(site.url);
  });

  it('shows a server that is gone', async () => {
    await poll();
    await site.close();
    expect(await poll()).toEqual([{ kind: 'unavailable', retryAfterMs: undefined }]);
    expect(rig.log(site.origin)).toMatchObject({ state: 'unreachable', verified_size: 13 });
    expect(rig.log(site.origin).last_error).toContain(`Cannot fetch "${site.url}/`);
    site = await start();
  });

  it('passes on how long the server asked to wait', async () => {
    site.answer('checkpoint', { status: 429, headers: { 'retry-after': '7' }, body: '' });
    expect(await poll()).toEqual([{ kind: 'unavailable', retryAfterMs: 7000 }]);
    site.heal();
    site.answer('entries', { status: 503, headers: { 'retry-after': '90' }, body: '' });
    expect(await poll()).toEqual([{ kind: 'unavailable', retryAfterMs: 90_000 }]);
  });

  it.each([429, 503])('takes a %i now and then in mid-catch-up for what it is', async (status) => {
    site.append(fillers(800, 13));
    let asked = 0;
    site.observe('entries', () => {
      asked += 1;
      return asked % 10 === 2 ? { status, body: '' } : null;
    });
    expect(await poll()).toEqual([{ kind: 'verified', size: 813 }]);
    expect(rig.log(site.origin)).toMatchObject({ last_error: null, kinds: { filler: 813 } });
    expect(rig.messages()).not.toContain('log unavailable');
  });

  it('leaves the other logs alone', async () => {
    const other = await start('other.test');
    other.append(fillers(7));
    site.answer('checkpoint', 'hang');
    try {
      const [broken, sound] = await Promise.all([poll(), rig.poll(other.source(rig.http))]);
      expect([broken, sound]).toEqual([
        [{ kind: 'unavailable', retryAfterMs: undefined }],
        [{ kind: 'verified', size: 7 }],
      ]);
      expect(rig.log(other.origin)).toMatchObject({
        state: 'verified',
        last_error: null,
        verified_at: NOW.toISOString(),
      });
    } finally {
      await other.close();
    }
  });

  it('keeps what it read before the answers stopped', async () => {
    site.append(fillers(800, 13));
    let served = 0;
    site.observe('entries', () => {
      served += 1;
      return served > 2 ? { status: 500, body: '' } : null;
    });
    expect(await poll()).toEqual([{ kind: 'unavailable', retryAfterMs: undefined }]);
    const { examined_size: examined, kinds } = rig.log(site.origin);
    expect(kinds).toEqual({ filler: examined });
    expect(examined).toBeGreaterThan(0);
    expect(examined).toBeLessThan(813);
    site.heal();
    expect(await poll()).toEqual([{ kind: 'verified', size: 813 }]);
    expect(rig.log(site.origin).kinds).toEqual({ filler: 813 });
  });

  it('does not fail itself over a tree larger than any', async () => {
    await poll();
    site.signHead(2 ** 53 - 1, site.root);
    expect(await poll()).toEqual([{ kind: 'unavailable', retryAfterMs: undefined }]);
    expect(rig.log(site.origin)).toMatchObject({ state: 'unreachable', verified_size: 13, seen_size: 2 ** 53 - 1 });
    site.heal();
    expect(await poll()).toEqual([{ kind: 'verified', size: 13 }]);
  });

  it('does not fail itself when a tree larger than any is the first that it sees', async () => {
    site.signHead(2 ** 53 - 1, site.root);
    expect(await poll()).toMatchObject([{ kind: 'unavailable' }]);
    expect(rig.log(site.origin)).toMatchObject({ state: 'unreachable', verified_size: null });
  });
});
