import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createEmailSink } from '../../src/alert/email.ts';
import type { AlertDraft } from '../../src/alert/alert.ts';
import { DeliveryError, type Sink } from '../../src/alert/sink.ts';
import { createSlackSink } from '../../src/alert/slack.ts';
import { startMailReceiver, type MailFault, type MailReceiver } from '../../src/demo/mail-receiver.ts';
import { startSlackReceiver, type SlackAnswer, type SlackReceiver } from '../../src/demo/slack-receiver.ts';
import type { Clock } from '../../src/lib/clock.ts';
import type { Logger } from '../../src/lib/logger.ts';
import { deliverAlerts, deliverOnce } from '../../src/monitor/deliver-alerts.ts';
import { tell } from '../../src/monitor/tell.ts';
import { countDeliveries } from '../../src/store/deliveries.ts';
import { Store } from '../../src/store/store.ts';
import { branchDraft } from '../support/alert-drafts.ts';
import { fastClock } from '../support/fast-clock.ts';
import { scriptedSink } from '../support/scripted-sink.ts';

const silent = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
} as Logger;
const WAIT = { timeout: 30_000, interval: 5 };

let folder: string;
let clock: Clock;
let store: Store;
let stop: AbortController;
let running: Promise<void>[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sigwatch-deliver-'));
  clock = fastClock(20);
  store = open();
  stop = new AbortController();
  running = [];
});

afterEach(async () => {
  await finish();
  store.close();
  rmSync(folder, { recursive: true, force: true });
});

function open(): Store {
  return Store.open(join(folder, 'sigwatch.db'));
}

function start(sinks: Readonly<Record<string, Sink>>): void {
  running.push(deliverAlerts(store, new Map(Object.entries(sinks)), { clock, logger: silent }, stop.signal));
}

async function finish(): Promise<void> {
  stop.abort();
  await Promise.all(running.splice(0));
}

/** Ends the daemon and starts on the same file. */
async function restart(): Promise<void> {
  await finish();
  store.close();
  store = open();
  stop = new AbortController();
}

function say(ref: string, channels: readonly string[], overrides: Partial<AlertDraft> = {}, groupWaitMs = 0): string {
  const draft = branchDraft(ref, overrides);
  return store.transaction(
    () => tell(store, draft, { channelsFor: () => channels, groupWaitMs }, clock.now()).alert.id,
  );
}

function messages(): readonly {
  attempts: number;
  next_attempt_at: number;
  last_error: string | null;
  state: string;
}[] {
  return store
    .prepare<{ attempts: number; next_attempt_at: number; last_error: string | null; state: string }>(
      'SELECT attempts, next_attempt_at, last_error, state FROM messages ORDER BY rowid',
    )
    .all({});
}

const idle = () => {
  expect(countDeliveries(store).pending).toBe(0);
};

