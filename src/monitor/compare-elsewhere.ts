import { logAlert } from '../alert/log-alert.ts';
import {
  vantageAheadAlert,
  vantageAheadKey,
  vantageUnreachableAlert,
  vantageUnreachableKey,
} from '../alert/vantage-alert.ts';
import { LogMisbehaved, LogUnavailable, type LogReader } from '../log/log.ts';
import { closeAlert, isUnclosed } from '../store/alerts.ts';
import { isDisregarded } from '../store/checkpoints.ts';
import { findLog } from '../store/logs.ts';
import { findVantage, saveVantageFailure, saveVantageSeen } from '../store/vantages.ts';
import type { SignedCheckpoint } from '../tlog/checkpoint.ts';
import { compareCheckpoint } from './compare-checkpoint.ts';
import type { FollowDeps, Witnesses } from './follow-deps.ts';
import { STALE_AFTER_MS, type FollowedLog } from './followed-source.ts';
import { requireConsistent } from './require-consistent.ts';
import { requireNotGrown } from './require-not-grown.ts';
import { saveSeen } from './save-seen.ts';
import type { Seen, Vantage } from './vantage.ts';
import { within } from './within.ts';

/** How long one address may hold a poll up: for its checkpoint, and for the proof that this fits. */
const LIMIT_MS = 15_000;

/** An address that cannot be compared is told after `stale_after`, but never later than so. */
const TOLD_AFTER_MS = 15 * 60_000;

/**
 * Holds what the log shows at its further addresses against what was verified and against `seen`, which it shows at its
 * own. Throws LogMisbehaved, a `fork` with proof in hand, for histories that contradict each other. An address that shows
 * nothing that can be compared is noted and told, and does not hold up a log that is being followed already; one that is
 * to be joined waits for it, with LogUnavailable or LogMisbehaved: it must not begin in a history that others do not see.
 */
export async function compareElsewhere(
  { reader, also, staleAfterMs }: FollowedLog,
  seen: SignedCheckpoint,
  deps: FollowDeps,
  signal: AbortSignal,
): Promise<void> {
  const looks = await Promise.all(also.map(async (vantage) => ({ vantage, shown: await look(vantage, deps, signal) })));
  for (const { vantage, shown } of looks) {
    const compared = shown instanceof Error ? shown : await compare(reader, seen, shown, vantage, deps, signal);
    const position = findLog(deps.store, reader.origin)?.position ?? null;
    if (compared instanceof Error) {
      noteFailure(reader, vantage, compared, deps);
      if (position === null) {
        throw waiting(reader, vantage, compared);
      }
      await tellFailure(reader, vantage, compared, staleAfterMs, deps, signal);
    } else {
      const own = Math.max(seen.size, position?.verified?.size ?? 0);
      noteSeen(reader, vantage, { size: compared.size, own }, staleAfterMs, deps);
      requireNotGrown(reader, findLog(deps.store, reader.origin), compared);
    }
  }
}

type Fault = LogUnavailable | LogMisbehaved;

/** What the address shows, kept as seen, or why that is nothing. */
async function look(vantage: Vantage, deps: FollowDeps, signal: AbortSignal): Promise<Seen | Fault> {
  const what = `Cannot read checkpoint from "${vantage.url}"`;
  try {
    const shown = await within(LIMIT_MS, what, (limit) => vantage.look(limit), deps.clock, signal);
    saveSeen(shown.checkpoint, deps.witnesses === null ? deps : { ...deps, witnesses: unheard(deps.witnesses) });
    return shown;
  } catch (error) {
    return orThrow(error);
  }
}

/** Who cosigned is kept; but whether it is enough is asked of what the log shows at its own address. */
function unheard(witnesses: Witnesses): Witnesses {
  return { ...witnesses, onMissing: 'ignore' };
}

/** The checkpoint that fits, or why that cannot be said. Throws LogMisbehaved when it does not fit, or the log's own address misbehaves. */
async function compare(
  reader: LogReader,
  seen: SignedCheckpoint,
  shown: Seen,
  vantage: Vantage,
  deps: FollowDeps,
  signal: AbortSignal,
): Promise<SignedCheckpoint | Fault> {
  const { checkpoint } = shown;
  const isAhead = checkpoint.size > seen.size;
  const check = (by: LogReader, limit: AbortSignal) => fit(by, seen, checkpoint, deps, limit);
  const what = `Cannot compare the checkpoint of size ${checkpoint.size} from "${vantage.url}"`;
  try {
    await within(
      LIMIT_MS,
      what,
      // Whoever showed the larger tree is the one to show that the smaller is a part of it.
      (limit) => (isAhead ? eitherOf(check, shown.reader, reader, limit) : check(reader, limit)),
      deps.clock,
      signal,
    );
    return checkpoint;
  } catch (error) {
    if (error instanceof LogMisbehaved && error.evidence.signed) {
      // It could be compared: this is what came of it.
      noteSeen(reader, vantage, { size: checkpoint.size, own: seen.size }, null, deps);
      throw asFork(error, vantage);
    }
    if (error instanceof LogMisbehaved && !isAhead) {
      throw error;
    }
    return orThrow(error);
  }
}

