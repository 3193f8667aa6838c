import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { EntryEvidence } from '../../src/log/log.ts';
import { catchUp } from '../../src/monitor/catch-up.ts';
import { followedLog } from '../../src/monitor/followed-source.ts';
import { registerLogs, saveJoined } from '../../src/store/logs.ts';
import { recordSource } from '../../src/store/sources.ts';
import { readStatus } from '../../src/store/status.ts';
import { Frontier } from '../../src/tlog/frontier.ts';
import { leafHash } from '../../src/tlog/hash.ts';
import { certify, fillers, NOW, releaseAt, REPOSITORY } from '../support/actors.ts';
import { CT_SITES } from '../support/ct-sites.ts';
import { BOTH, type LogSite } from '../support/log-sites.ts';
import { MonitorRig, NEVER, releaseWatch, rule } from '../support/monitor-rig.ts';

let rig: MonitorRig;
let site: LogSite;

beforeEach(() => {
  rig = new MonitorRig();
});

afterEach(async () => {
  await rig.close();
  await site.close();
});

const poll = () => rig.poll(site.source(rig.http));

/** An entry of a kind that nobody knows. */
const unknown = (spec: unknown, kind = 'acme-kind'): Buffer =>
  Buffer.from(JSON.stringify({ apiVersion: '0.0.1', kind, spec }));

const pem = (der: Buffer): string =>
  `-----BEGIN CERTIFICATE-----\n${der.toString('base64').replace(/.{64}/g, '$&\n')}\n-----END CERTIFICATE-----\n`;

const base64 = (text: string | Buffer): string => Buffer.from(text).toString('base64');

const certificate = certify(releaseAt('refs/heads/hotfix')).certificate;

/** What holds `acme/widget`, and is no entry that can be read. */
const MENTIONING: readonly (readonly [string, Buffer])[] = [
  ['as it is', unknown({ by: REPOSITORY })],
  ['in another case', unknown({ by: 'GitHub.com/ACME/Widget' })],
  ['without a host', unknown({ by: 'repo:acme/widget' })],
  ['with escapes', Buffer.from(String.raw`{"apiVersion":"1","kind":"x","spec":"\u0061cme\u002fwidget"}`)],
  ['in a JSON text in a string', unknown(JSON.stringify({ by: REPOSITORY.replaceAll('/', '\\/') }))],
  ['in base64 in base64', unknown({ content: base64(JSON.stringify({ payload: base64(REPOSITORY) })) })],
  ['in a certificate, as PEM in base64', unknown({ publicKey: { content: base64(pem(certificate)) } })],
  ['in a certificate, as PEM in a string', unknown({ certificate: pem(certificate) })],
  ['in the DER of a certificate', unknown({ rawBytes: base64(certificate) })],
  ['in UTF-16', unknown({ text: base64(Buffer.from('acme/widget', 'utf16le').swap16()) })],
  ['in a version that nobody knows', Buffer.from(`{"apiVersion":"9","kind":"hashedrekord","spec":"${REPOSITORY}"}`)],
  ['where there is no JSON', Buffer.from(`\0\x1b${REPOSITORY}`)],
  ['in JSON that ends too early', Buffer.from(`{"apiVersion":"0.0.1","kind":"dsse","spec":{"a":"${REPOSITORY}`)],
  ['in a known kind of the wrong form', Buffer.from(`{"apiVersion":"0.0.2","kind":"dsse","spec":"${REPOSITORY}"}`)],
  ['in bytes that are no UTF-8', Buffer.concat([Buffer.from(`{"a":"${REPOSITORY}`), Buffer.from([0xff, 0x22, 0x7d])])],
];

/** What could do harm where it is shown, and mentions nothing that is watched. */
const POISON: readonly Buffer[] = [
  Buffer.alloc(0),
  Buffer.from('null'),
  Buffer.from([0xff, 0xfe, 0x00]),
  Buffer.from('['.repeat(30_000)),
  unknown({ a: 'a'.repeat(60_000) }),
  ...['\u001b]0;owned\u0007', '\u202Eriam', '<!channel> <@U1>', '=cmd()', '"><script>', 'a\r\nBcc: x', '__proto__'].map(
    (text) => unknown({ text }, text),
  ),
];

