import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Alert } from '../../src/alert/alert.ts';
import { identityAlert } from '../../src/alert/identity-alert.ts';
import { logAlert, startedAlert } from '../../src/alert/log-alert.ts';
import { renderEmail } from '../../src/alert/render-email.ts';
import { renderSlack, type SlackPayload } from '../../src/alert/render-slack.ts';
import { unparsableAlert, unparsableFullAlert } from '../../src/alert/unparsable-alert.ts';
import { visible } from '../../src/alert/escape.ts';
import { LogMisbehaved } from '../../src/log/log.ts';
import { sha256 } from '../../src/tlog/hash.ts';
import {
  branchDraft,
  branchViolations,
  ENTRY,
  makeJudgement,
  makeSigner,
  makeWatch,
  releaseClaims,
  stored,
  unsignedNote,
} from '../support/alert-drafts.ts';

const HEAD = { id: '6f1c2f0e-5f0e-4a52-9a4e-0d3f6a1b2c3d', createdAt: new Date('2026-11-21T09:30:30.000Z') };
const LOG = 'rekor.sigstore.dev - 1193050959916656506';

function judgedAlert(judgement: Parameters<typeof makeJudgement>[0]): Alert {
  const draft = identityAlert({
    watch: makeWatch(),
    judgement: makeJudgement(judgement),
    entry: ENTRY,
    signer: makeSigner(releaseClaims('refs/heads/evil')),
    log: LOG,
    index: 41,
    globalIndex: 25_000_041,
  });
  return stored(draft ?? branchDraft());
}

function logAlertOf(message: string, evidence: Partial<LogMisbehaved['evidence']>): Alert {
  return stored(
    logAlert(new LogMisbehaved(message, { kind: 'fork', log: 'rekor-local', signed: true, notes: [], ...evidence })),
  );
}

function unparsable(written: unknown, problem: string, unread: boolean): Alert {
  const mention = { watch: makeWatch(), claim: 'source_repository', written };
  const draft = unparsableAlert({ mention, problem, unread, log: LOG, index: 41 });
  return stored(draft);
}

const ALERTS: Readonly<Record<string, Alert>> = {
  unexpected: stored(branchDraft(), {
    occurrences: 3,
    lastIndex: 77,
    lastSeen: new Date('2026-11-21T09:45:00.000Z'),
  }),
  forged: judgedAlert({ verdict: 'forged', chain: 'untrusted' }),
  unverifiable: judgedAlert({
    verdict: 'unverifiable',
    chain: 'unknown',
    violations: branchViolations('refs/heads/evil'),
  }),
  fork: logAlertOf('Log "rekor-local" signed two different trees of size 5', {
    notes: [unsignedNote('rekor-local', 5, 'a'), unsignedNote('rekor-local', 5, 'b')],
  }),
  'bad-signature': logAlertOf(
    'Cannot trust checkpoint of "rekor-local" from "http://127.0.0.1:3003/checkpoint": expected a signature by a known key',
    { kind: 'bad-signature', signed: false },
  ),
  unparsable: unparsable(
    'acme/widget',
    'Cannot read entry of kind "=cmd()<!channel>\u202Eriam", version "9": expected one that is known here',
    true,
  ),
  'unparsable-full': stored(unparsableFullAlert(false)),
  started: stored(
    startedAlert('rekor-local', { origin: 'rekor-local', size: 40, root: sha256(Buffer.from('a')), extensions: [] }),
    {
      state: 'closed',
    },
  ),
};

const CASES = Object.entries(ALERTS);

describe('renderSlack()', () => {
  it.each(CASES)('is as it was reviewed when the alert is %s', async (name, alert) => {
    const payload = JSON.stringify(renderSlack([alert], 1), null, 2);
    await expect(`${payload}\n`).toMatchFileSnapshot(`golden/${name}.slack.json`);
  });

  it('lists twenty alerts and counts the rest when there are more', () => {
    const alerts = Array.from({ length: 20 }, (_, number) => stored(branchDraft(`refs/heads/evil-${number}`)));
    const payload = renderSlack(alerts, 4711);
    expect(payload.text).toBe(
      '4711 alerts: [critical] widget-release: unexpected source_ref refs/heads/evil-0 (and builder) signed by acme/widget release.yml',
    );
    expect(payload.blocks).toHaveLength(42);
    expect(payload.blocks[0]).toEqual({
      type: 'header',
      text: { type: 'plain_text', text: '4711 alerts about widget-release', emoji: false },
    });
    expect(JSON.stringify(payload.blocks.at(-1))).toContain('and 4691 more');
  });
});

describe('renderEmail()', () => {
  it.each(CASES)('is as it was reviewed when the alert is %s', async (name, alert) => {
    const { text, html, ...rest } = renderEmail([alert], 1, HEAD, 'acme.example');
    const mail = `${JSON.stringify(rest, null, 2)}\n\n${text}\n${html}`;
    await expect(mail).toMatchFileSnapshot(`golden/${name}.email.txt`);
  });

  it('lists twenty alerts and counts the rest when there are more', () => {
    const alerts = Array.from({ length: 20 }, (_, number) => stored(branchDraft(`refs/heads/evil-${number}`)));
    const mail = renderEmail(alerts, 4711, HEAD, 'acme.example');
    expect(mail.subject).toMatch(/^\[sigwatch\] 4711 alerts, critical: widget-release: /);
    expect(mail.text).toContain('refs/heads/evil-19');
    expect(mail.text).toMatch(/\nand 4691 more: sigwatch alerts list\n$/);
    expect(mail.html).toContain('and 4691 more');
  });
});

