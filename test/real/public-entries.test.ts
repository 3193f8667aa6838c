import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { OnceOutcome } from '../../src/daemon.ts';
import { startLocalLog } from '../../src/demo/local-log.ts';
import { startFakeRekorV1 } from '../fakes/fake-rekor-v1.ts';
import { countEach } from '../support/count-each.ts';
import { MonitorBench, type Known } from '../support/monitor-bench.ts';
import { hasRealdata, realdata } from '../support/realdata.ts';
import { readRealEntries } from '../support/recorded-entries.ts';

const PUBLIC_GOOD = realdata('trust/sigstore__root-signing/targets/trusted_root.json');
const STAGING = realdata('trust/sigstore__root-signing-staging/targets/trusted_root.json');

/** The longest leaf that a bundle of Rekor v2 can hold (c2sp.org/tlog-tiles: 16 bits of length). */
const MAX_BUNDLED = 0xffff;

const ENTRIES = 313;
/** Where the rebuilt v1 log goes on in a second shard, under a key of its own. */
const ROLLOVER = 200;

/** What can be decoded, by kind, and what was broken on purpose: test/entry/real-entries.test.ts names the four. */
const KINDS = { dsse: 131, hashedrekord: 61, intoto: 115, rekord: 2, unparsable: 4 };

/** A rebuilt log that was read to its end. */
interface Reading {
  readonly outcome: OnceOutcome;
  readonly known: Known;
}

const entries = hasRealdata ? readRealEntries() : [];

describe.runIf(hasRealdata)('the recorded real entries', () => {
  it('all fit into a log of either type', () => {
    expect(entries).toHaveLength(ENTRIES);
    expect(entries.filter(({ leaf }) => leaf.length > MAX_BUNDLED)).toEqual([]);
  });
});

describe.runIf(hasRealdata).each([
  ['Rekor v2', readAsV2, ['verified']],
  ['Rekor v1 with two shards', readAsV1, ['frozen', 'verified']],
] as const)('the program on the recorded real entries in a log of %s', (_, read, states) => {
  let bench: MonitorBench;
  let reading: Reading;

  beforeAll(async () => {
    bench = new MonitorBench();
    reading = await read(bench, PUBLIC_GOOD);
  });

  afterAll(() => {
    bench.close();
  });

  it('verifies and examines all of it', () => {
    const { logs } = reading.known;
    expect(logs.map(({ state }) => state).sort()).toEqual(states);
    expect(logs.map(({ lag, last_error: error }) => ({ lag, error }))).toEqual(
      states.map(() => ({ lag: 0, error: null })),
    );
    expect(sum(logs.map(({ examined_size: size }) => size ?? 0))).toBe(ENTRIES);
    expect(sum(logs.map(({ verified_size: size }) => size ?? 0))).toBe(ENTRIES);
    expect(addUp(logs.map(({ kinds }) => kinds))).toEqual(KINDS);
    expect(reading.outcome).toEqual({ found: true, failed: false });
  });

  it('keeps what cannot be decoded, with the reason', () => {
    const problems = reading.known.unparsable.map(({ problem }) => problem);
    expect(problems.sort()).toEqual([
      'Cannot read PEM block: it is not padded standard base64',
      'Cannot read entry.spec: found nothing, expected an object',
      'Cannot read entry.spec: found nothing, expected an object',
      'Cannot read kind: expected a text of at most 64 characters',
    ]);
  });

  it('finds a real repository and a real person, each verdict as often as it is due', () => {
    expect(countEach(reading.known.history.map(({ watch, verdict }) => `${watch}: ${verdict}`))).toEqual({
      'collector: expected': 78,
      'collector-pinned: expected': 42,
      'collector-pinned: unexpected': 36,
      'example-package: expected': 27,
      'example-package: unexpected': 61,
      // The others are of the staging instance: its CA is not trusted here.
      'william: expected': 1,
      'william: forged': 6,
      // The same, some of an instance that nobody here trusts, and one whose key was exchanged.
      'beacon: expected': 8,
      'beacon: forged': 31,
      // Its certificate is broken, but says the name still.
      'beacon: unparsable': 1,
    });
  });

  it('finds each of them where it lies', () => {
    expect(placesOf('william', 'expected')).toEqual([40]);
    expect(placesOf('william', 'forged')).toEqual([33, 34, 36, 37, 38, 190]);
    expect(placesOf('beacon', 'expected')).toEqual([6, 7, 8, 9, 10, 29, 199, 214]);
    const hashed = [1, 5, 11, 20, 21, 22, 23, 24, 25, 26, 27, 28, 73, 74, 200, 201, 215];
    const attested = [13, 14, 15, 16, 17, 204, 205, 206, 208, 209, 210, 211, 212, 213];
    const forged = [...hashed, ...attested].sort((a, b) => a - b);
    expect(placesOf('beacon', 'forged')).toEqual(forged);
    expect(placesOf('beacon', 'unparsable')).toEqual([2]);
    // Of the public-good instance there is only the one whose certificate was exchanged.
    expect(forged.filter((place) => entries[place]?.inst.startsWith('prod') === true)).toEqual([11]);
    expect(entries[11]?.file).toContain('incorrect-public-key_fail');
  });

  it('says exactly what does not hold', () => {
    const pinned = violationsOf('collector-pinned');
    expect(countEach(pinned.map((violations) => JSON.stringify(violations)))).toEqual({
      [JSON.stringify([
        {
          claim: 'builder',
          expected: `${GENERATOR}@refs/heads/main`,
          found: `https://github.com/${GENERATOR}@dea965cdca5e0cb422bf7b2653c9d15f678ad01c`,
        },
      ])]: 36,
    });
    const lines = violationsOf('example-package');
    expect(countEach(lines.map((violations) => violations.map(outline).join(', ')))).toEqual(EXAMPLE_PACKAGE);
    expect(lines.find((violations) => violations.some(({ found }) => found === 'schedule'))).toEqual([
      {
        claim: 'builder',
        expected: [`${SLSA}/builder_*@refs/tags/v*`, `${SLSA}/generator_*@refs/tags/v*`],
        found: `https://github.com/${SLSA}/generator_generic_slsa3.yml@refs/heads/main`,
      },
      { claim: 'source_ref', expected: 'refs/tags/v*', found: 'refs/heads/main' },
      { claim: 'trigger', expected: 'push', found: 'schedule' },
    ]);
  });

  it('folds what is alike into one alert each', () => {
    const alerts = reading.known.alerts.filter((alert) => alert.class === 'identity');
    expect(countEach(alerts.map(({ kind, watch, occurrences }) => `${kind} ${watch ?? ''} × ${occurrences}`))).toEqual({
      'unexpected collector-pinned × 36': 1,
      // As many builders, or refs of one: each is an identity of its own.
      'unexpected example-package × 1': 17,
      'unexpected example-package × 2': 4,
      'unexpected example-package × 3': 4,
      'unexpected example-package × 6': 4,
      'forged william × 6': 1,
      'forged beacon × 31': 1,
      'unparsable beacon × 1': 1,
    });
  });

  /** Over both shards: the line of the recording. */
  function placesOf(watch: string, verdict: string): readonly number[] {
    const lines = reading.known.history.filter((line) => line.watch === watch && line.verdict === verdict);
    return lines.map(({ index, global_index: globalIndex }) => globalIndex ?? index).sort((a, b) => a - b);
  }

  function violationsOf(watch: string) {
    const lines = reading.known.history.filter((line) => line.watch === watch && line.verdict === 'unexpected');
    return lines.map(({ violations }) => violations);
  }
});

