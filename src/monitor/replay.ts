import { setImmediate as nextTurn } from 'node:timers/promises';
import type { SignerSummary } from '../alert/alert.ts';
import { summarizeSigner } from '../alert/signer-summary.ts';
import { NOBODY } from '../alert/unparsable-alert.ts';
import type { JudgeContext } from '../policy/standing.ts';
import type { Verdict, Violation, Watch } from '../policy/watch.ts';
import {
  countRecordedEntries,
  recordedEntries,
  type RecordedEntry,
  type RecordedSpan,
} from '../store/recorded-entries.ts';
import { followedSince, forgetTold, verifiedUpTo } from '../store/simulation.ts';
import type { Store } from '../store/store.ts';
import { mergeBatches, type JudgedBatch } from './judge-batch.ts';
import { judgeRecorded, recallRecorded, type Rejudged } from './replay-judge.ts';
import { Simulation } from './simulate.ts';

/** What is judged again, and by what. */
export interface ReplayDeps {
  /** The database of the monitor: only read. */
  readonly recorded: Store;
  /** An empty one, which has afterwards what would have been told. */
  readonly simulation: Store;
  readonly watches: readonly Watch[];
  /** By what is trusted now. */
  readonly judging: Omit<JudgeContext, 'now'>;
  /** First moment of observation. */
  readonly since: Date;
  /** First moment that is too late. */
  readonly until: Date | null;
  readonly now: Date;
  /** Called for each judgement that there was, or would be, in the order in which entries were observed. */
  readonly onJudgement: (compared: ComparedJudgement) => void;
  readonly onProgress: (progress: { readonly done: number; readonly total: number }) => void;
}

/** What one watch made of one signer of an entry, and what it would make of it. */
export interface ComparedJudgement {
  /** Origin. */
  readonly log: string;
  readonly index: number;
  readonly observedAt: Date;
  readonly watch: string;
  /** Position in the entry's signers; null for an entry that cannot be read. */
  readonly signer: number | null;
  /** Null where there was no judgement. */
  readonly before: Verdict | null;
  /** Null where there would be none. */
  readonly after: Verdict | null;
  /** Of the judgement that there would be. */
  readonly violations: readonly Violation[];
  /** It would be the same verdict for other reasons. */
  readonly hasOtherReasons: boolean;
  readonly summary: SignerSummary;
}

/** How a replay ended. */
export interface ReplayOutcome {
  /** False where it was ended before. */
  readonly isWhole: boolean;
  /** How many entries were judged again. */
  readonly entries: number;
  /** How many could not be, because their log is not known any more. */
  readonly lost: number;
  /** How many judgements wait for an attestation that nobody looked for when the entry was read. */
  readonly unattested: number;
}

/** So many entries are written at once, and of so many bytes. */
const MOST = 256;
const MOST_BYTES = 16 * 1024 * 1024;

/**
 * Judges what is recorded by other watches, and has what they would have told told in the simulation. What was observed before `since` is
 * shown to their detectors only, as far as there are any: what was known then is no news. Throws nothing of its own.
 */
export async function replayHistory(deps: ReplayDeps, signal: AbortSignal): Promise<ReplayOutcome> {
  const { recorded, watches, since, until, now } = deps;
  const remembering = watches.filter(remembers);
  const past = { since: null, until: since, withUnread: false };
  const span = { since, until, withUnread: true };
  const pastCount = remembering.length === 0 ? 0 : countRecordedEntries(recorded, past);
  const total = pastCount + countRecordedEntries(recorded, span);
  // Silence is none while nobody listens.
  const start = new Date(Math.max(since.getTime(), followedSince(recorded)?.getTime() ?? -Infinity));
  const simulation = new Simulation(deps.simulation, recorded, deps, start);
  const count = { done: 0, entries: 0, lost: 0, unattested: 0, lastAt: since };

  const play = async (
    of: RecordedSpan,
    rejudge: (entry: RecordedEntry) => Rejudged,
    show: (entry: RecordedEntry, outcome: JudgedBatch) => void,
  ): Promise<void> => {
    for (const batch of inBatches(recordedEntries(recorded, of))) {
      if (signal.aborted) {
        return;
      }
      const outcomes: JudgedBatch[] = [];
      for (const entry of batch.entries) {
        const { outcome, unattested } = rejudge(entry);
        show(entry, outcome);
        outcomes.push(outcome);
        count.unattested += unattested;
      }
      const [first] = batch.entries;
      if (first !== undefined) {
        const { log, type, index, observedAt } = first.stored;
        await simulation.write({ log, type, index, observedAt, outcome: mergeBatches(outcomes) }, signal);
        count.lastAt = observedAt;
      }
      count.done += batch.entries.length + batch.lost;
      count.entries += batch.entries.length;
      count.lost += batch.lost;
      deps.onProgress({ done: count.done, total });
      // Signals get their turn.
      await nextTurn();
    }
  };

  if (pastCount > 0) {
    await play(
      past,
      (entry) => recallRecorded(entry, remembering, deps.judging),
      () => undefined,
    );
  }
  simulation.passTime(since);
  deps.simulation.transaction(() => {
    forgetTold(deps.simulation);
  });
  Object.assign(count, { entries: 0, lost: 0, unattested: 0, lastAt: since });
  await play(
    span,
    (entry) => judgeRecorded(entry, watches, deps.judging),
    (entry, outcome) => {
      for (const compared of compare(entry, outcome)) {
        deps.onJudgement(compared);
      }
    },
  );
  // Silence counts as far as every log is read.
  const known = verifiedUpTo(recorded) ?? count.lastAt.getTime();
  simulation.passTime(new Date(Math.min(known, now.getTime(), (until ?? now).getTime())));
  const { entries, lost, unattested } = count;
  return { isWhole: !signal.aborted, entries, lost, unattested };
}

