import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { HistoryLine } from '../../src/store/history.ts';
import { NO_SCT, stagedExample } from '../support/examples.ts';
import { MonitorBench, type Known } from '../support/monitor-bench.ts';
import { hasRealdata, realdata } from '../support/realdata.ts';
import { serveRecordedRekorV1, type RecordedRekorV1 } from '../support/recorded-rekor-v1.ts';
import type { RecordedVerdict } from '../support/recorded-systems.ts';
import { serveStaticLog, type StaticLog } from '../support/static-log.ts';

type Judged = RecordedVerdict['judgements'][number];

/** A line of expected.jsonl, with who is told of an artifact that somebody else signed. */
interface Expected extends RecordedVerdict {
  readonly artifact_resigned: string | null;
}

/** An example beside the table of the system that it is about. */
interface Staged {
  readonly example: string;
  readonly system: string;
  readonly names: readonly (readonly [placeholder: string, name: string])[];
  /** Watches of the table that the example does not have, and why. */
  readonly left: readonly (readonly [watch: string, why: string])[];
  /** What watches of the example say that the table knows nothing of, and why. */
  readonly more: readonly Addition[];
  /** Who signed again what the example follows and the table does not. */
  readonly resigned: readonly (readonly [log: string, index: number, by: string])[];
  /** Alerts of the detectors, in any order. */
  readonly told: readonly (readonly [watch: string, kind: string, severity: string])[];
  readonly entries: number;
  readonly judgements: number;
}

interface Addition extends Judged {
  readonly log: 'v1' | 'v2';
  readonly index: number;
  readonly why: string;
}

function addition(log: 'v1' | 'v2', index: number, watch: string, why: string, failing: readonly string[] = []) {
  return { log, index, watch, why, failing, verdict: failing.length === 0 ? 'expected' : 'unexpected' };
}

const CHAINS_KEY = '7ccdb7d5b19e6ad13cc17819fb3e811f7d635ed66e8273013068fd2cf71cff4f';
const AKS_KEY = 'b4807d9c228af8074fe4583a63ce69e86ab1026af955834a0db8a73c1e529bc6';

const STAGED: readonly Staged[] = [
  {
    example: 'flux',
    system: 'flux',
    names: [NO_SCT],
    left: [],
    more: [],
    // The table's watches follow nothing.
    resigned: [
      ['v1', 13, 'flux2-release'],
      ['v2', 6, 'flux2-release'],
    ],
    told: [['flux2-release', 'artifact-resigned', 'low']],
    entries: 26,
    judgements: 32,
  },
  {
    example: 'argo-cd',
    system: 'argo-cd',
    names: [
      NO_SCT,
      ['acme/widget', 'your-org/your-repo'],
      ['*/widget', '*/your-repo'],
      ["'123456'", "'700100200'"],
      ["'654321'", "'700100'"],
    ],
    left: [],
    more: [],
    resigned: [],
    told: [['app-build', 'artifact-resigned', 'low']],
    entries: 30,
    judgements: 30,
  },
  {
    example: 'tekton-chains',
    system: 'tekton',
    names: [
      NO_SCT,
      ['./attestations', realdata('systems/tekton/recorded/v1/submitted')],
      ['5f3c6f1e0c8b8a4f7d4f0a4cf6a2a7f3c0b1d2e3f405162738495a6b7c8d9e0f', CHAINS_KEY],
      [
        'https://container.googleapis.com/v1/projects/acme-build/locations/europe-west1/clusters/build',
        'https://kubernetes.default.svc.cluster.local',
      ],
      ['spire.acme.example', 'spire.example.org'],
      ['spiffe://acme.example', 'spiffe://example.org'],
      ['acme-build.iam', 'example-project.iam'],
    ],
    left: [],
    more: [
      ...[0, 1, 2, 21].map((index) => addition('v1', index, 'chains-builder', 'the log keeps what was attested')),
      ...[3, 4].map((index) => addition('v1', index, 'chains-builder', 'the folder holds what was attested')),
      addition('v1', 13, 'chains-builder', 'the attestation names another builder, which no claim of the entry shows', [
        'slsa_builder',
      ]),
    ],
    resigned: [],
    told: [['chains-key', 'artifact-resigned', 'low']],
    entries: 29,
    judgements: 25,
  },
  {
    example: 'aks-kyverno',
    system: 'aks',
    names: [
      NO_SCT,
      ['acme/widget', 'myorg/myrepo'],
      ['*/widget', '*/myrepo'],
      ["'123456'", "'800100200'"],
      ["'654321'", "'800100'"],
      ['0d9e8c7b6a5948372615040f3e2d1c0bf3a7a2f64c0a4f7d4f8a8b0c1e6f3c5f', AKS_KEY],
      ['release@acme.example', 'release@example.com'],
    ],
    left: [['aks-naive', 'it shows what a pattern without an end lets through; the example only says so']],
    more: [2, 4, 18].map((index) => addition('v1', index, 'aks-sbom', 'the log keeps what was attested')),
    resigned: [],
    told: [
      ['aks-build', 'artifact-resigned', 'low'],
      // The key's first image and its first attestation.
      ['aks-key', 'first-seen', 'medium'],
      ['aks-key', 'first-seen', 'medium'],
    ],
    entries: 27,
    judgements: 37,
  },
];

