import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import type { Alert, AlertKind } from '../../src/alert/alert.ts';
import { createJudging } from '../../src/judging.ts';
import { systemClock, type Clock } from '../../src/lib/clock.ts';
import { createAttestationFinder, type AttestationFinder } from '../../src/attestation/find-attestation.ts';
import { createHttpClient, type HttpClient } from '../../src/log/http.ts';
import type { LogSource } from '../../src/log/log.ts';
import type { FollowDeps, Progress, Witnesses } from '../../src/monitor/follow-deps.ts';
import { followed } from '../../src/monitor/followed-source.ts';
import { passOverSource } from '../../src/monitor/follow-source.ts';
import type { PassOutcome } from '../../src/monitor/pass.ts';
import { tell } from '../../src/monitor/tell.ts';
import { compilePattern, type PatternSource } from '../../src/policy/pattern.ts';
import type { ClaimRule, Watch } from '../../src/policy/watch.ts';
import { findAlert, listAlerts, type StoredAlert } from '../../src/store/alerts.ts';
import { readStatus, type LogStatus } from '../../src/store/status.ts';
import { Store } from '../../src/store/store.ts';
import { authority, NOW } from './actors.ts';
import { hastyClock } from './hasty-clock.ts';

export const NEVER = new AbortController().signal;

/** One line of the log. */
export type LogLine = Readonly<Record<string, unknown>>;

/** One claim of a watch as YAML writes it. */
export function rule(claim: string, source: PatternSource): ClaimRule {
  return { claim, patterns: [compilePattern(source, claim)] };
}

/** Releases of acme/widget: by the release workflow, at version tags, pushed. */
export function releaseWatch(differing: Partial<Watch> = {}): Watch {
  return {
    name: 'widget-release',
    description: null,
    select: [[rule('source_repository', 'acme/widget')]],
    expect: [
      rule('issuer', 'https://token.actions.githubusercontent.com'),
      rule('builder', 'acme/widget/.github/workflows/release.yml@refs/tags/v*'),
      rule('source_ref', 'refs/tags/v*'),
    ],
    mode: 'enforce',
    severity: 'critical',
    notify: null,
    attestations: null,
    firstSeen: [],
    burst: null,
    cadenceMs: null,
    artifacts: null,
    ...differing,
  };
}

