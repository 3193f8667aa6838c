import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { FollowDeps } from '../../src/monitor/follow-deps.ts';
import { followed } from '../../src/monitor/followed-source.ts';
import { passOverSource } from '../../src/monitor/follow-source.ts';
import { judgeAgain, judgeByNewTrust } from '../../src/monitor/judge-again.ts';
import type { ChainVerdict } from '../../src/policy/watch.ts';
import { saveDoubt } from '../../src/store/doubtful.ts';
import { toHash } from '../../src/tlog/hash.ts';
import { certify, fillers, releaseAt, type Certified } from '../support/actors.ts';
import { builtWatch } from '../support/attestations.ts';
import { BOTH, type LogSite } from '../support/log-sites.ts';
import { MonitorRig, NEVER, releaseWatch, rule } from '../support/monitor-rig.ts';
import { until } from '../support/until.ts';

const TAG = 'refs/tags/v1.0.0';
const EVIL = 'refs/heads/evil';
let rig: MonitorRig;
let site: LogSite;
/** What the trust data says of every certificate. */
let chain: ChainVerdict;

beforeEach(() => {
  rig = new MonitorRig();
  chain = 'unknown';
});

afterEach(async () => {
  await rig.close();
  await site.close();
});

function deps(): FollowDeps {
  const given = rig.deps();
  return { ...given, judging: { ...given.judging, chainOf: () => chain } };
}

async function log(...signers: readonly Certified[]): Promise<void> {
  site.append(signers.map((signer) => site.entry(signer)));
  await passOverSource(followed(site.source(rig.http)), deps(), NEVER);
}

function doubts(): readonly string[] {
  return rig
    .rows<{ doubt: string }>(
      `SELECT e.idx || ' ' || d.reason AS doubt FROM doubtful AS d JOIN entries AS e ON e.id = d.entry ORDER BY doubt`,
    )
    .map(({ doubt }) => doubt);
}

/** Kind, state and occurrences of each alert, the oldest first. */
function alerts(): readonly string[] {
  return rig.alerts().map(({ kind, state, occurrences }) => `${kind} ${state} ${occurrences}`);
}

