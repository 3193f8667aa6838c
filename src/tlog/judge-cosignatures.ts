import type { SignedCheckpoint } from './checkpoint.ts';
import { latestOf, verifyCosignatures, type Cosignature, type Witness } from './cosignature.ts';
import { parseNote, verifyNote } from './note.ts';
import { toNoteKey } from './vkey.ts';
import type { PolicyLog, Quorum, WitnessPolicy } from './witness-policy.ts';

/** What a witness policy makes of a checkpoint. */
export interface WitnessJudgement {
  /** The quorum cosigned it, and a key that the policy names for the log signed it; true for a log that the policy is not about. */
  readonly satisfied: boolean;
  /** Of each witness of the policy that did: its latest cosignature that holds. */
  readonly cosigned: readonly Cosignature[];
  /** The witnesses of the quorum that did not, where the log is asked for them. */
  readonly missing: readonly string[];
  /** False when the policy names the log by another key than the one that signed. */
  readonly keyNamed: boolean;
}

/**
 * Judges a checkpoint by a policy. A policy without logs is about every log, else about those it names. `known`: the
 * cosignatures on the same tree that were verified before, in another note.
 */
export function judgeCosignatures(
  policy: WitnessPolicy,
  checkpoint: SignedCheckpoint,
  now: Date,
  known: readonly Cosignature[] = [],
): WitnessJudgement {
  const fresh = verifyCosignatures(checkpoint, policy.witnesses, now);
  const cosigned = policy.witnesses.flatMap((witness) =>
    latestOf([...fresh, ...known].filter((one) => isBy(witness, one))),
  );
  const named = policy.logs.filter((log) => covers(log, checkpoint.origin));
  if (policy.logs.length > 0 && named.length === 0) {
    return { satisfied: true, cosigned, missing: [], keyNamed: true };
  }
  const names = new Set(cosigned.map(({ name }) => name));
  const keyNamed = policy.logs.length === 0 || named.some((log) => signed(log, checkpoint, now));
  return {
    satisfied: keyNamed && holds(policy.quorum, names),
    cosigned,
    missing: witnessesOf(policy.quorum).filter((name) => !names.has(name)),
    keyNamed,
  };
}

/** Whether it is by the key that the witness has now: what was verified under its name before may be by another. */
function isBy({ name, key }: Witness, cosignature: Cosignature): boolean {
  const [, keyName, encoded = ''] = cosignature.line.split(' ');
  const id = Buffer.from(encoded, 'base64').subarray(0, key.id.length);
  return cosignature.name === name && keyName === key.name && id.equals(key.id);
}

/** A Rekor v1 shard signs as `HOST - TREEID` under the name HOST: no key name can say more (c2sp.org/signed-note). */
function covers({ name }: PolicyLog, origin: string): boolean {
  return origin === name || (origin.startsWith(`${name} - `) && /^\d+$/.test(origin.slice(name.length + 3)));
}

/** A log that has an ML-DSA-44 key signs its checkpoints as a cosigner does (c2sp.org/tlog-cosignature). */
function signed({ name, key }: PolicyLog, checkpoint: SignedCheckpoint, now: Date): boolean {
  const noteKey = toNoteKey(key);
  return noteKey === null
    ? verifyCosignatures(checkpoint, [{ name, key }], now).length > 0
    : verifyNote(parseNote(checkpoint.note), [noteKey]) === 'verified';
}

function holds(quorum: Quorum, cosigned: ReadonlySet<string>): boolean {
  return quorum.kind === 'witness'
    ? cosigned.has(quorum.name)
    : quorum.members.filter((member) => holds(member, cosigned)).length >= quorum.needed;
}

function witnessesOf(quorum: Quorum): readonly string[] {
  return quorum.kind === 'witness' ? [quorum.name] : quorum.members.flatMap(witnessesOf);
}
