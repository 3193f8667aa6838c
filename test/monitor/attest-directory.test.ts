import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { IN_TOTO_TYPE, preAuthEncoding } from '../../src/entry/pae.ts';
import { judgeByAttestations } from '../../src/monitor/judge-again.ts';
import { certify, fillers, releaseAt } from '../support/actors.ts';
import {
  BUILDER,
  builtWatch,
  bundleOf,
  digestOf,
  envelopeOf,
  historyOf,
  provenance,
  verdictsOf,
} from '../support/attestations.ts';
import { BOTH, type LogSite } from '../support/log-sites.ts';
import { MonitorRig, NEVER } from '../support/monitor-rig.ts';

const TAG = 'refs/tags/v1.0.0';
const WIDGET = digestOf('widget');
const PROVENANCE = provenance(WIDGET);
let rig: MonitorRig;
let site: LogSite;
let parent: string;
let folder: string;

beforeEach(() => {
  rig = new MonitorRig();
  parent = mkdtempSync(join(tmpdir(), 'sigwatch-attestations-'));
  folder = join(parent, 'attestations');
  mkdirSync(folder);
  rig.watches = [builtWatch({ kind: 'directory', path: folder })];
});

afterEach(async () => {
  await rig.close();
  await site.close();
  rmSync(parent, { recursive: true });
});

function put(name: string, content: unknown): void {
  const isText = typeof content === 'string' || Buffer.isBuffer(content);
  writeFileSync(join(folder, name), isText ? content : JSON.stringify(content));
}

async function poll(...leaves: readonly Buffer[]): Promise<void> {
  site.append(leaves);
  await rig.poll(site.source(rig.http));
}

async function later(minutes: number): Promise<void> {
  rig.now = new Date(rig.now.getTime() + minutes * 60_000);
  await judgeByAttestations(rig.deps(), NEVER);
}

/** What was logged of files that were left out. */
function leftOut(): readonly string[] {
  return rig.lines.filter(({ msg }) => /^attestation files? left out$/.test(String(msg))).map(({ why }) => String(why));
}

