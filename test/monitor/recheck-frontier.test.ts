import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LogSource } from '../../src/log/log.ts';
import { startFakeRekorV1, type RunningFakeRekorV1 } from '../fakes/fake-rekor-v1.ts';
import { certify, fillers, releaseAt } from '../support/actors.ts';
import { provesEqualSizes, provesPrefix } from '../support/evidence.ts';
import { siteV1, type LogSite } from '../support/log-sites.ts';
import { Death, mortalStore } from '../support/mortal-store.ts';
import { MonitorRig } from '../support/monitor-rig.ts';

const VERIFIED = 13;
const TARGET = 30;
/** The other history, by which the log vouches for a batch, has so many entries. */
const OTHER = 35;
const FORKED_AT = VERIFIED;

let rig: MonitorRig;
let rekor: RunningFakeRekorV1;
let site: LogSite;
let source: LogSource;
let honestLeaf: Buffer<ArrayBuffer>;

afterEach(async () => {
  await rig.close();
  await site.close();
});

const position = () => rig.rows('SELECT state, frontier_size, verified_size FROM logs');
const serveOnly = (size: number) => {
  rekor.active.headSize = () => size;
  rekor.active.proofSize = () => size;
  rekor.omit(...Array.from({ length: 100 - size }, (_, place) => size + place));
};

/** A process that dies in mid-catch-up, when one batch was read that the log vouched for by another history. */
beforeEach(async () => {
  rig = new MonitorRig();
  rekor = await startFakeRekorV1();
  site = siteV1(rekor);
  source = site.source(rig.http);
  site.append(fillers(VERIFIED));
  await rig.poll(source);
  honestLeaf = Buffer.from(site.entry(certify(releaseAt('refs/heads/hotfix')), 'honest'));
  site.append([
    ...fillers(FORKED_AT - VERIFIED, VERIFIED),
    honestLeaf,
    ...fillers(TARGET - FORKED_AT - 1, FORKED_AT + 1),
  ]);
  site.answer('entries', { status: 503, body: '' });
  await rig.poll(source);
  site.heal();
  const accepted = rekor.active.checkpoint();
  site.fork(FORKED_AT, site.entry(certify(releaseAt('refs/heads/hotfix')), 'other'));
  site.append(fillers(OTHER - TARGET, TARGET));
  rekor.changeLogInfo((info) => ({ ...info, signedTreeHead: accepted }));
  const oneBatch = mortalStore(rig.store, ({ sql }) => (sql.includes('SET frontier_size') ? 'after' : null));
  await expect(rig.poll(source, oneBatch)).rejects.toBeInstanceOf(Death);
  expect(position()).toMatchObject([{ state: 'catching-up', verified_size: VERIFIED }]);
  expect(rig.verdicts()).toEqual([`${FORKED_AT} widget-release unexpected`]);
  rig.reopen();
  source = site.source(rig.http);
  // The history that was accepted as target is shown again.
  site.heal();
  rekor.active.fork(FORKED_AT, honestLeaf);
});

describe('pass() over a Rekor v1 log that vouched for a batch by another history before the process died', () => {
  it('takes its position back and reads again, while nothing shows the contradiction; and finds it when it can be shown', async () => {
    serveOnly(TARGET);
    expect(await rig.poll(source)).toEqual([{ kind: 'verified', size: TARGET }]);
    expect(position()).toEqual([{ state: 'verified', frontier_size: TARGET, verified_size: TARGET }]);
    expect(rig.messages()).toContain('position taken back');
    // What each history had there.
    expect(rig.verdicts()).toEqual(['13 widget-release unexpected', '13 widget-release unexpected']);
    expect(rig.alerts().map(({ kind }) => kind)).toEqual(['unexpected']);

    site.heal();
    site.append(fillers(5, OTHER));
    expect(await rig.poll(source)).toEqual([{ kind: 'misbehaving' }]);
    expect(provesPrefix(rig.onlyAlert('fork').evidence, site)).toEqual([OTHER, OTHER + 5]);
  });

  it('tells of the contradiction at once where the log shows it at equal size', async () => {
    expect(await rig.poll(source)).toEqual([{ kind: 'misbehaving' }]);
    expect(provesEqualSizes(rig.onlyAlert('fork').evidence, site)).toBe(OTHER);
  });

  it('tells of the contradiction at once where the log shows it at a larger size', async () => {
    site.append(fillers(5, OTHER));
    expect(await rig.poll(source)).toEqual([{ kind: 'misbehaving' }]);
    expect(provesPrefix(rig.onlyAlert('fork').evidence, site)).toEqual([OTHER, OTHER + 5]);
  });
});
