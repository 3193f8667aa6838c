import { setImmediate as nextTurn } from 'node:timers/promises';
import { summarizeSigner } from '../alert/signer-summary.ts';
import type { Signer } from '../entry/entry.ts';
import { mapWith } from '../lib/map-with.ts';
import { judge } from '../policy/judge.ts';
import type { Judgement } from '../policy/watch.ts';
import {
  doubtsOfTrust,
  dueAttestations,
  endDoubt,
  findAttestationDoubt,
  findStoredEntry,
  prolongDoubt,
  type Doubt,
  type StoredEntry,
} from '../store/doubtful.ts';
import {
  closeSettled,
  openFindings,
  updateArtifacts,
  updateFinding,
  type OpenFinding,
} from '../store/settle-findings.ts';
import { attest, LOOKS_UNDER_WAY, lookRound, type LookRound } from './attest.ts';
import { ATTESTATION_WAIT_MS, nextLook } from './doubts.ts';
import { detect } from './detect.ts';
import { draftAlert, judgedSigner } from './draft-alert.ts';
import type { FollowDeps } from './follow-deps.ts';
import { decodeLeaf, signedTimeOf, type JudgedEntry } from './judge-batch.ts';
import { checkPlaces } from './check-places.ts';
import { leafOf } from './leaf-of.ts';
import { raiseOfEntry } from './raise.ts';
import { timeOfSighting } from './time-of-sighting.ts';

/** How often it is looked what is due: an indexed query that costs microseconds. */
const LOOK_MS = 5_000;
/** So many entries are taken at a time, and so long it may take to look for their attestations. */
const AT_ONCE = 16;
const ROUND_MS = 30_000;
/** How long one pass may look for attestations in all. */
const ONCE_MS = 60_000;

/** The loop that judges again what could not be judged for good. */
export interface JudgingAgain {
  /** The trust data was read anew: what waits for that is judged by it. */
  trustRefreshed(): void;
  /** Resolves when the signal has aborted; rejects with a programming fault or a DatabaseError. */
  readonly ended: Promise<void>;
}

/** Judges entries again until `signal` aborts: those that wait for trust data at once and after each refresh, those that wait for an attestation as they become due. */
export function judgeAgain(deps: FollowDeps, signal: AbortSignal): JudgingAgain {
  // Aborted by a refresh of the trust data: who sleeps is woken.
  let refreshed = new AbortController();
  refreshed.abort();
  const loop = async (): Promise<void> => {
    while (!signal.aborted) {
      if (refreshed.signal.aborted) {
        refreshed = new AbortController();
        await judgeByNewTrust(deps, signal);
      }
      if ((await judgeByAttestations(deps, signal)) < AT_ONCE) {
        await deps.clock.sleep(LOOK_MS, AbortSignal.any([signal, refreshed.signal]));
      }
    }
  };
  return {
    trustRefreshed() {
      refreshed.abort();
    },
    ended: loop(),
  };
}

/** The same, once: everything that waits for trust data, and what is due by now. */
export async function judgeAgainOnce(deps: FollowDeps, signal: AbortSignal): Promise<void> {
  await judgeByNewTrust(deps, signal);
  const end = deps.clock.now().getTime() + ONCE_MS;
  while ((await judgeByAttestations(deps, signal)) === AT_ONCE && deps.clock.now().getTime() < end) {
    // More is due.
  }
}

/** Judges every entry that waits for trust data by what is in force now. */
export async function judgeByNewTrust(deps: FollowDeps, signal: AbortSignal): Promise<void> {
  let after = -1;
  while (!signal.aborted) {
    const doubts = doubtsOfTrust(deps.store, after, AT_ONCE);
    if (doubts.length === 0) {
      return;
    }
    await judgeDoubts(doubts, deps, signal);
    after = doubts.at(-1)?.entry ?? after;
    // Other logs, signals and the supervisor's watchdog get their turn.
    await nextTurn();
  }
}

/** Looks for the attestations that are due, at most sixteen. Returns how many entries were due. */
export async function judgeByAttestations(deps: FollowDeps, signal: AbortSignal): Promise<number> {
  const doubts = signal.aborted ? [] : dueAttestations(deps.store, deps.clock.now(), AT_ONCE);
  if (doubts.length > 0) {
    await judgeDoubts(doubts, deps, signal);
  }
  return doubts.length;
}

async function judgeDoubts(doubts: readonly Doubt[], deps: FollowDeps, signal: AbortSignal): Promise<void> {
  await lookRound(ROUND_MS, deps, signal, (search) =>
    mapWith(LOOKS_UNDER_WAY, doubts, async ({ entry }) => {
      const stored = findStoredEntry(deps.store, entry);
      // An entry without its log cannot be read.
      const doubted = stored === null ? null : await judgeStored(stored, search, deps);
      // Whoever ends closes the database.
      if (!signal.aborted) {
        deps.store.transaction(() => {
          settle(entry, doubted, deps);
        });
      }
    }),
  );
  if (!signal.aborted) {
    checkPlaces(deps, deps.clock.now());
  }
}