describe('deliverAlerts()', () => {
  it('makes one message of what is about the same thing and waits together', async () => {
    const sink = scriptedSink();
    start({ security: sink });
    const ids = [say('a', ['security'], {}, 4_000), say('b', ['security'], {}, 4_000)];
    const other = say('c', ['security'], { watch: 'other' }, 4_000);
    await vi.waitFor(idle, WAIT);
    expect(sink.taken.map(({ content }) => content)).toEqual([`2: ${ids.join(' ')}`, `1: ${other}`]);
  });

  it('lists twenty alerts and counts the others', async () => {
    const sink = scriptedSink();
    const ids = Array.from({ length: 45 }, (_, number) => say(`refs/heads/${number}`, ['security']));
    start({ security: sink });
    await vi.waitFor(idle, WAIT);
    expect(sink.taken.map(({ content }) => content)).toEqual([`45: ${ids.slice(0, 20).join(' ')}`]);
  });

  it('sends with an id and bytes that stay the same until it is taken', async () => {
    const sink = scriptedSink();
    sink.script(() => Promise.reject(new DeliveryError('no')));
    const id = say('a', ['security']);
    start({ security: sink });
    await vi.waitFor(() => {
      expect(sink.attempts.length).toBeGreaterThanOrEqual(3);
    }, WAIT);
    // A repeat meanwhile is only counted.
    say('a', ['security']);
    sink.script(async () => undefined);
    await vi.waitFor(idle, WAIT);
    expect(new Set(sink.attempts.map((attempt) => JSON.stringify(attempt))).size).toBe(1);
    expect(sink.taken).toMatchObject([{ content: `1: ${id}` }]);
  });

  it('backs off ever longer', async () => {
    const sink = scriptedSink();
    const times: number[] = [];
    sink.script(async () => {
      times.push(clock.now().getTime());
      await Promise.reject(new DeliveryError('no'));
    });
    say('a', ['security']);
    start({ security: sink });
    await vi.waitFor(() => {
      expect(times.length).toBe(5);
    }, WAIT);
    const gaps = times.slice(1).map((time, position) => time - (times[position] ?? 0));
    expect(gaps.map((gap, position) => gap >= 750 * 2 ** position)).toEqual([true, true, true, true]);
  });

  it('does not let one message that is refused hold up the next', async () => {
    const sink = scriptedSink();
    const poison = say('poison', ['security'], { watch: 'poison' });
    sink.script(({ content }) =>
      content.includes(poison) ? Promise.reject(new DeliveryError('invalid', { refused: true })) : Promise.resolve(),
    );
    start({ security: sink });
    await vi.waitFor(() => {
      expect(sink.attempts.length).toBeGreaterThanOrEqual(4);
    }, WAIT);
    say('good', ['security'], { watch: 'good' });
    await vi.waitFor(() => {
      expect(sink.taken).toHaveLength(1);
    }, WAIT);
    expect(countDeliveries(store)).toEqual({ pending: 1, failing: 1 });
  });

  it('goes on when the error is one of our own', async () => {
    const sink = scriptedSink();
    sink.script(() => {
      throw new TypeError('a fault of ours');
    });
    say('a', ['security']);
    start({ security: sink });
    await vi.waitFor(() => {
      expect(messages()).toMatchObject([{ last_error: 'a fault of ours' }]);
    }, WAIT);
    sink.script(async () => undefined);
    await vi.waitFor(idle, WAIT);
  });

  it('gives an attempt under way a moment to end when the program ends', async () => {
    const sink = scriptedSink();
    sink.script(async () => {
      stop.abort();
      await clock.sleep(200, new AbortController().signal);
    });
    say('a', ['security']);
    start({ security: sink });
    await Promise.all(running);
    expect(countDeliveries(store)).toEqual({ pending: 0, failing: 0 });
  });

  it('ends although a sink hangs and heeds no signal, and sends again after the restart', async () => {
    const sink = scriptedSink();
    sink.script(() => {
      stop.abort();
      return new Promise(() => undefined);
    });
    say('a', ['security']);
    start({ security: sink });
    await Promise.all(running);
    expect(messages()).toMatchObject([{ attempts: 0, state: 'pending' }]);
    await restart();
    sink.script(async () => undefined);
    start({ security: sink });
    await vi.waitFor(idle, WAIT);
    expect(sink.attempts).toHaveLength(2);
    expect(sink.attempts[1]).toEqual(sink.attempts[0]);
  });

  it('sends the same message again when the program was killed before it was recorded', async () => {
    const sink = scriptedSink();
    const id = say('a', ['security']);
    sink.script(async () => {
      store.close();
    });
    start({ security: sink });
    await expect(Promise.all(running.splice(0))).rejects.toThrow(/not open/);
    store = open();
    sink.script(async () => undefined);
    say('b', ['security']);
    start({ security: sink });
    await vi.waitFor(idle, WAIT);
    expect(sink.taken.map(({ content }) => content)).toEqual([`1: ${id}`, `1: ${id}`, expect.stringMatching(/^1: /)]);
    expect(sink.taken[1]).toEqual(sink.taken[0]);
  });

  it('tries at once after a restart what would have waited', async () => {
    const sink = scriptedSink();
    sink.script(() => Promise.reject(new DeliveryError('busy', { retryAfter: '3600' })));
    say('a', ['security']);
    start({ security: sink });
    await vi.waitFor(() => {
      expect(messages()).toMatchObject([{ attempts: 1 }]);
    }, WAIT);
    say('b', ['security'], { watch: 'b' }, 86_400_000);
    await restart();
    sink.script(async () => undefined);
    start({ security: sink });
    await vi.waitFor(idle, WAIT);
    expect(sink.taken).toHaveLength(2);
  });
});

