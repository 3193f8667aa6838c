import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MonitorBench, type Known } from '../support/monitor-bench.ts';
import { hasRealdata, realdata } from '../support/realdata.ts';
import { serveRecordedRekorV1, type RecordedRekorV1 } from '../support/recorded-rekor-v1.ts';
import { serveStaticLog, type StaticLog } from '../support/static-log.ts';

/** What each recording holds, and what of it this version cannot judge. */
interface Recording {
  readonly system: string;
  /** Sizes under which the v1 log and the v2 log were recorded. */
  readonly v1: readonly number[];
  readonly v2: readonly number[];
  /** Its entries, and the judgements expected of them. */
  readonly agreeing: { readonly entries: number; readonly judgements: number };
  /** Alerts `artifact-resigned`, whose detector there is not. */
  readonly resigned: number;
  /** Watches in mode audit that found something. */
  readonly audited: readonly string[];
  /** Lines of watches.yaml with a key that this version refuses, by watch. */
  readonly cut: readonly string[];
}

const RECORDINGS: readonly Recording[] = [
  {
    system: 'flux',
    v1: [0, 1, 5, 18],
    v2: [2, 8],
    agreeing: { entries: 26, judgements: 32 },
    resigned: 0,
    audited: [],
    cut: [],
  },
  {
    system: 'tekton',
    v1: [0, 1, 5, 22],
    v2: [2, 7],
    agreeing: { entries: 29, judgements: 25 },
    resigned: 2,
    audited: [],
    cut: ['chains-key: artifacts: { follow: true }'],
  },
  {
    system: 'argo-cd',
    v1: [0, 1, 5, 19],
    v2: [2, 11],
    agreeing: { entries: 30, judgements: 30 },
    resigned: 2,
    audited: [],
    cut: ['app-build: artifacts: { follow: true }'],
  },
  {
    system: 'aks',
    v1: [0, 1, 5, 19],
    v2: [2, 8],
    agreeing: { entries: 27, judgements: 37 },
    resigned: 2,
    audited: ['aks-naive'],
    cut: ['aks-build: artifacts: { follow: true }'],
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
  let cut: readonly string[] = [];
  let known: Known;
  let v1: RecordedRekorV1;
  let v2: StaticLog;

  beforeAll(async () => {
    bench = new MonitorBench();
    expected = readLines(`${recorded}/expected.jsonl`);
    v1 = await serveRecordedRekorV1(`${recorded}/v1`, '');
    v2 = await serveStaticLog(`${recorded}/v2/log`, '');
    const watches = cutUnavailable(readFileSync(realdata(`systems/${system}/watches.yaml`), 'utf8'));
    cut = watches.cut;
    bench.configure(
      watches.yaml
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

  it('leaves out of its watches.yaml only what this version cannot do', () => {
    expect(cut).toEqual(recording.cut);
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
    expect(known.history).toHaveLength(agreeing.judgements);
  });

  it(`does not look for the ${recording.resigned} artifacts that others signed again`, () => {
    expect(expected.filter((row) => row.artifact_resigned !== null)).toHaveLength(recording.resigned);
  });

  it('tells of each unexpected and forged judgement, unless the watch only audits', () => {
    const lines = known.history.filter(({ verdict }) => verdict === 'unexpected' || verdict === 'forged');
    const untold = lines.filter(({ alert }) => alert === null);
    expect([...new Set(untold.map(({ watch }) => watch))]).toEqual(recording.audited);
    const identity = known.alerts.filter((alert) => alert.class === 'identity');
    const occurrences = identity.reduce((sum, alert) => sum + alert.occurrences, 0);
    expect(occurrences).toBe(lines.length - untold.length);
    expect(known.alerts.filter((alert) => alert.class === 'log')).toEqual([]);
  });

  function judgementsOf(log: string, index: number): readonly Judged[] {
    const origins = new Map(known.logs.map(({ name, origin }) => [origin, name]));
    return known.history
      .filter((line) => origins.get(line.log) === `${system}-${log}` && line.index === index)
      .map(({ watch, verdict, violations }) => ({
        ...{ watch, verdict, failing: violations.map(({ claim }) => claim).sort() },
      }))
      .sort(byWatch);
  }
});

/** A configuration without the lines whose keys this version refuses, and those lines. */
function cutUnavailable(yaml: string): { readonly yaml: string; readonly cut: readonly string[] } {
  const kept: string[] = [];
  const cut: string[] = [];
  let watch = '';
  for (const line of yaml.split('\n')) {
    watch = /^ {2}- name: (\S+)/.exec(line)?.[1] ?? watch;
    if (/^ {4}artifacts:/.test(line)) {
      cut.push(`${watch}: ${line.trim()}`);
    } else {
      kept.push(line);
    }
  }
  return { yaml: kept.join('\n'), cut };
}

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