// Entries made through real servers with the systems' own identities, attacks among them, and what is to be made of each: by the
// table that came with them, the examples are judged by it but for what `left` and `more` list.
describe.runIf(hasRealdata).each(STAGED)('the example $example on the recorded logs of $system', (staged) => {
  const { example, system, names, left, more } = staged;
  const recorded = realdata(`systems/${system}/recorded`);
  let bench: MonitorBench;
  let table: readonly Expected[] = [];
  let known: Known;
  let v1: RecordedRekorV1;
  let v2: StaticLog;

  beforeAll(async () => {
    bench = new MonitorBench();
    table = readTable(`${recorded}/expected.jsonl`);
    v1 = await serveRecordedRekorV1(`${recorded}/v1`, '');
    v2 = await serveStaticLog(`${recorded}/v2/log`, '');
    const count = table.filter(({ log }) => log === 'v1').length;
    v1.head = `log/log-${String(count).padStart(3, '0')}.json`;
    v2.checkpoint = `${recorded}/v2/checkpoints/${table.length - count}`;
    const trust = {
      source: 'none',
      certificate_authorities: [{ name: 'peers-test', chain: `${recorded}/ca/chain.pem` }],
    };
    const logs = {
      discover: false,
      custom: [
        { name: 'v1', type: 'rekor-v1', url: v1.url, origin: 'rekor.peers.test' },
        { name: 'v2', type: 'rekor-v2', url: v2.url, origin: `rekor2-${system}.peers.test`, read_path: '' },
      ].map((log) => ({ ...log, public_key: `${recorded}/${log.name}/publicKey.pem`, start: 'genesis' })),
    };
    bench.configure(stagedExample(example, { trust, logs, names }));
    await bench.run();
    known = bench.read();
  });

  afterAll(async () => {
    await Promise.all([v1.close(), v2.close()]);
    bench.close();
  });

  it(`reaches the verdicts of the table for all ${staged.entries} entries`, () => {
    expect(known.logs.map(({ name, state, lag }) => [name, state, lag])).toEqual([
      ['v1', 'verified', 0],
      ['v2', 'verified', 0],
    ]);
    const without = new Set(left.map(([watch]) => watch));
    const due = table.map(({ log, index, what, judgements }) => {
      const added = more.filter((one) => one.log === log && one.index === index);
      const kept = judgements.filter(({ watch }) => !without.has(watch));
      return { log, index, what, judgements: [...kept, ...added].map(sorted).sort(byWatch) };
    });
    expect(table.map(({ log, index, what }) => ({ log, index, what, judgements: judgementsOf(log, index) }))).toEqual(
      due,
    );
    // And there is nothing else.
    expect(known.history).toHaveLength(due.flatMap(({ judgements }) => judgements).length + dueResigned().length);
    expect([table.length, table.flatMap(({ judgements }) => judgements).length]).toEqual([
      staged.entries,
      staged.judgements,
    ]);
  });

  it('tells who signed again what is ours, and nothing of detectors that found nothing', () => {
    const judging = new Set(['unexpected', 'forged', 'started']);
    const told = known.alerts
      .filter(({ kind }) => !judging.has(kind))
      .map(({ watch, kind, severity }) => [watch, kind, severity]);
    expect(told.sort()).toEqual([...staged.told].sort());
    const resigned = known.history
      .filter(isResigned)
      .map(({ log, index, watch }) => [logOf(log), index, watch] as const);
    expect(resigned.sort()).toEqual([...dueResigned()].sort());
  });

  function dueResigned(): Staged['resigned'] {
    const ofTable = table.flatMap(({ log, index, artifact_resigned: by }) =>
      by === null ? [] : [[log, index, by] as const],
    );
    return [...ofTable, ...staged.resigned];
  }

  function isResigned({ alert }: HistoryLine): boolean {
    return known.alerts.some(({ id, kind }) => id === alert && kind === 'artifact-resigned');
  }

  function logOf(origin: string): string {
    return known.logs.find((log) => log.origin === origin)?.name ?? origin;
  }

  function judgementsOf(log: string, index: number): readonly Judged[] {
    return known.history
      .filter((line) => logOf(line.log) === log && line.index === index && !isResigned(line))
      .map(({ watch, verdict, violations }) =>
        sorted({ watch, verdict, failing: violations.map(({ claim }) => claim) }),
      )
      .sort(byWatch);
  }
});

function readTable(file: string): readonly Expected[] {
  // The recording's own format.
  return readFileSync(file, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Expected);
}

function sorted({ watch, verdict, failing }: Judged): Judged {
  return { watch, verdict, failing: [...failing].sort() };
}

function byWatch(a: Judged, b: Judged): number {
  return a.watch.localeCompare(b.watch);
}
