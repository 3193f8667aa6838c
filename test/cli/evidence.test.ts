import { readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AlertKind } from '../../src/alert/alert.ts';
import { evidenceCommand } from '../../src/cli/evidence.ts';
import { verifyEvidenceCommand, type VerifyOptions } from '../../src/cli/verify-evidence.ts';
import { parseEvidence } from '../../src/evidence/evidence-file.ts';
import { keyToPem } from '../../src/evidence/log-key.ts';
import { Store } from '../../src/store/store.ts';
import { authority, certify, fillers, NOW, releaseAt } from '../support/actors.ts';
import { startFakeLog } from '../fakes/fake-log.ts';
import { CT_SITES } from '../support/ct-sites.ts';
import { BOTH, siteV2, type LogSite } from '../support/log-sites.ts';
import { MonitorBench } from '../support/monitor-bench.ts';
import { WIDGET } from '../support/stage.ts';
import { ecdsaSigner } from '../tlog/signed-note.ts';
import { captureIo } from './captured-io.ts';

const STRANGER = keyToPem(ecdsaSigner('stranger').key.spki);

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
function configure(custom = [customLog()]): void {
  bench.write('ca.pem', authority.chainPem());
  bench.write('log.pub', keyToPem(site.keys[0].spki));
  bench.configure(
    JSON.stringify({
      version: 1,
      trust: { source: 'none', certificate_authorities: [{ name: 'test-ca', chain: './ca.pem' }] },
      logs: { discover: false, custom },
      watches: [{ ...WIDGET, description: 'Releases of acme/widget' }],
    }),
  );
}

const customLog = () => ({
  name: 'test-log',
  type: site.type,
  url: site.url,
  // Of Rekor v1, the host that its shards are named after.
  origin: site.keys[0].name,
  public_key: './log.pub',
  start: 'genesis',
});

function idOf(kind: AlertKind): string {
  const [alert, ...others] = bench.read().alerts.filter((candidate) => candidate.kind === kind);
  expect([alert?.kind, others]).toEqual([kind, []]);
  return alert?.id ?? '';
}

async function write(id: string, options: { out?: string; json?: boolean } = {}) {
  const io = captureIo();
  const machine = { ...io, env: {}, signal: new AbortController().signal };
  const status = await evidenceCommand(path('sigwatch.yaml'), id, options, machine);
  return { status, out: io.out(), err: io.err() };
}

function verify(file: string, options: VerifyOptions = {}) {
  const io = captureIo();
  const status = verifyEvidenceCommand(file, options, { ...io, env: { SIGWATCH_CONFIG: path('sigwatch.yaml') } }, NOW);
  return { status, out: io.out(), err: io.err(), verdict: io.out().trimEnd().split('\n').at(-1) };
}

/** Evidence of the only alert of a kind, in a file of the folder. */
async function evidenceOf(kind: AlertKind, name = 'evidence.json'): Promise<string> {
  expect(await write(idOf(kind), { out: path(name) })).toEqual({ status: 0, out: `${path(name)}\n`, err: '' });
  return path(name);
}

const contentOf = (file: string) => parseEvidence(readFileSync(file, 'utf8'));

