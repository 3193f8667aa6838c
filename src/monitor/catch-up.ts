import { identityAlert } from '../alert/identity-alert.ts';
import { summarizeSigner } from '../alert/signer-summary.ts';
import { LogMisbehaved, LogUnavailable, type EntryBatch, type LogReader } from '../log/log.ts';
import { saveFindings, saveUnparsable, type Finding } from '../store/findings.ts';
import { countKinds } from '../store/counts.ts';
import { saveFrontier } from '../store/logs.ts';
import type { SignedCheckpoint } from '../tlog/checkpoint.ts';
import type { Frontier } from '../tlog/frontier.ts';
import type { FollowDeps } from './follow-deps.ts';
import { judgeBatch, type JudgedBatch, type JudgedEntry } from './judge-batch.ts';
import { requireConsistent } from './require-consistent.ts';

/**
 * Reads every entry from `start` to the size of `target`, judges each batch once it is proven part of a signed tree,
 * and writes frontier, findings, alerts and deliveries of a batch in one transaction, so that a crash is harmless.
 * Resolves when the recomputed root equals the signed one. Throws LogUnavailable or LogMisbehaved; what was written
 * until then was proven.
 */
export async function catchUp(
  reader: LogReader,
  start: Frontier,
  target: SignedCheckpoint,
  deps: FollowDeps,
  signal: AbortSignal,
): Promise<void> {
  let frontier = start;
  if (frontier.size < target.size) {
    for await (const batch of reader.entries(target, frontier.size, signal)) {
      frontier = await proveBatch(reader, frontier, batch, target, signal);
      saveBatch(reader, batch, frontier, deps);
      deps.onProgress({ log: reader.origin, size: frontier.size, target: target.size });
      if (signal.aborted) {
        return;
      }
    }
  }
  if (frontier.size !== target.size) {
    throw new LogUnavailable(
      `Cannot read all entries of "${reader.origin}": they end at ${frontier.size} of ${target.size}`,
    );
  }
  if (!frontier.root().equals(target.root)) {
    await throwRootMismatch(reader, target, signal);
  }
}

/** Appends a batch and requires the log's own frontier after it, which a signed root vouches for (protocol of Rekor v1: range in an inclusion proof; tiles: parent tiles). */
async function proveBatch(
  reader: LogReader,
  before: Frontier,
  batch: EntryBatch,
  target: SignedCheckpoint,
  signal: AbortSignal,
): Promise<Frontier> {
  const frontier = before.clone();
  for (const leaf of batch.leaves) {
    if (leaf.index !== frontier.size) {
      throw new LogUnavailable(`Cannot read entry ${frontier.size} of "${reader.origin}": got ${leaf.index} instead`);
    }
    frontier.append(leaf.hash);
  }
  if (!frontier.equals(batch.after.frontier)) {
    // Either what was served was never logged, or the log now vouches for another history than the one we follow.
    await requireConsistent(reader, target, batch.after.provenBy, signal);
    throw new LogMisbehaved(
      `Entries ${before.size} to ${frontier.size - 1} of "${reader.origin}" are not the ones its signed tree holds`,
      { kind: 'entry-mismatch', log: reader.origin, signed: false, notes: [batch.after.provenBy.note] },
    );
  }
  return frontier;
}

function saveBatch(reader: LogReader, batch: EntryBatch, frontier: Frontier, deps: FollowDeps): void {
  const now = deps.clock.now();
  const outcome = judgeBatch(batch.leaves, deps.watches, { ...deps.judging, now });
  deps.store.transaction(() => {
    saveOutcome(reader, outcome, deps, now);
    saveFrontier(deps.store, reader.origin, frontier, now);
  });
}

function saveOutcome(reader: LogReader, outcome: JudgedBatch, deps: FollowDeps, now: Date): void {
  countKinds(deps.store, reader.origin, outcome.kinds);
  for (const { leaf, kind, problem } of outcome.unparsable) {
    saveUnparsable(
      deps.store,
      { log: reader.origin, index: leaf.index, kind, problem, body: leaf.data, leafHash: leaf.hash },
      now,
    );
    deps.logger.warn({ log: reader.origin, index: leaf.index, problem }, 'entry unparsable');
  }
  for (const judged of outcome.judged) {
    saveJudged(reader, judged, deps, now);
  }
}

function saveJudged(reader: LogReader, { leaf, entry, judgements }: JudgedEntry, deps: FollowDeps, now: Date): void {
  const findings: Finding[] = [];
  for (const judgement of judgements) {
    const signer = entry.signers[judgement.signer];
    const watch = deps.watches.find((candidate) => candidate.name === judgement.watch);
    if (signer === undefined || watch === undefined) {
      throw new Error(`Judgement of "${judgement.watch}" names signer ${judgement.signer}, which does not exist`);
    }
    const draft = identityAlert({
      watch,
      judgement,
      entry,
      signer,
      log: reader.origin,
      index: leaf.index,
      globalIndex: leaf.globalIndex,
    });
    const alert = draft === null ? null : deps.tell(draft, now);
    findings.push({
      watch: watch.name,
      verdict: judgement.verdict,
      violations: judgement.violations,
      signer: summarizeSigner(signer, judgement.chain),
      signerPosition: judgement.signer,
      alert,
    });
    deps.logger.info(
      { log: reader.origin, index: leaf.index, watch: watch.name, verdict: judgement.verdict },
      'entry judged',
    );
  }
  saveFindings(
    deps.store,
    {
      log: reader.origin,
      index: leaf.index,
      globalIndex: leaf.globalIndex,
      uuid: leaf.uuid,
      kind: entry.kind,
      apiVersion: entry.apiVersion,
      integratedTime: leaf.integratedTime,
      leafHash: leaf.hash,
      body: leaf.data,
      artifacts: entry.artifacts,
    },
    findings,
    now,
  );
}

/** All batches were vouched for, yet they do not make the target's root: some signed note contradicts the target. */
async function throwRootMismatch(reader: LogReader, target: SignedCheckpoint, signal: AbortSignal): Promise<never> {
  const { provenBy } = await reader.fetchFrontier(target, target.size, signal);
  await requireConsistent(reader, target, provenBy, signal);
  throw new LogMisbehaved(`The entries of "${reader.origin}" do not make the root it signed for ${target.size}`, {
    kind: 'entry-mismatch',
    log: reader.origin,
    signed: false,
    notes: [target.note],
  });
}
