import { nameOfPlace, type AttestationSearch } from '../attestation/find-attestation.ts';
import type { ParsedEntry } from '../entry/entry.ts';
import { mapWith } from '../lib/map-with.ts';
import { judge } from '../policy/judge.ts';
import { placeOfMissing } from '../policy/unattested.ts';
import type { AttestationPlace, Judgement, Watch } from '../policy/watch.ts';
import { countAttestationDoubts } from '../store/doubtful.ts';
import type { FollowDeps } from './follow-deps.ts';
import { signedTimeOf, type JudgedBatch, type JudgedEntry } from './judge-batch.ts';

/** How long a batch waits for all its attestations: what was signed besides must not be told later for them. */
const PATIENCE_MS = 5_000;
/** Of one batch so many entries are looked at; the others wait for their turn. */
const MAX_AT_ONCE = 32;
/** Few, so that a place that is out of order, or had enough, is not asked by all. */
export const LOOKS_UNDER_WAY = 4;
/** So many entries may wait. Beyond, what is missing is told at once. */
const MAX_WAITING = 10_000;

/** A look round for attestations, and what it means that one is not there. */
export interface LookRound {
  readonly search: AttestationSearch;
  readonly deps: FollowDeps;
  readonly now: Date;
  /** The wait for what is not there is over: it is judged without. */
  readonly isOver: boolean;
  /** So is that for a look that ends in time. */
  readonly isLongOver: boolean;
  /** Whether one more entry may wait. */
  readonly hasRoom: () => boolean;
}

/**
 * Looks for the attestations that the watches of a batch say lie elsewhere, where all else holds and nothing but their claims is
 * missing. With what is found it is judged anew; what is not there yet, or not in time, is `unverifiable` and awaited. Never takes
 * much longer than five seconds. Throws nothing of its own.
 */
export async function attestBatch(
  outcome: JudgedBatch,
  deps: FollowDeps,
  now: Date,
  signal: AbortSignal,
): Promise<JudgedBatch> {
  const wanting = outcome.judged.filter((judged) => isWanting(judged, deps.watches));
  if (wanting.length === 0) {
    return outcome;
  }
  let room = MAX_WAITING - countAttestationDoubts(deps.store);
  const hasRoom = (): boolean => {
    room -= 1;
    if (room < 0) {
      deps.logger.warn({ waiting: MAX_WAITING }, 'attestation not awaited: too many entries wait already');
    }
    return room >= 0;
  };
  const first = new Set(wanting.slice(0, MAX_AT_ONCE));
  const judged = await lookRound(PATIENCE_MS, deps, signal, (search) =>
    mapWith(LOOKS_UNDER_WAY, outcome.judged, (one) =>
      attest(one, {
        search: first.has(one) ? search : NO_TIME,
        ...{ deps, now, isOver: false, isLongOver: false, hasRoom },
      }),
    ),
  );
  return { ...outcome, judged: judged.flat() };
}

const NO_TIME: AttestationSearch = { find: () => Promise.resolve({ kind: 'late' }) };

/** Runs `work` with a search that ends after `ms` milliseconds, and with `signal`. */
export async function lookRound<T>(
  ms: number,
  { attestations, clock }: FollowDeps,
  signal: AbortSignal,
  work: (search: AttestationSearch) => Promise<T>,
): Promise<T> {
  const [late, done] = [new AbortController(), new AbortController()];
  void clock.sleep(ms, AbortSignal.any([signal, done.signal])).then(() => {
    late.abort();
  });
  try {
    return await work(attestations.begin(AbortSignal.any([signal, late.signal])));
  } finally {
    done.abort();
  }
}

/** One entry with its attestations, as far as they are there: in as many pieces as they give different readings of it. */
export async function attest(judged: JudgedEntry, round: LookRound): Promise<readonly JudgedEntry[]> {
  const attested: JudgedEntry[] = [];
  const others: Judgement[] = [];
  for (const judgement of judged.judgements) {
    const wanted = wantedOf(judged, judgement, round.deps.watches);
    const piece = wanted === null ? { ...judged, judgements: [judgement] } : await lookFor(judged, wanted, round);
    if (piece.entry === judged.entry) {
      others.push(...piece.judgements);
    } else {
      attested.push(piece);
    }
  }
  // What knows of more artifacts is stored first.
  return others.length === 0 ? attested : [...attested, { ...judged, judgements: others }];
}

/** A judgement to which only an attestation is missing. */
interface Wanted {
  readonly judgement: Judgement;
  readonly watch: Watch;
  readonly place: AttestationPlace;
}

async function lookFor(judged: JudgedEntry, wanted: Wanted, round: LookRound): Promise<JudgedEntry> {
  const { judgement, watch, place } = wanted;
  const { deps, search, isOver, isLongOver } = round;
  const { logger } = deps;
  const signer = judged.entry.signers[judgement.signer];
  if (signer === undefined) {
    throw new Error(`Judgement of "${judgement.watch}" names signer ${judgement.signer}, which does not exist`);
  }
  const look = await search.find(place, judged.entry, signer, deps.judging);
  const inVain = (why: string, found = judged, best = judgement): JudgedEntry => {
    const sought = { place: nameOfPlace(place), why };
    logger.info({ index: judged.leaf.index, watch: watch.name, ...sought }, 'attestation not found');
    return { ...found, judgements: [{ ...best, sought }] };
  };
  switch (look.kind) {
    case 'never':
      return inVain(look.why);
    case 'unreachable':
      // Whoever may publish there could otherwise have it awaited for ever.
      return isOver && !look.isPlace ? inVain(look.error) : postponed(inVain(look.error), round);
    case 'late':
      return isLongOver ? inVain('it takes too long to ask') : postponed(inVain('there was no time to ask'), round);
    case 'absent':
      return isOver ? inVain('it is not there') : postponed(inVain('it is not there'), round);
    case 'found': {
      const again = judgedWith(look.entry, judged, wanted, round);
      const [best = judgement] = again.judgements;
      if (wantedOf(again, best, deps.watches) === null) {
        return again;
      }
      // What is missing may stand in another one that comes later.
      const why = 'what is there does not say it';
      return isOver ? inVain(why, again, best) : postponed(inVain(why), round);
    }
  }
}

function judgedWith(
  entry: ParsedEntry,
  { leaf }: JudgedEntry,
  { judgement, watch }: Wanted,
  { deps, now }: LookRound,
): JudgedEntry {
  const judgements = judge(entry, [watch], { ...deps.judging, now }, () => signedTimeOf(leaf));
  return { leaf, entry, judgements: judgements.filter(({ signer }) => signer === judgement.signer) };
}

/** The judgement is awaited, unless too many are. */
function postponed(judged: JudgedEntry, { hasRoom }: LookRound): JudgedEntry {
  const toAwaited = (judgement: Judgement): Judgement => ({
    ...judgement,
    verdict: 'unverifiable',
    awaits: 'attestation',
  });
  return hasRoom() ? { ...judged, judgements: judged.judgements.map(toAwaited) } : judged;
}

function isWanting(judged: JudgedEntry, watches: readonly Watch[]): boolean {
  return judged.judgements.some((judgement) => wantedOf(judged, judgement, watches) !== null);
}

function wantedOf({ entry }: JudgedEntry, judgement: Judgement | undefined, watches: readonly Watch[]): Wanted | null {
  const watch = watches.find(({ name }) => name === judgement?.watch);
  const place = judgement && watch ? placeOfMissing(entry, judgement, watch) : null;
  return judgement && watch && place ? { judgement, watch, place } : null;
}
