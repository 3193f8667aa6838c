import type { Alert } from './alert.ts';
import { linkList, placeFacts, signerFacts, type Fact } from './alert-facts.ts';
import { escapeHtml, shown } from './escape.ts';
import type { MessageHead } from './sink.ts';

const SUBJECT = 200;
const TITLE = 500;
const SUMMARY = 5000;
/** Width of the labels' column in plain text. */
const LABEL = 26;

/** A mail without its sender and recipients, complete but for the transport's own headers. */
export interface EmailContent {
  readonly messageId: string;
  /** RFC 3339. */
  readonly date: string;
  readonly subject: string;
  readonly text: string;
  readonly html: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** One mail about `alerts` (at most 20) of `total`, from an address at `domain`. All text of a log is on lines of its own making: nothing of it can begin a header, a tag or a line. */
export function renderEmail(alerts: readonly Alert[], total: number, head: MessageHead, domain: string): EmailContent {
  const hidden = total - alerts.length;
  const more = hidden > 0 ? `and ${hidden} more: sigwatch alerts list` : null;
  return {
    messageId: `<${head.id}@${domain}>`,
    date: head.createdAt.toISOString(),
    subject: subject(alerts, total),
    text: [...alerts.map(textOf), ...(more === null ? [] : [more])].join(`\n${'-'.repeat(72)}\n\n`) + '\n',
    html: page([...alerts.map(htmlOf), ...(more === null ? [] : [`<p>${escapeHtml(more)}</p>`])].join('<hr>')),
    headers: {
      'List-Id': `sigwatch <sigwatch.${domain}>`,
      'X-Sigwatch-Alert': alerts.map(({ id }) => id).join(' '),
      // RFC 3834: no vacation notice shall answer a machine.
      'Auto-Submitted': 'auto-generated',
    },
  };
}

function subject(alerts: readonly Alert[], total: number): string {
  const [first] = alerts;
  const count = total === 1 ? '' : `${total} alerts, `;
  return shown(`[sigwatch] ${count}${first?.severity ?? ''}: ${first?.title ?? ''}`, SUBJECT);
}

function textOf(alert: Alert): string {
  const sections = [
    [shown(`[${alert.severity}] ${alert.title}`, TITLE)],
    [shown(alert.summary, SUMMARY, { lines: true })],
    signerFacts(alert).map(textFact),
    placeFacts(alert).map(textFact),
    linkList(alert).map(({ caption, url }) => textFact({ label: caption, value: url })),
  ];
  return sections
    .filter((lines) => lines.length > 0)
    .map((lines) => `${lines.join('\n')}\n`)
    .join('\n');
}

function textFact({ label, value }: Fact): string {
  return `${label.padEnd(LABEL)}${value}`;
}

function htmlOf(alert: Alert): string {
  const summary = shown(alert.summary, SUMMARY, { lines: true }).split('\n');
  const links = linkList(alert).map(({ caption, url }) => `<a href="${escapeHtml(url)}">${escapeHtml(caption)}</a>`);
  return [
    `<h2>[${escapeHtml(alert.severity)}] ${escapeHtml(shown(alert.title, TITLE))}</h2>`,
    ...summary.map((line) => `<p>${escapeHtml(line)}</p>`),
    htmlFacts(signerFacts(alert)),
    htmlFacts(placeFacts(alert)),
    links.length === 0 ? '' : `<p>${links.join(' &#183; ')}</p>`,
  ].join('\n');
}

function htmlFacts(facts: readonly Fact[]): string {
  const rows = facts.map(
    ({ label, value }) => `<tr><td>${escapeHtml(label)}</td><td><code>${escapeHtml(value)}</code></td></tr>`,
  );
  return rows.length === 0 ? '' : `<table cellpadding="2">${rows.join('')}</table>`;
}

function page(body: string): string {
  return `<!DOCTYPE html><html><head><meta charset="utf-8"></head><body>\n${body}\n</body></html>\n`;
}