describe('deliverAlerts() over real connections', () => {
  let slack: SlackReceiver;
  let mail: MailReceiver;
  let sinks: Readonly<Record<string, Sink>>;

  beforeEach(async () => {
    [slack, mail] = await Promise.all([startSlackReceiver(), startMailReceiver()]);
    sinks = {
      security: createSlackSink('security', { type: 'slack', webhookUrl: slack.url }),
      mail: createEmailSink('mail', {
        type: 'email',
        from: 'sigwatch@acme.example',
        to: ['sec@acme.example'],
        smtp: { host: '127.0.0.1', port: mail.port, tls: 'none', user: null, password: null },
      }),
    };
  });
  afterEach(async () => {
    await finish();
    await Promise.all([slack.close(), mail.close()]);
  });

  it.each<[string, SlackAnswer]>([
    ['500', { status: 500 }],
    ['429', { status: 429 }],
    ['429 with Retry-After in seconds', { status: 429, headers: { 'retry-after': '2' } }],
    ['400', { status: 400, body: 'invalid_payload' }],
    ['a broken connection', 'reset'],
    ['silence', 'hang'],
  ])('delivers once, and mail meanwhile, when Slack first answers with %s', async (_, fault) => {
    slack.answer(() => fault);
    say('a', ['security', 'mail']);
    start(sinks);
    await vi.waitFor(() => {
      expect(mail.mails()).toHaveLength(1);
      expect(messages()).toContainEqual(expect.objectContaining({ attempts: 2, state: 'pending' }));
    }, WAIT);
    expect(slack.taken).toHaveLength(0);
    slack.answer(() => ({ status: 200, body: 'ok' }));
    await vi.waitFor(idle, WAIT);
    expect(slack.taken).toHaveLength(1);
    expect(mail.mails()).toHaveLength(1);
    expect(new Set(slack.posts.map(({ body }) => body)).size).toBe(1);
  });

  it.each<[string, MailFault]>([
    ['a greeting of 421', { stage: 'connect', answer: 421 }],
    ['451 to MAIL', { stage: 'mail', answer: 451 }],
    ['450 to RCPT', { stage: 'rcpt', answer: 450 }],
    ['550 to RCPT', { stage: 'rcpt', answer: 550 }],
    ['452 to DATA', { stage: 'data', answer: 452 }],
    ['554 to DATA', { stage: 'data', answer: 554 }],
    ['a connection that breaks in DATA', { stage: 'data', answer: 'reset' }],
    ['silence after DATA', { stage: 'data', answer: 'hang' }],
    ['silence instead of a greeting', { stage: 'connect', answer: 'hang' }],
  ])('delivers once, and to Slack meanwhile, when the mail server first answers with %s', async (_, fault) => {
    mail.fail(fault);
    say('a', ['security', 'mail']);
    start(sinks);
    await vi.waitFor(() => {
      expect(slack.taken).toHaveLength(1);
      expect(messages()).toContainEqual(expect.objectContaining({ attempts: 1, state: 'pending' }));
    }, WAIT);
    expect(mail.mails()).toHaveLength(0);
    mail.fail(null);
    await vi.waitFor(idle, WAIT);
    expect(mail.mails()).toHaveLength(1);
    expect(slack.taken).toHaveLength(1);
  });

  it.each([
    ['seconds', () => '600', 600_000],
    ['a date', () => new Date(clock.now().getTime() + 601_000).toUTCString(), 599_000],
    ['more than an hour', () => '86400', 3_600_000],
  ])('waits as long as Slack asks when Retry-After is %s', async (_, header, atLeast) => {
    let asked = 0;
    slack.answer(() => {
      asked = clock.now().getTime();
      return { status: 429, headers: { 'retry-after': header() } };
    });
    say('a', ['security']);
    start(sinks);
    await vi.waitFor(() => {
      expect(messages()).toMatchObject([{ attempts: 1 }]);
    }, WAIT);
    const [message] = messages();
    expect((message?.next_attempt_at ?? 0) - asked).toBeGreaterThanOrEqual(atLeast);
    expect((message?.next_attempt_at ?? 0) - asked).toBeLessThan(3_700_000);
    // Nor does another message of this channel go out before.
    say('b', ['security', 'mail'], { watch: 'b' });
    await vi.waitFor(() => {
      expect(mail.mails()).toHaveLength(1);
    }, WAIT);
    expect(slack.posts).toHaveLength(1);
  });

  it('goes on after a restart where it was', async () => {
    slack.answer(() => ({ status: 503 }));
    say('a', ['security', 'mail']);
    start(sinks);
    await vi.waitFor(() => {
      expect(mail.mails()).toHaveLength(1);
      expect(slack.posts.length).toBeGreaterThan(0);
    }, WAIT);
    await restart();
    slack.answer(() => ({ status: 200, body: 'ok' }));
    start(sinks);
    await vi.waitFor(idle, WAIT);
    expect(slack.taken).toHaveLength(1);
    expect(mail.mails()).toHaveLength(1);
    expect(new Set(slack.posts.map(({ body }) => body)).size).toBe(1);
  });
});

