import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createHttpClient, type HttpClient } from '../../../src/log/http.ts';
import { openCheckpoint, type SignedCheckpoint } from '../../../src/tlog/checkpoint.ts';
import { rootFromPrefix } from '../../../src/tlog/prefix.ts';
import { PROOF, RETRIEVE, startFakeRekorV1, type RunningFakeRekorV1 } from '../../fakes/fake-rekor-v1.ts';
import { activeReaderOf, bodies, NEVER } from './tail.ts';

let http: HttpClient;
let rekor: RunningFakeRekorV1;

beforeEach(async () => {
  http = createHttpClient({ timeoutMs: 10_000 });
  rekor = await startFakeRekorV1();
});

afterEach(async () => {
  await http.close();
  await rekor.close();
});

const activeReader = () => activeReaderOf(rekor, http);

describe('fetchFrontier()', () => {
  it('gives each frontier of a growing log, with the siblings that lead to a signed root', async () => {
    rekor.append(bodies(23));
    const reader = await activeReader();
    const tree = await reader.fetchCheckpoint(NEVER);
    rekor.append(bodies(19, 'later'));
    for (let size = 1; size <= 23; size++) {
      const { frontier, provenBy, nodes } = await reader.fetchFrontier(tree, size, NEVER);
      expect(frontier.hashes).toEqual(rekor.active.tree.frontier(size));
      expect(provenBy.size).toBe(42);
      expect(rootFromPrefix(frontier, 42, nodes)).toEqual(provenBy.root);
    }
  });

  it('takes the tree itself as proof when it is the one that the log proves by', async () => {
    rekor.append(bodies(13));
    const reader = await activeReader();
    const tree = await reader.fetchCheckpoint(NEVER);
    const { frontier, provenBy, nodes } = await reader.fetchFrontier(tree, 13, NEVER);
    expect([frontier.root(), provenBy.root, nodes]).toEqual([tree.root, tree.root, []]);
  });

  it('is empty for no leaves, and asks nothing', async () => {
    const reader = await activeReader();
    const tree = await reader.fetchCheckpoint(NEVER);
    const { frontier, provenBy, nodes } = await reader.fetchFrontier(tree, 0, NEVER);
    expect([frontier.size, provenBy, nodes]).toEqual([0, tree, []]);
    expect(rekor.countRequests(RETRIEVE)).toBe(0);
  });

  it('waits when the log does not have the entry', async () => {
    rekor.append(bodies(13));
    const reader = await activeReader();
    const tree = await reader.fetchCheckpoint(NEVER);
    rekor.omit(12);
    await expect(reader.fetchFrontier(tree, 13, NEVER)).rejects.toMatchObject({ name: 'LogUnavailable' });
  });

  it('reports a proof for another size than its checkpoint signs, although its hashes lead to the root', async () => {
    rekor.append(bodies(13));
    const reader = await activeReader();
    const tree = await reader.fetchCheckpoint(NEVER);
    rekor.changeEntry(2, (entry) => {
      entry.verification.inclusionProof.treeSize = 14;
      return entry;
    });
    await expect(reader.fetchFrontier(tree, 3, NEVER)).rejects.toMatchObject({
      name: 'LogMisbehaved',
      evidence: { kind: 'entry-mismatch', signed: false, notes: [expect.stringContaining('\n13\n')] },
    });
  });

  it('needs no other entry than the last of the frontier', async () => {
    rekor.append(bodies(7));
    const reader = await activeReader();
    const tree = await reader.fetchCheckpoint(NEVER);
    rekor.omit(6);
    // Right of leaf 2, its proof has leaves 4 to 6 as one hash.
    const { frontier, nodes } = await reader.fetchFrontier(tree, 3, NEVER);
    expect(rootFromPrefix(frontier, 7, nodes)).toEqual(tree.root);
  });
});

describe('proveConsistency()', () => {
  const head = (size: number): SignedCheckpoint => openCheckpoint(rekor.active.checkpoint(size), rekor);

  beforeEach(() => {
    rekor.append(bodies(13));
  });

  it.each([true, false])('shows every two sizes of one tree (with a proof API: %j)', async (hasApi) => {
    const reader = await activeReader();
    rekor.before((request) => (PROOF.test(request) && !hasApi ? { status: 501, body: '{}' } : null));
    for (let small = 0; small <= 13; small++) {
      for (let large = small; large <= 13; large++) {
        expect(await reader.proveConsistency(head(small), head(large), NEVER)).toBe(true);
      }
    }
    expect(rekor.countRequests(RETRIEVE) === 0).toBe(hasApi);
  });

  it('does not show what is not so', async () => {
    const before = head(7);
    rekor.active.fork(3);
    const reader = await activeReader();
    expect(await reader.proveConsistency(before, head(13), NEVER)).toBe(false);
    expect(await reader.proveConsistency(before, head(7), NEVER)).toBe(false);
    expect(await reader.proveConsistency(head(7), head(13), NEVER)).toBe(true);
  });

  it('does not show a larger tree that another history followed', async () => {
    const larger = head(13);
    rekor.active.fork(10);
    const reader = await activeReader();
    expect(await reader.proveConsistency(head(7), larger, NEVER)).toBe(false);
    expect(await reader.proveConsistency(head(7), head(13), NEVER)).toBe(true);
  });

  it('is not satisfied with entries under different trees', async () => {
    const reader = await activeReader();
    rekor.failWith(404, {}, PROOF);
    rekor.active.proofSize = (index) => index + 1;
    expect(await reader.proveConsistency(head(7), head(13), NEVER)).toBe(false);
  });

  it('waits when the log no longer has the larger tree', async () => {
    const reader = await activeReader();
    const larger = head(13);
    rekor.omit(12);
    rekor.failWith(400, {}, PROOF);
    await expect(reader.proveConsistency(head(7), larger, NEVER)).rejects.toMatchObject({ name: 'LogUnavailable' });
  });

  it('waits when the proof is no proof', async () => {
    const reader = await activeReader();
    rekor.serveHtml(PROOF);
    await expect(reader.proveConsistency(head(7), head(13), NEVER)).rejects.toMatchObject({ name: 'LogUnavailable' });
  });
});
