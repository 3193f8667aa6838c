import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { FollowDeps } from '../../src/monitor/follow-deps.ts';
import { followed } from '../../src/monitor/followed-source.ts';
import { passOverSource } from '../../src/monitor/follow-source.ts';
import { judgeByNewTrust } from '../../src/monitor/judge-again.ts';
import { loadWatches } from '../../src/monitor/load-watches.ts';
import type { ChainVerdict, Watch } from '../../src/policy/watch.ts';
import { listAudits } from '../../src/store/audit-alerts.ts';
import { authority, certify, fillers, forger, releaseAt, REPOSITORY } from '../support/actors.ts';
import { CT_SITES } from '../support/ct-sites.ts';
import { BOTH, type LogSite } from '../support/log-sites.ts';
import { MonitorRig, NEVER, releaseWatch } from '../support/monitor-rig.ts';

const MAIN = 'refs/heads/main';
const EVIL = 'refs/heads/evil';
const [[, startCt]] = CT_SITES;

let rig: MonitorRig;
let site: LogSite;
let chain: ChainVerdict | null;

beforeEach(() => {
  rig = new MonitorRig();
  chain = null;
  load(releaseWatch({ mode: 'audit' }));
});

afterEach(async () => {
  await rig.close();
  await site.close();
});

function load(...watches: readonly Watch[]): void {
  rig.watches = watches;
  rig.store.transaction(() => loadWatches(rig.store, watches, rig.now));
}

function deps(): FollowDeps {
  const given = rig.deps();
  const { chainOf } = given.judging;
  return { ...given, judging: { ...given.judging, chainOf: (...args) => chain ?? chainOf(...args) } };
}

async function poll(): Promise<void> {
  await passOverSource(followed(site.source(rig.http)), deps(), NEVER);
}

/** Reads every entry of the log once more. */
async function readAgain(): Promise<void> {
  rig.store.db.exec('DELETE FROM logs; DELETE FROM leaf_hashes');
  await poll();
}

/** What would have been told: kind, first index and occurrences. */
const written = () =>
  rig
    .rows<{ kind: string; idx: number; occurrences: number }>(
      'SELECT kind, idx, occurrences FROM audit_alerts ORDER BY idx',
    )
    .map(({ kind, idx, occurrences }) => `${kind} ${idx} ${occurrences}`);

const signed = (ref: string, artifact: string, by = authority) => site.entry(certify(releaseAt(ref), by), artifact);

describe.each(BOTH)('a watch that audits a %s log', (_, start) => {
  beforeEach(async () => {
    site = await start();
    site.append(fillers(2));
  });

  it('tells nobody, and writes down what it would have told, folded as alerts are', async () => {
    load(releaseWatch({ mode: 'audit' }), releaseWatch({ name: 'strict' }));
    site.append([signed(MAIN, 'a'), signed(EVIL, 'b'), signed(MAIN, 'c'), signed('refs/tags/v1', 'd', forger)]);
    await poll();
    expect(written()).toEqual(['unexpected 2 2', 'unexpected 3 1', 'forged 5 1']);
    expect(listAudits(rig.store, rig.now)).toMatchObject([
      { watch: 'widget-release', alerts: 3, kinds: { unexpected: 2, forged: 1 } },
    ]);
    // As the one beside it that is in force.
    expect(rig.alerts().map((alert) => [alert.watch, alert.kind, alert.index, alert.occurrences])).toEqual([
      ['strict', 'unexpected', 2, 2],
      ['strict', 'unexpected', 3, 1],
      ['strict', 'forged', 5, 1],
    ]);
    expect(rig.rows(`SELECT count(alert) AS told FROM findings WHERE watch = 'widget-release'`)).toEqual([{ told: 0 }]);
  });

  it('counts no entry twice that is read again, whatever it holds', async () => {
    site.append([signed(MAIN, 'a'), signed('refs/tags/v1', 'b', forger), Buffer.from(`{{${REPOSITORY}`)]);
    await poll();
    const before = ['unexpected 2 1', 'forged 3 1', 'unparsable 4 1'];
    expect(written()).toEqual(before);
    await readAgain();
    expect(written()).toEqual(before);
    site.append([signed(MAIN, 'c')]);
    await poll();
    expect(written()).toEqual(['unexpected 2 2', 'forged 3 1', 'unparsable 4 1']);
  });

  it('counts what was unverifiable once more when it turns out to be unexpected, and not again', async () => {
    chain = 'unknown';
    site.append([signed(MAIN, 'a')]);
    await poll();
    chain = 'trusted';
    await readAgain();
    expect(written()).toEqual(['unverifiable 2 1']);
    await judgeByNewTrust(deps(), NEVER);
    await readAgain();
    expect(written().sort()).toEqual(['unexpected 2 1', 'unverifiable 2 1']);
  });

  it('tells what comes once it is in force, and nothing of before', async () => {
    site.append([signed(MAIN, 'a')]);
    await poll();
    load(releaseWatch());
    site.append([signed(EVIL, 'b')]);
    await poll();
    expect(rig.onlyAlert()).toMatchObject({ index: 3, occurrences: 1 });
    expect(listAudits(rig.store, rig.now)).toEqual([]);
    site.append([signed(MAIN, 'c')]);
    await poll();
    expect(rig.alerts().map(({ index }) => index)).toEqual([3, 4]);
  });
});

it('a watch that audits a CT log counts precertificate and certificate of one issuance once', async () => {
  const ct = await startCt();
  site = ct;
  const [one, two] = [authority.issueLogged(releaseAt(MAIN)), authority.issueLogged(releaseAt(MAIN))];
  ct.append([ct.announce(one), ct.certified(one)]);
  await poll();
  expect(written()).toEqual(['unexpected 0 1']);
  ct.append([ct.certified(two)]);
  await poll();
  ct.append([ct.announce(two)]);
  await poll();
  expect(written()).toEqual(['unexpected 0 2']);
});
