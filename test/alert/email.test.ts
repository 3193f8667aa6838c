import { readFileSync } from 'node:fs';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import type { EmailConfig } from '../../src/alert/channel.ts';
import { createEmailSink } from '../../src/alert/email.ts';
import { renderEmail } from '../../src/alert/render-email.ts';
import { DeliveryError } from '../../src/alert/sink.ts';
import {
  startMailReceiver,
  type MailFault,
  type MailReceiver,
  type MailReceiverOptions,
} from '../../src/demo/mail-receiver.ts';
import { branchDraft, stored } from '../support/alert-drafts.ts';

const HEAD = { id: '6f1c2f0e-5f0e-4a52-9a4e-0d3f6a1b2c3d', createdAt: new Date('2026-11-21T09:30:30.000Z') };
const ALERT = stored(branchDraft());
const NEVER = new AbortController().signal;
const CERTIFICATE = {
  key: readFileSync('test/fixtures/smtp-tls/key.pem', 'utf8'),
  cert: readFileSync('test/fixtures/smtp-tls/cert.pem', 'utf8'),
};
const LOGIN = { user: 'sigwatch', password: 'correct horse battery' };
type Tls = EmailConfig['smtp']['tls'];

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  await Promise.all(closing.splice(0).map((close) => close()));
});

async function receiver(options: MailReceiverOptions = {}): Promise<MailReceiver> {
  const mail = await startMailReceiver(options);
  closing.push(() => mail.close());
  return mail;
}

function config(
  port: number,
  tls: Tls,
  overrides: Partial<EmailConfig> = {},
  login: typeof LOGIN | null = null,
): EmailConfig {
  return {
    type: 'email',
    from: 'sigwatch@acme.example',
    to: ['sec@acme.example'],
    smtp: { host: '127.0.0.1', port, tls, user: login?.user ?? null, password: login?.password ?? null },
    ...overrides,
  };
}

function send(settings: EmailConfig, options: { ca?: string } = {}, signal: AbortSignal = NEVER): Promise<void> {
  const sink = createEmailSink('mail', settings, options);
  return sink.send(HEAD.id, sink.render([ALERT], 1, HEAD), signal);
}

async function failureOf(sending: Promise<void>): Promise<DeliveryError> {
  const error: unknown = await sending.catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(DeliveryError);
  return error as DeliveryError;
}

describe('createEmailSink()', () => {
  it('sends what it rendered', async () => {
    const mail = await receiver();
    await send(config(mail.port, 'none', { to: ['sec@acme.example', 'ops@acme.example'] }));
    const expected = renderEmail([ALERT], 1, HEAD, 'acme.example');
    const [got] = mail.mails();
    expect(got).toMatchObject({
      from: 'sigwatch@acme.example',
      to: ['sec@acme.example', 'ops@acme.example'],
      subject: expected.subject,
      text: `${expected.text}\n`,
      html: `${expected.html}\n`,
      encrypted: false,
    });
    expect(Object.fromEntries(got?.headers ?? [])).toMatchObject({
      from: 'sigwatch@acme.example',
      to: 'sec@acme.example, ops@acme.example',
      'message-id': `<${HEAD.id}@acme.example>`,
      'list-id': 'sigwatch <sigwatch.acme.example>',
      'x-sigwatch-alert': ALERT.id,
      'auto-submitted': 'auto-generated',
      date: 'Sat, 21 Nov 2026 09:30:30 +0000',
    });
  });

  it('sends the same bytes when it sends again', async () => {
    const mail = await receiver();
    await send(config(mail.port, 'none'));
    await send(config(mail.port, 'none'));
    const [first, second] = mail.mails();
    expect(second?.raw).toBe(first?.raw);
  });

  it('keeps hostile text out of headers', async () => {
    const mail = await receiver();
    const title = 'x\r\nBcc: victim@example.com\r\n\r\n<b>\u202Ebody';
    const sink = createEmailSink('mail', config(mail.port, 'none'));
    await sink.send(HEAD.id, sink.render([{ ...ALERT, title }], 1, HEAD), NEVER);
    const [got] = mail.mails();
    expect(got?.headers.has('bcc')).toBe(false);
    expect(got?.to).toEqual(['sec@acme.example']);
    expect(got?.subject).toBe(
      '[sigwatch] critical: x\\u{000D}\\u{000A}Bcc: victim@example.com\\u{000D}\\u{000A}\\u{000D}\\u{000A}<b>\\u{202E}body',
    );
  });
});