/** Attack 15: what others may put into an entry that a watch selects. */
const HOSTILE: readonly (readonly [string, string])[] = [
  ['a mention of everybody', '<!channel> <!here> <@U024BE7LH>'],
  ['a Slack link', '<https://evil.example|Commit>'],
  ['mrkdwn', '*bold* _it_ ~no~ `code`\n> quote'],
  ['HTML', '"><script>alert(1)</script><img src=x onerror=alert(1)>&amp;'],
  ['line ends', 'x\r\nBcc: victim@example.com\r\n\r\nbody'],
  ['right-to-left marks', 'refs/heads/\u202Eniam\u202C'],
  ['zero-width characters', 'a\u200Bc\u200Dm\uFEFFe'],
  ['an escape sequence', '\u001b]0;owned\u0007\u001b[2J'],
  ['a formula', "=cmd|'/c calc'!A0"],
  ['a megabyte', 'https://github.com/'.padEnd(1024 * 1024, 'a')],
];

function hostileAlert(text: string): Alert {
  const claims = Object.fromEntries(Object.keys(releaseClaims('x')).map((name) => [name, [text]]));
  const violations = [{ claim: 'source_ref', expected: ['refs/tags/v*'], found: text }];
  const draft = identityAlert({
    watch: makeWatch(),
    judgement: makeJudgement({ violations }),
    entry: { ...ENTRY, artifacts: [text] },
    signer: makeSigner(claims),
    log: text,
    index: 41,
    globalIndex: 1,
  });
  // Also where the first line of defence would have failed: text that nobody escaped before.
  return stored({
    ...(draft ?? branchDraft()),
    title: text,
    summary: text,
    links: { entry: text, run: text, commit: text },
  });
}

function mrkdwnOf(payload: SlackPayload): readonly string[] {
  const found = JSON.stringify(payload).matchAll(/"type":"mrkdwn","text":"((?:[^"\\]|\\.)*)"/g);
  return [...found].map(([, text = '']) => text);
}

function plainTextsOf(payload: SlackPayload): readonly string[] {
  return payload.blocks.flatMap((block) => {
    switch (block.type) {
      case 'header':
        return [block.text.text];
      case 'section':
        return [...(block.text === undefined ? [] : [block.text]), ...(block.fields ?? [])].map(({ text }) => text);
      case 'context':
        return block.elements.map(({ text }) => text);
    }
  });
}

describe('hostile text', () => {
  it.each(HOSTILE)('is inert in Slack when it is %s', (_, text) => {
    const payload = renderSlack([hostileAlert(text)], 1);
    expect(payload.text).not.toMatch(/[<>]|&(?!amp;|lt;|gt;)/);
    expect(mrkdwnOf(payload)).toEqual([]);
    expect(visible(plainTextsOf(payload).join('').replaceAll('\n', ''))).toBe(
      plainTextsOf(payload).join('').replaceAll('\n', ''),
    );
    expect(JSON.stringify(payload).length).toBeLessThan(20_000);
  });

  it.each(HOSTILE)('is inert in mail when it is %s', (_, text) => {
    const mail = renderEmail([hostileAlert(text)], 1, HEAD, 'acme.example');
    expect(mail.subject).toBe(visible(mail.subject));
    expect(mail.subject.length).toBeLessThanOrEqual(200);
    expect(mail.text.split('\n').every((line) => visible(line) === line)).toBe(true);
    expect(mail.html.match(/<\/?[a-z0-9]+/gi)?.every((tag) => TAGS.includes(tag.replace(/<\/?/, '')))).toBe(true);
    expect(mail.html).not.toContain('href=');
    expect(mail.headers['X-Sigwatch-Alert']).toBe('k3v9x0m2qa');
    expect(JSON.stringify(mail).length).toBeLessThan(40_000);
  });

  it('keeps within the limits of Slack when it is anything', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 3000 }), fc.integer({ min: 1, max: 20 }), (text, count) => {
        const { blocks } = renderSlack(
          Array.from({ length: count }, () => hostileAlert(text)),
          count,
        );
        expect(blocks.length).toBeLessThanOrEqual(50);
        expect(blocks.every(isWithinLimits)).toBe(true);
      }),
      { numRuns: 50 },
    );
  });
});

const TAGS = ['html', 'head', 'meta', 'body', 'h2', 'p', 'table', 'tr', 'td', 'code', 'a', 'hr'];

/** Limits of Slack's Block Kit reference. */
function isWithinLimits(block: SlackPayload['blocks'][number]): boolean {
  switch (block.type) {
    case 'header':
      return block.text.text.length > 0 && block.text.text.length <= 150;
    case 'section':
      return (
        (block.text?.text.length ?? 1) > 0 &&
        (block.text?.text.length ?? 0) <= 3000 &&
        (block.fields?.length ?? 1) <= 10 &&
        (block.fields ?? []).every(({ text }) => text.length > 0 && text.length <= 2000)
      );
    case 'context':
      return block.elements.length <= 10 && block.elements.every(({ text }) => text.length > 0 && text.length <= 3000);
  }
}
