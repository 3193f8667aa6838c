import { generateKeyPairSync } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ReachedLog } from '../../src/cli/check-online.ts';
import type { LogStatus } from '../../src/store/status.ts';
import { Store } from '../../src/store/store.ts';
import { parseLines, ProgramBench, stop, type Ended } from '../support/program.ts';
import { until } from '../support/until.ts';
import { ENTRIES, liveLogs, type LiveLog } from './live-log.ts';

describe.each(liveLogs())('sigwatch against a live %s log', (type, live) => {
  describe.skipIf(live === null)('', () => {
    // Skipped without it.
    const log = live as LiveLog;
    let bench: ProgramBench;
    let reached: ReachedLog;

    beforeAll(async () => {
      bench = new ProgramBench();
      const { stdout } = await bench.run(['check', '--online', '--json', '--config', configure('check')]);
      const [{ logs }] = parseLines(stdout) as [{ logs: readonly ReachedLog[] }];
      // Of Rekor v1 the shard that grows stands last.
      reached = logs.at(-1) as ReachedLog;
    });
    afterAll(() => bench.close());

    /** Writes a configuration with a database of its own. */
    function configure(name: string, differing: object = {}, override: object = {}): string {
      const { url, key, origin, readPath } = log;
      const custom = {
        name: 'live',
        type,
        url,
        origin,
        public_key: key,
        ...(readPath === null ? {} : { read_path: readPath }),
      };
      const config = {
        version: 1,
        database: `./${name}.db`,
        trust: { source: 'none' },
        logs: {
          ...{ discover: false, poll_interval: '1s', stale_after: 'none' },
          ...{ custom: [{ ...custom, ...differing }], override },
        },
        watches: [{ name: 'anybody', select: [{ subject: '**' }], expect: 'none' }],
      };
      return bench.write(`${name}.yaml`, JSON.stringify(config));
    }

    /** The same, to begin so many entries before the end. */
    const configureTail = (name: string, differing: object = {}): string =>
      configure(name, differing, { [reached.origin]: { start: Math.max((reached.size ?? 0) - ENTRIES, 0) } });
    const once = (config: string): Promise<Ended> => bench.run(['run', '--once', '--config', config]);
    const status = async (config: string): Promise<LogStatus> => {
      const [{ logs }] = (await bench.runJson(['status', '--json', '--config', config])) as [
        { logs: readonly LogStatus[] },
      ];
      return logs.find(({ origin }) => origin === reached.origin) as LogStatus;
    };
    const alerts = async (
      config: string,
    ): Promise<readonly { readonly kind: string; readonly id: string; readonly log: string }[]> =>
      (await bench.runJson(['alerts', 'list', '--json', '--config', config])) as never;

    it('verifies its checkpoint', () => {
      expect(reached).toMatchObject({ name: 'live', ok: true, error: null });
    });

    it('reads and proves its last entries, and goes on from there', async () => {
      const config = configureTail('tail');
      const first = await once(config);
      const after = await status(config);
      const from = Math.max((reached.size ?? 0) - ENTRIES, 0);
      expect(after).toMatchObject({
        state: expect.stringMatching(/^(verified|frozen)$/) as string,
        started_at_index: from,
        lag: 0,
        last_error: null,
      });
      expect(after.verified_size).toBeGreaterThanOrEqual(reached.size ?? 0);
      expect(Object.values(after.kinds).reduce((sum, count) => sum + count, 0)).toBe((after.verified_size ?? 0) - from);

      const second = await once(config);
      const later = await status(config);
      expect(later.verified_size).toBeGreaterThanOrEqual(after.verified_size ?? 0);
      expect(Object.values(later.kinds).reduce((sum, count) => sum + count, 0)).toBe((later.verified_size ?? 0) - from);
      const started = (await alerts(config)).filter(
        (alert) => alert.kind === 'started' && alert.log === reached.origin,
      );
      expect(started).toHaveLength(1);
      // 1: somebody signed something, which this watch forbids.
      expect([first.status, second.status].filter((code) => code !== 0 && code !== 1)).toEqual([]);
    });

    it('proves an entry by a file that needs no network', async () => {
      const config = configureTail('evidence');
      await once(config);
      const found = (await alerts(config)).find(({ kind }) => kind !== 'started');
      // A log of nothing but bare keys has nobody whom this watch selects.
      const outcomes = found === undefined ? [] : [await prove(found.id, config)];
      expect(outcomes.filter(({ status: code }) => code !== 0)).toEqual([]);
    });

    async function prove(id: string, config: string): Promise<Ended> {
      const file = bench.path(`${id}.json`);
      await bench.run(['evidence', id, '--out', file, '--config', config]);
      return await bench.run(['evidence', 'verify', file, '--key', log.key, '--config', config]);
    }

    it('follows it until it is told to end', async () => {
      const config = configure('daemon');
      const daemon = bench.start(['run', '--config', config]);
      const isVerified = () => readSize('daemon.db', reached.origin) !== null;
      await until('the log is verified', isVerified, 120_000);
      expect(await stop(daemon)).toMatchObject({ status: 0 });
    });

    function readSize(database: string, origin: string): number | null {
      try {
        const store = Store.open(bench.path(database), { readonly: true });
        const row = store
          .prepare<{ size: number | null }>('SELECT verified_size AS size FROM logs WHERE origin = @origin')
          .get({ origin });
        store.close();
        return row?.size ?? null;
      } catch {
        // The daemon is still making it.
        return null;
      }
    }

    it('compares it with what it shows at a further address', async () => {
      const config = configure('also', { also: [log.url] });
      await once(config);
      expect(await status(config)).toMatchObject({ last_error: null, also: [{ url: log.url, error: null }] });
    });

    it('begins at a pinned checkpoint', async () => {
      await once(configure('pin'));
      const store = Store.open(bench.path('pin.db'), { readonly: true });
      const pinned = store
        .prepare<{ note: string; size: number }>(
          'SELECT verified_note AS note, verified_size AS size FROM logs WHERE origin = @origin',
        )
        .get({ origin: reached.origin });
      store.close();
      const checkpoint = bench.write('pinned.note', pinned?.note ?? '');
      const config = configure('pinned', {}, { [reached.origin]: { checkpoint } });
      await once(config);
      expect(await status(config)).toMatchObject({ started_at_index: pinned?.size, last_error: null });
    });

    it('believes nothing that another key should have signed', async () => {
      const pair =
        type === 'rekor-v2' ? generateKeyPairSync('ed25519') : generateKeyPairSync('ec', { namedCurve: 'P-256' });
      const key = bench.write('other.pub', pair.publicKey.export({ type: 'spki', format: 'pem' }));
      const config = configure('other', { public_key: key });
      const { status: code } = await once(config);
      expect([code, (await status(config)).verified_size]).toEqual([1, null]);
      expect((await alerts(config)).map(({ kind }) => kind)).toContain('bad-signature');
    });
  });
});
