import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { HistoryLine } from '../../src/store/history.ts';
import { MonitorBench, type Known } from '../support/monitor-bench.ts';
import { hasRealdata, realdata } from '../support/realdata.ts';
import { serveRecordedRekorV1, type RecordedRekorV1 } from '../support/recorded-rekor-v1.ts';
import { serveStaticLog, type StaticLog } from '../support/static-log.ts';

/** What each recording holds. */
interface Recording {
  readonly system: string;
  /** Sizes under which the v1 log and the v2 log were recorded. */
  readonly v1: readonly number[];
  readonly v2: readonly number[];
  /** Its entries, and the judgements expected of them. */
  readonly agreeing: { readonly entries: number; readonly judgements: number };
  /** Entries in which somebody else signed what a watch follows. */
  readonly resigned: number;
  /** Watches in mode audit that found something. */
  readonly audited: readonly string[];
}

const RECORDINGS: readonly Recording[] = [
  {
    system: 'flux',
    v1: [0, 1, 5, 18],
    v2: [2, 8],
    agreeing: { entries: 26, judgements: 32 },
    resigned: 0,
    audited: [],
  },
  {
    system: 'tekton',
    v1: [0, 1, 5, 22],
    v2: [2, 7],
    agreeing: { entries: 29, judgements: 25 },
    resigned: 2,
    audited: [],
  },
  {
    system: 'argo-cd',
    v1: [0, 1, 5, 19],
    v2: [2, 11],
    agreeing: { entries: 30, judgements: 30 },
    resigned: 2,
    audited: [],
  },
  {
    system: 'aks',
    v1: [0, 1, 5, 19],
    v2: [2, 8],
    agreeing: { entries: 27, judgements: 37 },
    resigned: 2,
    audited: ['aks-naive'],
  },
];

/** One line of expected.jsonl. */
interface Expected {
  readonly log: 'v1' | 'v2';
  readonly index: number;
  readonly judgements: readonly Judged[];
  readonly artifact_resigned: string | null;
}

interface Judged {
  readonly watch: string;
  readonly verdict: string;
  /** Names of the claims that fail. */
  readonly failing: readonly string[];
}

// Entries made through real servers with the systems' own identities, attacks among them, and what is to be made of each.
describe.runIf(hasRealdata).each(RECORDINGS)('the program on the recorded logs of $system', (recording) => {
  const { system, agreeing } = recording;
  const recorded = realdata(`systems/${system}/recorded`);
  let bench: MonitorBench;
  let expected: readonly Expected[] = [];
  let known: Known;
  let v1: RecordedRekorV1;
  let v2: StaticLog;

  beforeAll(async () => {
    bench = new MonitorBench();
    expected = readLines(`${recorded}/expected.jsonl`);
    v1 = await serveRecordedRekorV1(`${recorded}/v1`, '');
    v2 = await serveStaticLog(`${recorded}/v2/log`, '');
    bench.configure(
      readFileSync(realdata(`systems/${system}/watches.yaml`), 'utf8')
        .replaceAll('./recorded', recorded)
        .replace('http://127.0.0.1:3000', v1.url)
        .replace('http://127.0.0.1:3003', v2.url),
    );
    const steps = Math.max(recording.v1.length, recording.v2.length);
    for (let step = 0; step < steps; step += 1) {
      v1.head = `log/log-${String(atOrLast(recording.v1, step)).padStart(3, '0')}.json`;
      v2.checkpoint = `${recorded}/v2/checkpoints/${atOrLast(recording.v2, step)}`;
      await bench.run();
    }
    known = bench.read();
  });

  afterAll(async () => {
    await Promise.all([v1.close(), v2.close()]);
    bench.close();
  });

  it('verifies both logs to their ends', () => {
    expect(
      known.logs.map(({ name, state, verified_size: size, lag, last_error: error }) => ({
        ...{ name, state, size, lag, error },
      })),
    ).toEqual(
      [recording.v1, recording.v2].map((sizes, position) => ({
        ...{ name: `${system}-v${position + 1}`, state: 'verified', size: sizes.at(-1), lag: 0, error: null },
      })),
    );
    expect(known.unparsable).toEqual([]);
  });

  it(`agrees with all ${agreeing.judgements} judgements of ${agreeing.entries} entries`, () => {
    const judged = expected.map(({ log, index }) => ({ log, index, judgements: judgementsOf(log, index) }));
    expect(judged).toEqual(
      expected.map(({ log, index, judgements }) => ({
        ...{ log, index, judgements: judgements.map(sortClaims).sort(byWatch) },
      })),
    );
    expect(judged).toHaveLength(agreeing.entries);
    expect(judged.flatMap(({ judgements }) => judgements)).toHaveLength(agreeing.judgements);
    // And there is nothing else.
    expect(known.history).toHaveLength(agreeing.judgements + recording.resigned);
  });

  it(`tells of the ${recording.resigned} entries in which somebody else signed what is ours, and of no others`, () => {
    const told = known.history
      .filter(isResigned)
      .map(({ log, index, watch, verdict }) => ({ log: logOf(log), index, watch, verdict }));
    expect(told.sort((a, b) => a.log.localeCompare(b.log))).toEqual(
      expected
        .filter((row) => row.artifact_resigned !== null)
        .map(({ log, index, artifact_resigned: watch }) => ({ log, index, watch, verdict: 'observed' })),
    );
    expect(told).toHaveLength(recording.resigned);
    // The same stranger in both logs.
    const alerts = known.alerts.filter(({ kind }) => kind === 'artifact-resigned');
    expect(alerts.map(({ severity, occurrences }) => ({ severity, occurrences }))).toEqual(
      recording.resigned === 0 ? [] : [{ severity: 'low', occurrences: recording.resigned }],
    );
  });

  it('tells of each unexpected and forged judgement, unless the watch only audits', () => {
    const lines = known.history.filter(({ verdict }) => verdict === 'unexpected' || verdict === 'forged');
    const untold = lines.filter(({ alert }) => alert === null);
    expect([...new Set(untold.map(({ watch }) => watch))]).toEqual(recording.audited);
    const identity = known.alerts.filter((alert) => alert.class === 'identity' && alert.kind !== 'artifact-resigned');
    const occurrences = identity.reduce((sum, alert) => sum + alert.occurrences, 0);
    expect(occurrences).toBe(lines.length - untold.length);
    expect(known.alerts.filter((alert) => alert.class === 'log')).toEqual([]);
  });

  function isResigned({ alert }: HistoryLine): boolean {
    return known.alerts.some(({ id, kind }) => id === alert && kind === 'artifact-resigned');
  }

  /** As the recording calls it. */
  function logOf(origin: string): string {
    return known.logs.find((log) => log.origin === origin)?.name.replace(`${system}-`, '') ?? origin;
  }

  function judgementsOf(log: string, index: number): readonly Judged[] {
    return known.history
      .filter((line) => logOf(line.log) === log && line.index === index && !isResigned(line))
      .map(({ watch, verdict, violations }) => ({
        ...{ watch, verdict, failing: violations.map(({ claim }) => claim).sort() },
      }))
      .sort(byWatch);
  }
});

function readLines(file: string): readonly Expected[] {
  // The recording's own format.
  return readFileSync(file, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Expected);
}

function atOrLast(sizes: readonly number[], step: number): number {
  return sizes[step] ?? sizes.at(-1) ?? 0;
}

function sortClaims(judged: Judged): Judged {
  return { ...judged, failing: [...judged.failing].sort() };
}

function byWatch(a: Judged, b: Judged): number {
  return a.watch.localeCompare(b.watch);
}
