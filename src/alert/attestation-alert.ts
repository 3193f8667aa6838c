import type { Evidence } from '../log/log.ts';
import { about } from './about.ts';
import type { AlertDraft } from './alert.ts';
import { shown } from './escape.ts';

/** Longest part of the problem that a summary quotes. */
const QUOTED = 1000;

/** The log serves, beside an entry that is its own, something else than what was signed there. */
export interface WrongAttestation {
  /** Origin. */
  readonly log: string;
  readonly index: number;
  /** As `ParsedEntry.attestationProblem`. */
  readonly problem: string;
  /** What was served, and the signed note under which the entry is proven: our report only, nobody signed attestations. */
  readonly served: NonNullable<Evidence['served']>;
  readonly note: string;
}

/** There is one alert for each log: a further entry repeats it. It does not hold the position, because the entries themselves are proven. */
export function attestationAlert({ log, index, problem, served, note }: WrongAttestation): AlertDraft {
  return {
    ...about(log),
    class: 'log',
    kind: 'entry-mismatch',
    severity: 'critical',
    title: shown(`The attestation that ${log} serves with entry ${index} is not the one that was logged`, 400),
    summary: `${shown(problem, QUOTED)}.\nNothing of it is believed: what only it could show, such as the builder, counts as absent. The entry itself is proven and was judged; the log goes on.\nWhat to do now: take the attestation from where the artifact is published and compare its hash; ask the operator of the log who can write to its attestation storage, and look for a cache or proxy on the way.`,
    index,
    dedupeKey: `log/${log}/attestation`,
    evidence: { kind: 'entry-mismatch', log, signed: false, notes: [note], served },
  };
}
