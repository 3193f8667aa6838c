import { hasWrongAttestation } from '../entry/attestation.ts';
import { LogMisbehaved, LogUnavailable, type Leaf, type LogReader } from '../log/log.ts';
import type { SignedCheckpoint } from '../tlog/checkpoint.ts';
import type { FollowDeps } from './follow-deps.ts';
import { judgeBatch, type JudgedBatch, type JudgedEntry } from './judge-batch.ts';

/** More of them in one batch are no broken cache's doing. */
const MOST = 16;

/**
 * What comes with a leaf is in no tree, so a broken cache can exchange it: where a CT log's precertificate does not hold what was
 * logged, or the attestation of Rekor v1 is not the one that was, the entry is read once more, past every cache, before anybody is
 * told. What cannot be read stays as it was.
 */
export async function readUnheldAgain(
  reader: LogReader,
  tree: SignedCheckpoint,
  outcome: JudgedBatch,
  deps: FollowDeps,
  now: Date,
  signal: AbortSignal,
): Promise<JudgedBatch> {
  const unheld = outcome.judged.filter(isUnheld).slice(0, MOST);
  if (unheld.length === 0) {
    return outcome;
  }
  const better = new Map<number, JudgedEntry>();
  for (const { leaf } of unheld) {
    const again = await readAgain(reader, tree, leaf, signal);
    const [judged] =
      again === null ? [] : judgeBatch(reader.type, [again], deps.watches, { ...deps.judging, now }).judged;
    if (judged !== undefined && (judged.entry.attestation !== null || reader.type === 'ct')) {
      better.set(leaf.index, judged);
    }
  }
  return { ...outcome, judged: outcome.judged.map((judged) => better.get(judged.leaf.index) ?? judged) };
}

function isUnheld({ entry }: JudgedEntry): boolean {
  return (
    hasWrongAttestation(entry) || entry.signers.some(({ certificate }) => certificate?.precertificate?.holds === false)
  );
}

async function readAgain(
  reader: LogReader,
  tree: SignedCheckpoint,
  leaf: Leaf,
  signal: AbortSignal,
): Promise<Leaf | null> {
  const { fresh } = reader;
  reader.fresh = true;
  try {
    for await (const { leaves } of reader.entries(tree, leaf.index, signal, leaf.index + 1)) {
      return leaves.find(({ index, hash }) => index === leaf.index && hash.equals(leaf.hash)) ?? null;
    }
    return null;
  } catch (error) {
    if (error instanceof LogUnavailable || error instanceof LogMisbehaved || signal.aborted) {
      return null;
    }
    throw error;
  } finally {
    reader.fresh = fresh;
  }
}
