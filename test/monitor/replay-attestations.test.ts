import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { judgeByAttestations } from '../../src/monitor/judge-again.ts';
import type { ClaimRule } from '../../src/policy/watch.ts';
import { certify, releaseAt } from '../support/actors.ts';
import { BUILDER, builtWatch, digestOf, envelopeOf, provenance, verdictsOf } from '../support/attestations.ts';
import { BOTH, type LogSite } from '../support/log-sites.ts';
import { MonitorRig, NEVER, releaseWatch, rule } from '../support/monitor-rig.ts';
import { replay } from '../support/replays.ts';

const TAG = 'refs/tags/v1.0.0';
const FOUND = provenance(digestOf('widget'));
const OTHER = provenance(digestOf('gadget'), 'https://evil.example/builder');
const LOST = provenance(digestOf('lost'));

describe.each(BOTH)('the history of a %s log, of which attestations lie elsewhere', (_, start) => {
  let rig: MonitorRig;
  let site: LogSite;
  let folder: string;

  beforeEach(async () => {
    rig = new MonitorRig();
    folder = mkdtempSync(join(tmpdir(), 'sigwatch-attestations-'));
    rig.watches = [builtWatch({ kind: 'directory', path: folder })];
    site = await start();
    const signer = certify(releaseAt(TAG));
    writeFileSync(join(folder, 'found.json'), JSON.stringify(envelopeOf(FOUND, signer)));
    writeFileSync(join(folder, 'other.json'), JSON.stringify(envelopeOf(OTHER, signer)));
    site.append([FOUND, OTHER, LOST].map((payload) => site.envelope([signer], payload.toString())));
    await rig.poll(site.source(rig.http));
  });

  afterEach(async () => {
    await rig.close();
    await site.close();
    rmSync(folder, { recursive: true });
  });

  /** As after the hour in which one may still be published. */
  async function waitInVain(): Promise<void> {
    rig.now = new Date(rig.now.getTime() + 61 * 60_000);
    await judgeByAttestations(rig.deps(), NEVER);
  }

  it('is what it was, by what they said, also when they are gone', async () => {
    rmSync(join(folder, 'found.json'));
    expect(verdictsOf(rig)).toEqual([
      '0 expected',
      '1 unexpected slsa_builder=https://evil.example/builder',
      '2 unverifiable slsa_builder=null',
    ]);
    expect(await replay(rig)).toMatchObject({ changes: [], told: [{ kind: 'unexpected', index: 1 }], unattested: 1 });
    await waitInVain();
    expect(verdictsOf(rig)).toEqual([
      '0 expected',
      '1 unexpected slsa_builder=https://evil.example/builder',
      '2 unexpected slsa_builder=null',
    ]);
    const { changes, unattested, told, judgements } = await replay(rig);
    expect({ changes, unattested }).toEqual({ changes: [], unattested: 0 });
    expect(judgements.filter(({ hasOtherReasons }) => hasOtherReasons)).toEqual([]);
    expect(told.map(({ title }) => title).toSorted()).toEqual(
      rig
        .alerts()
        .filter(({ kind }) => kind === 'unexpected')
        .map(({ title }) => title)
        .toSorted(),
    );
  });

  it('is judged by what they said where another watch asks for it', async () => {
    await waitInVain();
    const rules = releaseWatch().expect as readonly ClaimRule[];
    const place = { kind: 'directory', path: folder } as const;
    const watches = [
      builtWatch(place, { expect: [...rules, rule('slsa_builder', { not: BUILDER })] }),
      builtWatch(place, { name: 'typed', expect: [...rules, rule('build_type', 'https://example.com/build')] }),
    ];
    expect(await replay(rig, { watches })).toMatchObject({
      changes: [
        '0 widget-release expected -> unexpected',
        '0 typed null -> expected',
        '1 widget-release unexpected -> expected',
        '1 typed null -> expected',
        // Nobody looked for it in the name of this watch.
        '2 typed null -> unverifiable',
      ],
      unattested: 1,
    });
  });

  it('is judged without them where the watch does not say where they lie', async () => {
    const watches = rig.watches.map((watch) => ({ ...watch, attestations: null }));
    expect((await replay(rig, { watches })).changes).toEqual([
      '0 widget-release expected -> unexpected',
      '2 widget-release unverifiable -> unexpected',
    ]);
  });
});
