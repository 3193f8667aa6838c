import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { HttpClient, HttpRequest } from '../../src/log/http.ts';
import type { FollowDeps } from '../../src/monitor/follow-deps.ts';
import { followed } from '../../src/monitor/followed-source.ts';
import { passOverSource } from '../../src/monitor/follow-source.ts';
import { startFakeLog, type RunningFakeLog } from '../fakes/fake-log.ts';
import { startFakeRekorV1, type RunningFakeRekorV1 } from '../fakes/fake-rekor-v1.ts';
import { fillers } from '../support/actors.ts';
import { siteV1, siteV2, type LogSite } from '../support/log-sites.ts';
import { MonitorRig } from '../support/monitor-rig.ts';

let rig: MonitorRig;
/** What was asked for since the restart. */
let asked: HttpRequest[];
let http: HttpClient;

beforeEach(() => {
  rig = new MonitorRig();
  asked = [];
  http = {
    fetch(request, signal) {
      asked.push(request);
      return rig.http.fetch(request, signal);
    },
    close: () => rig.http.close(),
  };
});

afterEach(() => rig.close());

/** A pass that ends behind some batches, as when the process is stopped; then the database alone remains. Returns how far it came. */
async function readSome(site: LogSite, batches: number): Promise<number> {
  const stop = new AbortController();
  const deps: FollowDeps = {
    ...rig.deps(),
    onProgress: () => {
      batches -= 1;
      if (batches === 0) stop.abort();
    },
  };
  await passOverSource(followed(site.source(rig.http)), deps, stop.signal);
  rig.reopen();
  return rig.log(site.origin).examined_size ?? 0;
}

describe('a restart in mid-catch-up with a Rekor v2 log', () => {
  let log: RunningFakeLog;

  beforeEach(async () => {
    log = await startFakeLog();
  });

  afterEach(() => log.close());

  /** The files that were asked for, in order of their names. */
  const files = (kind: RegExp) =>
    asked
      .map(({ url }) => url.split('/api/v2/')[1] ?? '')
      .filter((path) => kind.test(path))
      .sort();
  const BUNDLE = /^tile\/entries\//;

  it('asks for no bundle again, and for each of the others once', async () => {
    log.append(fillers(10 * 256 + 7));
    expect(await readSome(siteV2(log), 3)).toBe(3 * 256);
    expect(await rig.poll(siteV2(log).source(http))).toEqual([{ kind: 'verified', size: 10 * 256 + 7 }]);
    expect(files(BUNDLE)).toEqual([
      ...[3, 4, 5, 6, 7, 8, 9].map((index) => `tile/entries/00${index}`),
      'tile/entries/010.p/7',
    ]);
    expect(rig.log(log.origin).kinds).toEqual({ filler: 10 * 256 + 7 });
  });

  it('asks again for the bundle only that was partial', async () => {
    log.append(fillers(2 * 256 + 7));
    await rig.poll(siteV2(log).source(rig.http));
    log.append(fillers(300, 2 * 256 + 7));
    rig.reopen();
    await rig.poll(siteV2(log).source(http));
    expect(files(BUNDLE)).toEqual(['tile/entries/002', 'tile/entries/003.p/51']);
    expect(rig.log(log.origin).kinds).toEqual({ filler: 2 * 256 + 307 });
  });

  it('asks for tiles once for tens of thousands of entries, not for one before each bundle', async () => {
    log.append(fillers(300 * 256));
    await rig.poll(siteV2(log).source(http));
    // A full one of level 1, the partial one beside it, and the one above both.
    expect(files(/^tile\/\d/)).toEqual(['tile/1/000', 'tile/1/001.p/44', 'tile/2/000.p/1']);
    expect(files(BUNDLE).length).toBe(300);
  });
});

describe('a restart in mid-catch-up with a Rekor v1 log', () => {
  let log: RunningFakeRekorV1;

  beforeEach(async () => {
    log = await startFakeRekorV1();
  });

  afterEach(() => log.close());

  it('asks for no ten entries again that were read, and for each of the others once', async () => {
    log.append(fillers(107));
    expect(await readSome(siteV1(log), 4)).toBe(40);
    expect(await rig.poll(siteV1(log).source(http))).toEqual([{ kind: 'verified', size: 107 }]);
    // The reader asks for nothing else with a body.
    const retrieved = asked.flatMap(({ json }) =>
      json === undefined ? [] : [(json as { readonly logIndexes: readonly number[] }).logIndexes],
    );
    const read = retrieved.filter(({ length }) => length > 1).flat();
    expect(read.sort((a, b) => a - b)).toEqual(Array.from({ length: 67 }, (_, place) => 40 + place));
    // Single entries prove where the shard begins, and that the position still fits the log.
    const single = new Set(retrieved.filter(({ length }) => length === 1).flat());
    expect([...single].filter((index) => index !== 0 && index !== 39 && index !== 106)).toEqual([]);
    expect(rig.log(log.active.origin).kinds).toEqual({ filler: 107 });
  });
});
