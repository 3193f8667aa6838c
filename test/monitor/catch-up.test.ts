import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { EntryBatch, Evidence, LogReader } from '../../src/log/log.ts';
import { catchUp } from '../../src/monitor/catch-up.ts';
import { followedLog } from '../../src/monitor/followed-source.ts';
import { saveCheckpoint } from '../../src/store/checkpoints.ts';
import { findLog, registerLogs, saveFrontier, saveJoined, type LogPosition } from '../../src/store/logs.ts';
import { recordSource } from '../../src/store/sources.ts';
import { openCheckpoint, type SignedCheckpoint } from '../../src/tlog/checkpoint.ts';
import { Frontier } from '../../src/tlog/frontier.ts';
import { leafHash, sha256 } from '../../src/tlog/hash.ts';
import { FakeShard } from '../fakes/fake-rekor-v1-shard.ts';
import { startFakeRekorV1, type RunningFakeRekorV1 } from '../fakes/fake-rekor-v1.ts';
import { certify, fillers, NOW, releaseAt } from '../support/actors.ts';
import { provesEqualSizes, provesPrefix } from '../support/evidence.ts';
import { BOTH, siteV1, type LogSite } from '../support/log-sites.ts';
import { MonitorRig, NEVER } from '../support/monitor-rig.ts';

const BRANCH = 'refs/heads/hotfix';

let rig: MonitorRig;
let site: LogSite;
let reader: LogReader;
let target: SignedCheckpoint;

afterEach(async () => {
  await rig.close();
  await site.close();
});

/** The log as it stands now becomes known and the target; nothing of it is read. */
async function setTarget(): Promise<void> {
  const source = site.source(rig.http);
  // Each site serves one log.
  reader = (await source.discover(NEVER))[0] as LogReader;
  target = await reader.fetchCheckpoint(NEVER);
  recordSource(rig.store, source);
  registerLogs(rig.store, source.name, [{ origin: site.origin, type: site.type, url: site.url }], NOW);
  saveCheckpoint(rig.store, target, NOW);
  saveJoined(rig.store, site.origin, Frontier.empty(), target, NOW);
}

// Only asked after setTarget().
const position = () => findLog(rig.store, site.origin)?.position as LogPosition;

/** Goes on from what the database holds. */
const run = (log = reader, signal = NEVER) =>
  catchUp(followedLog(log), position().frontier, target, rig.deps(), signal);

/** The reader, but with other batches. */
function reading(batches: (real: AsyncIterable<EntryBatch>) => AsyncIterable<EntryBatch>): LogReader {
  return {
    origin: reader.origin,
    type: reader.type,
    inactive: false,
    fresh: false,
    fetchCheckpoint: (signal) => reader.fetchCheckpoint(signal),
    fetchFrontier: (tree, size, signal) => reader.fetchFrontier(tree, size, signal),
    proveConsistency: (small, large, signal) => reader.proveConsistency(small, large, signal),
    indexAt: (tree, time, signal) => reader.indexAt(tree, time, signal),
    proveInclusion: (tree, index, signal) => reader.proveInclusion(tree, index, signal),
    stepOver: (tree, from, signal) => reader.stepOver(tree, from, signal),
    confirmEnd: (tree, signal) => reader.confirmEnd(tree, signal),
    entries: (tree, from, signal) => batches(reader.entries(tree, from, signal)),
  };
}

async function* mapped(real: AsyncIterable<EntryBatch>, change: (batch: EntryBatch) => EntryBatch) {
  for await (const batch of real) {
    yield change(batch);
  }
}

