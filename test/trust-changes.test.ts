import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createDemoAuthority } from '../src/demo/certificate-authority.ts';
import { hashedRekordV1 } from '../src/demo/entries.ts';
import { FakeLog } from './fakes/fake-log.ts';
import { fillers } from './support/actors.ts';
import { setTrustStage, type HostedLog, type TrustStage } from './support/trust-stage.ts';
import type { ListedLog } from './support/trusted-root-json.ts';
import { until } from './support/until.ts';
import { workflowEntry, workflowSigner } from './support/workflow-entries.ts';

const ATTACK = { repository: 'acme/widget', ref: 'refs/heads/evil' };
const RELEASE = { repository: 'acme/widget', ref: 'refs/tags/v1' };
let stage: TrustStage;

beforeEach(async () => {
  stage = await setTrustStage();
});

afterEach(() => stage.close());

describe('sigwatch run, when the trust source changes', () => {
  it('follows a log that comes from its first entry on, and one that goes on to its end', async () => {
    const [old, young] = [await stage.startLog(), await stage.startLog()];
    old.log.append(fillers(300));
    young.log.append([...fillers(299), workflowEntry(stage.authority, ATTACK)]);
    stage.publish([listed(old)]);
    stage.start();
    await verified(old.origin, 300);

    stage.publish([listed(old), listed(young)]);
    stage.refresh();
    await verified(young.origin, 300);
    young.log.append(fillers(10, 300));
    await verified(young.origin, 310);
    expect([stage.log(old.origin), stage.log(young.origin)]).toMatchObject([
      { started_at_index: 300 },
      { started_at_index: 0, examined_size: 310 },
    ]);

    // The old one is named no more: it is read on, also after a restart.
    stage.publish([listed(young)]);
    stage.refresh();
    await told('key-changed', 2);
    old.log.append([workflowEntry(stage.authority, ATTACK)]);
    await verified(old.origin, 301);
    await stage.end();
    old.log.append(fillers(5, 301));
    stage.start();
    await verified(old.origin, 306);

    expect(findings()).toEqual([`${young.origin} 299 unexpected`, `${old.origin} 300 unexpected`]);
    expect(kinds()).toEqual(['key-changed 1', 'key-changed 1', 'started 1', 'started 1', 'unexpected 2']);
  });

  it('reads on under a new key that the trust source names by now, without a word of a bad signature', async () => {
    const hosted = await stage.startLog();
    const leaves = [...fillers(20), workflowEntry(stage.authority, ATTACK)];
    hosted.log.append(leaves);
    stage.publish([listed(hosted)]);
    stage.start();
    await verified(hosted.origin, 21);

    const old = listed(hosted);
    hosted.log = withAnotherKey(hosted, [...leaves, ...fillers(280, 100), workflowEntry(stage.authority, ATTACK)]);
    // Both at once: whoever asks the log first meets a key that he does not know.
    stage.publish([{ ...old, end: '2026-01-01T00:00:00Z' }, listed(hosted)]);
    await verified(hosted.origin, 302);
    expect(stage.log(hosted.origin)).toMatchObject({ started_at_index: 21, examined_size: 302, last_error: null });
    expect(findings()).toEqual([`${hosted.origin} 301 unexpected`]);
    expect(kinds()).toEqual(['key-changed 1', 'started 1', 'unexpected 1']);
  });

  it('tells of a key that nobody named, and heals once it is named', async () => {
    const hosted = await stage.startLog();
    const leaves = fillers(20);
    hosted.log.append(leaves);
    stage.publish([listed(hosted)]);
    stage.start();
    await verified(hosted.origin, 20);

    const old = listed(hosted);
    hosted.log = withAnotherKey(hosted, [...leaves, ...fillers(5, 20)]);
    await told('bad-signature', 1);
    expect(stage.log(hosted.origin)).toMatchObject({ state: 'misbehaving', verified_size: 20 });

    stage.publish([old, listed(hosted)]);
    // Not asked again at every poll.
    stage.advance(60_000);
    await verified(hosted.origin, 25);
    expect(stage.alerts().find(({ kind }) => kind === 'key-changed')?.summary).toMatch(
      /^Log "\S+" has a new key sha256:\S+ while an old one is still valid: sha256:/,
    );
  });

  it('reads old and new shards of Rekor v1 when a new key comes with a new shard', async () => {
    const rekor = await stage.startRekorV1();
    const entryOf = (artifact: string) =>
      hashedRekordV1({ ...workflowSigner(stage.authority, ATTACK), artifact: Buffer.from(artifact) });
    rekor.append([...fillers(25), entryOf('one')]);
    const [first] = rekor.keys;
    stage.publish([{ url: rekor.url, spki: first.spki, isV1: true }]);
    stage.start();
    await verified(rekor.origin, 26);

    const shardA = rekor.origin;
    rekor.append([entryOf('two')]);
    rekor.rollOver();
    rekor.append([...fillers(12, 50), entryOf('three')]);
    const [, second] = rekor.keys;
    // The old key is named no more, and still its shard must be read to its end.
    stage.publish([{ url: rekor.url, spki: second?.spki ?? first.spki, isV1: true }]);
    await verified(rekor.origin, 13);
    await until('the old shard has ended', () => stage.log(shardA)?.state === 'frozen');
    expect([stage.log(shardA), stage.log(rekor.origin)]).toMatchObject([
      { started_at_index: 26, verified_size: 27, last_error: null },
      { started_at_index: 0, verified_size: 13, last_error: null },
    ]);
    expect(findings()).toEqual([`${shardA} 26 unexpected`, `${rekor.origin} 12 unexpected`]);
    expect(kinds()).toEqual(['key-changed 1', 'started 1', 'started 1', 'unexpected 2']);
  });

  it('tells of a log that came and cannot be followed as configured, and goes on with the others', async () => {
    const [hosted, rekor] = [await stage.startLog(), await stage.startRekorV1()];
    hosted.log.append(fillers(3));
    stage.publish([listed(hosted)]);
    stage.start({ [rekor.host]: { read_path: '/elsewhere' } });
    await verified(hosted.origin, 3);
    stage.publish([listed(hosted), { url: rekor.url, spki: rekor.keys[0].spki, isV1: true }]);
    stage.refresh();
    await told('trust-stale', 1);
    hosted.log.append(fillers(1, 3));
    await verified(hosted.origin, 4);
    expect(stage.alerts().find(({ kind }) => kind === 'trust-stale')).toMatchObject({
      title: 'Logs that the trust source names by now cannot be followed as configured',
      summary: expect.stringMatching(
        /^logs\.override\["127\.0\.0\.1:\d+"\]\.read_path: "read_path" is for rekor-v2 only\.\n/,
      ) as string,
      state: 'open',
    });
  });

  it('ends at once also while the trust source is being read', async () => {
    const hosted = await stage.startLog();
    hosted.log.append(fillers(3));
    stage.publish([listed(hosted)]);
    stage.start();
    await verified(hosted.origin, 3);
    stage.publish([]);
    stage.repository.tamper(/timestamp/, 'trickle');
    stage.repository.requests.length = 0;
    stage.refresh();
    await until('it is being read', () => stage.repository.requests.includes('/timestamp.json'));
    await stage.end();
    expect(kinds()).toEqual(['started 1']);
  });

  it('believes an authority that is younger than what it knew, and nobody else', async () => {
    const [hosted, young] = [await stage.startLog(), createDemoAuthority({ name: 'young' })];
    const stranger = createDemoAuthority({ name: 'stranger' });
    hosted.log.append(fillers(3));
    stage.publish([listed(hosted)]);
    stage.start();
    await verified(hosted.origin, 3);
    stage.publish([listed(hosted)], [stage.authority, young]);
    hosted.log.append([workflowEntry(young, RELEASE), workflowEntry(stranger, RELEASE)]);
    await verified(hosted.origin, 5);
    expect(findings()).toEqual([`${hosted.origin} 3 expected`, `${hosted.origin} 4 forged`]);
    expect(kinds()).toEqual(['forged 1', 'key-changed 1', 'started 1']);
  });
});

function listed({ url, log }: HostedLog): ListedLog {
  return { url, spki: log.key.spki };
}

/** The same log, grown, under another key. */
function withAnotherKey({ origin }: HostedLog, leaves: readonly Buffer[]): FakeLog {
  const log = new FakeLog(origin);
  log.append(leaves);
  return log;
}

function verified(origin: string, size: number): Promise<unknown> {
  return until(`"${origin}" is verified to ${size}`, () => stage.log(origin)?.verified_size === size);
}

function told(kind: string, times: number): Promise<unknown> {
  return until(`${times} ${kind}`, () => stage.alerts().filter((alert) => alert.kind === kind).length === times);
}

function findings(): readonly string[] {
  return stage.history().map(({ log, index, verdict }) => `${log} ${index} ${verdict}`);
}

/** Kind of each alert, and how often it was raised. */
function kinds(): readonly string[] {
  return stage
    .alerts()
    .map(({ kind, occurrences }) => `${kind} ${occurrences}`)
    .sort();
}
