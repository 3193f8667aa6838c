import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { visible } from '../src/alert/escape.ts';
import { startMailReceiver, type MailReceiver } from '../src/demo/mail-receiver.ts';
import type { Status } from '../src/store/status.ts';
import { authority, certify, fillers, NOW, releaseAt, REPOSITORY } from './support/actors.ts';
import { BOTH, type LogSite } from './support/log-sites.ts';
import { SuspectStage } from './support/suspect-stage.ts';

// Anybody may log anything: what it says must reach people as text, and hold up nothing.

let stage: SuspectStage;
let site: LogSite;
let mail: MailReceiver;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'], now: NOW });
});

afterEach(async () => {
  await Promise.all([stage.close(), mail.close()]);
  vi.useRealTimers();
});

/** An entry of a kind that nobody knows. */
const unknown = (spec: unknown, kind = 'acme-kind'): Buffer =>
  Buffer.from(JSON.stringify({ apiVersion: '0.0.1', kind, spec }));

/** The entry of a release, with something broken in it. */
const broken = (leaf: Buffer, from: string, to: string): Buffer => Buffer.from(leaf.toString().replace(from, to));

/** What does harm where it is taken for more than text. */
const HARM = [
  '\u001b]0;owned\u0007\u001b[2J',
  '\u202Egnp.exe',
  '<!channel> <@U1> <https://evil.example|sign in>',
  '=cmd|calc!A1',
  'x\r\nBcc: everybody@evil.example\r\n\r\n<script>alert(1)</script>',
  '\u0000\u200b\ufeff',
  '*bold* `code` ```',
];

const entriesOf = (log: LogSite): readonly Buffer[] => [
  ...HARM.map((harm) => log.entry(certify(releaseAt(`refs/heads/${harm}`)), harm)),
  ...HARM.map((harm) => unknown({ text: `${REPOSITORY} ${harm}` }, harm.slice(0, 60))),
  // No JSON, no UTF-8, JSON that ends too early, a certificate that is none, a name of 40,000 characters.
  Buffer.from(`${HARM.join('')} acme/widget`),
  Buffer.concat([Buffer.from(REPOSITORY), Buffer.from([0xff, 0xfe, 0x00])]),
  Buffer.from(`{"apiVersion":"0.0.1","kind":"dsse","spec":{"a":"${REPOSITORY}${'['.repeat(1000)}`),
  broken(log.entry(certify(releaseAt('refs/tags/v1'))), '"spec":{', '"spec":{"acme/widget":1,"x":{},"y":'),
  unknown({ a: `${'\u001b'.repeat(5000)}acme/widget` }),
  log.entry(certify({ ...releaseAt('refs/heads/long'), subject: `https://x.example/${'\u202E'.repeat(10_000)}` })),
];

async function open(log: LogSite): Promise<void> {
  site = log;
  mail = await startMailReceiver();
  stage = await SuspectStage.open(site);
  const smtp = { host: '127.0.0.1', port: mail.port, tls: 'none' };
  stage.configure({
    notify: {
      channels: {
        slack: { type: 'slack', webhook_url: stage.slack.url },
        mail: { type: 'email', from: 'sigwatch@acme.example', to: ['security@acme.example'], smtp },
      },
    },
  });
}

const linesOf = (text: string): readonly string[] => text.split(/\r?\n/);
/** What Slack takes for its markup. */
const markupIn = (value: unknown): readonly string[] => {
  if (typeof value !== 'object' || value === null) {
    return [];
  }
  const { type, text } = value as { readonly type?: unknown; readonly text?: unknown };
  const own = type === 'mrkdwn' && typeof text === 'string' ? [text] : [];
  return [...own, ...Object.values(value).flatMap(markupIn)];
};
const unsafe = (text: string): readonly string[] => linesOf(text).filter((line) => visible(line) !== line);