describe.each(BOTH)('an unverifiable signer in a %s log', (_, start) => {
  beforeEach(async () => {
    site = await start();
    site.append(fillers(2));
    await log(certify(releaseAt(TAG)), certify(releaseAt(EVIL)));
  });

  it('waits for trust data that reaches to its time', async () => {
    expect(rig.verdicts()).toEqual(['2 widget-release unverifiable', '3 widget-release unverifiable']);
    expect(doubts()).toEqual(['2 trust', '3 trust']);
    await judgeByNewTrust(deps(), NEVER);
    expect(doubts()).toEqual(['2 trust', '3 trust']);
    expect(alerts()).toEqual(['unverifiable open 2']);
  });

  it('is judged by it, told of where that calls for it, and the alert of before closed', async () => {
    chain = 'trusted';
    await judgeByNewTrust(deps(), NEVER);
    expect(rig.verdicts()).toEqual(['2 widget-release expected', '3 widget-release unexpected']);
    expect(doubts()).toEqual([]);
    expect(alerts()).toEqual(['unverifiable closed 2', 'unexpected open 1']);
    const told = rig.onlyAlert('unexpected');
    expect(told).toMatchObject({ index: 3, log: site.origin, signer: { chain: 'trusted' } });
    expect(
      rig.rows(
        'SELECT "index", chain, alert, json_array_length(violations) AS failing FROM v_history ORDER BY "index"',
      ),
    ).toEqual([
      { index: 2, chain: 'trusted', alert: null, failing: 0 },
      { index: 3, chain: 'trusted', alert: told.id, failing: 2 },
    ]);
    expect(rig.rows(`SELECT alert FROM deliveries WHERE alert = '${told.id}'`)).toHaveLength(1);

    // Nothing is told twice, also where the same log is read again from its beginning.
    await judgeByNewTrust(deps(), NEVER);
    expect(alerts()).toEqual(['unverifiable closed 2', 'unexpected open 1']);
  });

  it('is forged once the trust data knows that nobody issued it', async () => {
    chain = 'untrusted';
    await judgeByNewTrust(deps(), NEVER);
    expect(rig.verdicts()).toEqual(['2 widget-release forged', '3 widget-release forged']);
    expect(alerts()).toEqual(['unverifiable closed 2', 'forged open 2']);
  });

  it('keeps the alert open while another signer of the same watch stays unverifiable', async () => {
    const given = deps();
    const chainOf: FollowDeps['judging']['chainOf'] = ({ claims }) =>
      claims['source_ref']?.[0] === TAG ? 'trusted' : 'unknown';
    await judgeByNewTrust({ ...given, judging: { ...given.judging, chainOf } }, NEVER);
    expect(rig.verdicts()).toEqual(['2 widget-release expected', '3 widget-release unverifiable']);
    expect(doubts()).toEqual(['3 trust']);
    expect(alerts()).toEqual(['unverifiable open 2']);
  });

  it('stays as it was, and waits no more, once its watch is gone or selects it no more', async () => {
    rig.watches = [releaseWatch({ name: 'other' })];
    chain = 'trusted';
    await judgeByNewTrust(deps(), NEVER);
    expect(rig.verdicts()).toEqual(['2 widget-release unverifiable', '3 widget-release unverifiable']);
    expect(doubts()).toEqual([]);
    expect(alerts()).toEqual(['unverifiable open 2']);
  });

  it('is judged by the watches of today', async () => {
    rig.watches = [releaseWatch({ expect: [rule('source_ref', 'refs/heads/**')] })];
    chain = 'trusted';
    await judgeByNewTrust(deps(), NEVER);
    expect(rig.verdicts()).toEqual(['2 widget-release unexpected', '3 widget-release expected']);
  });

  it('is judged anew, or not at all, when the process dies in between', async () => {
    chain = 'trusted';
    const given = deps();
    const dying: FollowDeps = {
      ...given,
      tell: () => {
        throw new Error('the process died');
      },
    };
    await expect(judgeByNewTrust(dying, NEVER)).rejects.toThrow('the process died');
    rig.reopen();
    expect(doubts()).toEqual(['3 trust']);
    await judgeByNewTrust(deps(), NEVER);
    expect(rig.verdicts()).toEqual(['2 widget-release expected', '3 widget-release unexpected']);
    expect(alerts()).toEqual(['unverifiable closed 2', 'unexpected open 1']);
  });

  it('is judged at the start of the loop, and after each refresh', async () => {
    const end = new AbortController();
    const again = judgeAgain(deps(), end.signal);
    chain = 'trusted';
    again.trustRefreshed();
    await until('they are judged', () => doubts().length === 0);
    expect(rig.verdicts()).toEqual(['2 widget-release expected', '3 widget-release unexpected']);
    end.abort();
    await again.ended;
  });

  it('waits for an attestation then, where that is all that is missing, and nobody is told of it any more', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'sigwatch-judge-again-'));
    rig.watches = [builtWatch({ kind: 'directory', path: folder })];
    chain = 'trusted';
    await judgeByNewTrust(deps(), NEVER);
    expect(rig.verdicts()).toEqual(['2 widget-release unverifiable', '3 widget-release unexpected']);
    expect(doubts()).toEqual(['2 attestation']);
    expect(alerts()).toEqual(['unverifiable closed 2', 'unexpected open 1']);
    rmSync(folder, { recursive: true });
  });

  it('does not wait again when an entry that was settled is read again', () => {
    const [entry] = rig.rows<{ log: string; index: number; leaf_hash: Buffer }>(
      'SELECT log, idx AS "index", leaf_hash FROM entries',
    );
    rig.store.prepare('DELETE FROM doubtful').run();
    rig.store.prepare(`UPDATE findings SET verdict = 'expected'`).run();
    saveDoubt(
      rig.store,
      { log: entry?.log ?? '', index: entry?.index ?? 0, leafHash: toHash(entry?.leaf_hash ?? Buffer.alloc(32)) },
      'trust',
      { dueAt: rig.now, until: null },
    );
    expect(doubts()).toEqual([]);
  });
});