describe('encryption of createEmailSink()', () => {
  it.each([
    ['required', { tls: CERTIFICATE, login: LOGIN }, { ca: CERTIFICATE.cert }, true],
    ['implicit', { tls: { ...CERTIFICATE, implicit: true }, login: LOGIN }, { ca: CERTIFICATE.cert }, true],
    ['opportunistic', { tls: CERTIFICATE, login: LOGIN }, {}, true],
    ['opportunistic', { login: LOGIN }, {}, false],
    ['none', { tls: CERTIFICATE, login: LOGIN }, {}, false],
  ] as const)('delivers when it is %s and the server is %j', async (tls, server, options, encrypted) => {
    const mail = await receiver(server);
    await send(config(mail.port, tls, {}, LOGIN), options);
    expect(mail.mails()).toMatchObject([{ encrypted }]);
    expect(mail.logins).toEqual([LOGIN]);
  });

  it.each([
    ['required', 'offers no STARTTLS', { login: LOGIN }],
    ['required', 'has a certificate of nobody we know', { tls: CERTIFICATE, login: LOGIN }],
    ['implicit', 'has a certificate of nobody we know', { tls: { ...CERTIFICATE, implicit: true }, login: LOGIN }],
    ['implicit', 'speaks no TLS', { login: LOGIN }],
  ] as const)('sends neither mail nor password when it is %s and the server %s', async (tls, _, server) => {
    const mail = await receiver(server);
    const error = await failureOf(send(config(mail.port, tls, {}, LOGIN)));
    expect(error.message).toMatch(/^Cannot send mail through "127\.0\.0\.1:\d+": /);
    expect(error.refused).toBe(false);
    expect(mail.mails()).toEqual([]);
    expect(mail.logins).toEqual([]);
  });

  it('shows no password on the wire when it is required and STARTTLS was stripped', async () => {
    let heard = '';
    const server = createServer((socket: Socket) => {
      socket.on('error', () => undefined);
      socket.write('220 mail.example ESMTP\r\n');
      socket.on('data', (chunk: Buffer) => {
        heard += chunk.toString('latin1');
        socket.write(
          /EHLO/.test(chunk.toString('latin1')) ? '250-mail.example\r\n250 AUTH PLAIN LOGIN\r\n' : '500 what?\r\n',
        );
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    closing.push(() => new Promise((resolve) => server.close(resolve)));
    await failureOf(send(config((server.address() as AddressInfo).port, 'required', {}, LOGIN)));
    expect(heard).toContain('EHLO');
    expect(heard).not.toMatch(/AUTH|MAIL FROM/);
    expect(heard).not.toContain(Buffer.from(LOGIN.password).toString('base64'));
  });
});

describe('faults of createEmailSink()', () => {
  it.each<[MailFault['stage'], 450 | 550, boolean]>([
    ['connect', 450, false],
    ['connect', 550, false],
    ['mail', 450, false],
    ['mail', 550, false],
    ['rcpt', 450, false],
    ['rcpt', 550, true],
    ['data', 450, false],
    ['data', 550, true],
  ])('at stage %s with %i: nothing is taken, and the message is refused: %s', async (stage, answer, refused) => {
    const mail = await receiver();
    mail.fail({ stage, answer });
    const error = await failureOf(send(config(mail.port, 'none')));
    expect(error.message).toContain(String(answer));
    expect(error.refused).toBe(refused);
    expect(mail.mails()).toEqual([]);
    mail.fail(null);
    await send(config(mail.port, 'none'));
    expect(mail.mails()).toHaveLength(1);
  });

  it('fails when the connection breaks while the mail is under way', async () => {
    const mail = await receiver();
    mail.fail({ stage: 'data', answer: 'reset' });
    await failureOf(send(config(mail.port, 'none')));
    expect(mail.mails()).toEqual([]);
  });

  it('ends when it is told to while the server hangs', async () => {
    const mail = await receiver();
    mail.fail({ stage: 'data', answer: 'hang' });
    await failureOf(send(config(mail.port, 'none'), {}, AbortSignal.timeout(200)));
    expect(mail.mails()).toEqual([]);
  });

  it('sends again only to whom it was refused for when others took it', async () => {
    const mail = await receiver();
    mail.fail({ stage: 'rcpt', answer: 550, recipient: 'gone@acme.example' });
    const sink = createEmailSink('mail', config(mail.port, 'none', { to: ['sec@acme.example', 'gone@acme.example'] }));
    const content = sink.render([ALERT], 1, HEAD);
    const error = await failureOf(sink.send(HEAD.id, content, NEVER));
    expect(error.message).toBe('Cannot send mail to "gone@acme.example": the server refused the recipient');
    mail.fail(null);
    await sink.send(HEAD.id, content, NEVER);
    expect(mail.mails().map(({ to }) => to)).toEqual([['sec@acme.example'], ['gone@acme.example']]);
    expect(mail.mails()[1]?.raw).toBe(mail.mails()[0]?.raw);
  });

  it('never shows the password, also when the server throws it back', async () => {
    const mail = await receiver({ login: { user: 'sigwatch', password: 'another one' } });
    const error = await failureOf(send(config(mail.port, 'none', {}, LOGIN)));
    expect(error.message).toContain('no such user sigwatch with [redacted]');
    expect(JSON.stringify([error.message, error.stack, error.cause])).not.toContain(LOGIN.password);
    expect(error.refused).toBe(false);
  });
});
