import { setImmediate as nextTurn } from 'node:timers/promises';
import { summarizeSigner } from '../alert/signer-summary.ts';
import type { Attestation, Signer } from '../entry/entry.ts';
import {
  LogMisbehaved,
  LogUnavailable,
  type EntryBatch,
  type EntryEvidence,
  type Leaf,
  type LogReader,
} from '../log/log.ts';
import { checkpointsBetween, findRival, saveVoucher } from '../store/checkpoints.ts';
import { saveDoubt } from '../store/doubtful.ts';
import { hasFinding, saveFindings, type Finding, type FoundEntry } from '../store/findings.ts';
import { countKinds } from '../store/counts.ts';
import { appendLeafHashes } from '../store/leaf-hashes.ts';
import { saveFrontier } from '../store/logs.ts';
import type { Judgement } from '../policy/watch.ts';
import type { SignedCheckpoint } from '../tlog/checkpoint.ts';
import type { Frontier } from '../tlog/frontier.ts';
import { attestBatch } from './attest.ts';
import { doubtsOf } from './doubts.ts';
import { detect } from './detect.ts';
import { draftAlert, judgedSigner } from './draft-alert.ts';
import type { FollowDeps } from './follow-deps.ts';
import type { FollowedLog } from './followed-source.ts';
import { judgeDoubtful } from './judge-doubtful.ts';
import { keepPace } from './keep-pace.ts';
import { judgeBatch, mergeBatches, type JudgedBatch, type JudgedEntry } from './judge-batch.ts';
import { judgeResigned } from './judge-resigned.ts';
import { MAX_PROOFS, proveAlerts, type ProofBudget } from './prove-alerts.ts';
import { raiseOfEntry } from './raise.ts';
import { readUnheldAgain } from './read-unheld-again.ts';
import { requireConsistent, requireSameRoot } from './require-consistent.ts';
import { requireTimes } from './require-times.ts';
import { saveUnread } from './save-unparsable.ts';
import { timeOfSighting } from './time-of-sighting.ts';
import { wrongAttestations } from './wrong-attestations.ts';

/** Whoever logs long entries must not hold up signals, other logs and the supervisor's watchdog: so many are judged, and for so long, before these get their turn. */
const JUDGED_AT_ONCE = 8;
const BYTES_AT_ONCE = 1024 * 1024;
const LONGEST_TURN_MS = 100;

/**
 * Reads every entry from `start` to the size of `target`, judges each batch once it is proven part of a signed tree,
 * and writes frontier, findings, alerts and deliveries of a batch in one transaction, so that a crash is harmless.
 * Resolves with the frontier there, once the recomputed root equals the signed one; or with that behind the batch of entry
 * `to` − 1, where only so much is to be read. Throws LogUnavailable or LogMisbehaved; what was written until then was proven.
 */
export async function catchUp(
  followed: FollowedLog,
  start: Frontier,
  target: SignedCheckpoint,
  deps: FollowDeps,
  signal: AbortSignal,
  to = target.size,
): Promise<Frontier> {
  const { reader } = followed;
  let frontier = start;
  // What the entries must agree with: the target, and what the log vouched for the last of them by.
  let held: readonly SignedCheckpoint[] = [target];
  const budget: ProofBudget = { left: MAX_PROOFS };
  const pace = keepPace(followed, start.size, deps);
  if (frontier.size < to) {
    for await (const batch of reader.entries(target, frontier.size, signal, to)) {
      const before = frontier;
      frontier = await proveBatch(reader, before, batch, held, deps, signal);
      held = [target, batch.after.provenBy];
      await saveBatch(reader, batch, before, frontier, target, budget, deps, signal);
      deps.onProgress({ log: reader.origin, size: frontier.size, target: target.size });
      if (signal.aborted) {
        return frontier;
      }
      if (frontier.size >= to) {
        break;
      }
      await pace.advanced(frontier.size, signal);
    }
  }
  if (frontier.size >= to && to < target.size) {
    return frontier;
  }
  if (frontier.size !== target.size) {
    throw new LogUnavailable(
      `Cannot read all entries of "${reader.origin}": they end at ${frontier.size} of ${target.size}`,
    );
  }
  if (!frontier.root().equals(target.root)) {
    const { provenBy } = await reader.fetchFrontier(target, target.size, signal);
    const problem = `The entries of "${reader.origin}" do not make the root it signed for ${target.size}`;
    await accuse(reader, held, provenBy, problem, signal);
  }
  return frontier;
}

/**
 * Appends a batch, and requires the log's own frontier after it, which a signed root vouches for, and each root that the
 * log signed on the way: also those that were seen between two verified ones.
 */
