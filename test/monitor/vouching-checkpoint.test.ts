import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LogSource } from '../../src/log/log.ts';
import { startFakeRekorV1, type RunningFakeRekorV1 } from '../fakes/fake-rekor-v1.ts';
import { fillers } from '../support/actors.ts';
import { provesPrefix } from '../support/evidence.ts';
import { siteV1, type LogSite } from '../support/log-sites.ts';
import { MonitorRig } from '../support/monitor-rig.ts';

let rig: MonitorRig;
let rekor: RunningFakeRekorV1;
let forked: RunningFakeRekorV1;
let site: LogSite;
let source: LogSource;

beforeEach(async () => {
  rig = new MonitorRig();
  rekor = await startFakeRekorV1();
  forked = await startFakeRekorV1({ host: rekor.host, signer: rekor.active.signer });
  site = siteV1(rekor);
  source = site.source(rig.http);
});

afterEach(async () => {
  await rig.close();
  await site.close();
  await forked.close();
});

/** Entry 19, the last of a batch, is proven in a tree of 25 entries, of which the last five are of another history. */
const proveByAnother = async () => {
  site.append(fillers(20));
  forked.append([...fillers(20), ...fillers(5, 100)]);
  rekor.changeEntry(19, () => forked.active.entryAt(19));
  expect(await rig.poll(source)).toEqual([{ kind: 'verified', size: 20 }]);
  rekor.heal();
};

describe('pass() over a Rekor v1 log that shows a checkpoint only beside an entry', () => {
  it('keeps it, and stops the log when its entries contradict it', async () => {
    await proveByAnother();
    expect(rig.checkpointSizes()).toEqual([20, 25]);
    expect(rig.log(site.origin)).toMatchObject({ verified_size: 20, seen_size: 20 });
    site.append(fillers(10, 20));
    expect(await rig.poll(source)).toEqual([{ kind: 'misbehaving' }]);
    expect(provesPrefix(rig.onlyAlert('fork').evidence, site)).toEqual([25, 30]);
  });

  it('notices one of equal size at once', async () => {
    await proveByAnother();
    site.append(fillers(5, 20));
    expect(await rig.poll(source)).toEqual([{ kind: 'misbehaving' }]);
    expect(rig.onlyAlert().kind).toBe('fork');
  });

  it('goes on where its entries make it', async () => {
    site.append(fillers(20));
    forked.append(fillers(25));
    rekor.changeEntry(19, () => forked.active.entryAt(19));
    await rig.poll(source);
    expect(rig.checkpointSizes()).toEqual([20, 25]);
    rekor.heal();
    site.append(fillers(10, 20));
    expect(await rig.poll(source)).toEqual([{ kind: 'verified', size: 30 }]);
    expect(rig.alerts()).toEqual([]);
  });
});
