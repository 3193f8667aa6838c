import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LogMisbehaved, type LogReader } from '../../src/log/log.ts';
import { requireConsistent, requireSameRoot } from '../../src/monitor/require-consistent.ts';
import type { SignedCheckpoint } from '../../src/tlog/checkpoint.ts';
import { sha256 } from '../../src/tlog/hash.ts';
import { PROOF, startFakeRekorV1, type RunningFakeRekorV1 } from '../fakes/fake-rekor-v1.ts';
import { fillers } from '../support/actors.ts';
import { provesEqualSizes, provesPrefix } from '../support/evidence.ts';
import { BOTH, siteV1, type LogSite } from '../support/log-sites.ts';
import { MonitorRig, NEVER } from '../support/monitor-rig.ts';

const ANOTHER_ROOT = sha256(Buffer.from('another history'));

let rig: MonitorRig;
let site: LogSite;
let reader: LogReader;

afterEach(async () => {
  await rig.close();
  await site.close();
});

/** Grows the log to `size` and gives the checkpoint that it signs there. */
async function signedAt(size: number): Promise<SignedCheckpoint> {
  site.append(fillers(size - site.size, site.size));
  return reader.fetchCheckpoint(NEVER);
}

/** A checkpoint that the log signed without having the entries for it. */
async function signedFalsely(size: number): Promise<SignedCheckpoint> {
  site.signHead(size, ANOTHER_ROOT);
  const checkpoint = await reader.fetchCheckpoint(NEVER);
  site.heal();
  return checkpoint;
}

async function misbehaviour(known: SignedCheckpoint, seen: SignedCheckpoint): Promise<LogMisbehaved> {
  const error: unknown = await requireConsistent(reader, known, seen, NEVER).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(LogMisbehaved);
  return error as LogMisbehaved; // Just asserted.
}

describe.each(BOTH)('requireConsistent() over a %s log', (_, start) => {
  beforeEach(async () => {
    rig = new MonitorRig();
    site = await start();
    // Each site serves one log.
    reader = (await site.source(rig.http).discover(NEVER))[0] as LogReader;
  });

  it.each([
    [0, 0],
    [0, 13],
    [1, 2],
    [13, 13],
    [13, 21],
    [8, 300],
    [256, 300],
    [255, 257],
  ])('accepts sizes %d and %d of one history, whichever was known', async (small, large) => {
    const [before, after] = [await signedAt(small), await signedAt(large)];
    await requireConsistent(reader, before, after, NEVER);
    await requireConsistent(reader, after, before, NEVER);
  });

  it('proves a fork at equal size by the two notes', async () => {
    const known = await signedAt(13);
    site.fork(4);
    const seen = await reader.fetchCheckpoint(NEVER);
    const error = await misbehaviour(known, seen);
    expect(error.message).toBe(`Log "${site.origin}" signed two different trees of size 13`);
    expect(error.evidence).toEqual({ kind: 'fork', log: site.origin, signed: true, notes: [known.note, seen.note] });
    expect(provesEqualSizes(error.evidence, site)).toBe(13);
  });

  it.each([
    [13, 21],
    [1, 21],
    [16, 32],
    [255, 300],
    [256, 300],
    [300, 513],
  ])('proves a fork from size %d to %d by the nodes between', async (small, large) => {
    const known = await signedAt(small);
    site.fork(0);
    const error = await misbehaviour(known, await signedAt(large));
    expect(error.message).toBe(
      `Log "${site.origin}" signed a tree of size ${large} that contradicts the tree of size ${small} it signed before`,
    );
    expect(error.evidence.kind).toBe('fork');
    expect(error.evidence.notes[0]).toBe(known.note);
    expect(provesPrefix(error.evidence, site)).toEqual([small, large]);
  });

  it('proves a rollback by the nodes between', async () => {
    const known = await signedAt(21);
    const seen = await signedFalsely(13);
    const error = await misbehaviour(known, seen);
    expect(error.message).toBe(
      `Log "${site.origin}" signed a tree of size 13 that contradicts the tree of size 21 it signed before`,
    );
    expect(error.evidence.kind).toBe('rollback');
    expect(error.evidence.notes[0]).toBe(seen.note);
    expect(provesPrefix(error.evidence, site)).toEqual([13, 21]);
  });

  it('accuses a log whose entries do not make the larger root', async () => {
    const known = await signedAt(13);
    await signedAt(21);
    const { evidence } = await misbehaviour(known, await signedFalsely(21));
    expect(evidence).toMatchObject({ log: site.origin });
  });

  it('waits while the log shows neither', async () => {
    const [small, large] = [await signedAt(13), await signedAt(21)];
    const silent: LogReader = {
      ...reader,
      origin: reader.origin,
      fetchFrontier: (tree, size, signal) => reader.fetchFrontier(tree, size, signal),
      proveConsistency: async () => false,
    };
    await expect(requireConsistent(silent, small, large, NEVER)).rejects.toMatchObject({
      name: 'LogUnavailable',
      message: `Cannot compare checkpoints of "${site.origin}" at sizes 13 and 21: the log proves neither that the smaller is a prefix nor that it is not`,
    });
  });

  it('waits while the log does not answer', async () => {
    const small = await signedAt(300);
    site.fork(3);
    const large = await signedAt(600);
    await site.close();
    await expect(requireConsistent(reader, small, large, NEVER)).rejects.toMatchObject({ name: 'LogUnavailable' });
    site = await start();
  });
});

