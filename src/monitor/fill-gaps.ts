import { withheldKey } from '../alert/withheld-alert.ts';
import { LogMisbehaved, LogUnavailable, type LogReader } from '../log/log.ts';
import { closeAlert } from '../store/alerts.ts';
import { hasWithheld, nextGap, saveTried, shortenGap, splitGap, type GapRow } from '../store/gaps.ts';
import { findWithheld } from '../store/withheld.ts';
import type { SignedCheckpoint } from '../tlog/checkpoint.ts';
import { examine, proveBatch } from './catch-up.ts';
import type { FollowDeps } from './follow-deps.ts';
import { STALE_AFTER_MS, type FollowedLog } from './followed-source.ts';
import { MAX_PROOFS, type ProofBudget } from './prove-alerts.ts';
import { requireConsistent } from './require-consistent.ts';

/** A gap that could not be examined is asked for again after a tenth of `stale_after`, but never later than so. */
const PACE_MS = 60_000;

/** How long one poll may be held up by gaps: what is new comes first. */
const LONGEST_MS = 10_000;

/**
 * Asks again for entries that the log did not serve when they were passed, the gap first that was asked for longest ago, and
 * goes on while they are served. They are proven under `tree`, which is verified, and judged as any others. Throws
 * LogMisbehaved for entries that are not the log's: their gap stays.
 */
export async function fillGaps(
  { reader, staleAfterMs }: FollowedLog,
  tree: SignedCheckpoint,
  deps: FollowDeps,
  signal: AbortSignal,
): Promise<void> {
  const { store, clock } = deps;
  const began = clock.now().getTime();
  const due = new Date(began - Math.min((staleAfterMs ?? STALE_AFTER_MS) / 10, PACE_MS));
  const budget: ProofBudget = { left: MAX_PROOFS };
  const isLate = () => signal.aborted || clock.now().getTime() - began > LONGEST_MS;
  let served = true;
  while (served && !isLate()) {
    const gap = nextGap(store, reader.origin, due, tree.size);
    served = gap !== null && (await fillPastCaches(gap, reader, tree, budget, isLate, deps, signal));
  }
  if (!hasWithheld(store, reader.origin) && findWithheld(store, reader.origin) === null) {
    closeAlert(store, withheldKey(reader.origin));
  }
}

/** Whether the log served what was asked for. */
async function fillPastCaches(
  gap: GapRow,
  reader: LogReader,
  tree: SignedCheckpoint,
  budget: ProofBudget,
  isLate: () => boolean,
  deps: FollowDeps,
  signal: AbortSignal,
): Promise<boolean> {
  const { fresh } = reader;
  reader.fresh = true;
  let left = gap;
  try {
    for await (const rest of fill(gap, reader, tree, budget, deps, signal)) {
      left = rest;
      if (isLate()) {
        break;
      }
    }
    return true;
  } catch (error) {
    if (error instanceof LogUnavailable && !signal.aborted) {
      await putOff(left, reader, tree, error, deps, signal);
      return false;
    }
    // A second look is taken at once; after that it is told, and asked for in its turn.
    if (error instanceof LogMisbehaved && fresh) {
      saveTried(deps.store, left, deps.clock.now());
    }
    throw error;
  } finally {
    reader.fresh = fresh;
  }
}

/** Examines a gap from its beginning on, and yields what is left of it after each batch. */
async function* fill(
  gap: GapRow,
  reader: LogReader,
  tree: SignedCheckpoint,
  budget: ProofBudget,
  deps: FollowDeps,
  signal: AbortSignal,
): AsyncGenerator<GapRow> {
  const { store, logger } = deps;
  const before = await reader.fetchFrontier(tree, gap.from, signal);
  await requireConsistent(reader, tree, before.provenBy, signal);
  let [frontier, left, vouched] = [before.frontier, gap, before.provenBy];
  for await (const batch of reader.entries(tree, gap.from, signal, gap.to)) {
    frontier = await proveBatch(reader, frontier, batch, [tree], deps, signal);
    const { provenBy } = batch.after;
    if (!provenBy.root.equals(vouched.root)) {
      await requireConsistent(reader, tree, provenBy, signal);
    }
    vouched = provenBy;
    const [known, size] = [left, frontier.size];
    // Where entries come in bundles, those behind the gap were examined before.
    const leaves = batch.leaves.filter(({ index }) => index < gap.to);
    await examine(reader, { ...batch, leaves }, tree, budget, deps, signal, () => {
      shortenGap(store, known, size);
    });
    if (signal.aborted) {
      return;
    }
    logger.info({ log: gap.log, from: left.from, to: Math.min(size, gap.to) }, 'gap examined');
    left = { ...left, from: size };
    yield left;
    if (size >= gap.to) {
      return;
    }
  }
}

/** Notes that a gap was asked for in vain. What is served behind its first entries becomes a gap of its own, for its turn. */
async function putOff(
  gap: GapRow,
  reader: LogReader,
  tree: SignedCheckpoint,
  error: LogUnavailable,
  { store, clock, logger }: FollowDeps,
  signal: AbortSignal,
): Promise<void> {
  const behind = gap.to - gap.from === 1 ? null : await sizeBehind(gap, reader, tree, signal);
  if (behind !== null && behind < gap.to) {
    splitGap(store, gap, behind, clock.now());
  } else {
    saveTried(store, gap, clock.now());
  }
  logger.debug({ log: gap.log, from: gap.from, to: gap.to, error: error.message }, 'gap not served');
}

async function sizeBehind(
  gap: GapRow,
  reader: LogReader,
  tree: SignedCheckpoint,
  signal: AbortSignal,
): Promise<number | null> {
  try {
    return (await reader.stepOver(tree, gap.from, signal))?.frontier.size ?? null;
  } catch (error) {
    if (error instanceof LogUnavailable) {
      return null;
    }
    throw error;
  }
}