describe.runIf(hasRealdata)('the program on the recorded real entries by the trust of the staging instance', () => {
  it('trusts what the staging CA issued, and nothing else', async () => {
    const bench = new MonitorBench();
    const { known } = await readAsV2(bench, STAGING);
    bench.close();
    expect(countEach(known.history.map(({ watch, verdict }) => `${watch}: ${verdict}`))).toEqual({
      'collector: forged': 78,
      'collector-pinned: forged': 78,
      'example-package: forged': 88,
      'william: expected': 6,
      'william: forged': 1,
      'beacon: expected': 15,
      'beacon: forged': 24,
      'beacon: unparsable': 1,
    });
  });
});

async function readAsV2(bench: MonitorBench, trustedRoot: string): Promise<Reading> {
  const log = await startLocalLog({ origin: 'rebuilt.test' });
  try {
    log.append(entries.map(({ leaf }) => leaf));
    bench.write('0.pub', log.publicKeyPem);
    bench.configure(configuration(trustedRoot, customLog('rekor-v2', log.url, ['0.pub'])));
    return { outcome: await bench.run(), known: bench.read() };
  } finally {
    await log.close();
  }
}

async function readAsV1(bench: MonitorBench, trustedRoot: string): Promise<Reading> {
  const rekor = await startFakeRekorV1({ host: 'rebuilt.test' });
  try {
    rekor.append(entries.slice(0, ROLLOVER).map(({ leaf }) => leaf));
    rekor.rollOver();
    rekor.append(entries.slice(ROLLOVER).map(({ leaf }) => leaf));
    const keys = rekor.publicKeyPems.map((pem, number) => bench.write(`${number}.pub`, pem));
    bench.configure(configuration(trustedRoot, customLog('rekor-v1', rekor.url, keys)));
    return { outcome: await bench.run(), known: bench.read() };
  } finally {
    await rekor.close();
  }
}

