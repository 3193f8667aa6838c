import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createHttpClient, type HttpClient } from '../../../src/log/http.ts';
import { Frontier } from '../../../src/tlog/frontier.ts';
import { startFakeRekorV1, type RunningFakeRekorV1 } from '../../fakes/fake-rekor-v1.ts';
import { activeReaderOf, bodies, NEVER, tail } from './tail.ts';

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

const leaves = async () => (await tail(await activeReaderOf(rekor, http), Frontier.empty())).leaves;

describe('what Rekor v1 serves beside an entry', () => {
  it('is the attestation as it was stored, where there is one', async () => {
    rekor.append(bodies(12));
    rekor.attest(3, Buffer.from([0, 255, 1]));
    rekor.attest(11, Buffer.from('{}'));
    const extras = (await leaves()).map(({ extra }) => extra);
    expect(extras.map((extra) => extra?.toString('hex'))).toEqual(
      Array.from({ length: 12 }, (_, index) => ({ 3: '00ff01', 11: '7b7d' })[index]),
    );
  });

  it.each([null, {}, { data: null }, { data: 1 }, { data: 'e30' }, { data: 'e3 0' }, { data: '' }, [], 'e30='])(
    'is none where it says %j',
    async (attestation) => {
      rekor.append(bodies(3));
      rekor.serveAttestation(1, attestation);
      expect((await leaves()).map((leaf) => 'extra' in leaf)).toEqual([false, false, false]);
    },
  );

  it('is none above 8 MiB', async () => {
    rekor.append(bodies(2));
    const most = 8 * 1024 * 1024;
    rekor.attest(0, Buffer.alloc(most));
    rekor.attest(1, Buffer.alloc(most + 1));
    expect((await leaves()).map(({ extra }) => extra?.length)).toEqual([most, undefined]);
  });

  it('comes with the proof of a single entry, too', async () => {
    rekor.append(bodies(3));
    rekor.attest(1, Buffer.from('{}'));
    const reader = await activeReaderOf(rekor, http);
    const { leaf } = await reader.proveInclusion(await reader.fetchCheckpoint(NEVER), 1, NEVER);
    expect(leaf.extra).toEqual(Buffer.from('{}'));
    expect(leaf.isTimeSigned?.()).toBe(true);
  });

  it('is a time that the log signed, or not', async () => {
    rekor.append(bodies(6));
    rekor.badTimestamp(2);
    rekor.changeEntry(3, (entry) => ({ ...entry, integratedTime: entry.integratedTime + 1 }));
    const signed = (await leaves()).map(({ isTimeSigned }) => [isTimeSigned?.(), isTimeSigned?.()]);
    expect(signed.map(([first]) => first)).toEqual([true, true, false, false, true, true]);
    // Asked again, it says the same.
    expect(signed.filter(([first, again]) => first !== again)).toEqual([]);
  });
});