describe.each(BOTH)('an entry of a %s log that cannot be read', (type, start) => {
  beforeEach(async () => {
    site = await start();
  });

  it.each(MENTIONING)('is told of where it holds what is watched, %s', async (_, body) => {
    site.append([...fillers(3), body, ...fillers(2, 10)]);
    expect(await poll()).toEqual([{ kind: 'verified', size: 6 }]);
    expect(rig.verdicts()).toEqual(['3 widget-release unparsable']);
    const alert = rig.onlyAlert();
    expect(alert).toMatchObject({
      class: 'identity',
      kind: 'unparsable',
      severity: 'critical',
      state: 'open',
      watch: 'widget-release',
      title: 'widget-release: an entry that cannot be read holds acme/widget',
      log: site.origin,
      index: 3,
      occurrences: 1,
      dedupeKey: 'identity/widget-release/unparsable',
    });
    // What proves that the log took it is kept with it.
    const { leaf } = alert.evidence as EntryEvidence;
    expect([leaf.index, leaf.data]).toEqual([3, body]);
    expect(rig.rows('SELECT body FROM entries')).toEqual([{ body }]);
    expect(rig.rows('SELECT body FROM unparsable WHERE idx = 3')).toEqual([{ body }]);
    expect(rig.rows('SELECT channel FROM deliveries')).toHaveLength(2);
  });

  it('is a line of the history, like any other', async () => {
    const body = unknown({ by: REPOSITORY });
    site.append([body, Buffer.from(REPOSITORY)]);
    await poll();
    const { id } = rig.onlyAlert();
    expect(
      rig.rows('SELECT "index", kind, api_version, leaf_hash, verdict, violations, type, chain, fingerprint, signer, artifacts, alert FROM v_history ORDER BY "index"'), // prettier-ignore
    ).toEqual(
      [
        { kind: 'acme-kind', api_version: '0.0.1', leaf: body },
        { kind: 'unknown', api_version: '', leaf: Buffer.from(REPOSITORY) },
      ].map(({ leaf, ...named }, index) => ({
        index,
        ...named,
        leaf_hash: leafHash(leaf).toString('hex'),
        verdict: 'unparsable',
        violations: '[]',
        type: 'none',
        chain: null,
        fingerprint: null,
        signer: '{"type":"none","chain":null,"fingerprint":null}',
        artifacts: '[]',
        alert: id,
      })),
    );
  });

  it('is kept and counted, and nothing more, where it holds nothing that is watched', async () => {
    const bodies = [...fillers(4), unknown({ by: 'https://github.com/acme/gadget' }), Buffer.from('{"kind":7}')];
    site.append(bodies);
    await poll();
    expect(rig.alerts()).toEqual([]);
    expect(rig.verdicts()).toEqual([]);
    expect(rig.rows('SELECT idx, kind, unread, body FROM unparsable ORDER BY idx')).toEqual(
      bodies.map((body, idx) => ({
        idx,
        kind: ['filler', 'filler', 'filler', 'filler', 'acme-kind', null][idx],
        unread: idx === 5 ? 0 : 1,
        body,
      })),
    );
    expect(rig.log(site.origin).kinds).toEqual({ filler: 4, 'acme-kind': 1, unparsable: 1 });
    // Those of unknown kinds are no faults.
    expect(readStatus(rig.store).unparsable).toBe(1);
    expect(rig.messages().filter((message) => message === 'entry unparsable')).toHaveLength(1);
  });

  it('does not end the reading, whatever it holds, nor many of them', async () => {
    const flood = Array.from({ length: 300 }, (_, number) => Buffer.from(`\x1b[2J${number}`));
    const attack = site.entry(certify(releaseAt('refs/heads/hotfix')));
    site.append([...POISON, ...flood, attack]);
    const size = POISON.length + flood.length + 1;
    expect(await poll()).toEqual([{ kind: 'verified', size }]);
    expect(rig.verdicts()).toEqual([`${size - 1} widget-release unexpected`]);
    expect(rig.rows('SELECT count(*) AS kept FROM unparsable')).toEqual([{ kept: size - 1 }]);
  });

  it('is one alert for a flood, and one for each watch', async () => {
    rig.watches = [
      releaseWatch(),
      releaseWatch({ name: 'gadget', select: [[rule('source_repository', 'acme/gadget')]], severity: 'low' }),
      releaseWatch({ name: 'recorded', mode: 'audit' }),
    ];
    site.append(Array.from({ length: 40 }, (_, number) => unknown({ number, by: ['acme/widget', 'acme/gadget'] })));
    await poll();
    expect(rig.alerts().map(({ watch, severity, occurrences }) => [watch, severity, occurrences])).toEqual([
      ['widget-release', 'critical', 40],
      ['gadget', 'low', 40],
    ]);
    expect(rig.rows('SELECT watch, count(*) AS found, count(alert) AS told FROM findings GROUP BY watch')).toEqual([
      { watch: 'gadget', found: 40, told: 40 },
      { watch: 'recorded', found: 40, told: 0 },
      { watch: 'widget-release', found: 40, told: 40 },
    ]);
    expect(rig.rows('SELECT channel FROM deliveries')).toHaveLength(3);
  });

  it('is told once, also when it is read again', async () => {
    const [source] = [site.source(rig.http)];
    site.append([...fillers(2), unknown({ by: REPOSITORY }), Buffer.from(REPOSITORY)]);
    const [reader] = await source.discover(NEVER);
    if (reader === undefined) {
      throw new Error('the site serves one log');
    }
    const target = await reader.fetchCheckpoint(NEVER);
    recordSource(rig.store, source);
    registerLogs(rig.store, source.name, [{ origin: site.origin, type, url: site.url }], NOW);
    saveJoined(rig.store, site.origin, Frontier.empty(), target, NOW);
    const read = () => catchUp(followedLog(reader), Frontier.empty(), target, rig.deps(), NEVER);
    await read();
    const before = rig.outcome();
    expect(before['findings']).toHaveLength(2);
    rig.reopen();
    rig.store.prepare('DELETE FROM leaf_hashes').run();
    await read();
    expect({ ...rig.outcome(), counts: [] }).toEqual({ ...before, counts: [] });
    expect(rig.onlyAlert()).toMatchObject({ occurrences: 2 });
  });

  it('is not kept once there is no room, which is told once; but told of and kept where it holds what is watched', async () => {
    await poll();
    rig.store.prepare('UPDATE unparsable_totals SET kept = 10000').run();
    site.append([Buffer.from('one'), Buffer.from('two'), Buffer.from(REPOSITORY), ...fillers(3)]);
    await poll();
    site.append([Buffer.from('three'), ...fillers(3, 10)]);
    await poll();
    expect(rig.alerts().map(({ dedupeKey, severity, occurrences }) => [dedupeKey, severity, occurrences])).toEqual([
      ['identity/unparsable/full', 'high', 1],
      ['identity/widget-release/unparsable', 'critical', 1],
      ['identity/unparsable/full-unread', 'low', 1],
    ]);
    expect(rig.rows('SELECT count(*) AS kept FROM unparsable')).toEqual([{ kept: 0 }]);
    expect(rig.rows('SELECT idx, body FROM entries')).toEqual([{ idx: 2, body: Buffer.from(REPOSITORY) }]);
    expect(rig.rows('SELECT unread, dropped FROM unparsable_totals ORDER BY unread')).toEqual([
      { unread: 0, dropped: 4 },
      { unread: 1, dropped: 6 },
    ]);
  });
});

describe('an entry of a Rekor v1 log that is as long as they can be', () => {
  it('is read to its end', async () => {
    const [, [, start]] = BOTH as [unknown, (typeof BOTH)[number]];
    site = await start();
    const long = { names: 'a@b.example '.repeat(100_000), last: REPOSITORY };
    site.append([unknown({ content: base64(JSON.stringify(long)) }), unknown({ ...long, last: 'x' })]);
    await poll();
    expect(rig.verdicts()).toEqual(['0 widget-release unparsable']);
  });
});

describe.each(CT_SITES)('a leaf of a CT log (%s) that cannot be read', (_, start) => {
  it('is searched like any other', async () => {
    const ct = await start();
    site = ct;
    ct.append([
      ct.certified({ certificate: Buffer.from(`no certificate of ${REPOSITORY}`) }),
      ct.certified({ certificate: Buffer.from('no certificate of anybody') }),
    ]);
    await poll();
    expect(rig.verdicts()).toEqual(['0 widget-release unparsable']);
    expect(rig.onlyAlert()).toMatchObject({ kind: 'unparsable', index: 0 });
  });
});