describe.each(BOTH)('evidence of an entry of a %s log', (type, start) => {
  const attack = () => site.entry(certify(releaseAt('refs/heads/hotfix')));

  beforeEach(async () => {
    site = await start();
    configure();
    site.append([...fillers(12), attack(), ...fillers(30, 100)]);
    await bench.run();
  });

  it('is written whole, and proves the inclusion by the configured key', async () => {
    const file = await evidenceOf('unexpected');
    const { log, entry, reported } = contentOf(file);
    expect(log).toEqual({ origin: site.origin, type, public_keys: [keyToPem(site.keys[0].spki)] });
    expect(entry).toMatchObject({
      transparency_log_entry: {
        kindVersion: { kind: 'hashedrekord' },
        inclusionProof: { logIndex: '12', treeSize: '43' },
      },
      x509_certificate_chain: {
        certificates: [
          { rawBytes: expect.any(String) as string },
          ...authority.chain.map((der) => ({ rawBytes: der.toString('base64') })),
        ],
      },
    });
    expect(reported).toMatchObject({
      watch: { name: 'widget-release', description: 'Releases of acme/widget' },
      verdict: 'unexpected',
      violations: [{ claim: 'builder' }, { claim: 'source_ref', found: 'refs/heads/hotfix' }],
    });

    const { status, out, verdict } = verify(file);
    expect(status).toBe(0);
    expect(verdict).toBe(
      'proven; what is REPORTED is the word of whoever wrote the file (its digest only guards against accidents)',
    );
    expect(out).toContain(`PROVEN    entry 12 of "${site.origin}" is these `);
    expect(out).toContain('PROVEN    that certificate was issued by a trusted authority, by its own date\n');
    expect(out).toContain('REPORTED  by the watch "widget-release" the signer is unexpected; 2 of its claims fail\n');
  });

  it('proves it by a given key without a configuration, and not by another one', async () => {
    const file = await evidenceOf('unexpected');
    const key = bench.write('elsewhere.pub', keyToPem(site.keys[0].spki));
    const stranger = bench.write('stranger.pub', STRANGER);
    bench.configure('not a configuration');
    expect(verify(file, { key: [key] }).status).toBe(0);
    expect(verify(file, { key: [stranger] })).toMatchObject({ status: 1, verdict: 'not proven' });
    expect(verify(file, { key: [stranger] }).out).toContain(
      `PROBLEM   Cannot believe the file's key of "${site.origin}": it differs from the key that is known from elsewhere\n`,
    );
    expect(verify(file, { key: [stranger, key] }).status).toBe(0);
    expect(() => verify(file)).toThrow('not a configuration');
  });

  it('proves nothing once the log is not configured', async () => {
    const file = await evidenceOf('unexpected');
    configure([]);
    expect(verify(file)).toMatchObject({ status: 1, verdict: 'not proven' });
    expect(verify(file).out).toContain('with the file alone: expected a key of this log from elsewhere');
  });

  it('is fetched from the log where no proof was kept', async () => {
    forgetEvidence();
    site.append(fillers(5, 500));
    const file = await evidenceOf('unexpected');
    expect(contentOf(file).entry).toMatchObject({
      transparency_log_entry: { inclusionProof: { logIndex: '12', treeSize: '48' } },
    });
    expect(verify(file).status).toBe(0);
  });

  it('is said not to be had where the log does not give the proof, and no file is written', async () => {
    forgetEvidence();
    site.answer('entries', { status: 404, body: '' });
    const { status, out, err } = await write(idOf('unexpected'), { out: path('evidence.json') });
    expect([status, out]).toEqual([3, '']);
    expect(err).toContain('No proof of this entry was kept when the alert was raised; try again later\n');
    expect(() => readFileSync(path('evidence.json'))).toThrow('ENOENT');
  });

  it('is refused where the log shows another entry there by now', async () => {
    forgetEvidence();
    site.fork(12);
    const { status, err } = await write(idOf('unexpected'));
    expect(status).toBe(3);
    expect(err).toContain(`Cannot prove entry 12 of "${site.origin}": the log shows another one there now`);
  });

  it('is said not to be had of a log that is not configured any more', async () => {
    forgetEvidence();
    configure([]);
    const { status, err } = await write(idOf('unexpected'));
    expect(status).toBe(3);
    expect(err).toContain(
      `Cannot ask "${site.origin}" for its entry 12: expected a log that the configuration follows`,
    );
  });

  it('is written without a key where the log is not configured any more, and holds by a given one', async () => {
    configure([]);
    const { err } = await write(idOf('unexpected'), { out: path('evidence.json') });
    expect(err).toBe(`No key of "${site.origin}" is configured or trusted any more: the file holds none\n`);
    expect(verify(path('evidence.json'), { key: [path('log.pub')] }).status).toBe(0);
  });

  function forgetEvidence(): void {
    const store = Store.open(path('data/sigwatch.db'));
    store.prepare('UPDATE alerts SET evidence = NULL').run();
    store.close();
  }
});