/** Watches of which detectors compare with what was before. */
function remembers({ firstSeen, burst, cadenceMs, artifacts }: Watch): boolean {
  return firstSeen.length > 0 || burst !== null || cadenceMs !== null || artifacts?.follow === true;
}

interface Batch {
  /** Of one log, and observed at the same time. */
  readonly entries: readonly RecordedEntry[];
  readonly lost: number;
}

/** Puts together what was read together, in the order of the log. */
function* inBatches(all: Iterable<RecordedEntry | null>): Generator<Batch, void> {
  let [entries, bytes, lost]: [RecordedEntry[], number, number] = [[], 0, 0];
  for (const entry of all) {
    if (entry === null) {
      lost += 1;
      continue;
    }
    const { log, observedAt, body } = entry.stored;
    const first = entries[0]?.stored;
    const fits =
      first === undefined ||
      (first.log === log &&
        first.observedAt.getTime() === observedAt.getTime() &&
        entries.length < MOST &&
        bytes + body.length <= MOST_BYTES);
    if (!fits) {
      yield { entries: entries.sort(byIndex), lost };
      [entries, bytes, lost] = [[], 0, 0];
    }
    entries.push(entry);
    bytes += body.length + (entry.stored.extra?.length ?? 0);
  }
  if (entries.length > 0 || lost > 0) {
    yield { entries: entries.sort(byIndex), lost };
  }
}

function byIndex({ stored: a }: RecordedEntry, { stored: b }: RecordedEntry): number {
  return a.index - b.index;
}

/** Each judgement that there was or would be. Who signed again what a watch follows was not judged by it. */
function compare({ stored, findings }: RecordedEntry, outcome: JudgedBatch): readonly ComparedJudgement[] {
  const { log, index, observedAt } = stored;
  const left = new Map(
    findings.filter(({ isResigned }) => !isResigned).map((finding) => [keyOf(finding.watch, finding.signer), finding]),
  );
  const after = judgementsOf(outcome).map((judged): ComparedJudgement => {
    const { watch, signer, verdict, violations, summary } = judged;
    const before = left.get(keyOf(watch, signer)) ?? null;
    left.delete(keyOf(watch, signer));
    return {
      ...{ log, index, observedAt, watch, signer, violations, summary },
      before: before?.verdict ?? null,
      after: verdict,
      hasOtherReasons: before?.verdict === verdict && reasons(before.violations) !== reasons(violations),
    };
  });
  const gone = [...left.values()].map(({ watch, signer, verdict, summary }): ComparedJudgement => ({
    ...{ log, index, observedAt, watch, signer, summary },
    before: verdict,
    after: null,
    violations: [],
    hasOtherReasons: false,
  }));
  return [...after, ...gone];
}

function judgementsOf({ judged, unparsable }: JudgedBatch) {
  return [
    ...judged.flatMap(({ entry, judgements }) =>
      judgements.map((judgement) => {
        const { watch, verdict, violations } = judgement;
        const signer = entry.signers[judgement.signer];
        const summary = signer === undefined ? NOBODY : summarizeSigner(entry, signer, judgement);
        return { watch, signer: judgement.signer, verdict, violations, summary };
      }),
    ),
    ...unparsable.flatMap(({ mentions }) =>
      mentions.map(({ watch: { name } }) => ({
        ...{ watch: name, signer: null, verdict: 'unparsable' as const, violations: [], summary: NOBODY },
      })),
    ),
  ];
}

function keyOf(watch: string, signer: number | null): string {
  return `${signer ?? '-'} ${watch}`;
}

/** What fails, whatever is expected instead: another way to write a pattern is no other reason. */
function reasons(violations: readonly Violation[]): string {
  return JSON.stringify(violations.map(({ claim, found }) => [claim, found]));
}
