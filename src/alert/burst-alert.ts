import type { Norm, Span } from '../policy/burst.ts';
import type { AlertDraft } from './alert.ts';
import { describeDuration } from './describe-duration.ts';
import { QUOTED, shorten, signerName, signerSentence } from './describe-signer.ts';
import { shown } from './escape.ts';
import type { JudgedSigner } from './identity-alert.ts';
import { identityLinks } from './links.ts';
import { summarizeSigner } from './signer-summary.ts';

/** More entries than there may be, and what is known of them. */
export interface Burst {
  /** Its first entry, as it was known when it was told; milliseconds since 1970. */
  readonly start: number;
  /** Entries that lie so close together, or those of one run. */
  readonly kind: 'window' | 'run';
  readonly span: Span;
  /** How many there are at least. */
  readonly entries: number;
  /** More are a burst. */
  readonly over: number;
  /** Length of the window, in milliseconds. */
  readonly perMs: number;
  /** What was usual, where that is what it is held against. */
  readonly norm: Norm | null;
  /** How many entries each of these has, the most first; empty where that is not told. */
  readonly verdicts: Tally;
  readonly runs: Tally;
  readonly workflows: Tally;
}

/** How often something was met. */
export type Tally = readonly (readonly [name: string, count: number])[];

/** So many runs and workflows are named. */
const NAMED = 5;

/** The dedupe key of a burst: one that goes on keeps it. */
export function burstKey(watch: string, start: number): string {
  return `identity/${watch}/burst/${new Date(start).toISOString()}`;
}

/** The alert about more entries of a watch than there may be, the last of which is given, whatever the mode of the watch. */
export function burstAlert(judged: JudgedSigner, burst: Burst): AlertDraft {
  const { watch, judgement } = judged;
  const signer = summarizeSigner(judged.entry, judged.signer, judgement);
  const within = burst.kind === 'run' ? 'by one run' : `within ${describeDuration(burst.perMs)}`;
  return {
    class: 'identity',
    kind: 'burst',
    severity: watch.severity,
    watch: watch.name,
    title: shown(
      `${watch.name}: burst of ${burst.entries} entries ${within}, more than ${burst.over}, signed by ${signerName(signer)}`,
      400,
    ),
    summary: [
      standing(burst, judged),
      `${burst.entries} entries ${within}, from ${time(burst.span.from)} to ${time(burst.span.to)}; more than ${burst.over} are told.${usual(burst)} Further entries of this burst are counted with this alert.`,
      signerSentence(signer),
      named('Runs', 'run', burst.runs),
      named('Workflows', 'workflow', burst.workflows),
      advice(burst),
    ]
      .filter((line) => line !== '')
      .join('\n'),
    log: judged.log,
    index: judged.index,
    violations: [],
    signer,
    artifacts: judged.entry.artifacts,
    dedupeKey: burstKey(watch.name, burst.start),
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

/** That a burst is no fault of any one entry must be plain. */
function standing({ verdicts }: Burst, { watch }: JudgedSigner): string {
  if (verdicts.length === 0) {
    return 'What stands out is how many entries there are, whatever each of them is.';
  }
  const unexpected = verdicts.find(([verdict]) => verdict === 'unexpected')?.[1] ?? 0;
  if (unexpected > 0) {
    const others = verdicts
      .filter(([verdict]) => verdict !== 'unexpected')
      .map(([verdict, count]) => `${count} ${verdict}`);
    const rest = others.length === 0 ? '' : `, and ${others.join(', ')}`;
    return `Among the entries are ${unexpected} unexpected ones, which have alerts of their own${rest}.`;
  }
  return watch.expect === null
    ? 'Identity holds as far as this watch looks, which only observes: what stands out is how many entries there are.'
    : 'Identity holds: each of these entries is what this watch expects, signed by whom it expects. What stands out is how many there are.';
}

function usual({ norm, kind }: Burst): string {
  if (norm === null) {
    return '';
  }
  const most = kind === 'run' ? `${norm.inRun} of one run` : `${norm.inWindow} in such a time`;
  const since = norm.since === null ? '' : ` since ${time(norm.since)}`;
  return ` Before, there were at most ${most} (${norm.entries} entries${since}).`;
}

function named(label: string, claim: string, tally: Tally): string {
  if (tally.length === 0) {
    return '';
  }
  const told = tally.slice(0, NAMED).map(([name, count]) => `${shown(shorten(claim, name), QUOTED)} (${count})`);
  const more = tally.length > NAMED ? ` and ${tally.length - NAMED} more` : '';
  return `${label}: ${told.join(', ')}${more}.`;
}

function advice({ norm }: Burst): string {
  const meant =
    norm === null
      ? 'If it was meant, close this alert, and raise `over` where that is usual.'
      : 'If it was meant, close this alert: from then on so many are usual.';
  return `What to do now: find out what started these runs, and whether so much was to be released. ${meant} If not, somebody drives your real pipeline: stop the workflow, withdraw what it published, revoke the tokens that it could reach, and look at what it ran (caches, dependencies, pull requests).`;
}

function time(ms: number): string {
  return new Date(ms).toISOString();
}
