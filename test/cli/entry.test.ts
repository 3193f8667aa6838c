import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { entryCommand } from '../../src/cli/entry.ts';
import type { ExitStatus } from '../../src/cli/io.ts';
import { displayWidth } from '../../src/cli/print.ts';
import { keyToPem } from '../../src/evidence/log-key.ts';
import { Store } from '../../src/store/store.ts';
import { leafHash, parseHash } from '../../src/tlog/hash.ts';
import { openCheckpoint } from '../../src/tlog/checkpoint.ts';
import { verifyInclusion } from '../../src/tlog/proof.ts';
import { captureIo } from './captured-io.ts';
import { authority, certify, fillers, NOW, releaseAt, STRANGER } from '../support/actors.ts';
import { startFakeRekorV1 } from '../fakes/fake-rekor-v1.ts';
import { BUILDER, intotoV001, provenanceV1 } from '../support/attested-entries.ts';
import { CT_SITES } from '../support/ct-sites.ts';
import { BOTH, siteV1, type LogSite } from '../support/log-sites.ts';
import { MonitorBench } from '../support/monitor-bench.ts';
import { WIDGET } from '../support/stage.ts';

let bench: MonitorBench;
let site: LogSite;

beforeEach(() => {
  bench = new MonitorBench();
});

afterEach(async () => {
  bench.close();
  await site.close();
});

const path = (name: string): string => join(bench.folder, name);

/** The folder of an operator who watches this log. */
function configure(watches: readonly unknown[] = [WIDGET], custom: readonly unknown[] = [customLog()]): void {
  bench.write('ca.pem', authority.chainPem());
  bench.write('log.pub', keyToPem(site.keys[0].spki));
  bench.configure(
    JSON.stringify({
      version: 1,
      trust: { source: 'none', certificate_authorities: [{ name: 'test-ca', chain: './ca.pem' }] },
      logs: { discover: false, custom },
      watches,
    }),
  );
}

const customLog = (changes: Readonly<Record<string, unknown>> = {}) => ({
  name: 'test-log',
  type: site.type,
  url: site.url,
  // Of Rekor v1, the host that its shards are named after.
  origin: site.keys[0].name,
  public_key: './log.pub',
  start: 'genesis',
  ...changes,
});

interface Shown {
  readonly status: ExitStatus;
  readonly out: string;
  readonly err: string;
}

async function show(log: string, index: string | number, options: { readonly json?: boolean } = {}): Promise<Shown> {
  const io = captureIo();
  const machine = { ...io, env: {}, signal: new AbortController().signal };
  const place = { log, index: String(index) };
  const status = await entryCommand(path('sigwatch.yaml'), place, options, machine, NOW);
  return { status, out: io.out(), err: io.err() };
}

/** What `entry --json` prints. */
async function json(log: string, index: number): Promise<Readonly<Record<string, unknown>>> {
  return JSON.parse((await show(log, index, { json: true })).out) as Record<string, unknown>;
}

interface Proof {
  readonly size: number;
  readonly root: string;
  readonly hashes: readonly string[];
  readonly checkpoint: string;
}

/** Whether a printed proof leads from the leaf to a root that the log signed. */
function proves({ size, root, hashes, checkpoint }: Proof, leaf: string, index: number): boolean {
  const signed = openCheckpoint(checkpoint, { origin: site.origin, keys: site.keys });
  expect([signed.size, signed.root.toString('hex')]).toEqual([size, root]);
  const toHash = (hash: string) => parseHash(hash, 'hex');
  return verifyInclusion({ index, size, leaf: toHash(leaf), proof: hashes.map(toHash), root: signed.root });
}

const attack = (): Buffer => site.entry(certify(releaseAt('refs/heads/hotfix')));

const stranger = (): Buffer => site.entry(certify(STRANGER));

const KEYS = [
  ...['log', 'index', 'global_index', 'uuid', 'integrated_time', 'file', 'kind', 'api_version', 'leaf_hash'],
  ...['artifacts', 'problem', 'signers', 'judgements', 'attestation', 'unread', 'recorded', 'proof'],
];

