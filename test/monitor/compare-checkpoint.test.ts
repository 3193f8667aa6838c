import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LogMisbehaved, type Evidence, type LogReader, type LogSource } from '../../src/log/log.ts';
import { compareCheckpoint } from '../../src/monitor/compare-checkpoint.ts';
import { openCheckpoint, type SignedCheckpoint } from '../../src/tlog/checkpoint.ts';
import { sha256 } from '../../src/tlog/hash.ts';
import { fillers } from '../support/actors.ts';
import { provesEqualSizes, provesPrefix } from '../support/evidence.ts';
import { BOTH, type LogSite } from '../support/log-sites.ts';
import { MonitorRig, NEVER } from '../support/monitor-rig.ts';

const ANOTHER_ROOT = sha256(Buffer.from('another history'));

let rig: MonitorRig;
let site: LogSite;
let source: LogSource;
let reader: LogReader;

afterEach(async () => {
  await rig.close();
  await site.close();
});

const growTo = (size: number) => {
  site.append(fillers(size - site.size, site.size));
};
/** What the log shows when asked for it, without anybody noting it. */
const shown = async (change: () => void): Promise<SignedCheckpoint> => {
  change();
  const checkpoint = await reader.fetchCheckpoint(NEVER);
  site.heal();
  return openCheckpoint(checkpoint.note, site);
};
const compare = (seen: SignedCheckpoint) => compareCheckpoint(reader, seen, rig.deps(), NEVER);
/** The log serves nothing but its checkpoint any more. */
const beSilent = () => {
  site.answer('entries', { status: 503, body: '' });
};
const evidenceOf = async (seen: SignedCheckpoint): Promise<Evidence> => {
  const error: unknown = await compare(seen).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(LogMisbehaved);
  return (error as LogMisbehaved).evidence; // Just asserted.
};

describe.each(BOTH)('compareCheckpoint() over a %s log', (type, start) => {
  beforeEach(async () => {
    rig = new MonitorRig();
    site = await start();
    source = site.source(rig.http);
    reader = (await source.discover(NEVER))[0] as LogReader;
    growTo(20);
    await rig.poll(source);
    growTo(37);
    await rig.poll(source);
    growTo(600);
    await rig.poll(source);
  });

  /** As if it were long ago that these leaves were read. */
  const forgetLeaves = () => {
    rig.store.prepare('DELETE FROM leaf_hashes').run();
  };

  it.each([0, 1, 20, 25, 37, 300, 599, 600])('knows by itself that size %d is a prefix', async (size) => {
    const seen = await shown(() => {
      site.serveOldCheckpoint(type === 'rekor-v2' && ![20, 37, 600].includes(size) ? 37 : size);
    });
    await site.close();
    await compare(seen);
    site = await start();
  });

  it.each([1, 19, 20, 25, 256, 300, 512, 599])(
    'proves by itself that another tree of size %d is none',
    async (size) => {
      const seen = await shown(() => {
        site.signHead(size, ANOTHER_ROOT);
      });
      beSilent();
      const evidence = await evidenceOf(seen);
      expect(evidence).toMatchObject({ kind: 'rollback', log: site.origin });
      const prove = [20].includes(size) ? provesEqualSizes : provesPrefix;
      expect(prove(evidence, site)).toEqual(size === 20 ? 20 : [size, 600]);
    },
  );

  it('goes by the checkpoints that were verified where the leaves are long gone', async () => {
    forgetLeaves();
    const seen = await shown(() => {
      site.serveOldCheckpoint(37);
    });
    const false37 = await shown(() => {
      site.signHead(37, ANOTHER_ROOT);
    });
    beSilent();
    await compare(seen);
    expect(provesEqualSizes(await evidenceOf(false37), site)).toBe(37);
  });

  it('asks the log where it does not know itself, and waits while that shows neither', async () => {
    forgetLeaves();
    const seen = await shown(() => {
      site.signHead(25, ANOTHER_ROOT);
    });
    expect(provesPrefix(await evidenceOf(seen), site)).toEqual([25, 600]);
    // One that remembers nothing of it.
    reader = (await site.source(rig.http).discover(NEVER))[0] as LogReader;
    await site.close();
    await expect(compare(seen)).rejects.toMatchObject({ name: 'LogUnavailable' });
    site = await start();
  });

  it('leaves out what an operator decided about', async () => {
    const seen = await shown(() => {
      site.signHead(37, ANOTHER_ROOT);
    });
    rig.store.prepare(`INSERT INTO decisions (log, by, note, decided_at) VALUES ('l', 'b', 'n', 0)`).run();
    rig.store.prepare('UPDATE checkpoints SET disregarded_by = 1, verified = 0 WHERE size = 37').run();
    forgetLeaves();
    // Now it is what the log shows of its tree, and no longer the note of that size.
    expect(provesPrefix(await evidenceOf(seen), site)).toEqual([37, 600]);
  });
});
