import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { AlertDraft } from '../../src/alert/alert.ts';
import type { Sink } from '../../src/alert/sink.ts';
import type { Clock } from '../../src/lib/clock.ts';
import type { Logger } from '../../src/lib/logger.ts';
import { deliverAlerts, deliverOnce } from '../../src/monitor/deliver-alerts.ts';
import { tell } from '../../src/monitor/tell.ts';
import { Store } from '../../src/store/store.ts';
import { branchDraft } from './alert-drafts.ts';
import { fastClock } from './fast-clock.ts';

const nothing = (): void => undefined;
const silent: Logger = { debug: nothing, info: nothing, warn: nothing, error: nothing };

type Sinks = Readonly<Record<string, Sink>>;

export interface MessageRow {
  readonly attempts: number;
  readonly next_attempt_at: number;
  readonly last_error: string | null;
  readonly state: string;
}

/** An outbox in a file of its own, and the part of a daemon that empties it. On its clock twenty seconds take one. */
export class DeliveryBench {
  readonly clock: Clock;
  store: Store;
  #stop = new AbortController();
  #running: Promise<void>[] = [];
  readonly #folder = mkdtempSync(join(tmpdir(), 'sigwatch-deliver-'));

  constructor(factor = 20) {
    this.clock = fastClock(factor);
    this.store = this.#open();
  }

  /** Raises an alert that goes to `channels`; returns its id. */
  say(ref: string, channels: readonly string[], overrides: Partial<AlertDraft> = {}, groupWaitMs = 0): string {
    const draft = branchDraft(ref, overrides);
    const telling = { channelsFor: () => channels, groupWaitMs };
    return this.store.transaction(() => tell(this.store, draft, telling, this.clock.now()).alert.id);
  }

  start(sinks: Sinks): void {
    this.#running.push(deliverAlerts(this.store, mapOf(sinks), this, this.#stop.signal));
  }

  once(sinks: Sinks): Promise<{ readonly sent: number; readonly failed: number }> {
    return deliverOnce(this.store, mapOf(sinks), this, this.#stop.signal);
  }

  get logger(): Logger {
    return silent;
  }

  /** Asks the daemon to end. */
  stop(): void {
    this.#stop.abort();
  }

  /** Resolves when the daemon has ended by itself. Throws what it throws. */
  async ended(): Promise<void> {
    await Promise.all(this.#running.splice(0));
  }

  /** Ends the daemon, or finds it dead, and takes up the same file. */
  async restart(): Promise<void> {
    this.stop();
    await this.ended();
    this.store.close();
    this.store = this.#open();
    this.#stop = new AbortController();
  }

  async close(): Promise<void> {
    this.stop();
    await this.ended();
    this.store.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  messages(): readonly MessageRow[] {
    return this.store
      .prepare<MessageRow>('SELECT attempts, next_attempt_at, last_error, state FROM messages ORDER BY rowid')
      .all({});
  }

  waiting(): number | undefined {
    return this.store.prepare<{ n: number }>(`SELECT count(*) AS n FROM v_deliveries WHERE state = 'pending'`).get({})
      ?.n;
  }

  readonly isIdle = (): void => {
    expect(this.waiting()).toBe(0);
  };

  #open(): Store {
    return Store.open(join(this.#folder, 'sigwatch.db'));
  }
}

function mapOf(sinks: Sinks): ReadonlyMap<string, Sink> {
  return new Map(Object.entries(sinks));
}