describe.each(BOTH)('catchUp() on a %s log', (type, start) => {
  const batchSize = type === 'rekor-v2' ? 256 : 10;

  beforeEach(async () => {
    rig = new MonitorRig();
    site = await start();
    const attack = () => site.entry(certify(releaseAt(BRANCH)));
    site.append([attack(), ...fillers(batchSize - 1), attack(), ...fillers(batchSize, 1000), attack()]);
    await setTarget();
  });

  it('reads, judges and stores everything up to the target', async () => {
    await run();
    expect(position().frontier.root().equals(target.root)).toBe(true);
    expect(rig.verdicts()).toEqual(
      [0, batchSize, 2 * batchSize + 1].map((index) => `${index} widget-release unexpected`),
    );
    expect(rig.log(site.origin).kinds).toEqual({ filler: 2 * batchSize - 1, hashedrekord: 3 });
    expect(rig.progress.map(({ size }) => size)).toEqual([batchSize, 2 * batchSize, 2 * batchSize + 2]);
  });

  it('reads nothing when it is there', async () => {
    await run();
    const before = rig.outcome();
    site.answer('entries', { status: 500, body: '' });
    await run();
    expect(rig.outcome()).toEqual(before);
  });

  it('goes on where it stopped, also in the middle of a bundle', async () => {
    const { frontier } = await reader.fetchFrontier(target, 2 * batchSize - 3, NEVER);
    saveFrontier(rig.store, site.origin, frontier, NOW);
    await run();
    expect(rig.verdicts()).toEqual([`${site.size - 1} widget-release unexpected`]);
    expect(rig.log(site.origin).kinds).toEqual({ filler: 4, hashedrekord: 1 });
  });

  it('judges and stores a batch only once it is proven', async () => {
    site.tamperLeaf(batchSize + 3);
    await expect(run()).rejects.toMatchObject({
      name: 'LogMisbehaved',
      message: `Entries ${batchSize} to ${2 * batchSize - 1} of "${site.origin}" are not the ones its signed tree holds`,
      evidence: { kind: 'entry-mismatch', log: site.origin, signed: false },
    });
    expect(position().frontier.size).toBe(batchSize);
    expect(rig.verdicts()).toEqual(['0 widget-release unexpected']);
    expect(rig.log(site.origin).kinds).toEqual({ filler: batchSize - 1, hashedrekord: 1 });
    site.heal();
    await run();
    expect(rig.verdicts()).toHaveLength(3);
  });

  it('does not take an attack out of a batch on the word of who serves it', async () => {
    const harmless = fillers(1, 5000)[0] as Buffer; // One was made.
    const censored = reading((real) =>
      mapped(real, (batch) => ({
        ...batch,
        leaves: batch.leaves.map((leaf) =>
          leaf.index === 0 ? { ...leaf, data: harmless, hash: leafHash(harmless) } : leaf,
        ),
      })),
    );
    await expect(run(censored)).rejects.toMatchObject({ evidence: { kind: 'entry-mismatch' } });
    expect(rig.outcome()).toMatchObject({ findings: [], counts: [], alerts: [] });
  });

  it.each<[string, (batch: EntryBatch) => EntryBatch, RegExp]>([
    [
      'begins late',
      ({ leaves, after }) => ({ leaves: leaves.slice(1), after }),
      /^Cannot read entry 0 of ".*": got 1 instead$/,
    ],
    [
      'has a hole',
      ({ leaves, after }) => ({ leaves: leaves.toSpliced(4, 1), after }),
      /^Cannot read entry 4 of ".*": got 5 instead$/,
    ],
    [
      'repeats an entry',
      ({ leaves, after }) => ({ leaves: leaves.flatMap((leaf) => [leaf, leaf]), after }),
      /^Cannot read entry 1 of ".*": got 0 instead$/,
    ],
  ])('waits where a batch %s', async (_what, change, message) => {
    await expect(run(reading((real) => mapped(real, change)))).rejects.toMatchObject({
      name: 'LogUnavailable',
      message: expect.stringMatching(message) as string,
    });
    expect(rig.outcome()).toMatchObject({ findings: [], counts: [] });
  });

  it('refuses a batch that is cut short', async () => {
    const cut = reading((real) => mapped(real, ({ leaves, after }) => ({ leaves: leaves.slice(0, -1), after })));
    await expect(run(cut)).rejects.toMatchObject({ evidence: { kind: 'entry-mismatch' } });
    expect(position().frontier.size).toBe(0);
  });

  it('waits where the entries end too early', async () => {
    const short = reading(async function* (real) {
      for await (const batch of real) {
        yield batch;
        return;
      }
    });
    await expect(run(short)).rejects.toMatchObject({
      name: 'LogUnavailable',
      message: `Cannot read all entries of "${site.origin}": they end at ${batchSize} of ${site.size}`,
    });
    expect(position().frontier.size).toBe(batchSize);
  });

  it('stops between two batches when the program ends', async () => {
    const end = new AbortController();
    const deps = {
      ...rig.deps(),
      onProgress: () => {
        end.abort();
      },
    };
    await catchUp(followedLog(reader), position().frontier, target, deps, end.signal);
    expect(position().frontier.size).toBe(batchSize);
    expect(rig.verdicts()).toEqual(['0 widget-release unexpected']);
    await run();
    expect(rig.verdicts()).toHaveLength(3);
  });

  it('leaves nothing of a batch that cannot be stored', async () => {
    const deps = {
      ...rig.deps(),
      tell: () => {
        throw new Error('disk full');
      },
    };
    await expect(catchUp(followedLog(reader), position().frontier, target, deps, NEVER)).rejects.toThrow('disk full');
    expect(position().frontier.size).toBe(0);
    expect(rig.outcome()).toMatchObject({ findings: [], counts: [], alerts: [], deliveries: [] });
  });

  it('holds the entries against each checkpoint that was seen on the way', async () => {
    site.signHead(batchSize + 5, sha256(Buffer.from('another history')));
    const seen = await reader.fetchCheckpoint(NEVER);
    site.heal();
    saveCheckpoint(rig.store, seen, NOW);
    const error: unknown = await run().catch((reason: unknown) => reason);
    expect(error).toMatchObject({ name: 'LogMisbehaved', evidence: { kind: 'fork', signed: true } });
    // Just asserted.
    const { evidence } = error as { evidence: Evidence };
    expect(evidence.notes[0]).toBe(seen.note);
    expect(provesPrefix(evidence, site)).toEqual([batchSize + 5, site.size]);
    expect(position().frontier.size).toBe(batchSize);
    expect(rig.verdicts()).toEqual(['0 widget-release unexpected']);
  });
});