describe.each(BOTH)('evidence of an entry of a %s log that cannot be read', (_type, start) => {
  it.each([
    ['of an unknown kind', '{"apiVersion":"9","kind":"acme-kind","spec":"acme/widget"}', 'acme-kind'],
    ['without a form', '\u001b acme/widget', ''],
  ])('is written whole, and proves its inclusion: %s', async (_, body, kind) => {
    site = await start();
    configure();
    site.append([...fillers(3), Buffer.from(body)]);
    expect(await bench.run()).toEqual({ found: true, failed: false });
    const file = await evidenceOf('unparsable');
    const { entry, reported } = contentOf(file);
    expect(entry).toMatchObject({
      transparency_log_entry: {
        kindVersion: { kind },
        canonicalizedBody: Buffer.from(body).toString('base64'),
        inclusionProof: { logIndex: '3' },
      },
      x509_certificate_chain: null,
    });
    expect(reported).toMatchObject({ verdict: 'unparsable', signer: { type: 'none', fingerprint: null } });
    const { status, out } = verify(file);
    expect(status).toBe(0);
    expect(out).toContain(`PROVEN    entry 3 of "${site.origin}" is these `);
    expect(out).toContain('REPORTED  by the watch "widget-release" the entry is unparsable\n');
  });
});

describe.each(BOTH)('evidence of a fork of a %s log', (_type, start) => {
  beforeEach(async () => {
    site = await start();
    configure();
    site.append(fillers(21));
    await bench.run();
    site.fork(3);
  });

  it('proves two trees of one size', async () => {
    await bench.run();
    const file = await evidenceOf('fork');
    expect(contentOf(file)).toMatchObject({ prefix: null, entry: null, log: { origin: site.origin } });
    expect(contentOf(file).signed_notes).toHaveLength(2);
    const { status, out } = verify(file);
    expect(status).toBe(0);
    expect(out).toContain(
      `PROVEN    "${site.origin}" contradicts itself: it signed two different trees of size 21: one with root `,
    );
  });

  it('proves a larger tree of another history by nodes', async () => {
    site.append(fillers(16, 100));
    await bench.run();
    const file = await evidenceOf('fork');
    expect(contentOf(file).prefix).toMatchObject({ size: 21 });
    const { status, out } = verify(file);
    expect(status).toBe(0);
    expect(out).toContain('it signed a tree of size 37 whose first 21 entries have the root ');
    expect(verify(file, { key: [bench.write('stranger.pub', STRANGER)] }).status).toBe(1);
  });

  it('is refused with any byte changed', async () => {
    site.append(fillers(16, 100));
    await bench.run();
    const file = await evidenceOf('fork');
    const bytes = readFileSync(file);
    const altered = path('altered.json');
    const statuses = new Set<number>();
    // Each byte is tried in test/evidence: here enough to see that the command refuses.
    for (let at = 0; at < bytes.length; at += 97) {
      writeFileSync(
        altered,
        Buffer.concat([bytes.subarray(0, at), Buffer.of((bytes[at] ?? 0) ^ 1), bytes.subarray(at + 1)]),
      );
      statuses.add(verify(altered).status);
    }
    expect([...statuses]).toEqual([1]);
  });
});

describe.each(CT_SITES)('evidence of a CT log (%s)', (_interface, start) => {
  beforeEach(async () => {
    site = await start();
    configure();
    site.append([...fillers(12), site.entry(certify(releaseAt('refs/heads/hotfix'))), ...fillers(8, 100)]);
    await bench.run();
  });

  it('proves the inclusion of a leaf, and the certificate in it', async () => {
    const file = await evidenceOf('unexpected');
    expect(contentOf(file)).toMatchObject({
      log: { origin: site.origin, type: 'ct', public_keys: [keyToPem(site.keys[0].spki)] },
      entry: { ct_entry: { inclusionProof: { logIndex: '12', treeSize: '21' } } },
    });
    const { status, out } = verify(file);
    expect(status).toBe(0);
    expect(out).toContain(`PROVEN    entry 12 of "${site.origin}" is these `);
    expect(out).toContain('PROVEN    that certificate was issued by a trusted authority, by its own date\n');
    expect(verify(file, { key: [path('log.pub')] }).status).toBe(0);
    expect(verify(file, { key: [bench.write('stranger.pub', STRANGER)] }).status).toBe(1);
  });

  it('proves a larger tree of another history', async () => {
    site.fork(3);
    site.append(fillers(9, 200));
    await bench.run();
    const file = await evidenceOf('fork');
    const { status, out } = verify(file);
    expect(status).toBe(0);
    expect(out).toContain('it signed a tree of size 30 whose first 21 entries have the root ');
  });
});

