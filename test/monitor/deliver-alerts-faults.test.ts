import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createEmailSink } from '../../src/alert/email.ts';
import type { Sink } from '../../src/alert/sink.ts';
import { createSlackSink } from '../../src/alert/slack.ts';
import { startMailReceiver, type MailFault, type MailReceiver } from '../../src/demo/mail-receiver.ts';
import { startSlackReceiver, type SlackAnswer, type SlackReceiver } from '../../src/demo/slack-receiver.ts';
import { DeliveryBench, type MessageRow } from '../support/delivery-bench.ts';

const WAIT = { timeout: 30_000, interval: 5 };

/** How often a message that was not sent yet was tried in vain. */
const failures = ({ attempts, state }: MessageRow): number => Number(state === 'pending') * attempts;

let bench: DeliveryBench;
beforeEach(() => {
  bench = new DeliveryBench();
});
afterEach(() => bench.close());

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
  // Runs before the bench is closed: what hangs is cut off by the receivers.
  afterEach(() => Promise.all([slack.close(), mail.close()]));

  it.each<[string, SlackAnswer]>([
    ['500', { status: 500 }],
    ['429', { status: 429 }],
    ['429 with Retry-After in seconds', { status: 429, headers: { 'retry-after': '2' } }],
    ['400', { status: 400, body: 'invalid_payload' }],
    ['a broken connection', 'reset'],
    ['silence', 'hang'],
  ])('delivers once, and mail meanwhile, when Slack first answers with %s', async (_, fault) => {
    slack.answer(() => fault);
    bench.say('a', ['security', 'mail']);
    bench.start(sinks);
    await vi.waitFor(() => {
      expect(mail.mails()).toHaveLength(1);
      expect(Math.max(...bench.messages().map(failures))).toBeGreaterThanOrEqual(2);
    }, WAIT);
    expect(slack.taken).toHaveLength(0);
    slack.answer(() => ({ status: 200, body: 'ok' }));
    await vi.waitFor(bench.isIdle, WAIT);
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
    bench.say('a', ['security', 'mail']);
    bench.start(sinks);
    await vi.waitFor(() => {
      expect(slack.taken).toHaveLength(1);
      expect(Math.max(...bench.messages().map(failures))).toBeGreaterThanOrEqual(1);
    }, WAIT);
    expect(mail.mails()).toHaveLength(0);
    mail.fail(null);
    await vi.waitFor(bench.isIdle, WAIT);
    expect(mail.mails()).toHaveLength(1);
    expect(slack.taken).toHaveLength(1);
  });

  it.each([
    ['seconds', () => '600', 600_000],
    ['a date', () => new Date(bench.clock.now().getTime() + 601_000).toUTCString(), 599_000],
    ['more than an hour', () => '86400', 3_600_000],
  ])('waits as long as Slack asks when Retry-After is %s', async (_, header, atLeast) => {
    let asked = 0;
    slack.answer(() => {
      asked = bench.clock.now().getTime();
      return { status: 429, headers: { 'retry-after': header() } };
    });
    bench.say('a', ['security']);
    bench.start(sinks);
    await vi.waitFor(() => {
      expect(bench.messages()).toMatchObject([{ attempts: 1 }]);
    }, WAIT);
    const [message] = bench.messages();
    expect((message?.next_attempt_at ?? 0) - asked).toBeGreaterThanOrEqual(atLeast);
    expect((message?.next_attempt_at ?? 0) - asked).toBeLessThan(3_700_000);
    // Nor does another message of this channel go out before.
    bench.say('b', ['security', 'mail'], { watch: 'b' });
    await vi.waitFor(() => {
      expect(mail.mails()).toHaveLength(1);
    }, WAIT);
    expect(slack.posts).toHaveLength(1);
  });

  it('goes on after a restart where it was', async () => {
    slack.answer(() => ({ status: 503 }));
    bench.say('a', ['security', 'mail']);
    bench.start(sinks);
    await vi.waitFor(() => {
      expect(mail.mails()).toHaveLength(1);
      expect(slack.posts.length).toBeGreaterThan(0);
    }, WAIT);
    await bench.restart();
    slack.answer(() => ({ status: 200, body: 'ok' }));
    bench.start(sinks);
    await vi.waitFor(bench.isIdle, WAIT);
    expect(slack.taken).toHaveLength(1);
    expect(mail.mails()).toHaveLength(1);
    expect(new Set(slack.posts.map(({ body }) => body)).size).toBe(1);
  });
});
