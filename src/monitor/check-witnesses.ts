import { logAlert } from '../alert/log-alert.ts';
import { LogMisbehaved } from '../log/log.ts';
import { findCosignatures, findNote, replaceNote, saveCosignatures, saveCosignedAt } from '../store/cosignatures.ts';
import { restoreCheckpoint, type SignedCheckpoint } from '../tlog/checkpoint.ts';
import { verifyCosignatures } from '../tlog/cosignature.ts';
import { judgeCosignatures, type WitnessJudgement } from '../tlog/judge-cosignatures.ts';
import { parseNote } from '../tlog/note.ts';
import type { WitnessPolicy } from '../tlog/witness-policy.ts';
import type { FollowDeps } from './follow-deps.ts';

/**
 * Verifies who cosigned a checkpoint that was just stored, keeps it, and tells when the witness policy is not met. That
 * neither holds the log's position nor changes its state. Call inside a transaction.
 */
export function checkWitnesses(seen: SignedCheckpoint, deps: FollowDeps, now: Date): void {
  const { store, witnesses } = deps;
  if (witnesses === null) {
    return;
  }
  // The same tree may be published again, and with other lines: whoever cosigned it once has seen it.
  const judgement = judgeCosignatures(witnesses.policy, seen, now, findCosignatures(store, seen));
  saveCosignatures(store, seen, judgement.cosigned);
  keepBetterNote(seen, witnesses.policy, deps, now);
  // The clock of a witness may be a little ahead of ours, but nothing lives in the future.
  const latest = Math.min(Math.max(0, ...judgement.cosigned.map(({ time }) => time)), now.getTime());
  saveCosignedAt(store, seen.origin, new Date(latest));
  if (witnesses.onMissing === 'alert' && !judgement.satisfied) {
    deps.tell(logAlert(missing(seen, judgement)), now);
  }
  if (witnesses.onMissing !== 'ignore') {
    logChange(seen, judgement, witnesses.unmet, deps);
  }
}

/** Of two notes that say the same, the one that more witnesses signed is the better evidence. */
function keepBetterNote(seen: SignedCheckpoint, policy: WitnessPolicy, { store }: FollowDeps, now: Date): void {
  const kept = findNote(store, seen);
  if (kept === null || kept === seen.note || parseNote(kept).text !== parseNote(seen.note).text) {
    return;
  }
  const count = (checkpoint: SignedCheckpoint): number => verifyCosignatures(checkpoint, policy.witnesses, now).length;
  if (count(seen) > count(restoreCheckpoint(kept))) {
    replaceNote(store, seen);
  }
}

/** A policy that is not met may stay so for long: one line when it begins, and one when it ends. */
function logChange(
  seen: SignedCheckpoint,
  { satisfied, missing: names, keyNamed }: WitnessJudgement,
  unmet: Set<string>,
  { logger }: FollowDeps,
): void {
  const { origin, size } = seen;
  if (satisfied && unmet.delete(origin)) {
    logger.info({ log: origin, size }, 'cosignatures complete again');
  }
  if (!satisfied && !unmet.has(origin)) {
    unmet.add(origin);
    logger.warn({ log: origin, size, missing: names, key_named: keyNamed }, 'cosignatures missing');
  }
}

function missing(seen: SignedCheckpoint, { cosigned, missing: names, keyNamed }: WitnessJudgement): LogMisbehaved {
  const faults = [
    ...(keyNamed ? [] : ['it is signed by another key than the one that the policy names for this log']),
    ...(names.length === 0 ? [] : [`no valid cosignature by ${names.join(', ')}`]),
    `cosigned by ${cosigned.map(({ name }) => name).join(', ') || 'nobody that the policy names'}`,
  ];
  return new LogMisbehaved(
    `The checkpoint of "${seen.origin}" at size ${seen.size} does not meet the witness policy: ${faults.join('; ')}`,
    { kind: 'witness-missing', log: seen.origin, signed: false, notes: [seen.note] },
  );
}
