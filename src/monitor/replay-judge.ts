import type { ParsedEntry, SignatureVerdict } from '../entry/entry.ts';
import { ATTESTATION_CLAIMS } from '../policy/claims.ts';
import { judge } from '../policy/judge.ts';
import type { JudgeContext, SctVerdict } from '../policy/standing.ts';
import { placeOfMissing } from '../policy/unattested.ts';
import type { ChainVerdict, Judgement, Watch } from '../policy/watch.ts';
import type { RecordedEntry, RecordedFinding } from '../store/recorded-entries.ts';
import { decodeLeaf, judgeBatch, signedTimeOf, type JudgedBatch, type JudgedEntry } from './judge-batch.ts';
import { leafOf } from './leaf-of.ts';

/** What is made of a recorded entry now. */
export interface Rejudged {
  readonly outcome: JudgedBatch;
  /** How many judgements wait for an attestation that lies elsewhere and that nobody looked for when the entry was read. */
  readonly unattested: number;
}

/** Judges a recorded entry by these watches and by what is trusted now, as if it were read for the first time when it was. */
export function judgeRecorded(
  recorded: RecordedEntry,
  watches: readonly Watch[],
  judging: Omit<JudgeContext, 'now'>,
): Rejudged {
  const { stored } = recorded;
  const context = { ...judging, now: stored.observedAt };
  const batch = judgeBatch(stored.type, [leafOf(stored)], watches, context);
  return withAttestations(batch, recorded, watches, context);
}

/**
 * The same for an entry of which only the detectors shall know: what was found out about its signers then still holds, so that it takes
 * no cryptography. Nothing is made of one that cannot be read.
 */
export function recallRecorded(
  recorded: RecordedEntry,
  watches: readonly Watch[],
  judging: Omit<JudgeContext, 'now'>,
): Rejudged {
  const { stored } = recorded;
  const leaf = leafOf(stored);
  const decoded = decodeLeaf(stored.type, leaf);
  if (!decoded.ok || decoded.entry.unread) {
    return { outcome: NOTHING, unattested: 0 };
  }
  const { entry } = decoded;
  const context = { ...knownStandings(recorded, entry, judging), now: stored.observedAt };
  const judgements = judge(entry, watches, context, () => signedTimeOf(leaf));
  const outcome =
    judgements.length > 0
      ? { ...NOTHING, judged: [{ leaf, entry, judgements }] }
      : { ...NOTHING, unselected: entry.artifacts.length > 0 ? [{ leaf, artifacts: entry.artifacts }] : [] };
  return withAttestations(outcome, recorded, watches, context);
}

const NOTHING: JudgedBatch = { judged: [], unselected: [], unparsable: [], kinds: new Map() };

/** Answers by what is stored of the signers; of one that nobody judged before, by what is trusted now. */
function knownStandings(
  { findings }: RecordedEntry,
  entry: ParsedEntry,
  judging: Omit<JudgeContext, 'now'>,
): Omit<JudgeContext, 'now'> {
  const known = (position: number, what: 'chain' | 'signature' | 'sct') =>
    findings.find(({ signer }) => signer === position)?.summary[what] ?? null;
  const positionOf = (certificate: unknown): number =>
    entry.signers.findIndex((signer) => signer.certificate === certificate);
  // Each was stored as one of these words.
  return {
    chainOf: (certificate) =>
      (known(positionOf(certificate), 'chain') as ChainVerdict | null) ?? judging.chainOf(certificate),
    signatureOf: (of, signer) =>
      (known(of.signers.indexOf(signer), 'signature') as SignatureVerdict | null) ?? judging.signatureOf(of, signer),
    sctOf: (certificate) => (known(positionOf(certificate), 'sct') as SctVerdict | null) ?? judging.sctOf(certificate),
  };
}

/**
 * Attestations that were found elsewhere are not kept, but what they said is: by that it is judged where nothing else is missing and the
 * watch says where they lie.
 */
function withAttestations(
  outcome: JudgedBatch,
  recorded: RecordedEntry,
  watches: readonly Watch[],
  context: JudgeContext,
): Rejudged {
  let unattested = 0;
  const judged = outcome.judged.flatMap((one): readonly JudgedEntry[] => {
    const attested: JudgedEntry[] = [];
    const others: Judgement[] = [];
    for (const judgement of one.judgements) {
      const watch = watches.find(({ name }) => name === judgement.watch);
      if (watch === undefined || placeOfMissing(one.entry, judgement, watch) === null) {
        others.push(judgement);
        continue;
      }
      const again = judgeAttested(one, judgement, watch, recorded, context);
      if (again !== null) {
        attested.push(again);
      } else if (wasMissing(one.entry, judgement, watch, recorded)) {
        others.push(judgement);
      } else {
        unattested += 1;
        others.push(awaited(judgement));
      }
    }
    // What knows of more artifacts is stored first.
    return others.length === 0 ? attested : [...attested, { ...one, judgements: others }];
  });
  return { outcome: { ...outcome, judged }, unattested };
}

/** With what an attestation said of this signer's entry; null where none was found. */
function judgeAttested(
  { leaf, entry }: JudgedEntry,
  { signer }: Judgement,
  watch: Watch,
  { findings, artifacts }: RecordedEntry,
  context: JudgeContext,
): JudgedEntry | null {
  const ofSigner = findings.filter((finding) => finding.signer === signer);
  const finding =
    ofSigner.find((one) => one.watch === watch.name && isAttested(one)) ?? ofSigner.find((one) => isAttested(one));
  if (finding === undefined) {
    return null;
  }
  const attested = {
    ...entry,
    claims: { ...entry.claims, ...attestedClaims(finding) },
    artifacts: [...new Set([...entry.artifacts, ...artifacts])],
  };
  // Only with the payload can the signature of an envelope be checked.
  const signature = finding.summary['signature'] as SignatureVerdict;
  const judgements = judge(attested, [watch], { ...context, signatureOf: () => signature }, () => signedTimeOf(leaf));
  return { leaf, entry: attested, judgements: judgements.filter((one) => one.signer === signer) };
}

function isAttested(finding: RecordedFinding): boolean {
  return Object.keys(attestedClaims(finding)).length > 0;
}

function attestedClaims({ summary }: RecordedFinding): ParsedEntry['claims'] {
  return Object.fromEntries(
    Object.entries(summary).flatMap(([claim, value]) => {
      const values = [value].flat().filter((one) => typeof one === 'string');
      return ATTESTATION_CLAIMS.has(claim) && values.length > 0 ? [[claim, values] as const] : [];
    }),
  );
}

/** It was looked for in vain, and for nothing else. */
function wasMissing(entry: ParsedEntry, { signer }: Judgement, watch: Watch, { findings }: RecordedEntry): boolean {
  const before = findings.find((one) => one.watch === watch.name && one.signer === signer && !one.isResigned);
  return before !== undefined && placeOfMissing(entry, before, watch) !== null;
}

function awaited(judgement: Judgement): Judgement {
  return { ...judgement, verdict: 'unverifiable', awaits: 'attestation' };
}