/** A stored entry with what its open findings are by now. */
interface Doubted {
  readonly stored: StoredEntry;
  readonly open: readonly OpenFinding[];
  /** Only of watches that are still there, and of signers that they still select. */
  readonly pieces: readonly JudgedEntry[];
  /** Until when it is waited for an attestation. */
  readonly until: Date;
}

async function judgeStored(
  stored: StoredEntry,
  search: LookRound['search'],
  deps: FollowDeps,
): Promise<Doubted | null> {
  const now = deps.clock.now();
  const open = openFindings(deps.store, stored.id);
  const leaf = leafOf(stored);
  const decoded = decodeLeaf(stored.type, leaf);
  if (!decoded.ok) {
    deps.logger.warn(
      { log: stored.log, index: stored.index, problem: decoded.problem },
      'entry cannot be judged again',
    );
    return null;
  }
  const watches = deps.watches.filter(({ name }) => open.some(({ watch }) => watch === name));
  const judgements = judge(decoded.entry, watches, { ...deps.judging, now }, () => signedTimeOf(leaf)).filter(
    (judgement) => findOpen(open, judgement) !== undefined,
  );
  const waiting = findAttestationDoubt(deps.store, stored.id);
  const until = waiting?.until ?? new Date(stored.observedAt.getTime() + ATTESTATION_WAIT_MS);
  const isLongOver = now.getTime() >= until.getTime() + ATTESTATION_WAIT_MS;
  const round = { search, deps, now, isOver: now >= until, isLongOver, hasRoom: () => true };
  return { stored, open, pieces: await attest({ leaf, entry: decoded.entry, judgements }, round), until };
}

/** Writes what became of the findings of an entry, and tells what that calls for. Null: nothing can be made of it any more. */
function settle(entry: number, doubted: Doubted | null, deps: FollowDeps): void {
  const { store, clock } = deps;
  const now = clock.now();
  const settled = new Set<string>();
  const waits = { trust: false, attestation: false };
  for (const piece of doubted?.pieces ?? []) {
    for (const judgement of piece.judgements) {
      const open = findOpen(doubted?.open ?? [], judgement);
      if (doubted === null || open === undefined) {
        continue;
      }
      waits.attestation ||= judgement.awaits === 'attestation';
      if (judgement.verdict === 'unverifiable' && judgement.awaits === undefined) {
        waits.trust = true;
        continue;
      }
      settleFinding(doubted.stored, piece, judgement, deps, now);
      if (open.alert !== null) {
        settled.add(open.alert);
      }
    }
  }
  endDoubt(store, { entry, reason: 'attestation' });
  endDoubt(store, { entry, reason: 'trust' });
  if (waits.trust) {
    prolongDoubt(store, { entry, reason: 'trust', dueAt: now, until: null });
  }
  if (waits.attestation && doubted !== null) {
    prolongDoubt(store, { entry, reason: 'attestation', dueAt: nextLook(doubted.until, now), until: doubted.until });
  }
  for (const alert of settled) {
    closeSettled(store, alert);
  }
}

function settleFinding(
  stored: StoredEntry,
  piece: JudgedEntry,
  judgement: Judgement,
  deps: FollowDeps,
  now: Date,
): void {
  const { id, log, index, leafHash, issuance } = stored;
  const { entry } = piece;
  const found = { log, index, leafHash, ...(issuance !== null && { issuance }) };
  const signer = judgedSigner(log, piece, judgement, deps.watches);
  const own = draftAlert(log, piece, judgement, deps.watches);
  const time = timeOfSighting(signer.signer, piece.leaf, judgement, stored.observedAt);
  const ids = [...(own === null ? [] : [own]), ...detect(deps.store, { ...signer, ...time }, now)].map((draft) =>
    raiseOfEntry(deps, signer.watch, found, judgement, draft, now),
  );
  const alert = ids[0] ?? null;
  updateFinding(deps.store, id, {
    watch: judgement.watch,
    verdict: judgement.verdict,
    violations: judgement.violations,
    // Never undefined: judged from it.
    signer: summarizeSigner(entry, entry.signers[judgement.signer] as Signer, judgement),
    signerPosition: judgement.signer,
    alert,
  });
  if (entry.attestation !== null) {
    updateArtifacts(deps.store, id, entry.artifacts);
  }
  if (judgement.awaits === undefined) {
    deps.logger.info({ log, index, watch: judgement.watch, verdict: judgement.verdict }, 'entry judged again');
  }
}

function findOpen(open: readonly OpenFinding[], { watch, signer }: Judgement): OpenFinding | undefined {
  return open.find((finding) => finding.watch === watch && finding.signerPosition === signer);
}
