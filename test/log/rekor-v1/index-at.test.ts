import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createHttpClient, type HttpClient } from '../../../src/log/http.ts';
import { RETRIEVE, startFakeRekorV1, type RunningFakeRekorV1 } from '../../fakes/fake-rekor-v1.ts';
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

describe('indexAt()', () => {
  const START = 1_700_000_000;

  beforeEach(() => {
    rekor.append(bodies(40), START);
    rekor.append(bodies(10, 'same second'), START + 39);
  });

  it('finds the first entry at or after a time', async () => {
    const reader = await activeReader();
    const tree = await reader.fetchCheckpoint(NEVER);
    const at = (ms: number) => reader.indexAt(tree, new Date(START * 1000 + ms), NEVER);
    expect([await at(-1), await at(0), await at(1), await at(20_000), await at(20_500)]).toEqual([0, 0, 1, 20, 21]);
    expect([await at(39_000), await at(48_000), await at(48_001)]).toEqual([39, 49, 50]);
    // One for where the shard begins, and six or less for each time.
    expect(rekor.countRequests(RETRIEVE)).toBeLessThanOrEqual(1 + 8 * 6);
  });

  it('finds 0 in an empty shard', async () => {
    rekor.rollOver();
    const reader = await activeReader();
    expect(await reader.indexAt(await reader.fetchCheckpoint(NEVER), new Date(), NEVER)).toBe(0);
  });

  it('believes no time that is not signed', async () => {
    rekor.changeEntry(25, (entry) => ({ ...entry, integratedTime: START + 1000 }));
    const reader = await activeReader();
    await expect(reader.indexAt(await reader.fetchCheckpoint(NEVER), new Date(0), NEVER)).rejects.toMatchObject({
      name: 'LogMisbehaved',
      evidence: { kind: 'bad-signature', signed: false },
    });
  });
});