describe.each(BOTH)('poison in a %s log', (_, start) => {
  beforeEach(async () => {
    await open(await start());
  });

  it('is told where it holds what is watched, as text, and the log is read to its end', async () => {
    site.append([...fillers(2), ...entriesOf(site), site.entry(certify(releaseAt('refs/tags/v2')))]);
    expect(await stage.once()).toBe(1);
    const { logs, gaps } = await stage.status();
    expect(logs.find(({ origin }) => origin === site.origin)).toMatchObject({
      state: 'verified',
      verified_size: site.size,
    });
    expect(gaps).toEqual([]);
    const alerts = await stage.alerts();
    expect(new Set(alerts.map(({ kind }) => kind))).toEqual(new Set(['unexpected', 'unparsable']));
    // A flood of one kind is one alert.
    expect(alerts.filter(({ kind }) => kind === 'unparsable')).toMatchObject([{ occurrences: HARM.length + 5 }]);
    expect(alerts.filter(({ kind }) => kind === 'unexpected')).toHaveLength(HARM.length + 1);

    // The release behind it is read as ever.
    const { out } = await stage.ask('history', '--json', '--verdict', 'expected');
    expect(JSON.parse(out)).toMatchObject({ index: site.size - 1 });
  });

  it('is shown on no page, in no cell and in no file as anything but text', async () => {
    site.append([...fillers(2), ...entriesOf(site)]);
    await stage.once();
    const alerts = await stage.alerts();
    const commands = [
      ['status'],
      ['alerts'],
      ['history', '--limit', '0'],
      ['history', '--limit', '0', '--csv'],
      ['history', '--limit', '0', '--json'],
      ...alerts.map(({ id }) => ['alerts', 'show', id]),
      ...Array.from({ length: site.size }, (_unused, index) => ['entry', site.origin, String(index)]),
    ];
    for (const command of commands) {
      const { out, err, status } = await stage.ask(...command);
      expect([command, status, err, unsafe(out)]).toEqual([command, 0, '', []]);
    }

    const { out: csv } = await stage.ask('history', '--limit', '0', '--csv');
    expect(csv).not.toMatch(/(^|,)"?(?:[=+@\t-]|\r(?!\n))/m);
    entriesOf(site).forEach((body, place) => stage.write(`${place}.json`, body));
    const files = entriesOf(site).map((_body, place) => stage.path(`${place}.json`));
    const { out, err, status } = await stage.ask('explain', ...files);
    expect([status, err, unsafe(out)]).toEqual([1, '', []]);
  }, 60_000);

  it('is no markup in a message and no header of a mail', async () => {
    site.append(entriesOf(site));
    await stage.once();
    const posts = stage.slack.posts.map(({ body }) => JSON.parse(body) as { readonly text: string });
    const texts = posts.flatMap((post) => [post.text, ...markupIn(post)]);
    expect(texts.join()).toContain('acme/widget');
    expect(texts.filter((text) => /<(?![/]?https:[/][/]github[.]com[/]acme[/])/.test(text))).toEqual([]);
    expect(stage.slack.texts().flatMap(unsafe)).toEqual([]);

    expect(mail.mails().length).toBeGreaterThan(0);
    for (const { to, headers, text, html, raw } of mail.mails()) {
      expect(to).toEqual(['security@acme.example']);
      expect([...headers.keys()]).not.toContain('bcc');
      expect(raw).not.toMatch(/^bcc:/im);
      expect([...unsafe(text), ...unsafe(html)]).toEqual([]);
      expect(html).not.toMatch(/<script|<a [^>]*evil\.example/i);
    }
  });

  it('is counted, and told to nobody, where it holds nothing that is watched', async () => {
    const harmless = HARM.map((harm) => unknown({ text: harm }, harm.slice(0, 60)));
    const others = [
      Buffer.alloc(0),
      Buffer.from('null'),
      Buffer.from('['.repeat(30_000)),
      Buffer.from([0xff, 0x00]),
      unknown({ by: 'https://github.com/acme/gadget' }),
    ];
    site.append([...harmless, ...others, site.entry(certify(releaseAt('refs/tags/v1')))]);
    expect(await stage.once()).toBe(0);
    expect(await stage.alerts()).toEqual([]);
    expect(stage.slack.texts().filter((text) => !text.includes('watching, verified'))).toEqual([]);
    const { out } = await stage.ask('status', '--json');
    const status = JSON.parse(out) as Status;
    expect(status.unparsable).toBe(4);
    expect(status.logs.find(({ origin }) => origin === site.origin)).toMatchObject({
      state: 'verified',
      kinds: { 'acme-kind': 1, hashedrekord: 1 },
    });
  });
});

describe('a certificate with a megabyte of a name, in a Rekor v1 log', () => {
  it('is told, in messages of a usual size', async () => {
    const [, [, start] = []] = BOTH;
    if (start === undefined) {
      throw new Error('There is no log');
    }
    await open(await start());
    const subject = `https://github.com/acme/widget/${'a'.repeat(1_000_000)}`;
    site.append([site.entry(authority.issue({ ...releaseAt('refs/heads/huge'), subject })), ...fillers(1)]);
    expect(await stage.once()).toBe(1);
    expect(await stage.alerts()).toHaveLength(1);
    const { logs } = await stage.status();
    expect(logs.find(({ origin }) => origin === site.origin)).toMatchObject({ state: 'verified', verified_size: 2 });
    for (const { body } of stage.slack.posts) {
      expect(body.length).toBeLessThan(20_000);
    }
    for (const { raw } of mail.mails()) {
      expect(raw.length).toBeLessThan(100_000);
    }
    const { out } = await stage.ask('entry', site.origin, '0');
    expect(out.length).toBeLessThan(20_000);
  });
});