describe('sigwatch evidence', () => {
  beforeEach(async () => {
    site = siteV2(await startFakeLog());
    configure();
    site.append(fillers(5));
    await bench.run();
  });

  it('writes what is known of an alert that nothing can prove, and says so', async () => {
    const { status, out, err } = await write(idOf('started'), { out: path('started.json') });
    expect({ status, out, err }).toEqual({
      status: 0,
      out: `${path('started.json')}\n`,
      err: 'Nothing of this alert can be proven to others: the file holds what is known of it\n',
    });
    expect(verify(path('started.json'))).toMatchObject({ status: 1, verdict: 'not proven' });
  });

  it('does not prove what was only served, but keeps it as a report', async () => {
    site.append(fillers(5, 50));
    site.badSignature();
    await bench.run();
    const file = await evidenceOf('bad-signature');
    const { status, out, verdict } = verify(file);
    expect([status, verdict]).toEqual([1, 'not proven']);
    expect(out).toContain('nobody signed that');
  });

  it('does not write over a file, nor into a folder that is not there', async () => {
    bench.write('taken.json', 'mine');
    for (const name of ['taken.json', 'missing/evidence.json']) {
      const { status, out, err } = await write(idOf('started'), { out: path(name) });
      expect([status, out]).toEqual([2, '']);
      expect(err).toContain(`Cannot write evidence to "${path(name)}": expected a new file`);
    }
    expect(readFileSync(path('taken.json'), 'utf8')).toBe('mine');
  });

  it('says that there is no such alert', async () => {
    expect(await write('nosuchalert')).toEqual({
      status: 2,
      out: '',
      err: 'Cannot write evidence of alert "nosuchalert": there is none; see `sigwatch alerts list`\n',
    });
  });

  it('prints JSON', async () => {
    const file = path('started.json');
    const id = idOf('started');
    const { out } = await write(id, { out: file, json: true });
    expect(JSON.parse(out)).toEqual({ alert: id, file });
    const verified = JSON.parse(verify(file, { json: true }).out) as Record<string, unknown>;
    expect(verified).toMatchObject({ verdict: 'not proven', proven: [], reported: [expect.stringContaining(id)] });
  });
});

describe('sigwatch evidence verify', () => {
  beforeEach(async () => {
    site = siteV2(await startFakeLog());
    configure();
    site.append(fillers(5));
    await bench.run();
    site.fork(3);
    await bench.run();
  });

  it('takes a verifier key, by itself or in a file, for the name that it holds for', async () => {
    const file = await evidenceOf('fork');
    const vkey = vkeyOf(site.origin, site.keys[0].id);
    expect(verify(file, { key: [vkey] }).status).toBe(0);
    expect(verify(file, { key: [bench.write('log.vkey', `${vkey}\n`)] }).status).toBe(0);
    const wrongId = verify(file, { key: [vkeyOf(site.origin, Buffer.from('00000000', 'hex'))] });
    expect([wrongId.status, wrongId.out]).toEqual([2, '']);
    expect(wrongId.err).toContain('Cannot use verifier key');
  });

  it('ends with 2 for a file or a key that cannot be read', async () => {
    const file = await evidenceOf('fork');
    expect(verify(path('missing.json'))).toMatchObject({
      status: 2,
      out: '',
      err: `Cannot read evidence "${path('missing.json')}": no such file\n`,
    });
    for (const key of [path('missing.pub'), bench.write('empty.pub', ''), path(basename(file))]) {
      expect(verify(file, { key: [key] })).toMatchObject({ status: 2, out: '' });
    }
  });

  it('proves nothing by what is no evidence at all', () => {
    for (const content of ['', '{}', 'hello', Buffer.from([0xff, 0xfe]), '['.repeat(100_000)]) {
      const { status, out, verdict } = verify(bench.write('other.json', content));
      expect([status, verdict]).toEqual([1, 'not proven']);
      expect(out).toMatch(/^PROBLEM {3}Cannot accept the evidence: /);
    }
  });

  /** Ed25519 (c2sp.org/signed-note). */
  function vkeyOf(name: string, id: Buffer): string {
    const raw = site.keys[0].spki.subarray(-32);
    return `${name}+${id.toString('hex')}+${Buffer.concat([Buffer.of(1), raw]).toString('base64')}`;
  }
});
