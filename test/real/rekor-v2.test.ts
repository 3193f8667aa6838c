import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { OnceOutcome } from '../../src/daemon.ts';
import type { HistoryLine } from '../../src/store/history.ts';
import { countEach } from '../support/count-each.ts';
import { MonitorBench, type Known } from '../support/monitor-bench.ts';
import { hasRealdata, realdata } from '../support/realdata.ts';
import { readRecordedRekorV2, type RecordedEntry } from '../support/recorded-rekor-v2.ts';
import { serveStaticLog, type StaticLog } from '../support/static-log.ts';

const FOLDER = realdata('servers/rekor-v2');
const CHECKPOINTS = ['0', '10', '200', '713', '1219', '1219-republished'];

/** One `run --once` under one of the recorded checkpoints, and what was known after it. */
interface Step {
  readonly checkpoint: string;
  readonly outcome: OnceOutcome;
  readonly known: Known;
  readonly requests: readonly string[];
}

describe.runIf(hasRealdata)('the program on a log recorded from a real Rekor v2 server', () => {
  const steps: Step[] = [];
  let records: readonly RecordedEntry[] = [];
  let bench: MonitorBench;
  let server: StaticLog;

  beforeAll(async () => {
    bench = new MonitorBench();
    records = readRecordedRekorV2().map(({ record }) => record);
    server = await serveStaticLog(`${FOLDER}/log`, '');
    bench.write('ca.pem', ['int', 'root'].map((name) => readFileSync(`${FOLDER}/ca/fulcio-${name}.pem`)).join(''));
    bench.configure(configuration(server.url));
    for (const checkpoint of CHECKPOINTS) {
      server.checkpoint = `${FOLDER}/checkpoints/${checkpoint}`;
      server.requests.length = 0;
      const outcome = await bench.run();
      steps.push({ checkpoint, outcome, known: bench.read(), requests: [...server.requests] });
    }
  });

  afterAll(async () => {
    await server.close();
    bench.close();
  });

  it('verifies every checkpoint in turn, on one database', () => {
    const roots = CHECKPOINTS.map((name) => Buffer.from(readCheckpoint(name).root, 'base64').toString('hex'));
    const sizes = CHECKPOINTS.map((name) => readCheckpoint(name).size);
    expect(steps.map(({ known }) => known.logs.map(summarize))).toEqual(
      sizes.map((size, step) => [
        { name: 'recorded', origin: 'rekor-local', state: 'verified', size, root: roots[step], examined: size, lag: 0 },
      ]),
    );
    expect(sizes).toEqual([0, 10, 200, 713, 1219, 1219]);
    expect(steps.map(({ outcome }) => outcome)).toEqual([
      { found: false, failed: false },
      { found: false, failed: false },
      { found: true, failed: false },
      { found: true, failed: false },
      { found: true, failed: false },
      { found: false, failed: false },
    ]);
  });

  it('finds at each size exactly what lies below it', () => {
    for (const { known } of steps) {
      const size = known.logs[0]?.verified_size ?? -1;
      expect(known.history.map(place)).toEqual(
        last()
          .history.map(place)
          .filter(({ index }) => index < size),
      );
    }
  });

  it('does nothing about the same tree published again, and keeps its first note', () => {
    const [before, after] = steps.slice(-2);
    expect(after?.requests).toEqual(['200 /checkpoint']);
    expect(after?.known).toEqual(before?.known);
    expect(after?.known.checkpoints.map(({ size }) => size)).toEqual([0, 10, 200, 713, 1219]);
  });

  it('reads on from full files where partial ones were deleted', () => {
    const requests = steps.find(({ checkpoint }) => checkpoint === '200')?.requests ?? [];
    expect(requests).toContain('404 /tile/entries/000.p/200');
    expect(requests).toContain('200 /tile/entries/000');
  });

  it('counts all 1,219 entries by kind and decodes each', () => {
    expect(last().logs[0]?.kinds).toEqual({ dsse: 338, hashedrekord: 881 });
    expect(countEach(records.map(({ kind }) => kind))).toEqual({ dsse: 338, hashedrekord: 881 });
    expect(last().unparsable).toEqual([]);
  });

  it('agrees on kind, key, name, issuer, CA and number of signers of all 1,219', () => {
    const lines = linesOf(last(), 'everything');
    const found = records.map(({ index, spkiSha256 }) => {
      const signers = lines.filter((line) => line.index === index);
      return { signers: signers.length, ...describeLine(signers.find((line) => isBy(line, spkiSha256))) };
    });
    expect(found).toEqual(records.map(describeRecord));
    expect(found).toHaveLength(1219);
  });

  it('reaches the verdict that each variant calls for', () => {
    const variants = new Map(records.map(({ index, variant }) => [index, variant.replace('+team-key', '')]));
    const verdictsOf = (watch: string): Readonly<Record<string, number>> =>
      countEach(
        linesOf(last(), watch).map(({ index, verdict, violations }) =>
          [variants.get(index), verdict, ...violations.map(({ claim }) => claim)].join(' '),
        ),
      );
    expect(verdictsOf('payments')).toEqual({
      'cert-gha-target expected': 39,
      'cert-gha-fork-pr unexpected builder source_ref trigger': 38,
      'cert-evilca-impersonates-target forged': 41,
    });
    // Each second signature by a team key is observed as well.
    expect(verdictsOf('everything')).toEqual({
      'cert-gha observed': 608 + 36,
      'cert-gha-target observed': 39 + 5,
      'cert-gha-fork-pr observed': 38 + 5,
      'cert-email observed': 159 + 8,
      'cert-issuerv1-only observed': 40 + 5,
      'cert-othername observed': 32 + 3,
      'cert-spiffe observed': 42 + 2,
      'cert-evilca-impersonates-target forged': 41,
      'cert-evilca-impersonates-target observed': 4,
      'cert-no-fulcio-ext forged': 33,
      'cert-no-fulcio-ext observed': 5,
      'key-unique observed': 106 + 9,
      'key-odd-alg observed': 37,
      'key-team0 observed': 7,
      'key-team1 observed': 15,
      'key-team2 observed': 13,
      'key-team3 observed': 9,
    });
  });

  it('calls the impersonations of the evil CA forged, never unexpected, and tells so once', () => {
    const impersonations = linesOf(last(), 'payments').filter(({ signer }) => signer.chain === 'untrusted');
    expect(countEach(impersonations.map(({ verdict }) => verdict))).toEqual({ forged: 41 });
    const forged = last().alerts.filter(({ kind, watch }) => kind === 'forged' && watch === 'payments');
    expect(forged.map(({ occurrences, index, lastIndex }) => ({ occurrences, index, lastIndex }))).toEqual([
      { occurrences: 41, index: impersonations[0]?.index, lastIndex: impersonations.at(-1)?.index },
    ]);
  });

  it('tells of the pull requests by ref, and of nothing else', () => {
    const { alerts } = last();
    expect(countEach(alerts.map(({ kind, watch }) => `${kind} ${watch ?? ''}`))).toEqual({
      'forged everything': 1,
      'forged payments': 1,
      'started ': 1,
      'unexpected payments': new Set(
        linesOf(last(), 'payments')
          .filter(({ verdict }) => verdict === 'unexpected')
          .map(({ signer }) => signer['source_ref']),
      ).size,
    });
    const told = alerts.filter(({ kind }) => kind === 'unexpected').map(({ occurrences }) => occurrences);
    expect(told.reduce((sum, count) => sum + count, 0)).toBe(38);
  });

  function last(): Known {
    const step = steps.at(-1);
    if (step === undefined) {
      throw new Error('There was no step');
    }
    return step.known;
  }
});

