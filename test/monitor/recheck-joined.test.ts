import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LogSource } from '../../src/log/log.ts';
import { startFakeRekorV1, type RunningFakeRekorV1 } from '../fakes/fake-rekor-v1.ts';
import { fillers } from '../support/actors.ts';
import { siteV1, type LogSite } from '../support/log-sites.ts';
import { Death, mortalStore } from '../support/mortal-store.ts';
import { MonitorRig } from '../support/monitor-rig.ts';

const JOINED = 13;
const TARGET = 30;

let rig: MonitorRig;
let rekor: RunningFakeRekorV1;
let forked: RunningFakeRekorV1;
let site: LogSite;
let source: LogSource;

afterEach(async () => {
  await rig.close();
  await site.close();
  await forked.close();
});

/** The history that was accepted first, and nothing that lies behind it. */
const showTarget = () => {
  site.heal();
  rekor.active.headSize = () => TARGET;
  rekor.active.proofSize = () => TARGET;
  rekor.omit(30, 31, 32, 33, 34);
};

/** A process that died in the first catch-up, when one batch was read that the log vouched for by another history. */
beforeEach(async () => {
  rig = new MonitorRig();
  rekor = await startFakeRekorV1();
  forked = await startFakeRekorV1({ host: rekor.host, signer: rekor.active.signer });
  site = siteV1(rekor);
  source = site.source(rig.http, JOINED);
  site.append(fillers(TARGET));
  site.withhold(JOINED);
  await rig.poll(source);
  site.heal();
  const accepted = rekor.active.checkpoint();
  site.fork(JOINED);
  site.append(fillers(5, TARGET));
  rekor.changeLogInfo((info) => ({ ...info, signedTreeHead: accepted }));
  const oneBatch = mortalStore(rig.store, ({ sql }) => (sql.includes('SET frontier_size') ? 'after' : null));
  await expect(rig.poll(source, oneBatch)).rejects.toBeInstanceOf(Death);
  expect(rig.rows('SELECT frontier_size, verified_size FROM logs')).toEqual([
    { frontier_size: JOINED + 1, verified_size: null },
  ]);
  rig.reopen();
  source = site.source(rig.http, JOINED);
  rig.store.prepare('DELETE FROM leaf_hashes').run();
  rekor.active.fork(JOINED, Buffer.from(fillers(TARGET)[JOINED] ?? []));
  showTarget();
});

describe('pass() over a Rekor v1 log that is read again from where it was joined', () => {
  it('goes back there by what the log proves of it', async () => {
    expect(await rig.poll(source)).toEqual([{ kind: 'verified', size: TARGET }]);
    expect(rig.messages()).toContain('position taken back');
  });

  it('does not go back into a history that is not shown to be the one that is followed', async () => {
    forked.append(fillers(TARGET + 1));
    siteV1(forked).fork(2);
    rekor.changeEntry(JOINED - 1, () => forked.active.entryAt(JOINED - 1));
    expect(await rig.poll(source)).toMatchObject([{ kind: 'unavailable' }]);
    expect(rig.messages()).not.toContain('position taken back');
    showTarget();
    expect(await rig.poll(source)).toEqual([{ kind: 'verified', size: TARGET }]);
    expect(rig.alerts()).toEqual([]);
  });
});
