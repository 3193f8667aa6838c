import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LogReader, Start } from '../../src/log/log.ts';
import { followedLog } from '../../src/monitor/followed-source.ts';
import { joinLog } from '../../src/monitor/join-log.ts';
import { Frontier } from '../../src/tlog/frontier.ts';
import { leafHash, sha256 } from '../../src/tlog/hash.ts';
import { startFakeLog } from '../fakes/fake-log.ts';
import { startFakeRekorV1, type RunningFakeRekorV1 } from '../fakes/fake-rekor-v1.ts';
import { fillers } from '../support/actors.ts';
import { BOTH, siteV1, siteV2, type LogSite } from '../support/log-sites.ts';
import { MonitorRig, NEVER } from '../support/monitor-rig.ts';

let rig: MonitorRig;
let site: LogSite;

beforeEach(() => {
  rig = new MonitorRig();
});

afterEach(async () => {
  await rig.close();
  await site.close();
});

async function reader(): Promise<LogReader> {
  // Each site serves one log.
  return (await site.source(rig.http).discover(NEVER))[0] as LogReader;
}

/** Joins at the checkpoint that is served now. */
async function joined(start: Start): Promise<Frontier> {
  const log = await reader();
  return joinLog(followedLog(log, { start }), await log.fetchCheckpoint(NEVER), NEVER);
}

function frontierOf(size: number): Frontier {
  const frontier = Frontier.empty();
  for (const leaf of fillers(size)) {
    frontier.append(leafHash(leaf));
  }
  return frontier;
}

describe.each(BOTH)('joinLog() at a %s log', (_, start) => {
  beforeEach(async () => {
    site = await start();
    site.append(fillers(300));
    site.append(fillers(13, 300));
  });

  it.each<[string, Start, number]>([
    ['the first entry', 'genesis', 0],
    ['the end', 'head', 313],
    ['index 0', 0, 0],
    ['index 1', 1, 1],
    ['an index in the middle', 170, 170],
    ['the end of a full tile', 256, 256],
    ['an index behind it', 257, 257],
    ['the last index', 312, 312],
    ['an index that is the size', 313, 313],
    ['an index beyond the end, at the end', 314, 313],
    ['the largest index, at the end', 2 ** 53 - 1, 313],
  ])('begins at %s', async (_what, from, size) => {
    const frontier = await joined(from);
    expect(frontier.size).toBe(size);
    expect(frontier.equals(frontierOf(size))).toBe(true);
  });

  it('begins where an older checkpoint ends, although the log has grown', async () => {
    site.serveOldCheckpoint(300);
    expect((await joined('head')).equals(frontierOf(300))).toBe(true);
  });

  it('refuses a tree that the entries do not make', async () => {
    site.signHead(313, sha256(Buffer.from('another history')));
    await expect(joined('head')).rejects.toMatchObject({ name: 'LogMisbehaved', evidence: { log: site.origin } });
    await expect(joined(170)).rejects.toMatchObject({ name: 'LogMisbehaved' });
  });

  it('says when the log does not answer', async () => {
    site.answer('checkpoint', { status: 500, body: '' });
    await expect(joined('head')).rejects.toMatchObject({ name: 'LogUnavailable' });
  });

  it('shows in the status where it began, and what lies before', async () => {
    await rig.poll(site.source(rig.http, 170));
    expect(rig.log(site.origin)).toMatchObject({
      state: 'verified',
      started_at_index: 170,
      verified_size: 313,
      kinds: { filler: 143 },
    });
  });

  it('does not look at the start again once it is joined', async () => {
    await rig.poll(site.source(rig.http, 'head'));
    rig.reopen();
    site.append(fillers(5, 313));
    await rig.poll(site.source(rig.http, 'genesis'));
    expect(rig.log(site.origin)).toMatchObject({ started_at_index: 313, verified_size: 318, kinds: { filler: 5 } });
  });
});

describe.each(BOTH)('joinLog() at an empty %s log', (_, start) => {
  beforeEach(async () => {
    site = await start();
  });

  it.each<Start>(['genesis', 'head', 0, 7])('begins at 0 from %s', async (from) => {
    expect((await joined(from)).size).toBe(0);
  });

  it('takes what comes then from its first entry on', async () => {
    await rig.poll(site.source(rig.http, 'head'));
    site.append(fillers(3));
    await rig.poll(site.source(rig.http, 'head'));
    expect(rig.log(site.origin)).toMatchObject({ started_at_index: 0, kinds: { filler: 3 } });
  });
});

describe('joinLog() at a time', () => {
  /** The fake log's clock: one entry each second from here on. */
  const FIRST = 1_700_000_000;
  const after = (seconds: number) => new Date((FIRST + seconds) * 1000);
  let rekor: RunningFakeRekorV1;

  beforeEach(async () => {
    rekor = await startFakeRekorV1();
    site = siteV1(rekor);
  });

  it.each<[Date, number]>([
    [new Date(0), 0],
    [after(0), 0],
    [after(0.5), 1],
    [after(17), 17],
    [after(29), 29],
    [after(29.5), 30],
    [after(1e6), 30],
  ])('begins a Rekor v1 log with the first entry that is not older: %s', async (time, index) => {
    site.append(fillers(30));
    expect((await joined(time)).equals(frontierOf(index))).toBe(true);
  });

  it('begins an empty Rekor v1 log at 0', async () => {
    expect((await joined(after(17))).size).toBe(0);
  });

  it('believes only times that the log signed', async () => {
    site.append(fillers(30));
    rekor.changeEntry(15, (entry) => ({ ...entry, integratedTime: 1 }));
    await expect(joined(after(17))).rejects.toMatchObject({ evidence: { kind: 'bad-signature' } });
  });
});

describe('joinLog() at a time of a log without times', () => {
  it('says that a Rekor v2 log has none', async () => {
    site = siteV2(await startFakeLog());
    site.append(fillers(3));
    await expect(joined(new Date())).rejects.toMatchObject({
      name: 'LogUnavailable',
      message: `Cannot find a time in "${site.origin}": entries of a Rekor v2 log carry no time`,
    });
  });
});
