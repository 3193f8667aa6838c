import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  LogMisbehaved,
  LogUnavailable,
  type EntryEvidence,
  type LogReader,
  type LogSource,
} from '../../src/log/log.ts';
import { MAX_PROOFS } from '../../src/monitor/prove-alerts.ts';
import { findAlert } from '../../src/store/alerts.ts';
import { openCheckpoint } from '../../src/tlog/checkpoint.ts';
import { leafHash } from '../../src/tlog/hash.ts';
import { verifyInclusion } from '../../src/tlog/proof.ts';
import { certify, fillers, releaseAt } from '../support/actors.ts';
import { BOTH, type LogSite } from '../support/log-sites.ts';
import { MonitorRig, releaseWatch } from '../support/monitor-rig.ts';

let rig: MonitorRig;
let site: LogSite;

beforeEach(() => {
  rig = new MonitorRig();
});

afterEach(async () => {
  await rig.close();
  await site.close();
});

/** An entry that no watch expects; each branch makes an alert of its own. */
const attackAt = (branch: string): Buffer => site.entry(certify(releaseAt(`refs/heads/${branch}`)));

/** The source, but its readers prove entries otherwise. */
function proving(prove: LogReader['proveInclusion'], source: LogSource = site.source(rig.http)): LogSource {
  return {
    ...source,
    discover: async (signal) => (await source.discover(signal)).map((reader) => wrap(reader, prove)),
  };
}

function wrap(reader: LogReader, proveInclusion: LogReader['proveInclusion']): LogReader {
  return new Proxy(reader, {
    get: (target, name) => {
      const value: unknown = name === 'proveInclusion' ? proveInclusion : Reflect.get(target, name, target);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
    set: (target, name, value) => Reflect.set(target, name, value, target),
  });
}

/** What is kept with each alert, oldest first. */
const kept = () => rig.alerts().map(({ id }) => findAlert(rig.store, id)?.evidence?.kind ?? null);

describe.each(BOTH)('proveAlerts() on a %s log', (_, start) => {
  beforeEach(async () => {
    site = await start();
  });

  it('keeps with a new alert the proof that its entry is in the log', async () => {
    const leaf = attackAt('hotfix');
    site.append([...fillers(12), leaf, ...fillers(30, 100)]);
    await rig.poll(site.source(rig.http));
    // Just asserted by onlyAlert() to be about an entry.
    const evidence = rig.onlyAlert().evidence as EntryEvidence;
    expect(evidence).toMatchObject({ kind: 'inclusion', log: site.origin, type: site.type, leaf: { index: 12 } });
    expect(evidence.leaf.data).toEqual(leaf);
    const { size, root } = openCheckpoint(evidence.checkpoint, site);
    expect([size, root]).toEqual([43, site.root]);
    expect(evidence.proof).toMatchObject({ size, root });
    expect(verifyInclusion({ index: 12, size, leaf: leafHash(leaf), proof: evidence.proof.hashes, root })).toBe(true);
    expect([evidence.timestamp === null, evidence.logId === null]).toEqual(
      site.type === 'rekor-v1' ? [false, false] : [true, true],
    );
  });

  it('asks once for what folds into one alert, and never again', async () => {
    const asked: number[] = [];
    const source = proving(async (_tree, index) => {
      asked.push(index);
      throw new LogUnavailable('not now');
    });
    site.append([attackAt('hotfix'), attackAt('hotfix'), ...fillers(3)]);
    await rig.poll(source);
    site.append([attackAt('hotfix')]);
    await rig.poll(source);
    expect(asked).toEqual([0]);
    expect(rig.onlyAlert()).toMatchObject({ occurrences: 3, evidence: null });
  });

  it.each([
    ['unavailable', () => new LogUnavailable('not now')],
    ['misbehaving', () => new LogMisbehaved('wrong', { kind: 'entry-mismatch', log: 'x', signed: false, notes: [] })],
  ])('does not hold an alert back when the log is %s for its proof', async (_name, failure) => {
    const asked: number[] = [];
    const source = proving(async (_tree, index) => {
      asked.push(index);
      throw failure();
    });
    site.append([attackAt('one'), attackAt('two'), ...fillers(300)]);
    await rig.poll(source);
    expect(kept()).toEqual([null, null]);
    expect(rig.log(site.origin)).toMatchObject({ state: 'verified', verified_size: 302 });
    // Not for each of a flood: the log may take long to say no.
    expect(asked).toEqual([0]);
    expect(rig.messages()).toContain('entry not proven');
  });

  it('keeps no proof of another entry than the one that was judged', async () => {
    const source = proving(async (tree, _index, signal) => {
      const [reader] = await site.source(rig.http).discover(signal);
      return (reader as LogReader).proveInclusion(tree, 1, signal);
    });
    site.append([attackAt('one'), ...fillers(3)]);
    await rig.poll(source);
    expect(kept()).toEqual([null]);
  });

  it('proves no more than the first alerts of a flood', async () => {
    site.append(Array.from({ length: MAX_PROOFS + 5 }, (_unused, place) => attackAt(`branch-${place}`)));
    await rig.poll(site.source(rig.http));
    expect(kept().filter((kind) => kind === 'inclusion')).toHaveLength(MAX_PROOFS);
    expect(kept()).toHaveLength(MAX_PROOFS + 5);
  });

  it('asks for no proof of what is only written down: those that people are told of need it', async () => {
    const asked: number[] = [];
    const source = proving(async (_tree, index) => {
      asked.push(index);
      throw new LogUnavailable('not now');
    });
    rig.watches = [releaseWatch({ mode: 'audit' })];
    // An entry that mentions what the watch selects, and cannot be read.
    const unread = Buffer.from('{"apiVersion":"0.0.1","kind":"riddle","spec":{"of":"https://github.com/acme/widget"}}');
    site.append([attackAt('one'), unread]);
    await rig.poll(source);
    expect(rig.rows('SELECT kind FROM audit_alerts ORDER BY kind')).toEqual([
      { kind: 'unexpected' },
      { kind: 'unparsable' },
    ]);
    expect(asked).toEqual([]);
  });

  it('lets what is our own fault rise', async () => {
    site.append([attackAt('one')]);
    const source = proving(() => Promise.reject(new TypeError('our own')));
    await expect(rig.poll(source)).rejects.toThrow('our own');
  });
});
