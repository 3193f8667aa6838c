import { createHash } from 'node:crypto';
import type { AlertDraft } from './alert.ts';
import { QUOTED, shorten, signerName, signerSentence } from './describe-signer.ts';
import { formatFound } from './describe-violation.ts';
import { shown } from './escape.ts';
import type { JudgedSigner } from './identity-alert.ts';
import { identityLinks } from './links.ts';
import { summarizeSigner } from './signer-summary.ts';

/** A claim with values that its watch has never seen before. */
export interface NewValues {
  readonly claim: string;
  /** At least one. */
  readonly values: readonly string[];
  /** Some of the values that were seen before, or their beginnings, the latest first; empty where there were none. */
  readonly seen: readonly string[];
  /** How many were. */
  readonly seenCount: number;
  /** When the first of them was. */
  readonly since: Date;
}

/** More new claims than this are counted in the summary; all of them are in the violations. */
const MAX_SENTENCES = 8;

/** The alert about a signer of whom something was never seen before, whatever the mode of the watch. At least one claim is new. */
export function firstSeenAlert(judged: JudgedSigner, news: readonly NewValues[]): AlertDraft {
  const { watch, judgement } = judged;
  const signer = summarizeSigner(judged.entry, judged.signer, judgement);
  const told = news.slice(0, MAX_SENTENCES).map(newsSentence);
  const more = news.length > MAX_SENTENCES ? [`${news.length - MAX_SENTENCES} further claims are new.`] : [];
  return {
    class: 'identity',
    kind: 'first-seen',
    severity: watch.severity,
    watch: watch.name,
    title: shown(`${watch.name}: ${whatIsNew(news)} signed by ${signerName(signer)}`, 400),
    summary: [
      signerSentence(signer),
      ...told,
      ...more,
      judgement.verdict === 'expected'
        ? 'All that this watch expects holds.'
        : 'This watch only observes: it does not say what is expected.',
      'What to do now: find out whether this is meant: a new workflow, branch or key of yours shows like this, and so does one that somebody added without your knowledge. If it is meant, close this alert: the same is not told again. If not, treat what was signed as compromised, and have `expect` say what may sign.',
    ].join('\n'),
    log: judged.log,
    index: judged.index,
    violations: news.map(({ claim, values, seen }) => ({
      claim,
      expected: seen.length === 0 ? null : seen,
      found: foundIn(values),
    })),
    signer,
    artifacts: judged.entry.artifacts,
    dedupeKey: dedupeKey(watch.name, news),
    links: identityLinks({
      log: judged.log,
      globalIndex: judged.globalIndex,
      chain: judgement.chain,
      claims: judged.signer.claims,
    }),
    evidence: null,
    notify: watch.notify,
  };
}

function whatIsNew([first, ...others]: readonly NewValues[]): string {
  const also = others.length === 0 ? '' : ` (and ${others.map(({ claim }) => claim).join(', ')})`;
  return first === undefined
    ? 'something new'
    : `first ${first.claim} ${shown(inShort(first.claim, foundIn(first.values)), QUOTED)}${also}`;
}

function newsSentence({ claim, values, seen, seenCount, since }: NewValues): string {
  const found = shown(inShort(claim, foundIn(values)), QUOTED);
  if (seenCount === 0) {
    return `${claim}: ${found} is the first that this watch ever saw.`;
  }
  const known = seen.map((value) => shown(shorten(claim, value), QUOTED)).join(', ');
  const others = seenCount > seen.length ? ` and ${seenCount - seen.length} more` : '';
  return `${claim}: ${found} was never seen before; since ${since.toISOString()} it was ${known}${others}.`;
}

function foundIn(values: readonly string[]): string | readonly string[] {
  const [first] = values;
  return first !== undefined && values.length === 1 ? first : values;
}

function inShort(claim: string, found: string | readonly string[]): string {
  return shorten(claim, formatFound(found) ?? '');
}

/** What is new is told once for ever, whoever signs it next. Hashed, because a value may be a megabyte. */
function dedupeKey(watch: string, news: readonly NewValues[]): string {
  const values = news
    .map(({ claim, values: found }) => [claim, [...found].sort()] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return `identity/${watch}/first-seen/${createHash('sha256').update(JSON.stringify(values)).digest('hex')}`;
}