describe('deliverOnce()', () => {
  const once = (sinks: Readonly<Record<string, Sink>>) =>
    deliverOnce(store, new Map(Object.entries(sinks)), { clock, logger: silent }, stop.signal);

  it('waits for no group', async () => {
    const sink = scriptedSink();
    say('a', ['security'], {}, 86_400_000);
    say('b', ['security'], { watch: 'b' }, 86_400_000);
    expect(await once({ security: sink })).toEqual({ sent: 2, failed: 0 });
    expect(sink.taken).toHaveLength(2);
  });

  it('tries three times and leaves the message for the next run', async () => {
    const [bad, good] = [scriptedSink('bad'), scriptedSink('good')];
    bad.script(() => Promise.reject(new DeliveryError('no')));
    say('a', ['security', 'mail']);
    expect(await once({ security: bad, mail: good })).toEqual({ sent: 1, failed: 1 });
    expect(bad.attempts).toHaveLength(3);
    expect(messages()).toContainEqual(expect.objectContaining({ attempts: 3, state: 'pending', last_error: 'no' }));
    bad.script(async () => undefined);
    expect(await once({ security: bad, mail: good })).toEqual({ sent: 1, failed: 0 });
    expect(bad.taken).toMatchObject([{ id: bad.attempts[0]?.id }]);
    expect(good.taken).toHaveLength(1);
  });

  it('ends within its time when a channel hangs', async () => {
    const hung = scriptedSink();
    hung.script(() => new Promise(() => undefined));
    say('a', ['security']);
    say('b', ['security'], { watch: 'b' });
    expect(await once({ security: hung })).toEqual({ sent: 0, failed: 2 });
    expect(hung.attempts).toHaveLength(1);
    expect(messages()[0]?.last_error).toBe('Cannot send message: no answer within 10 s');
  });

  it('does not stay for a Retry-After that is longer than its time', async () => {
    const busy = scriptedSink();
    busy.script(() => Promise.reject(new DeliveryError('busy', { retryAfter: '60' })));
    say('a', ['security']);
    expect(await once({ security: busy })).toEqual({ sent: 0, failed: 1 });
    expect(busy.attempts).toHaveLength(1);
  });

  it('has nothing to say when nothing waits', async () => {
    expect(await once({ security: scriptedSink() })).toEqual({ sent: 0, failed: 0 });
  });
});
