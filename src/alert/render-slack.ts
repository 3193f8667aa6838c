import type { Alert } from './alert.ts';
import { linkList, placeFacts, signerFacts, type Fact } from './alert-facts.ts';
import { escapeSlack, shown } from './escape.ts';

// Limits of Slack's Block Kit: 50 blocks a message, 150 characters a header, 3000 a section's text, 10 fields of 2000.
const HEADER = 150;
const SECTION = 3000;
const FIELD = 300;
const MAX_FIELDS = 10;

interface PlainText {
  readonly type: 'plain_text';
  readonly text: string;
  readonly emoji: false;
}

interface Mrkdwn {
  readonly type: 'mrkdwn';
  readonly text: string;
}

export type SlackBlock =
  | { readonly type: 'header'; readonly text: PlainText }
  | { readonly type: 'section'; readonly text?: PlainText; readonly fields?: readonly PlainText[] }
  | { readonly type: 'context'; readonly elements: readonly (PlainText | Mrkdwn)[] };

/** A message for an incoming webhook. */
export interface SlackPayload {
  /** Shown in notifications, and where blocks cannot be shown. */
  readonly text: string;
  readonly mrkdwn: false;
  readonly unfurl_links: false;
  readonly unfurl_media: false;
  readonly blocks: readonly SlackBlock[];
}

/**
 * One message about `alerts` (at most 20) of `total`. What comes from a log stands in plain text objects only, which Slack
 * does not interpret; marked-up text is made by us alone.
 */
export function renderSlack(alerts: readonly Alert[], total: number): SlackPayload {
  const [first] = alerts;
  const blocks =
    alerts.length === 1 && total === 1 && first !== undefined ? alertInFull(first) : alertList(alerts, total);
  const summary = alerts.length === 1 ? headline(first) : `${total} alerts: ${headline(first)}`;
  return {
    text: escapeSlack(shown(summary, 500)),
    mrkdwn: false,
    unfurl_links: false,
    unfurl_media: false,
    blocks,
  };
}

function alertInFull(alert: Alert): readonly SlackBlock[] {
  return [
    { type: 'header', text: plain(headline(alert), HEADER) },
    { type: 'section', text: plain(alert.summary, SECTION) },
    ...fieldSections(signerFacts(alert)),
    ...foot(alert),
  ];
}

/** Many alerts: two blocks each, so that 20 of them stay under the limit of 50. */
function alertList(alerts: readonly Alert[], total: number): readonly SlackBlock[] {
  const hidden = total - alerts.length;
  return [
    { type: 'header', text: plain(`${total} alerts${commonScope(alerts)}`, HEADER) },
    ...alerts.flatMap((alert): SlackBlock[] => [
      { type: 'section', text: plain(`${headline(alert)}\n${alert.summary}`, 1500) },
      ...foot(alert),
    ]),
    ...(hidden > 0
      ? [{ type: 'context', elements: [plain(`and ${hidden} more: sigwatch alerts list`, SECTION)] } as const]
      : []),
  ];
}

/** Where it was seen, and links. */
function foot(alert: Alert): readonly SlackBlock[] {
  const place = placeFacts(alert).map(({ label, value }) => `${label} ${value}`);
  const links = linkList(alert).map(({ caption, url }) => `<${escapeSlack(url)}|${caption}>`);
  return [
    {
      type: 'context',
      elements: [
        plain(place.join(' · '), SECTION),
        ...(links.length === 0 ? [] : [{ type: 'mrkdwn', text: links.join(' · ') } as const]),
      ],
    },
  ];
}

function fieldSections(facts: readonly Fact[]): readonly SlackBlock[] {
  const fields = facts.slice(0, MAX_FIELDS).map(({ label, value }) => plain(`${label}\n${shown(value, FIELD)}`, 2000));
  return fields.length === 0 ? [] : [{ type: 'section', fields }];
}

function headline(alert: Alert | undefined): string {
  return alert === undefined ? '' : `[${alert.severity}] ${alert.title}`;
}

/** What all alerts of a group are about: a watch, or a log. */
function commonScope(alerts: readonly Alert[]): string {
  const scopes = new Set(alerts.map(({ watch, log }) => watch ?? log));
  const [scope] = scopes;
  return scopes.size === 1 && scope != null ? ` about ${scope}` : '';
}

/** Line ends stay; every other control or invisible character is shown. Slack refuses an empty text. */
function plain(text: string, max: number): PlainText {
  return { type: 'plain_text', text: shown(text === '' ? '-' : text, max, { lines: true }), emoji: false };
}
