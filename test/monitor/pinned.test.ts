import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LogReader, LogSource } from '../../src/log/log.ts';
import { followed, followedLog } from '../../src/monitor/followed-source.ts';
import { passOverSource } from '../../src/monitor/follow-source.ts';
import { joinLog } from '../../src/monitor/join-log.ts';
import type { PassOutcome } from '../../src/monitor/pass.ts';
import type { SignedCheckpoint } from '../../src/tlog/checkpoint.ts';
import { Frontier } from '../../src/tlog/frontier.ts';
import { leafHash } from '../../src/tlog/hash.ts';
import { fillers } from '../support/actors.ts';
import type { LogSite } from '../support/log-sites.ts';
import { MonitorRig, NEVER } from '../support/monitor-rig.ts';
import { TWINS, type Twins } from '../support/twin-sites.ts';

let rig: MonitorRig;
let twins: Twins;

afterEach(async () => {
  await rig.close();
  await twins.close();
});

describe.each(TWINS)('a %s log with a pinned checkpoint', (_, start) => {
  let here: LogSite;
  let there: LogSite;
  let source: LogSource;

  beforeEach(async () => {
    rig = new MonitorRig();
    twins = await start();
    ({ here, there } = twins);
    source = here.source(rig.http, 'head');
    twins.append(fillers(300));
  });

  /** What a log shows now. */
  const shown = async (site: LogSite): Promise<SignedCheckpoint> => {
    const [reader] = await site.source(rig.http).discover(NEVER);
    // Each site serves one log.
    return (await reader?.fetchCheckpoint(NEVER)) as SignedCheckpoint;
  };
  const poll = (pinned: SignedCheckpoint, from: LogSource = source): Promise<readonly PassOutcome[]> =>
    passOverSource(followed(from, { pinned }), rig.deps(), NEVER);
  const status = () => rig.log(here.origin);

  it('is begun at it, although the log has grown', async () => {
    const pinned = await shown(here);
    here.append(fillers(13, 300));
    await poll(pinned);
    expect(status()).toMatchObject({ started_at_index: 300, verified_size: 313, examined_size: 313 });
  });

  it('is begun where the start says, if that says more than the head', async () => {
    const pinned = await shown(here);
    here.append(fillers(13, 300));
    await poll(pinned, here.source(rig.http, 'genesis'));
    expect(status()).toMatchObject({ started_at_index: 0, verified_size: 313 });
  });

  it.each([
    ['of the same size', 0, 0],
    ['that has grown', 13, 0],
    ['that is smaller', 0, 13],
  ])('is not begun in another history %s', async (_size, more, fewer) => {
    there.fork(1);
    there.append(fillers(fewer, 300));
    const pinned = await shown(there);
    here.append(fillers(more, 300));
    const outcomes = await poll(pinned);
    expect(status()).toMatchObject({ started_at_index: null, verified_size: null });
    // Of a larger tree that it denies, the log shows nothing: it may be a replica that lags.
    expect(outcomes[0]?.kind).toBe(fewer === 0 ? 'misbehaving' : 'unavailable');
    expect(rig.alerts().map(({ kind }) => kind)).toEqual(fewer === 0 ? ['fork'] : []);
  });

  it('is not begun while the log shows less, and is once it has caught up', async () => {
    there.append(fillers(13, 300));
    const pinned = await shown(there);
    expect(await poll(pinned)).toEqual([{ kind: 'unavailable', retryAfterMs: undefined }]);
    expect(status()).toMatchObject({
      state: 'unreachable',
      last_error: `Cannot begin with "${here.origin}" at size 300: expected at least the 313 of the pinned checkpoint`,
    });
    here.append(fillers(13, 300));
    expect(await poll(pinned)).toEqual([{ kind: 'verified', size: 313 }]);
    expect(status()).toMatchObject({ started_at_index: 313, last_error: null });
  });

  it('is not begun at a frontier that does not make its root', async () => {
    const pinned = await shown(here);
    const frontier = Frontier.empty();
    fillers(300, 1).forEach((leaf) => {
      frontier.append(leafHash(leaf));
    });
    // Of a log that answers each question from another history only this is asked.
    const liar = {
      origin: here.origin,
      fetchFrontier: async () => ({ frontier, provenBy: pinned, nodes: [] }),
    } as unknown as LogReader;
    await expect(joinLog(followedLog(liar, { pinned }), pinned, NEVER)).rejects.toMatchObject({
      name: 'LogUnavailable',
    });
  });

  it('is a matter of its beginning: one that is joined goes on', async () => {
    await poll(await shown(here));
    there.append(fillers(700, 300));
    here.append(fillers(13, 300));
    expect(await poll(await shown(there))).toEqual([{ kind: 'verified', size: 313 }]);
  });
});
