import { setImmediate as nextTurn } from 'node:timers/promises';
import type { SignerSummary } from '../alert/alert.ts';
import { signerName } from '../alert/describe-signer.ts';
import { summarizeSigner } from '../alert/signer-summary.ts';
import type { Claims, ParsedEntry, Signer } from '../entry/entry.ts';
import type { Leaf, LogReader } from '../log/log.ts';
import { namesOfClaims, namesOfWatch } from '../policy/identity-names.ts';
import { findImitation } from '../policy/imitation.ts';
import { countsAsResigner, identityOf, isAllowed, MOST_RESIGNERS } from '../policy/resigning.ts';
import { standingOf, type JudgeContext, type Standing } from '../policy/standing.ts';
import type { Judgement, OwnSignature, Resigned, Watch } from '../policy/watch.ts';
import { canBeFollowed, findExpectedSigner, findFollowed } from '../store/followed-artifacts.ts';
import { countResigners, findPlace, type Resigner } from '../store/resigners.ts';
import type { FollowDeps } from './follow-deps.ts';
import { decodeLeaf, signedTimeOf, type JudgedBatch, type JudgedEntry } from './judge-batch.ts';
import { timeOfSighting } from './time-of-sighting.ts';

/** After so many entries that somebody else signed, others get their turn: each costs milliseconds. */
const AT_ONCE = 8;
/** With the signers of so many of the artifacts of one entry another signer is compared. */
const MOST_COMPARED = 8;

/**
 * Adds to a batch a judgement for each signer that signed an artifact which a watch follows, without being selected by that watch
 * nor allowed by it, and without being expected by another watch. What expected signers of the batch itself signed counts, wherever
 * in it they stand. Trust data that does not know such a signer is read again first, as for those that are selected. Throws
 * nothing of its own.
 */
export async function judgeResigned(
  { type, origin }: Pick<LogReader, 'type' | 'origin'>,
  outcome: JudgedBatch,
  deps: FollowDeps,
  now: Date,
  signal: AbortSignal,
): Promise<JudgedBatch> {
  const following = new Map(
    deps.watches.filter(({ artifacts }) => artifacts?.follow === true).map((watch) => [watch.name, watch] as const),
  );
  if (following.size === 0) {
    return outcome;
  }
  const followed = lookUp(origin, outcome, following, deps, now);
  const touched = followed.size === 0 ? [] : touchedEntries(type, outcome, followed);
  let found = await judgeTouched(touched, followed, deps, now);
  const latest = latestDoubtful(touched, found);
  if (latest !== null && (await deps.suspectTrust(latest, signal))) {
    found = await judgeTouched(touched, followed, deps, now);
  }
  return found.size === 0 ? outcome : { ...outcome, judged: merge(outcome.judged, touched, found) };
}

/** Who signed a followed artifact for a watch, as far as that is known without asking further. */
interface Followed {
  readonly watch: Watch;
  readonly log: string;
  readonly index: number;
  readonly at: number;
  /** Of this batch; null: the database knows it. */
  readonly signer: SignerSummary | null;
}

/** By artifact. */
type FollowedBy = ReadonlyMap<string, readonly Followed[]>;

/** The followed ones among all artifacts of a batch: as the database has them, and those of the batch itself. */
function lookUp(
  log: string,
  { judged, unselected }: JudgedBatch,
  following: ReadonlyMap<string, Watch>,
  { store }: FollowDeps,
  now: Date,
): FollowedBy {
  const artifacts = new Set<string>();
  for (const list of [...unselected.map((one) => one.artifacts), ...judged.map(({ entry }) => entry.artifacts)]) {
    for (const artifact of list) {
      artifacts.add(artifact);
    }
  }
  const followed = new Map<string, Followed[]>();
  const add = (artifact: string, one: Followed): void => {
    const known = followed.get(artifact) ?? [];
    if (!known.some(({ watch }) => watch === one.watch)) {
      followed.set(artifact, [...known, one]);
    }
  };
  for (const { artifact, watch: name, index, at, log: itsLog } of findFollowed(store, [...artifacts])) {
    const watch = following.get(name);
    if (watch !== undefined) {
      add(artifact, { watch, log: itsLog, index, at, signer: null });
    }
  }
  for (const { leaf, entry, judgements } of judged) {
    for (const judgement of judgements) {
      const watch = following.get(judgement.watch);
      const signer = entry.signers[judgement.signer];
      if (watch && signer && judgement.verdict === 'expected' && judgement.signature === 'verified') {
        const { at } = timeOfSighting(signer, leaf, judgement, now);
        const summary = summarizeSigner(entry, signer, judgement);
        for (const artifact of entry.artifacts.filter(canBeFollowed)) {
          add(artifact, { watch, log, index: leaf.index, at, signer: summary });
        }
      }
    }
  }
  return followed;
}

