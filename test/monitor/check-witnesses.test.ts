import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import type { Witnesses } from '../../src/monitor/follow-deps.ts';
import { parseNote } from '../../src/tlog/note.ts';
import { verifierKey } from '../../src/tlog/vkey.ts';
import { parseWitnessPolicy } from '../../src/tlog/witness-policy.ts';
import { startFakeLog, type RunningFakeLog } from '../fakes/fake-log.ts';
import { startFakeRekorV1 } from '../fakes/fake-rekor-v1.ts';
import { fillers, NOW } from '../support/actors.ts';
import { siteV1, siteV2, type LogSite } from '../support/log-sites.ts';
import { MonitorRig } from '../support/monitor-rig.ts';
import { ed25519Witness, formatVkey, mlDsaWitness, type WitnessSigner } from '../tlog/witness-signer.ts';

const SECONDS = NOW.getTime() / 1000;
const a = ed25519Witness('a.example');
const b = mlDsaWitness('b.example');
const POLICY = `witness a ${a.vkey}\nwitness b ${b.vkey}\n`;
const KEY = 'log/log.test/witness-missing';

let rig: MonitorRig;
let log: RunningFakeLog;
let site: LogSite;

beforeEach(async () => {
  rig = new MonitorRig();
  log = await startFakeLog('log.test');
  site = siteV2(log);
  log.append(fillers(10));
});

afterEach(async () => {
  await rig.close();
  await site.close();
});

const poll = () => rig.poll(site.source(rig.http));
const warnings = () => rig.lines.filter(({ msg }) => /^cosignatures/.test(String(msg)));

function ask(quorum: string, onMissing: Witnesses['onMissing'] = 'alert'): void {
  rig.witnesses = { policy: parseWitnessPolicy(`${POLICY}${quorum}\n`), onMissing, unmet: new Set() };
}

/** Serves the checkpoint that the log has now, or `note`, cosigned by these. */
function serve(witnesses: readonly WitnessSigner[], seconds = SECONDS, note = log.checkpoint): void {
  const { text } = parseNote(note);
  const body = note + witnesses.map((witness) => witness.line(text, seconds)).join('');
  log.before((path) => (path === 'checkpoint' ? { status: 200, body } : null));
}