const GENERATOR = 'slsa-framework/source-actions/.github/workflows/compute_slsa_source.yml';
const SLSA = 'slsa-framework/slsa-github-generator/.github/workflows';

/** A claim that does not hold, as the workflow's file and its ref. */
function outline({ claim, found }: { readonly claim: string; readonly found: unknown }): string {
  return `${claim} ${String(found).replace(`https://github.com/${SLSA}/`, '')}`;
}

const ON_MAIN = 'source_ref refs/heads/main, trigger workflow_dispatch';
/** What does not hold, and how often: counted with @sigstore/core and OpenSSL instead. */
const EXAMPLE_PACKAGE = {
  [ON_MAIN]: 12,
  'builder delegator_generic_slsa3.yml@refs/heads/main': 3,
  [`builder delegator_generic_slsa3.yml@refs/heads/main, ${ON_MAIN}`]: 1,
  'builder delegator_generic_slsa3.yml@refs/tags/v1.10.0': 3,
  [`builder delegator_generic_slsa3.yml@refs/tags/v1.10.0, ${ON_MAIN}`]: 1,
  'builder delegator_generic_slsa3.yml@refs/tags/v2.0.0': 3,
  [`builder delegator_generic_slsa3.yml@refs/tags/v2.0.0, ${ON_MAIN}`]: 1,
  'builder delegator_generic_slsa3.yml@refs/tags/v2.1.0': 3,
  [`builder delegator_generic_slsa3.yml@refs/tags/v2.1.0, ${ON_MAIN}`]: 1,
  'builder delegator_lowperms-generic_slsa3.yml@refs/tags/v1.9.0': 6,
  [`builder delegator_lowperms-generic_slsa3.yml@refs/tags/v1.9.0, ${ON_MAIN}`]: 2,
  'builder delegator_lowperms-generic_slsa3.yml@refs/tags/v1.10.0': 6,
  [`builder delegator_lowperms-generic_slsa3.yml@refs/tags/v1.10.0, ${ON_MAIN}`]: 2,
  'builder delegator_lowperms-generic_slsa3.yml@refs/tags/v2.0.0': 6,
  [`builder delegator_lowperms-generic_slsa3.yml@refs/tags/v2.0.0, ${ON_MAIN}`]: 2,
  'builder delegator_lowperms-generic_slsa3.yml@refs/tags/v2.1.0': 6,
  [`builder delegator_lowperms-generic_slsa3.yml@refs/tags/v2.1.0, ${ON_MAIN}`]: 2,
  'builder generator_generic_slsa3.yml@refs/heads/main, source_ref refs/heads/main, trigger schedule': 1,
};

function customLog(type: string, url: string, keys: readonly string[]): string {
  return `{ name: rebuilt, type: ${type}, url: "${url}", origin: rebuilt.test, public_key: [${keys.join(', ')}], start: genesis }`;
}

function configuration(trustedRoot: string, log: string): string {
  return `
version: 1
trust:
  source: { trusted_root: "${trustedRoot}" }
logs:
  discover: false
  custom:
    - ${log}
watches:
  - name: collector
    select:
      - source_repository: carabiner-dev/collector
    expect:
      issuer: https://token.actions.githubusercontent.com
      builder: ${GENERATOR}@**
      workflow: carabiner-dev/collector/.github/workflows/compute_slsa_source.yaml@refs/heads/main
      source_ref: refs/heads/main
      trigger: push
      runner: github-hosted
      source_owner_id: "193936921"
  - name: collector-pinned
    select:
      - source_repository: carabiner-dev/collector
    expect:
      builder: ${GENERATOR}@refs/heads/main
  - name: example-package
    select:
      - source_repository: slsa-framework/example-package
    expect:
      issuer: https://token.actions.githubusercontent.com
      builder:
        - ${SLSA}/builder_*@refs/tags/v*
        - ${SLSA}/generator_*@refs/tags/v*
      source_ref: refs/tags/v*
      trigger: push
  - name: william
    select:
      - subject: william@yossarian.net
    expect:
      issuer: https://github.com/login/oauth
  - name: beacon
    select:
      - subject: https://github.com/sigstore-conformance/extremely-dangerous-public-oidc-beacon/**
    expect:
      issuer: https://token.actions.githubusercontent.com
      trigger: workflow_dispatch
`;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

function addUp(counts: readonly Readonly<Record<string, number>>[]): Readonly<Record<string, number>> {
  const kinds = [...new Set(counts.flatMap((each) => Object.keys(each)))];
  return Object.fromEntries(kinds.map((kind) => [kind, sum(counts.map((each) => each[kind] ?? 0))]));
}
