import { createPublicKey } from 'node:crypto';
import { isNonEmpty, type NonEmpty } from '../lib/non-empty.ts';
import type { MisbehaviourKind } from '../log/log.ts';
import { CheckpointRefused, openCheckpoint, type SignedCheckpoint } from '../tlog/checkpoint.ts';
import type { NoteKey } from '../tlog/note.ts';
import type { EvidenceContent } from './evidence-file.ts';
import { logKey, type NamedLog } from './log-key.ts';
import { proveContradiction } from './prove-contradiction.ts';
import { proveInclusion, type ChainOf } from './prove-inclusion.ts';

/** What is known from elsewhere than the file. */
export interface Known {
  /** SubjectPublicKeyInfo, DER, of the keys by which the log may sign. */
  readonly keys: readonly Buffer[];
  readonly chainOf: ChainOf;
}

/** What evidence proves to whoever trusts the keys, and what it only reports, in words. */
export interface Verification {
  /** Whether a contradiction between signed notes, or an inclusion, is proven, and nothing of the file is wrong. */
  readonly isProven: boolean;
  readonly proven: readonly string[];
  readonly reported: readonly string[];
  /** Why it is not proven; empty where it is. */
  readonly problems: readonly string[];
}

/** Checks evidence by keys from elsewhere. What the file says of its own key only has to be the same. */
export function verifyEvidence(content: EvidenceContent, known: Known): Verification {
  const reported = report(content);
  try {
    const { proven, shortfall } = prove(content, known);
    return { isProven: shortfall === null, proven, reported, problems: shortfall === null ? [] : [shortfall] };
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof CheckpointRefused) {
      return { isProven: false, proven: [], reported, problems: [error.message] };
    }
    throw error;
  }
}

/** What holds, and what is missing for a proof. Throws SyntaxError or CheckpointRefused where something does not hold. */
function prove(content: EvidenceContent, known: Known): { proven: readonly string[]; shortfall: string | null } {
  const { log, entry } = content;
  if (log === null) {
    return { proven: [], shortfall: 'this alert is about no log: there is nothing to prove' };
  }
  const keys = trustedKeys(log, known);
  const notes = content.signed_notes.map((note) => openCheckpoint(note, { origin: log.origin, keys }));
  // Two notes may say the same, signed twice.
  const signed = [...new Set(notes.map((checkpoint) => signedSentence(log, checkpoint)))];
  if (entry !== null && (notes.length > 0 || accuses(content))) {
    return { proven: [], shortfall: 'that an entry is in the log proves nothing against the log' };
  }
  if (entry !== null) {
    return {
      proven: [...proveInclusion(entry, extraOf(content), log, keys, known.chainOf), ...signed],
      shortfall: null,
    };
  }
  const [first, second, ...others] = notes;
  if (first === undefined || second === undefined || others.length > 0) {
    return { proven: signed, shortfall: 'nothing in it is signed that the log could not honestly have signed' };
  }
  const [small, large] = first.size <= second.size ? [first, second] : [second, first];
  const contradiction = proveContradiction({ small, large }, log.type, content.prefix);
  return contradiction === null
    ? { proven: signed, shortfall: 'the notes that the log signed do not contradict each other by what is here' }
    : { proven: [...signed, `"${log.origin}" contradicts itself: ${contradiction}`], shortfall: null };
}

function extraOf({ reported: { extra_data: extra } }: EvidenceContent): Buffer | undefined {
  return extra === null ? undefined : Buffer.from(extra, 'base64');
}

/** Whether the alert is about the log itself. Its class and kind are only said: either is enough. */
function accuses({ reported: { alert } }: EvidenceContent): boolean {
  return alert.class === 'log' || ACCUSATIONS.includes(alert.kind);
}

const ACCUSATIONS: readonly string[] = [
  'fork',
  'rollback',
  'bad-signature',
  'wrong-origin',
  'entry-mismatch',
  'entries-withheld',
  'frozen-log-grew',
  'witness-missing',
] satisfies MisbehaviourKind[];

/** The keys from elsewhere, of which those in the file must be. */
function trustedKeys(log: NamedLog & { readonly public_keys: readonly string[] }, known: Known): NonEmpty<NoteKey> {
  const stated = log.public_keys.map((pem) => {
    try {
      return createPublicKey(pem).export({ type: 'spki', format: 'der' });
    } catch (cause) {
      throw new SyntaxError('Cannot read a public key of the file: expected PEM', { cause });
    }
  });
  const keys = known.keys.map((spki) => logKey(log, spki));
  if (!isNonEmpty(keys)) {
    throw new SyntaxError(
      `Cannot prove anything about "${log.origin}" with the file alone: expected a key of this log from elsewhere`,
    );
  }
  if (!stated.every((spki) => keys.some((key) => key.spki.equals(spki)))) {
    throw new SyntaxError(
      `Cannot believe the file's key of "${log.origin}": it differs from the key that is known from elsewhere`,
    );
  }
  return keys;
}

function signedSentence({ origin }: NamedLog, { size, root }: SignedCheckpoint): string {
  return `"${origin}" signed the root ${root.toString('hex')} for size ${size}`;
}

function report({ log, reported }: EvidenceContent): readonly string[] {
  const { alert, watch, verdict, violations, served, unserved } = reported;
  const about = log === null ? '' : ` about "${log.origin}"`;
  return [
    `alert ${alert.id}${about}, first seen ${alert.first_seen}: ${alert.kind} (${alert.severity}), "${alert.title}"`,
    ...(watch === null || verdict === null
      ? []
      : [
          `by the watch "${watch.name}" the ${verdict === 'unparsable' ? 'entry' : 'signer'} is ${verdict}${failing(violations.length)}`,
        ]),
    ...(served === null ? [] : [`"${served.url}" served bytes with the SHA-256 ${served.sha256}: nobody signed that`]),
    ...(unserved === null ? [] : [inVain(unserved)]),
  ];
}

/** Of a signer that is not judged by its claims, none fails. */
function failing(claims: number): string {
  return claims === 0 ? '' : `; ${claims} of its claims fail${claims === 1 ? 's' : ''}`;
}

function inVain({ from, to }: { readonly from: number; readonly to: number }): string {
  return to - from === 1
    ? `entry ${from} was asked for in vain`
    : `the entries from ${from} to ${to - 1} were asked for in vain`;
}