describe.each(BOTH)('sigwatch entry on a %s log', (type, start) => {
  let leaf: Buffer;

  beforeEach(async () => {
    site = await start();
    configure();
    leaf = attack();
    // Entries of strangers are not kept, at 13 and 30; a checkpoint of size 20 is published on the way.
    site.append([...fillers(12), leaf, stranger(), ...fillers(6, 100)]);
    site.append([...fillers(10, 200), stranger(), ...fillers(12, 300)]);
  });

  it('shows what the history has, what the watches make of it now, and the proof', async () => {
    await bench.run();
    configure([{ ...WIDGET, expect: { ...WIDGET.expect, source_ref: 'refs/heads/hotfix' } }]);
    const shown = await json(site.origin, 12);
    expect(Object.keys(shown)).toEqual(KEYS);
    expect(shown).toMatchObject({
      log: site.origin,
      index: 12,
      global_index: type === 'rekor-v1' ? 12 : null,
      integrated_time: type === 'rekor-v1' ? (expect.stringMatching(/^20\d\d-.*Z$/) as string) : null,
      file: null,
      kind: 'hashedrekord',
      leaf_hash: leafHash(leaf).toString('hex'),
      problem: null,
      signers: [{ type: 'certificate', chain: 'trusted', signature: 'verified', source_ref: 'refs/heads/hotfix' }],
      judgements: [{ watch: 'widget-release', signer: 0, verdict: 'unexpected', violations: [{ claim: 'builder' }] }],
      recorded: {
        judgements: [
          {
            watch: 'widget-release',
            signer: 0,
            verdict: 'unexpected',
            violations: [{ claim: 'builder' }, { claim: 'source_ref' }],
            alert: expect.any(String) as string,
          },
        ],
      },
    });
    expect(proves(shown['proof'] as Proof, String(shown['leaf_hash']), 12)).toBe(true);
  });

  it('ends with 0, also where the entry is unexpected', async () => {
    await bench.run();
    expect(await show(site.origin, 12)).toMatchObject({ status: 0, err: '' });
  });

  it('shows an entry that is not in the history, also where there is none yet', async () => {
    for (const index of [12, 13]) {
      const shown = await json(site.origin, index);
      expect(shown).toMatchObject({ recorded: null, kind: 'hashedrekord', signers: [{ chain: 'trusted' }] });
      expect(proves(shown['proof'] as Proof, String(shown['leaf_hash']), index)).toBe(true);
      await bench.run();
    }
  });

  it('shows one of which nothing can be read', async () => {
    await bench.run();
    const shown = await json(site.origin, 3);
    expect(shown).toMatchObject({ kind: 'filler', unread: true, judgements: [], recorded: { judgements: [] } });
    expect(proves(shown['proof'] as Proof, String(shown['leaf_hash']), 3)).toBe(true);
  });

  it('takes the configured name where it means one log, with and without a database', async () => {
    expect(await json('test-log', 12)).toMatchObject({ log: site.origin });
    await bench.run();
    expect(await json('test-log', 12)).toMatchObject({ log: site.origin });
  });

  it('reads well on 80 columns', async () => {
    await bench.run();
    const { status, out, err } = await show(site.origin, 12);
    expect([status, err]).toEqual([0, '']);
    expect(out.split('\n').filter((line) => displayWidth(line) > 80)).toEqual([]);
    expect(out).toContain(`Entry 12 of ${site.origin}\n`);
    expect(out).toContain('  ✗ unexpected: 2 of 3 rules do not hold\n');
    expect(out).toMatch(/\nRecorded 20.*\n {2}widget-release {2}unexpected \(signer 0\), alert \w+\n/);
    expect(out.slice(out.indexOf('\nProof\n')).replace(/\s+/g, ' ')).toContain(
      `✓ entry 12 is in the tree of size 43 whose root "${site.origin}" signed root ${site.root.toString('hex')} path `,
    );
    expect(out).toMatch(/\n {4}signed by {2}\S+ \(key [0-9a-f]{8}\)\n/);
  });

  it('shows the proof that was kept with the alert when the log does not answer', async () => {
    await bench.run();
    site.answer('checkpoint', { status: 404, body: '' });
    const { status, out, err } = await show(site.origin, 12, { json: true });
    expect(status).toBe(0);
    expect(err).toContain('The proof shown is the one that was kept with an alert\n');
    const shown = JSON.parse(out) as Record<string, unknown>;
    expect(proves(shown['proof'] as Proof, leafHash(leaf).toString('hex'), 12)).toBe(true);
  });

  it('shows what is known, and ends with 3, when the log does not answer and no proof was kept', async () => {
    await bench.run();
    forgetEvidence();
    site.answer('checkpoint', { status: 404, body: '' });
    const { status, out, err } = await show(site.origin, 12, { json: true });
    expect([status, err === '']).toEqual([3, false]);
    expect(JSON.parse(out)).toMatchObject({ index: 12, kind: 'hashedrekord', recorded: {}, proof: null });
    const people = await show(site.origin, 12);
    expect(people.out).toContain('\nProof\n  ? none at hand: the log did not give it\n');
    expect(await show(site.origin, 13)).toMatchObject({ status: 3, out: '' });
  });

  it('does not take another entry for the one that was seen', async () => {
    await bench.run();
    forgetEvidence();
    site.fork(12);
    const { status, out, err } = await show(site.origin, 12, { json: true });
    expect(status).toBe(3);
    expect(err).toBe(`Cannot prove entry 12 of "${site.origin}": the log shows another one now than it did before\n`);
    expect(JSON.parse(out)).toMatchObject({ leaf_hash: leafHash(leaf).toString('hex'), proof: null });
  });

  it('ends with 3 where the log serves what it did not sign', async () => {
    site.tamperProof(12);
    const { status, out, err } = await show(site.origin, 12);
    expect([status, out, err === '']).toEqual([3, '', false]);
  });

  it('names the size of the tree where the index lies beyond it', async () => {
    expect(await show(site.origin, 43)).toEqual({
      status: 2,
      out: '',
      err: `Cannot show entry 43 of "${site.origin}": its tree has 43 entries, expected an index up to 42\n`,
    });
    await bench.run();
    site.serveOldCheckpoint(20);
    const shrunk = await show(site.origin, 30);
    expect([shrunk.status, shrunk.out]).toEqual([3, '']);
  });

  it.each(['-1', '1.5', 'x', '', '99999999999999999'])('ends with 2 for the index %s', async (index) => {
    const { status, out, err } = await show(site.origin, index);
    expect([status, out]).toEqual([2, '']);
    expect(err).toBe(`Cannot use index "${index}": expected a number from 0 on\n`);
  });

  it('ends with 2 for a log that nobody knows, and names those that are known', async () => {
    expect(await show('other.test', 1)).toEqual({
      status: 2,
      out: '',
      err: 'Cannot find log "other.test": expected an origin or a name of the configuration, such as "test-log"\n',
    });
  });

  function forgetEvidence(): void {
    const store = Store.open(path('data/sigwatch.db'));
    store.prepare('UPDATE alerts SET evidence = NULL').run();
    store.close();
  }
});

