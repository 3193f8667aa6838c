import type { AlertDraft } from '../alert/alert.ts';
import { burstAlert, burstKey, type Burst, type Tally } from '../alert/burst-alert.ts';
import { endOfPast, findBurst, PAST, usualLimits, type Norm, type Span } from '../policy/burst.ts';
import type { BurstRule } from '../policy/watch.ts';
import {
  beginCounting,
  countAfter,
  countEntry,
  countRun,
  endCounting,
  isCounting,
  spanOfRun,
  timeAfter,
  timeBefore,
  timesAfter,
  timesBefore,
} from '../store/burst-entries.ts';
import { normOf } from '../store/burst-norms.ts';
import { extendBurst, findToldBurst, membersOf, saveBurst } from '../store/bursts.ts';
import { lastVerified } from '../store/last-verified.ts';
import type { Store } from '../store/store.ts';
import { countRecorded } from './count-recorded.ts';
import type { Sighting } from './detect.ts';

/** Of so many entries of a burst it is told which runs and workflows made them. */
const EXAMINED = 1000;

/** How long ago a log may have been verified for its new entries to count as made when they were seen, where nobody says it; the watch's own window where that is longer. */
const FRESH_MS = 60_000;

/**
 * Counts an entry for its watch's `burst`; the alert where it makes one, or is one more of it, null where it does not. An entry counts
 * once, however many signed it; a certificate that a CT log holds is no signature. Call inside a transaction.
 */
export function detectBurst(store: Store, sighting: Sighting, now: Date): AlertDraft | null {
  const { watch, entry, log, index, at } = sighting;
  const { burst } = watch;
  if (burst === null) {
    endCounting(store, watch.name);
    return null;
  }
  if (entry.issuance !== undefined) {
    return null;
  }
  if (!isCounting(store, watch.name)) {
    beginCounting(store, watch.name, now);
    countRecorded(store, watch.name);
  }
  if (sighting.isWhenSeen && !isFresh(store, log, burst, now)) {
    return null;
  }
  const run = runOf(sighting);
  if (!countEntry(store, { watch: watch.name, log, index, at, run })) {
    return null;
  }
  const excess =
    burst.over === 'auto'
      ? findUnusual(store, sighting, burst.perMs)
      : inWindow(store, sighting, burst.perMs, { over: burst.over, norm: null });
  return excess === null ? null : tellBurst(store, sighting, burst.perMs, excess);
}

/** More entries than there may be. */
type Excess = Pick<Burst, 'kind' | 'span' | 'over' | 'norm'>;

/** What was made while a log was not read is seen all at once: when it was made, nobody can tell. */
function isFresh(store: Store, log: string, { perMs }: BurstRule, now: Date): boolean {
  const verifiedAt = lastVerified(store, log);
  return verifiedAt !== null && now.getTime() - verifiedAt.getTime() <= Math.max(perMs, FRESH_MS);
}

/** By the watch's own history. */
function findUnusual(store: Store, sighting: Sighting, perMs: number): Excess | null {
  const { watch, at } = sighting;
  const norm = normOf(store, {
    watch: watch.name,
    perMs,
    midnight: endOfPast(at, perMs),
    now: at - perMs,
    past: PAST,
  });
  const limits = usualLimits(norm, at);
  return limits === null
    ? null
    : (inWindow(store, sighting, perMs, { over: limits.window, norm }) ??
        inRun(store, sighting, { over: limits.run, norm }));
}

function inWindow(
  store: Store,
  { watch, at }: Sighting,
  perMs: number,
  held: Pick<Excess, 'over' | 'norm'>,
): Excess | null {
  const span = spanUpTo(store, watch.name, at, held.over, perMs) ?? spanAround(store, watch.name, at, held.over, perMs);
  return span === null ? null : { kind: 'window', span, ...held };
}

/** Entries come in order mostly: then the window that ends with one decides. */
function spanUpTo(store: Store, watch: string, at: number, over: number, perMs: number): Span | null {
  const from = timeBefore(store, watch, { from: at - perMs, to: at }, over);
  return from === null ? null : { from, to: at };
}

/** The windows that hold what was made later as well. */
function spanAround(store: Store, watch: string, at: number, over: number, perMs: number): Span | null {
  const [earlier, later] = [
    { from: at - perMs, to: at },
    { from: at, to: at + perMs },
  ];
  const to = timeAfter(store, watch, later, over - 1);
  if (to !== null) {
    return { from: at, to };
  }
  const others = countAfter(store, watch, later);
  // Where both sides together have too few, none of them need be read.
  return others === 0 || timeBefore(store, watch, earlier, over - others) === null
    ? null
    : findBurst(timesBefore(store, watch, earlier), timesAfter(store, watch, later), over, perMs);
}

function inRun(store: Store, sighting: Sighting, held: { readonly over: number; readonly norm: Norm }): Excess | null {
  const { name } = sighting.watch;
  const run = runOf(sighting);
  if (run === null || countRun(store, name, run, held.over + 1) <= held.over) {
    return null;
  }
  const span = spanOfRun(store, name, run);
  return span === null ? null : { kind: 'run', span, ...held };
}

function tellBurst(store: Store, sighting: Sighting, perMs: number, excess: Excess): AlertDraft {
  const { name, mode } = sighting.watch;
  const told = findToldBurst(store, name, excess.span, perMs);
  const start = told?.start ?? excess.span.from;
  const burst = { ...excess, start, perMs, entries: excess.over + 1 };
  if (told === null) {
    saveBurst(store, name, excess.span, burstKey(name, start));
  } else {
    extendBurst(store, name, start, excess.span);
  }
  // One more of a flood is only counted: nobody reads what is said of it, nor of what is only written down.
  const isCounted = mode === 'audit' || told?.isUnclosed === true;
  return burstAlert(sighting, { ...burst, ...(isCounted ? NOTHING_TOLD : tallies(store, sighting, excess.span)) });
}

const NOTHING_TOLD = { verdicts: [], runs: [], workflows: [] } as const;

/** How many entries have which verdict, run and workflow; that which was seen just now is not stored yet. */
function tallies(store: Store, sighting: Sighting, span: Span): Pick<Burst, 'verdicts' | 'runs' | 'workflows'> {
  const { watch, judgement, signer, log, index } = sighting;
  const { workflow, builder } = signer.claims;
  const members = [
    ...membersOf(store, watch.name, span, EXAMINED),
    {
      place: `${log} ${index}`,
      verdict: judgement.verdict,
      run: runOf(sighting),
      workflow: workflow?.[0] ?? builder?.[0] ?? null,
    },
  ];
  const tally = (value: (member: (typeof members)[number]) => string | null): Tally => {
    const places = new Map<string, Set<string>>();
    for (const member of members) {
      const name = value(member);
      if (name !== null) {
        places.set(name, (places.get(name) ?? new Set()).add(member.place));
      }
    }
    return [...places].map(([name, { size }]) => [name, size] as const).sort(([, a], [, b]) => b - a);
  };
  return {
    verdicts: tally(({ verdict }) => verdict),
    runs: tally(({ run }) => run),
    workflows: tally(({ workflow: name }) => name),
  };
}

function runOf({ signer, entry }: Pick<Sighting, 'signer' | 'entry'>): string | null {
  return signer.claims['run']?.[0] ?? entry.claims['run']?.[0] ?? null;
}