/** An entry that binds a followed artifact. */
interface Touched {
  readonly leaf: Leaf;
  readonly entry: ParsedEntry;
  /** All that was said of the signers of its leaf. */
  readonly judgements: readonly Judgement[];
}

function touchedEntries(
  type: LogReader['type'],
  { judged, unselected }: JudgedBatch,
  followed: FollowedBy,
): readonly Touched[] {
  const isTouched = (artifacts: readonly string[]): boolean => artifacts.some((artifact) => followed.has(artifact));
  const touched = new Map<number, Touched>();
  for (const { leaf, entry, judgements } of judged) {
    const before = touched.get(leaf.index);
    // Of an entry that is read in several ways, what knows of more artifacts comes first.
    touched.set(
      leaf.index,
      before === undefined
        ? { leaf, entry, judgements }
        : { ...before, judgements: [...before.judgements, ...judgements] },
    );
  }
  const selected = [...touched.values()].filter(({ entry }) => isTouched(entry.artifacts));
  const others = unselected
    .filter(({ artifacts }) => isTouched(artifacts))
    .flatMap(({ leaf }): readonly Touched[] => {
      // Read once before: what it says is not kept for the many that nobody signed before.
      const decoded = decodeLeaf(type, leaf);
      return decoded.ok ? [{ leaf, entry: decoded.entry, judgements: [] }] : [];
    });
  return [...selected, ...others].sort((a, b) => a.leaf.index - b.leaf.index);
}

/** What is to be added, by the index of the leaf. */
async function judgeTouched(
  touched: readonly Touched[],
  followed: FollowedBy,
  deps: FollowDeps,
  now: Date,
): Promise<ReadonlyMap<number, readonly Judgement[]>> {
  const crowds = new Crowds(deps.store);
  const context = { ...deps.judging, now };
  const found = new Map<number, readonly Judgement[]>();
  for (const [place, one] of touched.entries()) {
    const judgements = judgeStrangers(one, followed, context, crowds, deps);
    if (judgements.length > 0) {
      found.set(one.leaf.index, judgements);
    }
    if (place % AT_ONCE === AT_ONCE - 1) {
      await nextTurn();
    }
  }
  return found;
}

function judgeStrangers(
  { leaf, entry, judgements }: Touched,
  followed: FollowedBy,
  context: JudgeContext,
  crowds: Crowds,
  deps: FollowDeps,
): readonly Judgement[] {
  const watches = new Map<Watch, readonly (readonly [string, Followed])[]>();
  for (const artifact of new Set(entry.artifacts)) {
    for (const own of followed.get(artifact) ?? []) {
      watches.set(own.watch, [...(watches.get(own.watch) ?? []), [artifact, own]]);
    }
  }
  return entry.signers.flatMap((signer, position) => {
    const known = judgements.filter((judgement) => judgement.signer === position);
    // Nobody signed, or it is one of ours: of another release, of a part of the same repository that has a watch of its own.
    if (signer.type === 'none' || known.some(({ verdict }) => verdict === 'expected' || verdict === 'unverifiable')) {
      return [];
    }
    const strange = deps.watches.flatMap((watch) => {
      const signed = known.some((judgement) => judgement.watch === watch.name) ? undefined : watches.get(watch);
      return signed === undefined ? [] : [[watch, signed] as const];
    });
    if (strange.length === 0) {
      return [];
    }
    const standing = standingOf(entry, signer, context, () => signedTimeOf(leaf));
    return strange.flatMap(([watch, signed]): readonly Judgement[] => {
      const told = signed.filter(
        ([artifact]) => watch.artifacts === null || !isAllowed(watch.artifacts, artifact, entry, signer, standing),
      );
      return told.length === 0 ? [] : judgeStranger(signer, position, watch, standing, told, crowds, deps);
    });
  });
}