export async function proveBatch(
  reader: LogReader,
  before: Frontier,
  batch: EntryBatch,
  held: readonly SignedCheckpoint[],
  deps: FollowDeps,
  signal: AbortSignal,
): Promise<Frontier> {
  const frontier = before.clone();
  const passed = checkpointsBetween(deps.store, reader.origin, before.size, before.size + batch.leaves.length);
  const contradicted: SignedCheckpoint[] = [];
  for (const leaf of batch.leaves) {
    if (leaf.index !== frontier.size) {
      throw new LogUnavailable(`Cannot read entry ${frontier.size} of "${reader.origin}": got ${leaf.index} instead`);
    }
    frontier.append(leaf.hash);
    contradicted.push(...passed.filter(({ size, root }) => size === frontier.size && !root.equals(frontier.root())));
  }
  const { provenBy } = batch.after;
  if (!frontier.equals(batch.after.frontier)) {
    // Either what was served was never logged, or the log now vouches for another history than the one we follow.
    const problem = `Entries ${before.size} to ${frontier.size - 1} of "${reader.origin}" are not the ones its signed tree holds`;
    await accuse(reader, held, provenBy, problem, signal, batch);
  }
  // Rekor v1 vouches for entries by whatever it signed last, which may contradict what it signed before.
  requireSameRoot(reader, findRival(deps.store, provenBy) ?? provenBy, provenBy, provenBy);
  if (contradicted.length > 0) {
    const sizes = contradicted.map(({ size }) => size).join(', ');
    const problem = `The entries of "${reader.origin}" do not make the root it signed for ${sizes}`;
    await accuse(reader, contradicted, provenBy, problem, signal, batch);
  }
  return frontier;
}

/** Throws the contradiction between what the log signed before and what it vouches for the entries by now, if there is one; else that what it served is wrong. */
async function accuse(
  reader: LogReader,
  held: readonly SignedCheckpoint[],
  provenBy: SignedCheckpoint,
  problem: string,
  signal: AbortSignal,
  batch?: EntryBatch,
): Promise<never> {
  for (const checkpoint of held) {
    try {
      await requireConsistent(reader, checkpoint, provenBy, signal);
    } catch (error) {
      // A log that will not show how its checkpoints fit is no less caught with what it served.
      if (!(error instanceof LogUnavailable)) {
        throw error;
      }
    }
  }
  const notes = new Set([...held, provenBy].map(({ note }) => note));
  const served = batch?.served?.();
  throw new LogMisbehaved(problem, {
    kind: 'entry-mismatch',
    log: reader.origin,
    signed: false,
    notes: [...notes],
    ...(served && { served }),
  });
}

/** Judges a proven batch that follows the position, and writes it with the position behind it. */
async function saveBatch(
  reader: LogReader,
  batch: EntryBatch,
  before: Frontier,
  frontier: Frontier,
  target: SignedCheckpoint,
  budget: ProofBudget,
  deps: FollowDeps,
  signal: AbortSignal,
): Promise<void> {
  const { provenBy } = batch.after;
  const hashes = batch.leaves.map(({ hash }) => hash);
  await examine(reader, batch, target, budget, deps, signal, (now) => {
    const isOther = !provenBy.root.equals(target.root);
    saveFrontier(deps.store, reader.origin, frontier, now, isOther ? provenBy : null);
    if (isOther) {
      // Signed and shown, if only beside an entry: what is read later is held against it as well.
      saveVoucher(deps.store, provenBy, now);
    }
    appendLeafHashes(deps.store, reader.origin, before, hashes, target.size);
  });
}

/**
 * Judges proven leaves and writes what was found, with what `settle` writes, in one transaction; nothing of it when `signal` aborts
 * before. Throws LogMisbehaved for what the log says wrongly of an entry that somebody watches, and writes nothing.
 */
export async function examine(
  reader: LogReader,
  batch: EntryBatch,
  target: SignedCheckpoint,
  budget: ProofBudget,
  deps: FollowDeps,
  signal: AbortSignal,
  settle: (now: Date) => void,
): Promise<void> {
  const now = deps.clock.now();
  const outcomes: JudgedBatch[] = [];
  let turn = now.getTime();
  for (let start = 0; start < batch.leaves.length;) {
    const leaves = leavesOfTurn(batch.leaves, start);
    start += leaves.length;
    outcomes.push(judgeBatch(reader.type, leaves, deps.watches, { ...deps.judging, now }));
    if (deps.clock.now().getTime() - turn > LONGEST_TURN_MS) {
      await nextTurn();
      turn = deps.clock.now().getTime();
    }
    if (signal.aborted) {
      return;
    }
  }
  const held = await readUnheldAgain(reader, target, mergeBatches(outcomes), deps, now, signal);
  requireTimes(reader, held.judged, batch);
  const outcome = await judgeDoubtful(held, deps, now, signal);
  const attested = await attestBatch(outcome, deps, now, signal);
  const whole = await judgeResigned(reader, attested, deps, now, signal);
  requireTimes(reader, whole.judged, batch);
  const proofs = await proveAlerts(reader, target, whole, budget, deps, signal);
  if (signal.aborted) {
    // What was asked for meanwhile (newer trust data, an attestation) was not waited for: nothing is judged for good without.
    return;
  }
  deps.store.transaction(() => {
    saveOutcome(reader, whole, proofs, deps, now);
    for (const draft of wrongAttestations(reader, outcome.judged, batch)) {
      deps.tell(draft, now);
    }
    settle(now);
  });
}