describe('requireConsistent() over a Rekor v1 log that vouches for its entries by a third checkpoint', () => {
  let rekor: RunningFakeRekorV1;

  beforeEach(async () => {
    rig = new MonitorRig();
    rekor = await startFakeRekorV1();
    site = siteV1(rekor);
    reader = (await site.source(rig.http).discover(NEVER))[0] as LogReader;
  });

  it('proves that the larger one is no part of it', async () => {
    const known = await signedAt(13);
    await signedAt(30);
    const seen = await signedFalsely(21);
    const { evidence } = await misbehaviour(known, seen);
    expect(evidence.kind).toBe('fork');
    expect(evidence.notes[0]).toBe(seen.note);
    expect(provesPrefix(evidence, site)).toEqual([21, 30]);
  });

  it('proves by equal sizes that the larger one is no part of it', async () => {
    const known = await signedAt(13);
    await signedAt(21);
    const { evidence } = await misbehaviour(known, await signedFalsely(21));
    expect(evidence.kind).toBe('fork');
    expect(provesEqualSizes(evidence, site)).toBe(21);
  });

  it('proves that what was known is no part of it, when the head shrank', async () => {
    const known = await signedAt(21);
    rekor.active.fork(3);
    rekor.active.headSize = () => 13;
    const { evidence } = await misbehaviour(known, await reader.fetchCheckpoint(NEVER));
    expect(evidence.notes[0]).toBe(known.note);
    expect(provesEqualSizes(evidence, site)).toBe(21);
  });

  it('needs no consistency proof of the server', async () => {
    const [known, seen] = [await signedAt(13), await signedAt(21)];
    rekor.failWith(501, {}, PROOF);
    await requireConsistent(reader, known, seen, NEVER);
    rekor.active.fork(3);
    const { evidence } = await misbehaviour(known, await signedAt(30));
    expect(provesPrefix(evidence, site)).toEqual([13, 30]);
  });
});

describe('requireSameRoot()', () => {
  beforeEach(async () => {
    rig = new MonitorRig();
    site = siteV1(await startFakeRekorV1());
    reader = (await site.source(rig.http).discover(NEVER))[0] as LogReader;
  });

  it('accepts one tree in two notes', async () => {
    const [one, other] = [await signedAt(13), await signedAt(13)];
    expect(one.note).not.toBe(other.note);
    requireSameRoot(reader, one, other, one);
  });

  it('calls it a rollback when more was known', async () => {
    const [earlier, known, seen] = [await signedAt(13), await signedAt(21), await signedFalsely(13)];
    expect(() => {
      requireSameRoot(reader, earlier, seen, known);
    }).toThrow(
      expect.objectContaining({
        name: 'LogMisbehaved',
        evidence: { kind: 'rollback', log: site.origin, signed: true, notes: [earlier.note, seen.note] },
      }),
    );
  });
});