/** `signed`: what of the watch this signer signed, and may not. */
function judgeStranger(
  signer: Signer,
  position: number,
  watch: Watch,
  standing: Standing,
  signed: readonly (readonly [string, Followed])[],
  crowds: Crowds,
  { store }: FollowDeps,
): readonly Judgement[] {
  const identity = identityOf(signer);
  const candidates = signed.map(([artifact, own]) => ({ own, resigner: { watch: watch.name, artifact, identity } }));
  const signerOf = (own: Followed) => own.signer ?? findExpectedSigner(store, { ...own, watch: watch.name });
  // Most entries sign one artifact, and those of one entry were signed for the watch by the same few.
  const imitating = candidates
    .slice(0, MOST_COMPARED)
    .map((candidate) => ({ ...candidate, imitates: imitationOf(signer.claims, watch, signerOf(candidate.own)) }))
    .find(({ imitates }) => imitates !== null);
  const isCounted = countsAsResigner({ imitates: imitating?.imitates ?? null }, standing);
  const sizeOf = ({ resigner }: { readonly resigner: Resigner }) => (isCounted ? crowds.sizeOf(resigner) : 'few');
  const chosen =
    imitating ??
    candidates.find((candidate) => sizeOf(candidate) === 'few') ??
    candidates.find((candidate) => sizeOf(candidate) === 'last');
  if (chosen === undefined) {
    return [];
  }
  const { own, resigner } = chosen;
  const { artifact } = resigner;
  const summary = signerOf(own);
  const isCrowd = sizeOf(chosen) === 'last';
  if (isCounted) {
    crowds.add(resigner);
  }
  const ours: OwnSignature = { log: own.log, index: own.index, at: own.at, by: summary && signerName(summary) };
  const imitates = imitating?.imitates ?? null;
  const resigned: Resigned = { artifact, more: signed.length - 1, ours, imitates, isCrowd };
  return [{ watch: watch.name, signer: position, verdict: 'observed', violations: [], ...standing, resigned }];
}

/** How many others signed each artifact: those that are stored, and those of this batch. */
class Crowds {
  readonly #store: FollowDeps['store'];
  /** Identities by their sort, artifact and watch. */
  readonly #added = new Map<string, Set<string>>();

  constructor(store: FollowDeps['store']) {
    this.#store = store;
  }

  /** With this one. `few`: it is told; `last`: so is it, as the last one; `many`: nobody is told of it any more. */
  sizeOf(resigner: Resigner): 'few' | 'last' | 'many' {
    const place = findPlace(this.#store, resigner) ?? this.#placeInBatch(resigner);
    return place < MOST_RESIGNERS ? 'few' : place === MOST_RESIGNERS ? 'last' : 'many';
  }

  /** Counts one that is told. */
  add(resigner: Resigner): void {
    if (findPlace(this.#store, resigner) === null) {
      this.#added.set(keyOf(resigner), this.#addedTo(resigner).add(resigner.identity));
    }
  }

  #placeInBatch(resigner: Resigner): number {
    const added = this.#addedTo(resigner);
    const before = [...added].indexOf(resigner.identity);
    return countResigners(this.#store, resigner) + (before === -1 ? added.size : before);
  }

  #addedTo(resigner: Resigner): Set<string> {
    return this.#added.get(keyOf(resigner)) ?? new Set();
  }
}

function keyOf({ watch, artifact, identity }: Resigner): string {
  return `${identity.split(':', 1)[0] ?? ''} ${artifact} ${watch}`;
}

/** What each watch writes out: watches are few and never change. */
const watchNames = new WeakMap<Watch, ReturnType<typeof namesOfWatch>>();

function imitationOf(claims: Claims, watch: Watch, ours: SignerSummary | null): string | null {
  const written = watchNames.get(watch) ?? namesOfWatch(watch);
  watchNames.set(watch, written);
  const own = ours === null ? [] : namesOfClaims(claimsOf(ours));
  return findImitation(namesOfClaims(claims), [...written, ...own]);
}

function claimsOf(summary: SignerSummary): Claims {
  return Object.fromEntries(
    Object.entries(summary).flatMap(([name, value]) => {
      const values = (Array.isArray(value) ? value : [value]).filter((one) => typeof one === 'string');
      return values.length === 0 ? [] : [[name, values] as const];
    }),
  );
}

/** When the latest certificate began that is not trusted; null: there is none. */
function latestDoubtful(touched: readonly Touched[], found: ReadonlyMap<number, readonly Judgement[]>): Date | null {
  const times = touched.flatMap(({ leaf, entry }) =>
    (found.get(leaf.index) ?? [])
      .filter(({ chain }) => chain === 'untrusted' || chain === 'unknown')
      .map(({ signer }) => (entry.signers[signer] as Signer).certificate?.notBefore ?? -Infinity),
  );
  return times.length === 0 ? null : new Date(Math.max(...times));
}

/** In the order of the log, each judgement with the first reading of its entry. */
function merge(
  judged: readonly JudgedEntry[],
  touched: readonly Touched[],
  found: ReadonlyMap<number, readonly Judgement[]>,
): readonly JudgedEntry[] {
  const left = new Map(found);
  const take = (index: number): readonly Judgement[] => {
    const judgements = left.get(index) ?? [];
    left.delete(index);
    return judgements;
  };
  const selected = judged.map((one) => ({ ...one, judgements: [...one.judgements, ...take(one.leaf.index)] }));
  const others = touched
    .filter(({ leaf }) => left.has(leaf.index))
    .map(({ leaf, entry }) => ({ leaf, entry, judgements: take(leaf.index) }));
  return [...selected, ...others].sort((a, b) => a.leaf.index - b.leaf.index);
}
