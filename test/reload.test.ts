import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startFakeTuf } from './fakes/fake-tuf.ts';
import { fillers } from './support/actors.ts';
import { setTrustStage, type HostedLog, type TrustStage } from './support/trust-stage.ts';
import { until } from './support/until.ts';
import { workflowEntry } from './support/workflow-entries.ts';

const WATCH = { name: 'widget-release', select: [{ source_repository: 'acme/widget' }] };

let stage: TrustStage;
let hosted: HostedLog;

beforeEach(async () => {
  stage = await setTrustStage();
  hosted = await stage.startLog();
  hosted.log.append(fillers(3));
  stage.publish([{ url: hosted.url, spki: hosted.log.key.spki }]);
  stage.start();
  await verified(3);
});

afterEach(() => stage.close());

describe('a daemon that reads its configuration again', () => {
  it('judges by it from the next entry on, and what it judged stays', async () => {
    release('refs/tags/v1');
    await verified(4);
    expect(await stage.reload({ watches: [{ ...WATCH, expect: { source_ref: 'refs/heads/main' } }] })).toMatchObject({
      cause: 'signal',
      outcome: 'loaded',
      problem: null,
    });
    release('refs/tags/v2');
    release('refs/heads/main');
    await verified(6);
    expect(findings()).toEqual(['3 expected', '4 unexpected', '5 expected']);
  });

  it('does not ask the trust source where nothing of it changed, and goes on to follow what it names', async () => {
    const before = stage.repository.requests.length;
    stage.repository.fail(503);
    expect(await stage.reload({ watches: [] })).toMatchObject({ outcome: 'loaded' });
    expect(await stage.reload()).toMatchObject({ outcome: 'loaded' });
    expect(stage.repository.requests).toHaveLength(before);
    expect(alerts()).toEqual([]);

    // The keeper that was there from the start has the new loops follow what it finds.
    stage.repository.fail(null);
    const young = await stage.startLog();
    young.log.append(fillers(2));
    const listed = [hosted, young].map(({ url, log }) => ({ url, spki: log.key.spki }));
    stage.publish(listed);
    stage.refresh();
    await until('the new log is verified', () => stage.log(young.origin)?.verified_size === 2);
    release('refs/heads/evil');
    await verified(4);
    expect(findings()).toEqual(['3 unexpected']);
  });

  it('asks another trust source, and judges by what that says', async () => {
    const custom = [{ ...customLog(), start: 'genesis' }];
    const reload = await stage.reload({
      trust: { source: 'none' },
      logs: { discover: false, poll_interval: '20ms', custom },
    });
    expect(reload).toMatchObject({ outcome: 'loaded' });
    release('refs/tags/v1');
    await verified(4);
    expect(findings()).toEqual(['3 forged']);
    expect(stage.logs().map(({ name }) => name)).toEqual(['by-hand']);
  });

  it('goes on by the old one where nothing is known of a new trust source, without a word of that as stale', async () => {
    const other = await startFakeTuf();
    try {
      other.fail(503);
      const refused = await stage.reload({ trust: { source: { tuf: other.url, root: './root.json' } }, watches: [] });
      expect(refused).toMatchObject({
        outcome: 'refused',
        problem: expect.stringContaining(`Cannot refresh trust data from "${other.url}"`) as string,
      });
    } finally {
      await other.close();
    }
    expect(alerts()).toEqual([]);
    release('refs/heads/evil');
    await verified(4);
    expect(findings()).toEqual(['3 unexpected']);
  });

  it('says so when a new trust source cannot be read any more, but was once', async () => {
    const elsewhere = { trust: { source: 'none' } };
    const back = { watches: [WATCH] };
    await stage.reload(elsewhere);
    stage.repository.fail(503);
    expect(await stage.reload(back)).toMatchObject({ outcome: 'loaded' });
    expect(alerts()).toEqual(['trust-stale open']);
    await stage.reload(elsewhere);
    expect(alerts()).toEqual(['trust-stale closed']);
  });

  it.each<[string, Record<string, unknown>, string]>([
    ['a watch that is wrong', { watches: [{ name: 'x' }] }, 'watches[0]: missing key "select"'],
    ['another database', { database: './other.db' }, 'database: expected "'],
    [
      'an override that does not fit what the trust source names',
      { logs: { override: { HOST: { checkpoint: './root.json' } } } },
      'checkpoint',
    ],
  ])('goes on by the old one after %s', async (_, sections, problem) => {
    const text = JSON.stringify(sections).replace('HOST', hosted.origin);
    const reload = await stage.reload(JSON.parse(text) as Record<string, unknown>);
    expect(reload).toMatchObject({ outcome: 'refused', problem: expect.stringContaining(problem) as string });
    release('refs/heads/evil');
    await verified(4);
    expect(findings()).toEqual(['3 unexpected']);
    // It can still be asked, and ends as it should.
    expect(await stage.reload()).toMatchObject({ outcome: 'loaded' });
    await stage.end();
  });
});

function release(ref: string): void {
  hosted.log.append([workflowEntry(stage.authority, { repository: 'acme/widget', ref })]);
}

async function verified(size: number): Promise<void> {
  await until(`it is verified to ${size}`, () => stage.log(hosted.origin)?.verified_size === size);
}

function findings(): readonly string[] {
  return stage.history().map(({ index, verdict }) => `${index} ${verdict}`);
}

/** But those about entries and beginnings. */
function alerts(): readonly string[] {
  return stage
    .alerts()
    .filter(({ kind }) => kind !== 'started' && kind !== 'key-changed' && kind !== 'unexpected')
    .map(({ kind, state }) => `${kind} ${state}`);
}

function customLog(): Readonly<Record<string, unknown>> {
  return {
    name: 'by-hand',
    type: 'rekor-v2',
    url: hosted.url,
    origin: hosted.origin,
    public_key: './log.pub',
  };
}