/** A few leaves, fewer of long ones, and at least one. */
function leavesOfTurn(leaves: readonly Leaf[], start: number): readonly Leaf[] {
  let [end, bytes] = [start, 0];
  for (const { data, extra } of leaves.slice(start, start + JUDGED_AT_ONCE)) {
    bytes += data.length + (extra?.length ?? 0);
    if (end > start && bytes > BYTES_AT_ONCE) {
      break;
    }
    end += 1;
  }
  return leaves.slice(start, end);
}

/** Writes what was found in a batch of a log, and tells what that calls for. Call inside a transaction. */
export function saveOutcome(
  reader: Pick<LogReader, 'origin' | 'type'>,
  outcome: JudgedBatch,
  proofs: ReadonlyMap<string, EntryEvidence>,
  deps: FollowDeps,
  now: Date,
): void {
  countKinds(deps.store, reader.origin, outcome.kinds);
  for (const unparsable of outcome.unparsable) {
    saveUnread(reader.origin, unparsable, proofs, deps, now);
  }
  for (const judged of outcome.judged) {
    saveJudged(reader, judged, proofs, deps, now);
  }
}

function saveJudged(
  reader: Pick<LogReader, 'origin' | 'type'>,
  judged: JudgedEntry,
  proofs: ReadonlyMap<string, EntryEvidence>,
  deps: FollowDeps,
  now: Date,
): void {
  const { leaf, entry, judgements } = judged;
  const findings: Finding[] = [];
  const found = {
    log: reader.origin,
    index: leaf.index,
    leafHash: leaf.hash,
    ...(entry.issuance !== undefined && { issuance: entry.issuance }),
  };
  for (const judgement of judgements) {
    const alert = tellOf(reader.origin, judged, judgement, found, proofs, deps, now);
    findings.push({
      watch: judgement.watch,
      verdict: judgement.verdict,
      violations: judgement.violations,
      // Never undefined: drafted from it.
      signer: summarizeSigner(entry, entry.signers[judgement.signer] as Signer, judgement),
      signerPosition: judgement.signer,
      alert,
      ...(judgement.resigned !== undefined && { resigned: judgement.resigned.artifact }),
    });
    deps.logger.info(
      { log: reader.origin, index: leaf.index, watch: judgement.watch, verdict: judgement.verdict },
      'entry judged',
    );
  }
  saveFindings(
    deps.store,
    {
      ...found,
      globalIndex: leaf.globalIndex,
      uuid: leaf.uuid,
      kind: entry.kind,
      apiVersion: entry.apiVersion,
      integratedTime: leaf.integratedTime,
      body: leaf.data,
      isTimeSigned: leaf.isTimeSigned?.() === true,
      // An attestation that is not the entry's is worth no room; that of Rekor v1 is the payload, or a COSE message around it.
      ...(leaf.extra && (reader.type === 'ct' || holds(leaf.extra, entry.attestation)) && { extra: leaf.extra }),
      artifacts: entry.artifacts,
    },
    findings,
    now,
  );
  for (const [reason, wait] of doubtsOf(judgements, now)) {
    saveDoubt(deps.store, found, reason, wait);
  }
}

/** Tells what a judgement calls for, and what the detectors of its watch find. Returns the id of the alert that says most; null where there is none. */
function tellOf(
  log: string,
  judged: JudgedEntry,
  judgement: Judgement,
  found: Pick<FoundEntry, 'log' | 'index' | 'leafHash' | 'issuance'>,
  proofs: ReadonlyMap<string, EntryEvidence>,
  deps: FollowDeps,
  now: Date,
): string | null {
  const signer = judgedSigner(log, judged, judgement, deps.watches);
  // An entry that is read again is nothing new for the detectors.
  const isKnown = hasFinding(deps.store, found, judgement);
  // Nor for what is only written down, whatever its verdict was then.
  const isWritten = isKnown && signer.watch.mode === 'audit';
  const own = isWritten ? null : draftAlert(log, judged, judgement, deps.watches);
  const time = timeOfSighting(signer.signer, judged.leaf, judgement, now);
  const detected = isKnown ? [] : detect(deps.store, { ...signer, ...time }, now);
  const ids = [...(own === null ? [] : [own]), ...detected].map((draft) => {
    const evidence = proofs.get(draft.dedupeKey) ?? null;
    return raiseOfEntry(deps, signer.watch, found, judgement, { ...draft, evidence }, now);
  });
  return ids[0] ?? null;
}

function holds(extra: Buffer, attestation: Attestation | null): boolean {
  return attestation !== null && extra.includes(attestation.payload);
}
