import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createHttpClient, type HttpClient } from '../../../src/log/http.ts';
import { Frontier } from '../../../src/tlog/frontier.ts';
import { leafHash } from '../../../src/tlog/hash.ts';
import { startFakeRekorV1, type RunningFakeRekorV1 } from '../../fakes/fake-rekor-v1.ts';
import { activeReaderOf, bodies, collect, NEVER, read } from './tail.ts';

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

describe('what an entry says of itself', () => {
  const served = { url: expect.stringContaining('/api/v1/log/entries/retrieve') as string };

  beforeEach(() => {
    rekor.append(bodies(13));
  });

  it.each([
    [
      'a body that its ID does not name',
      () => {
        rekor.tamper(4);
      },
    ],
    [
      'the tree ID of another shard',
      () => {
        rekor.wrongTreeId(4);
      },
    ],
    [
      'two bodies for one index',
      () => {
        const other = { ...rekor.active.entryAt(5), logIndex: 4 };
        rekor.changeEntries((entries) => [...entries, other]);
      },
    ],
    [
      'a proof of another entry',
      () => {
        rekor.changeEntry(12, (entry) => ({ ...entry, verification: rekor.active.entryAt(11).verification }));
      },
    ],
    [
      'another body at the end, under its own ID',
      () => {
        rekor.tamper(12, Buffer.from('new'), { consistent: true });
      },
    ],
    [
      'a hash too many',
      () => {
        rekor.changeEntry(12, (entry) => {
          entry.verification.inclusionProof.hashes.push('00'.repeat(32));
          return entry;
        });
      },
    ],
    [
      'a checkpoint of another size than its proof',
      () => {
        rekor.changeEntry(12, (entry) => {
          entry.verification.inclusionProof.treeSize = 14;
          return entry;
        });
      },
    ],
    [
      'another root than its checkpoint',
      () => {
        rekor.changeEntry(12, (entry) => {
          entry.verification.inclusionProof.rootHash = '00'.repeat(32);
          return entry;
        });
      },
    ],
  ])('is reported when it is %s', async (_, misbehave) => {
    misbehave();
    await expect(activeReader().then(read)).rejects.toMatchObject({
      name: 'LogMisbehaved',
      evidence: { kind: 'entry-mismatch', log: rekor.origin, signed: false, served },
    });
  });

  it('is kept as evidence', async () => {
    const reader = await activeReader();
    await read(reader);
    rekor.tamper(4);
    const error: unknown = await read(reader).catch((reason: unknown) => reason);
    const { uuid, ...entry } = rekor.active.entryAt(4);
    expect(error).toMatchObject({
      message:
        `Cannot trust entry "${uuid}" of "${rekor.origin}" from "${rekor.url}/api/v1/log/entries/retrieve": ` +
        `its body hashes to ${leafHash(Buffer.from('tampered')).toString('hex')}`,
      evidence: {
        notes: [],
        served: {
          sha256: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
          excerpt: expect.stringContaining(
            `{"uuid":"${uuid}","logIndex":4,"integratedTime":${entry.integratedTime}`,
          ) as string,
        },
      },
    });
  });

  it('is reported when no key of the log signed its checkpoint', async () => {
    const stranger = await startFakeRekorV1();
    stranger.append(bodies(13));
    const { checkpoint } = stranger.active.entryAt(12).verification.inclusionProof;
    await stranger.close();
    rekor.changeEntry(12, (entry) => {
      entry.verification.inclusionProof.checkpoint = checkpoint;
      return entry;
    });
    await expect(activeReader().then(read)).rejects.toMatchObject({
      name: 'LogMisbehaved',
      evidence: { kind: 'bad-signature', log: rekor.origin, signed: false },
    });
  });

  it('is reported when its checkpoint is of another shard', async () => {
    const { checkpoint } = rekor.active.entryAt(12).verification.inclusionProof;
    rekor.rollOver({ sameKey: true });
    rekor.append(bodies(13));
    rekor.changeEntry(25, (entry) => {
      entry.verification.inclusionProof.checkpoint = checkpoint;
      return entry;
    });
    await expect(activeReader().then(read)).rejects.toMatchObject({
      name: 'LogMisbehaved',
      evidence: { kind: 'wrong-origin', log: rekor.origin, signed: false },
    });
  });

  it('is reported when its timestamp signs something else', async () => {
    rekor.badTimestamp(12);
    await expect(activeReader().then(read)).rejects.toMatchObject({
      name: 'LogMisbehaved',
      evidence: { kind: 'bad-signature', log: rekor.origin, signed: false, served },
    });
  });

  it('makes us wait when its checkpoint is no note', async () => {
    rekor.changeEntry(12, (entry) => {
      entry.verification.inclusionProof.checkpoint = '';
      return entry;
    });
    await expect(activeReader().then(read)).rejects.toMatchObject({ name: 'LogUnavailable' });
  });

  it('shows another frontier than ours when a body in the middle was exchanged', async () => {
    rekor.tamper(4, Buffer.from('new'), { consistent: true });
    const reader = await activeReader();
    const [batch] = await collect(reader.entries(await reader.fetchCheckpoint(NEVER), 0, NEVER));
    const ours = Frontier.empty();
    batch?.leaves.forEach((leaf) => {
      ours.append(leaf.hash);
    });
    expect(batch?.leaves[4]?.data.toString()).toBe('new');
    expect([ours.size, batch?.after.frontier.equals(ours)]).toEqual([10, false]);
  });
});