function configuration(url: string): string {
  return `
version: 1
trust:
  source: none
  certificate_authorities:
    - { name: fulcio, chain: ./ca.pem }
logs:
  discover: false
  custom:
    - { name: recorded, type: rekor-v2, url: "${url}", read_path: "", origin: rekor-local, public_key: "${FOLDER}/log-pub.pem", start: genesis }
watches:
  - name: everything
    select:
      - kind: "*"
  - name: payments
    select:
      - source_repository: acme-corp/payments
    expect:
      issuer: https://token.actions.githubusercontent.com
      builder: acme-corp/payments/.github/workflows/release.yml@refs/tags/**
      source_ref: refs/tags/**
      trigger: push
`;
}

function readCheckpoint(name: string): { readonly size: number; readonly root: string } {
  const [, size, root = ''] = readFileSync(`${FOLDER}/checkpoints/${name}`, 'utf8').split('\n');
  return { size: Number(size), root };
}

function summarize(log: Known['logs'][number]) {
  const { name, origin, state, verified_size: size, verified_root: root, examined_size: examined, lag } = log;
  return { name, origin, state, size, root, examined, lag };
}

function place({ index, watch, verdict, signer }: HistoryLine) {
  return { index, watch, verdict, fingerprint: signer.fingerprint };
}

function linesOf({ history }: Known, watch: string): readonly HistoryLine[] {
  return history.filter((line) => line.watch === watch);
}

function isBy({ signer }: HistoryLine, fingerprint: string): boolean {
  return signer.fingerprint === fingerprint;
}

function describeLine(line: HistoryLine | undefined) {
  const signer = line?.signer;
  return {
    kind: line?.kind,
    type: signer?.type,
    chain: signer?.chain,
    fingerprint: signer?.fingerprint,
    subject: signer?.['subject'],
    issuer: signer?.['issuer'],
  };
}

const CHAINS = { fulcio: 'trusted', evil: 'untrusted', none: null } as const;

function describeRecord({ kind, san, issuer, ca, spkiSha256, certSha256, nSignatures = 1 }: RecordedEntry) {
  return {
    signers: nSignatures,
    kind,
    type: certSha256 === undefined ? 'public-key' : 'certificate',
    chain: CHAINS[ca ?? 'none'],
    fingerprint: spkiSha256,
    subject: san === undefined ? undefined : [san],
    issuer,
  };
}