describe('checkWitnesses()', () => {
  it('keeps who cosigned each checkpoint, and tells nothing while the policy is met', async () => {
    ask('group g all a b\nquorum g');
    serve([a, b], SECONDS - 60);
    expect(await poll()).toEqual([{ kind: 'verified', size: 10 }]);
    const time = new Date(NOW.getTime() - 60_000).toISOString();
    expect(rig.log('log.test')).toMatchObject({
      state: 'verified',
      witnesses: [
        { name: 'a', time },
        { name: 'b', time },
      ],
    });
    const [line, another] = rig.rows<{ line: string }>('SELECT line FROM cosignatures ORDER BY name');
    expect(line?.line).toBe(a.line(parseNote(log.checkpoint).text, SECONDS - 60).trimEnd());
    expect(another?.line).toMatch(/^— b\.example [A-Za-z0-9+/]+=*$/);
    expect(rig.alerts()).toEqual([]);
    expect(warnings()).toEqual([]);
  });

  it('tells of a missing cosignature, with the note, and goes on with the log', async () => {
    ask('group g all a b\nquorum g');
    serve([b]);
    expect(await poll()).toEqual([{ kind: 'verified', size: 10 }]);
    const alert = rig.onlyAlert();
    expect(alert).toMatchObject({
      class: 'log',
      kind: 'witness-missing',
      severity: 'high',
      state: 'open',
      title: 'log.test: a checkpoint lacks the cosignatures that the witness policy asks for',
      log: 'log.test',
      dedupeKey: KEY,
      evidence: {
        kind: 'witness-missing',
        log: 'log.test',
        signed: false,
        notes: [expect.stringContaining('\n— b.example ') as string],
      },
    });
    expect(alert.summary.split('\n')).toEqual([
      'The checkpoint of "log.test" at size 10 does not meet the witness policy: no valid cosignature by a; cosigned by b.',
      'The log itself is verified and goes on.',
      expect.stringMatching(/^What to do now: /) as string,
    ]);
    expect(rig.log('log.test')).toMatchObject({ state: 'verified', verified_size: 10, witnesses: [{ name: 'b' }] });
    expect(rig.rows('SELECT stopped_by FROM logs')).toEqual([{ stopped_by: null }]);
  });

  it('tells of it before the log is told started, and once, whatever the log signs next', async () => {
    ask('quorum a');
    await poll();
    log.append(fillers(5, 10));
    rig.reopen();
    expect(await poll()).toEqual([{ kind: 'verified', size: 15 }]);
    expect(rig.rows('SELECT kind, occurrences FROM alerts ORDER BY rowid')).toEqual([
      { kind: 'witness-missing', occurrences: 2 },
      { kind: 'started', occurrences: 1 },
    ]);
    expect(rig.rows('SELECT event, group_key FROM deliveries')).toHaveLength(2);
  });

  it('does not count a cosignature that does not hold, or that is of the future', async () => {
    ask('group g any a b\nquorum g');
    const { text } = parseNote(log.checkpoint);
    const other = text.replace('\n10\n', '\n11\n');
    const body = `${log.checkpoint}${a.line(other, SECONDS)}${b.line(text, SECONDS + 301)}`;
    log.before((path) => (path === 'checkpoint' ? { status: 200, body } : null));
    expect(await poll()).toEqual([{ kind: 'verified', size: 10 }]);
    expect(rig.onlyAlert().summary).toContain('no valid cosignature by a, b; cosigned by nobody');
    expect(rig.rows('SELECT * FROM cosignatures')).toEqual([]);
  });

  it('says so when the policy names the log by another key', async () => {
    rig.witnesses = {
      policy: parseWitnessPolicy(`log ${strangerVkey()}\n${POLICY}quorum a\n`),
      onMissing: 'alert',
      unmet: new Set(),
    };
    serve([a]);
    await poll();
    expect(rig.onlyAlert().summary).toContain(
      'does not meet the witness policy: it is signed by another key than the one that the policy names for this log; cosigned by a',
    );
  });

  it('asks nothing of a log that the policy does not name, and keeps its cosignatures', async () => {
    rig.witnesses = {
      policy: parseWitnessPolicy(`log ${strangerVkey('other.test')}\n${POLICY}quorum a\n`),
      onMissing: 'alert',
      unmet: new Set(),
    };
    serve([b]);
    await poll();
    expect(rig.alerts()).toEqual([]);
    expect(rig.log('log.test').witnesses).toEqual([{ name: 'b', time: NOW.toISOString() }]);
  });

  it('only writes to its own log when it should warn: once when it begins, and once when it ends', async () => {
    ask('quorum a', 'warn');
    await poll();
    await poll();
    serve([a]);
    await poll();
    await poll();
    expect(warnings()).toEqual([
      { level: 40, log: 'log.test', size: 10, missing: ['a'], key_named: true, msg: 'cosignatures missing' },
      { level: 30, log: 'log.test', size: 10, msg: 'cosignatures complete again' },
    ]);
    expect(rig.alerts()).toEqual([]);
  });

  it('says nothing when it should ignore it, and keeps what there is', async () => {
    ask('quorum a', 'ignore');
    serve([b]);
    await poll();
    expect([rig.alerts(), warnings()]).toEqual([[], []]);
    expect(rig.log('log.test').witnesses).toEqual([{ name: 'b', time: NOW.toISOString() }]);
  });

  it('keeps nothing without a policy', async () => {
    serve([a, b]);
    await poll();
    expect(rig.log('log.test').witnesses).toEqual([]);
    expect(rig.checkpointSizes()).toEqual([10]);
  });

  it.each<[string, readonly WitnessSigner[], readonly WitnessSigner[]]>([
    ['with a later cosignature', [a], [a]],
    ['with the cosignature of another', [a], [b]],
    ['without any, as a log that is frozen', [a], []],
  ])('raises nothing when the same tree is published again %s', async (_, before, after) => {
    ask('quorum a');
    serve(before, SECONDS - 600);
    await poll();
    serve(after, SECONDS - 30);
    expect(await poll()).toEqual([{ kind: 'verified', size: 10 }]);
    expect(rig.alerts()).toEqual([]);
    expect(rig.rows('SELECT size FROM checkpoints')).toEqual([{ size: 10 }]);
    const times = rig.rows<{ name: string; time: number }>('SELECT name, time FROM cosignatures ORDER BY name');
    const again = after.map(({ key }) => key.name.slice(0, 1));
    expect(times).toEqual(
      [...new Set(['a', ...again])].map((name) => ({
        name,
        time: NOW.getTime() - (again.includes(name) ? 30_000 : 600_000),
      })),
    );
  });

  it('keeps, of notes of the same tree, the one that the most witnesses signed', async () => {
    ask('quorum none');
    const kept: string[] = [];
    for (const witnesses of [[], [a], [], [b], [a, b], [b]]) {
      serve(witnesses);
      await poll();
      const [row] = rig.rows<{ note: string }>('SELECT note FROM checkpoints');
      kept.push(
        parseNote(row?.note ?? '')
          .signatures.map(({ name }) => name.slice(0, 1))
          .join(''),
      );
    }
    expect(kept).toEqual(['l', 'la', 'la', 'la', 'lab', 'lab']);
    const frozen = log.signCheckpoint({ extensions: ['Log frozen — Sat Nov 21 02:05:09 UTC 2026'] });
    serve([a, b, ed25519Witness('c.example')], SECONDS, frozen);
    await poll();
    expect(rig.rows<{ note: string }>('SELECT note FROM checkpoints')[0]?.note).not.toContain('frozen');
  });

  it('takes a later cosignature as a sign of life, and none of the future or of before', async () => {
    ask('quorum none');
    const alive = async (seconds: number): Promise<unknown> => {
      serve([a], seconds);
      await poll();
      return rig.rows('SELECT alive_at FROM logs');
    };
    await poll();
    const [first] = rig.rows<{ alive_at: number }>('SELECT coalesce(alive_at, 0) AS alive_at FROM logs');
    rig.now = new Date(NOW.getTime() + 3_600_000);
    expect(await alive(SECONDS + 1800)).toEqual([{ alive_at: NOW.getTime() + 1_800_000 }]);
    expect(first?.alive_at).toBeLessThanOrEqual(NOW.getTime());
    expect(await alive(SECONDS + 60)).toEqual([{ alive_at: NOW.getTime() + 1_800_000 }]);
    expect(await alive(SECONDS + 3700)).toEqual([{ alive_at: NOW.getTime() + 3_600_000 }]);
    expect(await alive(SECONDS + 9999)).toEqual([{ alive_at: NOW.getTime() + 3_600_000 }]);
  });

  it('shows at once that a log is served frozen, by how old its latest cosignature is', async () => {
    ask('quorum a');
    serve([a], SECONDS - 7200);
    await poll();
    expect(rig.log('log.test')).toMatchObject({ state: 'stalled', verified_size: 10 });
    expect(rig.alerts().map(({ kind }) => kind)).toEqual(['stalled']);
  });

  it('names the witnesses of both histories when the log forks', async () => {
    ask('quorum none');
    serve([a], SECONDS - 60);
    await poll();
    const root = log.root.toString('hex');
    log.fork(4);
    serve([b], SECONDS - 30);
    expect(await poll()).toEqual([{ kind: 'misbehaving' }]);
    const { kind, summary, evidence } = rig.onlyAlert();
    expect(kind).toBe('fork');
    expect(summary.split('\n').slice(0, 3)).toEqual([
      'Log "log.test" signed two different trees of size 10.',
      `The witness a cosigned the tree of size 10 with root ${root} at 2026-11-21T11:59:00.000Z.`,
      `The witness b cosigned the tree of size 10 with root ${log.root.toString('hex')} at 2026-11-21T11:59:30.000Z.`,
    ]);
    // Who checks the evidence finds their lines there too.
    expect(evidence).toMatchObject({
      notes: [expect.stringContaining('\n— a.example ') as string, expect.stringContaining('\n— b.example ') as string],
    });
  });

  it('names the witness that saw a larger tree, of which ours is no prefix', async () => {
    ask('quorum none');
    await poll();
    log.fork(4);
    log.append(fillers(5, 10));
    serve([a]);
    await poll();
    expect(rig.onlyAlert().summary).toContain(
      `\nThe witness a cosigned the tree of size 15 with root ${log.root.toString('hex')} at 2026-11-21T12:00:00.000Z.\n`,
    );
  });

  it('verifies those of a Rekor v1 shard, which the policy names by its host', async () => {
    const server = await startFakeRekorV1({ host: 'rekor.test' });
    const shard = siteV1(server);
    onTestFinished(() => shard.close());
    shard.append(fillers(3));
    server.changeLogInfo((info) => {
      const note = server.active.checkpoint();
      return { ...info, signedTreeHead: note + a.line(parseNote(note).text, SECONDS) };
    });
    ask('quorum a');
    await rig.poll(shard.source(rig.http));
    expect(rig.log(shard.origin)).toMatchObject({ witnesses: [{ name: 'a', time: NOW.toISOString() }] });
    expect(rig.alerts()).toEqual([]);
  });
});

/** The verifier key of another log than the one that runs. */
function strangerVkey(name = 'log.test'): string {
  const { publicKey } = ed25519Witness(name).key;
  return formatVkey(name, verifierKey(name, 'ed25519-note', publicKey).id, 0x01, publicKey);
}