describe('catchUp() on a Rekor v1 log that vouches for entries by another history', () => {
  let rekor: RunningFakeRekorV1;
  let evil: FakeShard;

  beforeEach(async () => {
    rig = new MonitorRig();
    rekor = await startFakeRekorV1();
    site = siteV1(rekor);
    site.append(fillers(25));
    await setTarget();
    evil = new FakeShard(rekor.host, 0, 0, rekor.active.signer);
    evil.append(fillers(25));
    evil.fork(3, Buffer.from(site.entry(certify(releaseAt(BRANCH)))));
  });

  /** The entries below `below` come from the other history. */
  const lie = (below: number) => {
    rekor.changeEntries((entries) =>
      entries.map((entry) => (entry.logIndex < below ? evil.entryAt(entry.logIndex) : entry)),
    );
  };
  const contradiction = async () => {
    const error: unknown = await run().catch((reason: unknown) => reason);
    expect(error).toMatchObject({ name: 'LogMisbehaved', evidence: { kind: 'fork', signed: true } });
    return (error as { evidence: Evidence }).evidence; // Just asserted.
  };

  it('notices it by the notes before it stores anything', async () => {
    lie(10);
    expect(provesEqualSizes(await contradiction(), site)).toBe(25);
    expect(position().frontier.size).toBe(0);
    expect(rig.verdicts()).toEqual([]);
  });

  it('notices it where the two histories meet, whatever their sizes', async () => {
    evil.append(fillers(2, 25));
    site.append(fillers(5, 25));
    lie(10);
    expect(provesPrefix(await contradiction(), site)).toEqual([27, 30]);
    expect(position().frontier.size).toBe(10);
  });

  it('notices it at the target', async () => {
    evil.append(fillers(2, 25));
    site.append(fillers(5, 25));
    lie(27);
    const evidence = await contradiction();
    expect(provesPrefix(evidence, site)).toEqual([25, 27]);
    expect(openCheckpoint(evidence.notes[0] ?? '', site).root.equals(target.root)).toBe(true);
    expect(position().frontier.size).toBe(20);
  });

  it.each([10, 25])('tells of what was served where the log withholds the proof, below %d', async (below) => {
    evil.append(fillers(2, 25));
    lie(below);
    await expect(run()).rejects.toMatchObject({
      name: 'LogMisbehaved',
      evidence: { kind: 'entry-mismatch', log: site.origin, signed: false },
    });
    expect(position().verified).toBe(null);
  });
});