/** Holds `checkpoint` against what was verified, and against `seen` where that says more. */
async function fit(
  by: LogReader,
  seen: SignedCheckpoint,
  checkpoint: SignedCheckpoint,
  deps: FollowDeps,
  signal: AbortSignal,
): Promise<void> {
  // Decided about already, and nobody asks that address to forget it.
  if (isDisregarded(deps.store, checkpoint)) {
    return;
  }
  const position = findLog(deps.store, by.origin)?.position ?? null;
  const known = (position?.target ?? position?.verified)?.size ?? 0;
  await compareCheckpoint(by, checkpoint, deps, signal);
  // `seen` was compared already: up to the size that is known the two are one history.
  if (checkpoint.size > known && seen.size > known) {
    const [small, large] = checkpoint.size < seen.size ? [checkpoint, seen] : [seen, checkpoint];
    await requireConsistent(by, small, large, signal);
  }
}

/** A server that only hands checkpoints on proves nothing: then the log's own address may, and accuses nobody where it cannot. */
async function eitherOf(
  check: (by: LogReader, signal: AbortSignal) => Promise<void>,
  first: LogReader,
  second: LogReader,
  signal: AbortSignal,
): Promise<void> {
  try {
    await checkTwice(check, first, signal);
  } catch (error) {
    if (!(error instanceof LogUnavailable) || signal.aborted) {
      throw error;
    }
    try {
      await check(second, signal);
    } catch (other) {
      if (other instanceof LogUnavailable || (other instanceof LogMisbehaved && !other.evidence.signed)) {
        throw error;
      }
      throw other;
    }
  }
}

/** What nobody signed may be a broken cache on the way to that address: it counts only when it is there past every cache as well. */
async function checkTwice(
  check: (by: LogReader, signal: AbortSignal) => Promise<void>,
  by: LogReader,
  signal: AbortSignal,
): Promise<void> {
  try {
    await check(by, signal);
    return;
  } catch (error) {
    if (!(error instanceof LogMisbehaved) || error.evidence.signed) {
      throw error;
    }
  }
  by.fresh = true;
  try {
    await check(by, signal);
  } finally {
    by.fresh = false;
  }
}

/** Whichever is the smaller: that two addresses show two histories is a fork. */
function asFork(error: LogMisbehaved, { url }: Vantage): LogMisbehaved {
  return new LogMisbehaved(
    `${error.message} (seen at "${url}")`,
    { ...error.evidence, kind: 'fork' },
    { cause: error },
  );
}

function orThrow(error: unknown): Fault {
  if (error instanceof LogUnavailable || error instanceof LogMisbehaved) {
    return error;
  }
  throw error;
}

function waiting({ origin }: LogReader, { url }: Vantage, fault: Fault): Fault {
  if (fault instanceof LogMisbehaved) {
    return fault;
  }
  const message = `Cannot begin with "${origin}" before it is compared with "${url}": ${fault.message}`;
  return new LogUnavailable(message, { cause: fault, retryAfterMs: fault.retryAfterMs });
}

function noteFailure(
  { origin }: LogReader,
  { url }: Vantage,
  fault: Fault,
  { store, clock, logger }: FollowDeps,
): void {
  const before = findVantage(store, origin, url)?.error ?? null;
  saveVantageFailure(store, origin, url, fault.message, clock.now());
  if (before !== fault.message) {
    logger.warn({ log: origin, url, error: fault.message }, 'further address not compared');
  }
}

/** A wrong answer is told at once, none at all after a while. */
async function tellFailure(
  { origin }: LogReader,
  { url }: Vantage,
  fault: Fault,
  staleAfterMs: number | null,
  deps: FollowDeps,
  signal: AbortSignal,
): Promise<void> {
  const { store, clock, tell } = deps;
  if (fault instanceof LogMisbehaved) {
    if (fault.evidence.kind === 'bad-signature') {
      // Perhaps by a key that is younger than our trust data: then this log is begun anew with it.
      await deps.suspectTrust(clock.now(), signal);
      signal.throwIfAborted();
    }
    store.transaction(() => tell(logAlert(fault), clock.now()));
    return;
  }
  const now = clock.now();
  const since = findVantage(store, origin, url)?.failingSince ?? now.getTime();
  const isLong = now.getTime() - since >= Math.min(staleAfterMs ?? STALE_AFTER_MS, TOLD_AFTER_MS);
  if (isLong && !isUnclosed(store, vantageUnreachableKey(origin, url))) {
    store.transaction(() => tell(vantageUnreachableAlert(origin, url, new Date(since), fault.message), now));
  }
}

function noteSeen(
  { origin }: LogReader,
  { url }: Vantage,
  sizes: { readonly size: number; readonly own: number },
  staleAfterMs: number | null,
  { store, clock, tell }: FollowDeps,
): void {
  const now = clock.now();
  store.transaction(() => {
    const since = saveVantageSeen(store, origin, url, sizes, now);
    closeAlert(store, vantageUnreachableKey(origin, url));
    const key = vantageAheadKey(origin, url);
    if (since === null) {
      closeAlert(store, key);
    } else if (staleAfterMs !== null && now.getTime() - since.getTime() > staleAfterMs && !isUnclosed(store, key)) {
      tell(vantageAheadAlert(origin, url, since, { there: sizes.size, here: sizes.own }), now);
    }
  });
}