describe.each(CT_SITES)('sigwatch entry on a CT log (%s)', (_interface, start) => {
  it('shows the certificate and the proof', async () => {
    site = await start();
    configure();
    site.append([...fillers(5), attack(), ...fillers(8, 100)]);
    await bench.run();
    const shown = await json(site.origin, 5);
    expect(shown).toMatchObject({
      kind: 'certificate',
      global_index: null,
      integrated_time: expect.stringMatching(/^2023-11-.*Z$/) as string,
      signers: [{ chain: 'trusted', source_ref: 'refs/heads/hotfix' }],
      judgements: [{ verdict: 'unexpected' }],
      proof: { size: 14 },
    });
    const { status, out } = await show('test-log', 5);
    expect(status).toBe(0);
    expect(out).toMatch(/\n {2}time {2,}2023-11-\d\d \d\d:\d\d:\d\d, in the leaf\n/);
    expect(out.split('\n').filter((line) => displayWidth(line) > 80)).toEqual([]);
  });
});

describe('sigwatch entry on a log of several shards', () => {
  it('asks which one is meant, and takes each by its origin', async () => {
    const log = await startFakeRekorV1();
    site = siteV1(log);
    site.append([attack()]);
    const first = site.origin;
    log.rollOver();
    const second = log.active.origin;
    log.append([stranger()]);
    const keys = log.keys.map(({ spki }, place) => bench.write(`log-${place}.pub`, keyToPem(spki)));
    configure([WIDGET], [customLog({ public_key: keys })]);
    const candidates = [first, second].sort().map((origin) => `"${origin}"`);
    const asked = (names: readonly string[]) =>
      `Cannot tell which log "test-log" means: expected one of ${names.join(', ')}\n`;
    const before = await show('test-log', 0);
    expect([before.status, before.out, before.err]).toEqual([2, '', asked([`"${first}"`, `"${second}"`])]);
    await bench.run();
    expect(await show('test-log', 0)).toEqual({ status: 2, out: '', err: asked(candidates) });
    expect(await json(first, 0)).toMatchObject({ log: first, index: 0, global_index: 0, recorded: {} });
    expect(await json(second, 0)).toMatchObject({ log: second, index: 0, global_index: 1, recorded: null });
  });
});

describe('sigwatch entry on an entry with an attestation', () => {
  it('shows what was signed, with the claims of its statement, from the log and from the history', async () => {
    const log = await startFakeRekorV1();
    site = siteV1(log);
    configure([{ ...WIDGET, expect: { slsa_builder: BUILDER } }]);
    const payload = provenanceV1();
    site.append([intotoV001({ ...certify(releaseAt('refs/tags/v1')), payload })]);
    log.attest(0, payload);
    await bench.run();
    const proven = await json(site.origin, 0);
    site.answer('checkpoint', { status: 404, body: '' });
    const kept = await json(site.origin, 0);
    for (const shown of [proven, kept]) {
      expect(shown).toMatchObject({
        kind: 'intoto',
        signers: [{ slsa_builder: BUILDER, predicate_type: 'https://slsa.dev/provenance/v1', signing_time: 'outside' }],
        judgements: [{ verdict: 'expected', violations: [] }],
        attestation: { state: 'bound', problem: null },
        recorded: { judgements: [{ verdict: 'expected' }] },
      });
    }
    expect([proven['proof'] === null, kept['proof']]).toEqual([false, null]);
  });
});
