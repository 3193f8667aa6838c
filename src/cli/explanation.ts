import { summarizeSigner } from '../alert/signer-summary.ts';
import type { Certificate, DecodedEntry, SignatureVerdict, Signer } from '../entry/entry.ts';
import { judge } from '../policy/judge.ts';
import { findMentions, type Mentions } from '../policy/mentions.ts';
import { standingOf, type JudgeContext, type SctVerdict, type Standing } from '../policy/standing.ts';
import { placeOfMissing } from '../policy/unattested.ts';
import type { ChainVerdict, Verdict, Violation, Watch } from '../policy/watch.ts';
import type { Hash } from '../tlog/hash.ts';

/** What one watch makes of an entry. */
export interface EntryJudgement {
  readonly watch: string;
  /** Position in the entry's signers; null for an entry that cannot be read and mentions what is watched. */
  readonly signer: number | null;
  readonly verdict: Verdict;
  readonly violations: readonly Violation[];
  /** Set where `unverifiable` means that what is missing may stand in an attestation, which nobody looked for here. */
  readonly awaits?: 'attestation';
}

export interface ExplainedSigner {
  readonly signer: Signer;
  readonly standing: Standing;
}

/** An entry with all that is made of it. */
export interface Explanation {
  /** The bytes that the log hashed. */
  readonly body: Buffer;
  readonly leafHash: Hash;
  readonly decoded: DecodedEntry;
  readonly signers: readonly ExplainedSigner[];
  readonly judgements: readonly EntryJudgement[];
  /** Unix seconds at which the log took the entry, as far as it signed that. */
  readonly signedTime: number | null;
  /** What was found of the watches in an entry of which nothing can be read; null for one that is read. */
  readonly mentions: Mentions | null;
  /** Something came with the entry as its attestation, whether or not it is the one. */
  readonly cameWithAttestation: boolean;
}

/** What an entry is explained by. */
export interface Explainer {
  readonly watches: readonly Watch[];
  readonly context: JudgeContext;
}

/** Judges an entry by every watch, and looks at every signer, watched or not. Throws only what the context throws. */
export function explain(
  decoded: DecodedEntry,
  about: Pick<Explanation, 'body' | 'leafHash' | 'signedTime' | 'cameWithAttestation'>,
  { watches, context }: Explainer,
): Explanation {
  const mentions = isUnreadable(decoded) ? mentionsIn(decoded, about.body, watches) : null;
  const mentioned = (mentions?.mentions ?? []).map(({ watch }): EntryJudgement => ({
    watch: watch.name,
    signer: null,
    verdict: 'unparsable',
    violations: [],
  }));
  if (!decoded.ok) {
    return { ...about, decoded, signers: [], judgements: mentioned, mentions };
  }
  const { entry } = decoded;
  const asked = askOnce(context);
  const signedTime = (): number | null => about.signedTime;
  const judged = judge(entry, watches, asked, signedTime).map((judgement): EntryJudgement => {
    const { watch, signer, verdict, violations } = judgement;
    const rule = watches.find(({ name }) => name === watch);
    return rule !== undefined && placeOfMissing(entry, judgement, rule) !== null
      ? { watch, signer, verdict: 'unverifiable', violations, awaits: 'attestation' }
      : { watch, signer, verdict, violations };
  });
  return {
    ...about,
    decoded,
    signers: entry.signers.map((signer) => ({ signer, standing: standingOf(entry, signer, asked, signedTime) })),
    judgements: [...judged, ...mentioned],
    mentions,
  };
}

/** Nothing of it was read but, perhaps, its kind. */
function isUnreadable(decoded: DecodedEntry): boolean {
  return !decoded.ok || decoded.entry.unread;
}

function mentionsIn(decoded: DecodedEntry, data: Buffer, watches: readonly Watch[]): Mentions {
  return findMentions(watches, { kind: decoded.ok ? decoded.entry.kind : decoded.kind, data });
}

/** The same answers, each asked for once: each takes milliseconds. */
function askOnce(context: JudgeContext): JudgeContext {
  const chains = new Map<Certificate, ChainVerdict>();
  const promises = new Map<Certificate, SctVerdict>();
  const signatures = new Map<Signer, SignatureVerdict>();
  return {
    now: context.now,
    chainOf: (certificate) => remembered(chains, certificate, () => context.chainOf(certificate)),
    sctOf: (certificate) => remembered(promises, certificate, () => context.sctOf(certificate)),
    signatureOf: (entry, signer) => remembered(signatures, signer, () => context.signatureOf(entry, signer)),
  };
}

function remembered<Key, Answer>(answers: Map<Key, Answer>, key: Key, ask: () => Answer): Answer {
  const known = answers.get(key);
  if (known !== undefined) {
    return known;
  }
  const answer = ask();
  answers.set(key, answer);
  return answer;
}

/** Whether something was found that people should look at. */
export function isFinding({ decoded, judgements }: Explanation): boolean {
  return !decoded.ok || judgements.some(({ verdict }) => ALARMING.has(verdict));
}

const ALARMING: ReadonlySet<Verdict> = new Set(['unexpected', 'forged', 'unparsable']);

/** An entry as `explain --json` and `entry --json` have it in common; keys in this order. */
export interface ExplanationJson {
  readonly kind: string | null;
  readonly api_version: string | null;
  readonly leaf_hash: string | null;
  readonly artifacts: readonly string[];
  readonly problem: string | null;
  readonly signers: readonly unknown[];
  readonly judgements: readonly EntryJudgement[];
  readonly attestation: { readonly state: AttestationState; readonly problem: string | null } | null;
  readonly unread: boolean;
}

/**
 * `bound`: it hashes to what the entry records, and its claims are the entry's; `mismatch`: it does not; `not-checkable`: the
 * entry records nothing to compare it with, so nothing of it is believed.
 */
export type AttestationState = 'bound' | 'mismatch' | 'not-checkable';

export function explanationJson(explanation: Explanation): ExplanationJson {
  const { decoded, leafHash, signers, judgements } = explanation;
  const leaf = leafHash.toString('hex');
  if (!decoded.ok) {
    const { kind, apiVersion, problem } = decoded;
    return { ...emptyJson(problem), kind, api_version: apiVersion, leaf_hash: leaf, judgements };
  }
  const { entry } = decoded;
  const state = attestationState(explanation);
  return {
    kind: entry.kind,
    api_version: entry.apiVersion,
    leaf_hash: leaf,
    artifacts: entry.artifacts,
    problem: null,
    signers: signers.map(({ signer, standing }) => summarizeSigner(entry, signer, standing)),
    judgements,
    attestation: state && { state, problem: entry.attestationProblem },
    unread: entry.unread,
  };
}

/** What is said where there is no entry, or none that can be read. */
export function emptyJson(problem: string): ExplanationJson {
  return {
    ...{ kind: null, api_version: null, leaf_hash: null, artifacts: [], problem, signers: [], judgements: [] },
    attestation: null,
    unread: false,
  };
}

/** Null where nothing came with the entry. */
export function attestationState({ decoded, cameWithAttestation }: Explanation): AttestationState | null {
  if (!decoded.ok) {
    return null;
  }
  const { attestation, attestationProblem } = decoded.entry;
  if (attestation !== null) {
    return 'bound';
  }
  if (attestationProblem !== null) {
    return 'mismatch';
  }
  return cameWithAttestation ? 'not-checkable' : null;
}