/** A monitor without its loops: a real database in a folder of its own, real HTTP, the real judge; only time stands still. */
export class MonitorRig {
  readonly lines: LogLine[] = [];
  readonly progress: Progress[] = [];
  readonly http: HttpClient;
  watches: readonly Watch[] = [releaseWatch()];
  witnesses: Witnesses | null = null;
  /** As with trust data that never changes. */
  suspectTrust: FollowDeps['suspectTrust'] = () => Promise.resolve(false);
  now = NOW;
  store: Store;
  readonly #folder = mkdtempSync(join(tmpdir(), 'sigwatch-monitor-'));
  readonly #logger = pino(
    { level: 'debug', base: null, timestamp: false },
    { write: (line: string) => this.lines.push(JSON.parse(line) as LogLine) },
  );
  readonly #judging = createJudging(
    {
      authorities: [{ name: 'test-ca', chain: authority.chain, validFrom: null, validTo: null }],
      ctLogs: [],
      goodUntil: null,
    },
    () => this.now,
  );

  readonly #attestations: AttestationFinder;

  constructor(options: { readonly timeoutMs?: number } = {}) {
    this.http = createHttpClient({ timeoutMs: options.timeoutMs ?? 20_000, clock: hastyClock });
    this.#attestations = createAttestationFinder({
      http: this.http,
      clock: { ...hastyClock, now: () => this.now },
      logger: this.#logger,
    });
    this.store = this.#open();
  }

  /** What a pass needs. `store`: to make it fail. */
  deps(store: Store = this.store): FollowDeps {
    // Who sleeps, sleeps until the end.
    const clock: Clock = { now: () => this.now, sleep: (_, signal) => systemClock.sleep(2 ** 31 - 1, signal) };
    return {
      store,
      clock,
      logger: this.#logger,
      watches: this.watches,
      judging: this.#judging,
      attestations: this.#attestations,
      witnesses: this.witnesses,
      tell: (draft, now) => tell(store, draft, { channelsFor: () => ['security'], groupWaitMs: 30_000 }, now).alert.id,
      onProgress: (progress) => {
        this.progress.push(progress);
      },
      suspectTrust: this.suspectTrust,
    };
  }

  /** One pass over every log of the source. */
  async poll(source: LogSource, store?: Store): Promise<readonly PassOutcome[]> {
    return passOverSource(followed(source), this.deps(store), NEVER);
  }

  /** As after a restart of the process: only the database remains. */
  reopen(): void {
    this.store.close();
    this.store = this.#open();
  }

  /** What `status` says of a log. */
  log(origin: string): LogStatus {
    const found = readStatus(this.store).logs.find((log) => log.origin === origin);
    if (found === undefined) {
      throw new Error(`Log "${origin}" is not known`);
    }
    return found;
  }

  /** The alerts but `started`, oldest first. */
  alerts(): Alert[] {
    return listAlerts(this.store)
      .filter(({ kind }) => kind !== 'started')
      .reverse();
  }

  /** The only alert but `started`, or the only one of a kind, with its evidence. */
  onlyAlert(ofKind?: AlertKind): StoredAlert {
    const [alert, ...others] = this.alerts().filter(({ kind }) => kind === (ofKind ?? kind));
    if (alert === undefined || others.length > 0) {
      throw new Error(`Expected one alert, found ${JSON.stringify(this.alerts().map(({ title }) => title))}`);
    }
    // Just listed.
    return findAlert(this.store, alert.id) as StoredAlert;
  }

  /** `index watch verdict` of every finding, in the order of the log. */
  verdicts(): string[] {
    return this.rows<{ found: string }>(
      `SELECT "index" || ' ' || watch || ' ' || verdict AS found FROM v_history ORDER BY log, "index", watch`,
    ).map(({ found }) => found);
  }

  /** `size` of every checkpoint that is kept, in the order in which they were seen. */
  checkpointSizes(): number[] {
    return this.rows<{ size: number }>('SELECT size FROM checkpoints ORDER BY id').map(({ size }) => size);
  }

  rows<Row>(sql: string): Row[] {
    return this.store.prepare<Row>(sql).all();
  }

  /** The messages of the log lines that tell of a judgement, a failure or a misbehaviour. */
  messages(): string[] {
    return this.lines.map(({ msg }) => String(msg));
  }

  /** Everything that must not depend on how often the process died: alerts are named by their dedupe keys. */
  outcome(): Readonly<Record<string, readonly unknown[]>> {
    return {
      // Without the notes: Rekor v1 signs anew at each request.
      logs: this.rows(
        `SELECT origin, source, type, url, original, state, last_error, stopped_by, started_at_index, frontier_size, frontier,
           verified_size, verified_root, verified_at, seen_size, updated_at, target_note IS NULL AS settled
         FROM logs ORDER BY origin`,
      ),
      checkpoints: this.rows('SELECT log, size, root, first_seen, last_seen FROM checkpoints ORDER BY log, size, root'),
      findings: this.rows(
        `SELECT e.log, e.idx, e.leaf_hash, e.body, f.watch, f.signer_position, f.verdict, f.violations, f.signer, a.dedupe_key
         FROM findings AS f JOIN entries AS e ON e.id = f.entry LEFT JOIN alerts AS a ON a.id = f.alert
         ORDER BY e.log, e.idx, f.watch, f.signer_position`,
      ),
      unparsable: this.rows('SELECT * FROM unparsable ORDER BY log, idx, leaf_hash'),
      totals: this.rows('SELECT * FROM unparsable_totals ORDER BY unread'),
      counts: this.rows('SELECT * FROM entry_counts ORDER BY log, kind'),
      cadences: this.rows('SELECT * FROM cadences ORDER BY watch'),
      audit: this.rows('SELECT * FROM audit_alerts ORDER BY dedupe_key'),
      alerts: this.rows(
        `SELECT dedupe_key, kind, state, title, summary, log, idx, last_index, occurrences, first_seen, last_seen, last_told_at
         FROM alerts ORDER BY dedupe_key`,
      ),
      deliveries: this.rows(
        `SELECT d.channel, a.dedupe_key, d.event, d.group_key, d.state, d.created_at, d.not_before, d.message
         FROM deliveries AS d JOIN alerts AS a ON a.id = d.alert ORDER BY a.dedupe_key, d.channel, d.event`,
      ),
    };
  }

  async close(): Promise<void> {
    await this.http.close();
    this.store.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #open(): Store {
    return Store.open(join(this.#folder, 'sigwatch.db'));
  }
}
