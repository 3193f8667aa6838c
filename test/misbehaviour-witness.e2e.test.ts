import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { parseNote } from '../src/tlog/note.ts';
import { CT_CHECKPOINT, startFakeCt } from './fakes/fake-ct.ts';
import { startFakeLog, type FakeLog } from './fakes/fake-log.ts';
import { startFakeRekorV1 } from './fakes/fake-rekor-v1.ts';
import { fillers, NOW } from './support/actors.ts';
import { siteCt } from './support/ct-sites.ts';
import { siteV1, siteV2, type LogSite } from './support/log-sites.ts';
import { misbehaving, outcomeOf } from './support/misbehaviour-outcome.ts';
import { enact, PHASES, type SiteName } from './support/misbehaviour-phases.ts';
import { SuspectStage } from './support/suspect-stage.ts';
import { ed25519Witness } from './tlog/witness-signer.ts';

const witness = ed25519Witness('witness.example');

/** A log whose checkpoints the witness cosigns until it heals. */
interface Cosigned {
  readonly site: LogSite;
  readonly cosign: () => void;
}

// No row for RFC 6962: a signed tree head has no lines for others to sign.
const COSIGNED: readonly (readonly [Exclude<SiteName, 'rfc6962'>, () => Promise<Cosigned>])[] = [
  [
    'rekor-v2',
    async () => {
      const log = await startFakeLog();
      return {
        site: siteV2(log),
        cosign: () => {
          cosignTiles(log);
        },
      };
    },
  ],
  [
    'rekor-v1',
    async () => {
      const log = await startFakeRekorV1();
      return {
        site: siteV1(log),
        cosign: () => {
          log.changeLogInfo((info) => ({ ...info, signedTreeHead: cosigned(info.signedTreeHead) }));
        },
      };
    },
  ],
  [
    'static-ct',
    async () => {
      const log = await startFakeCt('static-ct');
      return {
        site: siteCt(log),
        cosign: () => {
          log.before((path) => (CT_CHECKPOINT.test(path) ? { status: 200, body: cosigned(log.head()) } : null));
        },
      };
    },
  ],
];

let stage: SuspectStage;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'], now: NOW });
});

afterEach(async () => {
  await stage.close();
  vi.useRealTimers();
});

describe.each(COSIGNED)('a %s log whose checkpoint no witness cosigned', (name, start) => {
  it.each(PHASES)('is told, and goes on, %s', async (phase) => {
    const { site, cosign } = await start();
    stage = await SuspectStage.open(site);
    stage.write('policy.txt', `witness w ${witness.vkey}\nquorum w\n`);
    stage.configure({ logs: { witnesses: { policy: './policy.txt', on_missing: 'alert' } } });
    cosignTiles(stage.honestLog);
    cosign();

    const enacted = await enact(stage, name, phase, {
      ...{ seen: false, signed: true, goesOn: true },
      misbehave: () => {
        site.heal();
        site.append(fillers(1, 3000));
      },
    });
    const row = { kind: 'witness-missing', severity: 'high', signed: false } as const;
    const expected = misbehaving(row, phase, enacted);
    const suspect = { state: 'verified', verified: site.size, examined: site.size };
    expect(await outcomeOf(stage, enacted.exit)).toEqual({
      ...expected,
      suspect,
      again: { ...expected.again, suspect },
    });

    cosign();
    expect(await stage.once()).toBe(0);
    expect((await stage.status()).logs.find(({ origin }) => origin === site.origin)?.witnesses).toEqual([
      { name: 'w', time: NOW.toISOString() },
    ]);
  });
});

function cosignTiles(log: FakeLog): void {
  log.before((path) => (path === 'checkpoint' ? { status: 200, body: cosigned(log.checkpoint) } : null));
}

function cosigned(note: string): string {
  return note + witness.line(parseNote(note).text, NOW.getTime() / 1000);
}
