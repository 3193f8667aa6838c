import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { certify, fillers, forger, releaseAt } from '../support/actors.ts';
import { BOTH, type LogSite } from '../support/log-sites.ts';
import { Death, mortalStore, type Fate } from '../support/mortal-store.ts';
import { MonitorRig } from '../support/monitor-rig.ts';

/** Where the first and the second pass end: a bundle of Rekor v2 holds 256 entries, an answer of Rekor v1 ten. */
const SIZES = { 'rekor-v2': [300, 800], 'rekor-v1': [24, 57] } as const;

/** What the process dies of: the `nth` write that ran this SQL. */
interface Step {
  readonly sql: RegExp;
  readonly nth: number;
}

const CHECKPOINT = /INSERT INTO checkpoints/;
const JOINED = /SET started_at_index = @size/;
const TARGET = /SET target_note = @note/;
const BATCH = /SET frontier_size = @size/;
const VERIFIED = /SET verified_size = @size/;

/** The steps of both passes, in order; batches: two and three. */
const STEPS: readonly (readonly [string, Step])[] = [
  ['the first checkpoint', { sql: CHECKPOINT, nth: 1 }],
  ['the first position', { sql: JOINED, nth: 1 }],
  ['the first batch', { sql: BATCH, nth: 1 }],
  ['the second batch', { sql: BATCH, nth: 2 }],
  ['the first verified checkpoint', { sql: VERIFIED, nth: 1 }],
  ['the second checkpoint', { sql: CHECKPOINT, nth: 2 }],
  ['the second target', { sql: TARGET, nth: 1 }],
  ['the first batch after it', { sql: BATCH, nth: 4 }],
  ['the last verified checkpoint', { sql: VERIFIED, nth: 2 }],
];

const IMMORTAL: Fate = () => null;

let site: LogSite;
let sizes: readonly [number, number];

/** Two passes, each repeated after a restart, as the daemon would. Returns what the database holds then, and how many times the process died. */
async function live(fate: Fate): Promise<{ outcome: ReturnType<MonitorRig['outcome']>; deaths: number }> {
  const rig = new MonitorRig();
  let deaths = 0;
  const poll = async (): Promise<void> => {
    const death: unknown = await rig
      .poll(site.source(rig.http), mortalStore(rig.store, fate))
      .catch((error: unknown) => error);
    deaths += Number(death instanceof Death);
    rig.reopen();
    expect(await rig.poll(site.source(rig.http))).toMatchObject([{ kind: 'verified' }]);
  };
  try {
    site.serveOldCheckpoint(sizes[0]);
    await poll();
    site.heal();
    await poll();
    return { outcome: rig.outcome(), deaths };
  } finally {
    await rig.close();
  }
}

/** Dies at the nth write that ran some SQL, once. */
function at({ sql, nth }: Step, moment: 'before' | 'after'): Fate {
  let met = 0;
  return (write) => {
    met += Number(sql.test(write.sql));
    return met === nth && sql.test(write.sql) ? moment : null;
  };
}

describe.each(BOTH)('pass() over a %s log, killed', (type, start) => {
  let expected: ReturnType<MonitorRig['outcome']>;

  beforeAll(async () => {
    site = await start();
    sizes = SIZES[type];
    const branch = (run: number) => site.entry(certify(releaseAt('refs/heads/hotfix')), `branch ${run}`);
    const filler = fillers(sizes[1]);
    const eventful = new Map<number, Buffer>([
      [0, branch(0)],
      [1, Buffer.from('no entry at all')],
      [2, site.entry(certify(releaseAt('refs/tags/v1')))],
      [sizes[0] - 1, branch(1)],
      [sizes[0], site.entry(certify(releaseAt('refs/tags/v2'), forger))],
      [sizes[0] + 1, branch(2)],
      [sizes[1] - 2, Buffer.from('{"kind":"dsse","apiVersion":"0.0.2","spec":{}}')],
      [sizes[1] - 1, site.entry(certify(releaseAt('refs/heads/other')))],
    ]);
    const leaves = filler.map((leaf, index) => eventful.get(index) ?? leaf);
    site.append(leaves.slice(0, sizes[0]));
    site.append(leaves.slice(sizes[0]));
    expected = (await live(IMMORTAL)).outcome;
  });

  afterAll(async () => {
    await site.close();
  });

  it('finds all there is when it is not killed', () => {
    const outcome = expected;
    expect(outcome['findings']).toHaveLength(6);
    expect(outcome['totals']).toMatchObject([
      { unread: 0, kept: 2 },
      { unread: 1, kept: sizes[1] - 8 },
    ]);
    expect(outcome['counts']).toEqual(
      [
        ['filler', sizes[1] - 8],
        ['hashedrekord', 6],
        ['unparsable', 2],
      ].map(([kind, count]) => ({ log: site.origin, kind, count })),
    );
    expect(outcome['alerts']).toMatchObject([
      { kind: 'forged', occurrences: 1 },
      { kind: 'unexpected' },
      { kind: 'unexpected' },
      { kind: 'started', occurrences: 1 },
    ]);
    expect(outcome['deliveries']).toHaveLength(4);
  });

  describe.each(['before', 'after'] as const)('%s', (moment) => {
    it.each(STEPS)('%s was saved, leaves what it leaves undisturbed', async (_, step) => {
      const { outcome, deaths } = await live(at(step, moment));
      expect(deaths).toBe(1);
      expect(outcome).toEqual(expected);
    });

    it('any one write was saved, leaves what it leaves undisturbed', async () => {
      let writes = 0;
      await live(() => {
        writes += 1;
        return null;
      });
      for (let victim = 1; victim <= writes; victim += 1) {
        let count = 0;
        const { outcome, deaths } = await live(() => {
          count += 1;
          return count === victim ? moment : null;
        });
        expect({ victim, deaths, outcome }).toEqual({ victim, deaths: 1, outcome: expected });
      }
    });
  });

  it('at every write in turn, leaves what it leaves undisturbed', async () => {
    const rig = new MonitorRig();
    // Each life is one write longer than the one before, until it reaches the end.
    const dieOften = async (): Promise<void> => {
      for (let length = 1; length <= 12; length += 1) {
        await rig
          .poll(
            site.source(rig.http),
            mortalStore(rig.store, ({ count }) => (count === length ? 'after' : null)),
          )
          .catch((error: unknown) => {
            expect(error).toBeInstanceOf(Death);
          });
        rig.reopen();
      }
    };
    try {
      site.serveOldCheckpoint(sizes[0]);
      await dieOften();
      site.heal();
      await dieOften();
      expect(rig.outcome()).toEqual(expected);
    } finally {
      await rig.close();
    }
  });
});