describe.each(BOTH)('an attestation in a folder, of an entry of a %s log', (_, start) => {
  beforeEach(async () => {
    site = await start();
    site.append(fillers(3));
  });

  it.each<[string, string, (signer: ReturnType<typeof certify>) => unknown]>([
    ['an envelope', 'a.att', (signer) => envelopeOf(PROVENANCE, signer)],
    ['a bundle', 'a.sigstore.json', (signer) => bundleOf(PROVENANCE, signer)],
    ['a bundle in a folder of its own', 'v1/a.sigstore', (signer) => bundleOf(PROVENANCE, signer)],
    ['a list as an API gives it', 'a.json', (signer) => ({ attestations: [{ bundle: bundleOf(PROVENANCE, signer) }] })],
    ['a bare statement', 'a.json', () => PROVENANCE],
    ['a bare statement and a line break', 'a.json', () => `${PROVENANCE.toString()}\n`],
    [
      'one line of several',
      'a.intoto.jsonl',
      (signer) =>
        `${JSON.stringify(envelopeOf(provenance(digestOf('x')), signer))}\r\nno json\n\n${JSON.stringify(envelopeOf(PROVENANCE, signer))}\n`,
    ],
    [
      'a provenance object of PyPI',
      'a.json',
      () => ({ attestation_bundles: [{ attestations: [{ envelope: { statement: PROVENANCE.toString('base64') } }] }] }),
    ],
  ])('is found as %s, by the hash that the entry records', async (_what, name, content) => {
    const signer = certify(releaseAt(TAG));
    mkdirSync(join(folder, 'v1'));
    put(name, content(signer));
    put('other.json', envelopeOf(provenance(WIDGET, 'https://evil.example/builder'), signer));
    await poll(site.envelope([signer], PROVENANCE.toString()));
    expect(verdictsOf(rig)).toEqual(['3 expected']);
    expect(historyOf(rig)[0]).toMatchObject({
      signer: { slsa_builder: BUILDER, signature: 'verified' },
      artifacts: expect.arrayContaining([WIDGET]) as unknown,
    });
  });

  it('is found by its encoding, where that was logged as if it were an artifact', async () => {
    const signer = certify(releaseAt(TAG));
    put('a.json', envelopeOf(PROVENANCE, signer));
    await poll(site.entry(signer, preAuthEncoding(IN_TOTO_TYPE, PROVENANCE).toString()));
    expect(verdictsOf(rig)).toEqual(['3 expected']);
    expect(historyOf(rig)[0]?.artifacts).toContain(WIDGET);
  });

  it('is believed about an artifact where the same source signed it, and then only', async () => {
    put('a.json', bundleOf(provenance(digestOf('one')), certify(releaseAt(TAG))));
    put('b.json', envelopeOf(provenance(digestOf('two')), certify(releaseAt(TAG))));
    await poll(site.entry(certify(releaseAt(TAG)), 'one'), site.entry(certify(releaseAt(TAG)), 'two'));
    expect(verdictsOf(rig)).toEqual(['3 expected', '4 unverifiable slsa_builder=null']);
  });

  it('is found when it comes, is exchanged, and not when it is gone', async () => {
    const payload = PROVENANCE.toString();
    await poll(site.envelope([certify(releaseAt(TAG))], payload));
    expect(verdictsOf(rig)).toEqual(['3 unverifiable slsa_builder=null']);
    put('a.json', envelopeOf(provenance(digestOf('x')), certify(releaseAt(TAG))));
    await later(1);
    expect(verdictsOf(rig)).toEqual(['3 unverifiable slsa_builder=null']);
    put('new', envelopeOf(PROVENANCE, certify(releaseAt(TAG))));
    renameSync(join(folder, 'new'), join(folder, 'a.json'));
    await later(2);
    expect(verdictsOf(rig)).toEqual(['3 expected']);
    rmSync(join(folder, 'a.json'));
    await poll(site.envelope([certify(releaseAt(TAG))], payload));
    expect(verdictsOf(rig)).toEqual(['3 expected', '4 unverifiable slsa_builder=null']);
  });

  it('is looked for in a folder that is not there, until it is; that is told', async () => {
    renameSync(folder, `${folder}-later`);
    await poll(site.envelope([certify(releaseAt(TAG))], PROVENANCE.toString()));
    expect(verdictsOf(rig)).toEqual(['3 unverifiable slsa_builder=null']);
    await later(15);
    expect(rig.onlyAlert()).toMatchObject({
      kind: 'unreachable',
      state: 'open',
      title: expect.stringMatching(/^\/.*attestations: cannot be asked for attestations since 2026-/) as string,
      summary: expect.stringMatching(/^Cannot read attestations of folder ".*": ENOENT/) as string,
    });
    put('../attestations-later/a.json', envelopeOf(PROVENANCE, certify(releaseAt(TAG))));
    renameSync(`${folder}-later`, folder);
    await later(60);
    expect([verdictsOf(rig), rig.onlyAlert().state]).toEqual([['3 expected'], 'closed']);
  });

  it('is none in a file that is no JSON, too large, or outside; each is told once', async () => {
    const signer = certify(releaseAt(TAG));
    put('broken.json', '{"payload":');
    put('large.json', Buffer.alloc(16 * 1024 * 1024 + 1, 0x20));
    put('notes.txt', envelopeOf(PROVENANCE, signer));
    put('../outside.json', envelopeOf(PROVENANCE, signer));
    symlinkSync(join(parent, 'outside.json'), join(folder, 'link.json'));
    symlinkSync(parent, join(folder, 'up'));
    await poll(site.envelope([signer], PROVENANCE.toString()));
    expect(verdictsOf(rig)).toEqual(['3 unverifiable slsa_builder=null']);
    await later(1);
    expect([...leftOut()].sort()).toEqual([
      '1 links that lead out of the folder',
      expect.stringMatching(/large\.json": it has 16777217 bytes, expected at most 16777216$/),
      'Cannot read attestations: expected JSON, or a line of JSON for each',
    ]);
  });

  it('speaks for the watch that names the place, and for no other', async () => {
    const signer = certify(releaseAt(TAG));
    const { watches } = rig;
    rig.watches = [...watches, ...watches.map((watch) => ({ ...watch, name: 'elsewhere', attestations: null }))];
    put('a.json', envelopeOf(PROVENANCE, signer));
    await poll(site.envelope([signer], PROVENANCE.toString()));
    expect(rig.verdicts()).toEqual(['3 elsewhere unexpected', '3 widget-release expected']);
    expect(historyOf(rig)[0]?.artifacts).toContain(WIDGET);
  });

  it('judges each signer of an envelope by it', async () => {
    const signers = [certify(releaseAt(TAG)), certify(releaseAt('refs/heads/evil'))];
    put('a.json', envelopeOf(PROVENANCE, signers[0] ?? certify(releaseAt(TAG))));
    await poll(site.envelope(signers, PROVENANCE.toString()));
    expect(
      historyOf(rig)
        .map(({ verdict }) => verdict)
        .sort(),
    ).toEqual(['expected', 'unexpected']);
  });
});
