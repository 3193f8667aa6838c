import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { readHistory } from '../src/store/history.ts';
import { readStatus, type LogStatus } from '../src/store/status.ts';
import { FakeLog, startFakeLog } from './fakes/fake-log.ts';
import { startFakeRekorV1 } from './fakes/fake-rekor-v1.ts';
import { certify, fillers, NOW, releaseAt } from './support/actors.ts';
import { siteV1, siteV2, type LogSite } from './support/log-sites.ts';
import { SuspectStage, type RunningDaemon } from './support/suspect-stage.ts';
import { until } from './support/until.ts';

// Keys and logs that the trust source names while the daemon runs are in trust-changes.test.ts.

let stage: SuspectStage;
let daemon: RunningDaemon;
let attacks = 0;

beforeEach(() => {
  attacks = 0;
  vi.useFakeTimers({ toFake: ['Date'], now: NOW, shouldAdvanceTime: true });
});

afterEach(async () => {
  await stage.close();
  vi.useRealTimers();
});

/** What nobody watches, around a signature that must be told: each by another ref, and so told by itself. */
function traffic(site: LogSite): readonly Buffer[] {
  attacks += 1;
  const signer = certify(releaseAt(`refs/heads/attack-${attacks}`));
  return [...fillers(6, attacks * 100), site.entry(signer), ...fillers(5, attacks * 100 + 50)];
}

const ATTACK_AT = 6;
const PIECE = 12;

const find = (origin: string): LogStatus | undefined =>
  readStatus(stage.store()).logs.find((log) => log.origin === origin);
const verified = (origin: string, size: number, state = 'verified') =>
  until(
    `"${origin}" is ${state} to ${size}`,
    () => find(origin)?.verified_size === size && find(origin)?.state === state,
  );

/** Every entry was read once, every attack found and told once, and nothing else was told. */
async function expectAllOnce(
  logs: readonly { readonly origin: string; readonly size: number; readonly found: readonly number[] }[],
) {
  await until('all was told', () => tellings().length >= attacks);
  expect(await daemon.stop()).toBe(0);
  expect(await stage.once()).toBe(0);
  const read = logs.map(({ origin }) =>
    Object.values(find(origin)?.kinds ?? {}).reduce((sum, count) => sum + count, 0),
  );
  expect(read).toEqual(logs.map(({ size }) => size));
  const found = [...readHistory(stage.store(), {})]
    .map(({ log, index, verdict }) => `${log} ${index} ${verdict}`)
    .sort();
  expect(found).toEqual(
    logs.flatMap(({ origin, found: at }) => at.map((index) => `${origin} ${index} unexpected`)).sort(),
  );
  const alerts = await stage.alerts();
  expect(alerts.map(({ kind, occurrences }) => `${kind} ${occurrences}`)).toEqual(Array(attacks).fill('unexpected 1'));
  expect(tellings().sort()).toEqual(Array.from({ length: attacks }, (_, place) => place + 1).sort());
  expect((await stage.status()).gaps).toEqual([]);
}

/** The number of each attack, as often as a message tells of it in its first line. */
function tellings(): number[] {
  return stage.slack
    .texts()
    .flatMap((text) => [...text.matchAll(/unexpected source_ref refs\/heads\/attack-(\d+)/g)])
    .map(([, number]) => Number(number));
}

async function follow(site: LogSite): Promise<void> {
  stage = await SuspectStage.open(site, { notify: { group_wait: '0s' } });
  await begin(site);
}

/** What follows is found by a daemon that has seen the log empty. */
async function begin(site: LogSite): Promise<void> {
  expect(await stage.once()).toBe(0);
  site.append(traffic(site));
  daemon = stage.start();
  await verified(site.origin, PIECE);
}

describe('sigwatch run, while Rekor v1 rolls over', () => {
  it('reads the shard that ends to its end, and the next one from its first entry on', async () => {
    const rekor = await startFakeRekorV1();
    const site = siteV1(rekor);
    await follow(site);
    const [first] = rekor.shards;
    // Not waited for: what comes last in one shard and first in the next may be seen by one poll.
    rekor.append(traffic(site));
    rekor.rollOver({ sameKey: true });
    rekor.append(traffic(site));
    const second = rekor.active;
    await verified(second.origin, PIECE);
    await verified(first.origin, 2 * PIECE, 'frozen');
    rekor.append(traffic(site));
    await verified(second.origin, 2 * PIECE);

    // A shard that came and went between two polls.
    rekor.append(traffic(site));
    rekor.rollOver({ sameKey: true });
    rekor.append(traffic(site));
    rekor.rollOver({ sameKey: true });
    rekor.append(traffic(site));
    const [, , third] = rekor.shards;
    await verified(rekor.origin, PIECE);
    await verified(third?.origin ?? '', PIECE, 'frozen');
    await verified(second.origin, 3 * PIECE, 'frozen');
    const at = (pieces: number) => Array.from({ length: pieces }, (_, piece) => piece * PIECE + ATTACK_AT);
    await expectAllOnce([
      { origin: first.origin, size: 2 * PIECE, found: at(2) },
      { origin: second.origin, size: 3 * PIECE, found: at(3) },
      { origin: third?.origin ?? '', size: PIECE, found: at(1) },
      { origin: rekor.origin, size: PIECE, found: at(1) },
    ]);
  });
});

describe('sigwatch run, while a Rekor v2 shard is frozen', () => {
  it('reads it to its last checkpoint, and then leaves it be', async () => {
    const log = await startFakeLog();
    const site = siteV2(log);
    await follow(site);
    log.append(traffic(site));
    log.freeze();
    await verified(site.origin, 2 * PIECE, 'frozen');
    const polls = log.countRequests(/^checkpoint$/);
    await until('it was looked at again', () => log.countRequests(/^checkpoint$/) > polls + 1);
    expect(find(site.origin)?.state).toBe('frozen');
    await expectAllOnce([{ origin: site.origin, size: 2 * PIECE, found: [ATTACK_AT, PIECE + ATTACK_AT] }]);
  });
});

describe('sigwatch run, while a log begins to sign with another of its keys', () => {
  it('goes on where it is', async () => {
    // The keys of both are configured: any of them may sign.
    const [log, next] = [await startFakeLog(), new FakeLog('log.test')];
    const site = siteV2(log);
    stage = await SuspectStage.open(site, { notify: { group_wait: '0s' } });
    stage.write('next.pub', next.publicKeyPem);
    stage.configure({ suspect: { public_key: ['./suspect-0.pub', './next.pub'] }, notify: { group_wait: '0s' } });
    await begin(site);

    const leaves = Array.from({ length: log.size }, (_, index) => log.leaf(index));
    leaves.push(...traffic(site));
    next.append(leaves);
    log.before((path) => next.answer(path));
    await verified(site.origin, 2 * PIECE);
    leaves.push(...traffic(site));
    next.append(leaves.slice(2 * PIECE));
    await verified(site.origin, 3 * PIECE);
    const found = [0, 1, 2].map((piece) => piece * PIECE + ATTACK_AT);
    await expectAllOnce([{ origin: site.origin, size: 3 * PIECE, found }]);
  });
});
