import { compilePattern, type PatternSource } from '../policy/pattern.ts';
import type { ClaimPatterns, Identity } from './identity.ts';
import { alternativesOf, anyOf, both, exactValues, prefixOf, without } from './patterns.ts';

/** One watch of several that share the work: no certificate is selected by two of them. */
export interface Part {
  readonly select: readonly ClaimPatterns[];
  /** Null: it cannot be said who is right, so nobody is judged. */
  readonly expect: ClaimPatterns | null;
  readonly identities: readonly Identity[];
  /** What sets it apart from the other parts. */
  readonly apart: ClaimPatterns;
  /** Nobody is accepted: these claims meet no identity. */
  readonly isElsewhere: boolean;
}

/** With more parts than this nobody could read them. */
const MAX_PARTS = 48;

/** Claims that every certificate has: whoever is to be told apart by another one, and lacks it, would be told apart by nothing. */
const ALWAYS_THERE = ['issuer', 'subject'];

/** Of more items none are compared with each other: it would take long, and only spares lines. */
const MAX_COMPARED = 200;

class TooMany extends Error {}

/**
 * Watches that together accept exactly the certificates that meet one of the identities, among those that meet one of `items`. In
 * `expect` each claim stands alone, so that issuer and subject of different identities would be mixed: where identities differ in more
 * than one claim, they are told apart by `select`.
 */
export function partition(identities: readonly Identity[], items: readonly ClaimPatterns[]): readonly Part[] {
  try {
    return split(identities, items, {}, {});
  } catch (error) {
    if (!(error instanceof TooMany)) {
      throw error;
    }
    return [{ select: items, expect: null, identities, apart: {}, isElsewhere: false }];
  }
}

/** `apart`: what sets these identities apart from others; `held`: what they asked for and is met by that already. */
function split(
  all: readonly Identity[],
  items: readonly ClaimPatterns[],
  apart: ClaimPatterns,
  held: ClaimPatterns,
): readonly Part[] {
  const select = narrowed(items, apart);
  if (select.length === 0) {
    return [];
  }
  const identities = withoutNarrower(all);
  const differing = differingClaims(identities);
  if (differing.length <= 1) {
    return [{ select, expect: expectOf(identities, apart, held), identities, apart, isElsewhere: false }];
  }
  const claim = claimToSplitBy(identities, differing);
  const sources = identities.map(({ claims }) => claims[claim] ?? null);
  const atoms = atomsOf(sources, claim);
  if (atoms.length > MAX_PARTS) {
    throw new TooMany();
  }
  const parts = atoms.flatMap(({ source, members }) => {
    const those = identities.filter((_, index) => members.has(index));
    return split(
      those.map((identity) => withoutClaim(identity, claim)),
      items,
      { ...apart, [claim]: source },
      { ...held, ...sharedClaim(those, claim) },
    );
  });
  const given = sources.filter((source) => source !== null);
  const elsewhere = { ...apart, [claim]: without('**', given.flatMap(alternativesOf)) };
  const open = identities.filter((_, index) => sources[index] === null);
  const rest =
    open.length > 0
      ? split(open, items, elsewhere, held)
      : nobody(identities, items, elsewhere, { ...held, [claim]: anyOf(given) });
  if (parts.length + rest.length > MAX_PARTS) {
    throw new TooMany();
  }
  return [...parts, ...rest];
}

/** Who meets none of the identities is told what one of them would have. */
function nobody(
  identities: readonly Identity[],
  items: readonly ClaimPatterns[],
  apart: ClaimPatterns,
  wanted: ClaimPatterns,
): readonly Part[] {
  const select = narrowed(items, apart);
  const expect = { ...sharedClaim(identities, 'issuer'), ...wanted };
  return select.length === 0 ? [] : [{ select, expect, identities: [], apart, isElsewhere: true }];
}

/** What any of the identities asks of a claim, where each of them asks for something. */
function sharedClaim(identities: readonly Identity[], claim: string): ClaimPatterns {
  const sources = identities.flatMap(({ claims }) => (claims[claim] === undefined ? [] : [claims[claim]]));
  return sources.length === identities.length && sources.length > 0 ? { [claim]: anyOf(sources) } : {};
}

/** Claims in which two of the identities differ, be it that one does not ask for them. */
function differingClaims(identities: readonly Identity[]): readonly string[] {
  const claims = new Set(identities.flatMap((identity) => Object.keys(identity.claims)));
  return [...claims].filter(
    (claim) => new Set(identities.map((identity) => JSON.stringify(identity.claims[claim] ?? null))).size > 1,
  );
}

function claimToSplitBy(identities: readonly Identity[], differing: readonly string[]): string {
  const claim =
    ALWAYS_THERE.find((name) => differing.includes(name)) ??
    differing.find((name) => identities.every(({ claims }) => claims[name] !== undefined));
  if (claim === undefined) {
    throw new TooMany();
  }
  return claim;
}

function withoutClaim(identity: Identity, claim: string): Identity {
  const claims = Object.fromEntries(Object.entries(identity.claims).filter(([name]) => name !== claim));
  return { ...identity, claims };
}

/** What identities that differ in one claim at most ask for, besides what holds already. */
function expectOf(identities: readonly Identity[], apart: ClaimPatterns, held: ClaimPatterns): ClaimPatterns {
  const names = [...new Set(identities.flatMap(({ claims }) => Object.keys(claims)))];
  const asked = Object.assign({}, ...names.map((claim) => sharedClaim(identities, claim))) as ClaimPatterns;
  const all = { ...held, ...asked };
  const order = [...new Set([...ALWAYS_THERE, ...Object.keys(all)])];
  const claims = order.flatMap((claim) => (all[claim] === undefined ? [] : [[claim, all[claim]] as const]));
  return claims.length > 0 ? Object.fromEntries(claims) : apart;
}

/** Each item with what sets a part apart; those that then select nothing are left out. */
function narrowed(items: readonly ClaimPatterns[], apart: ClaimPatterns): readonly ClaimPatterns[] {
  const kept = items.flatMap((item) => {
    const narrow: Record<string, PatternSource> = { ...item };
    for (const [claim, source] of Object.entries(apart)) {
      const inner = item[claim] === undefined ? source : both(item[claim], source, claim);
      if (inner === null) {
        return [];
      }
      narrow[claim] = inner;
    }
    return [narrow];
  });
  const different = [...new Map(kept.map((item) => [JSON.stringify(sorted(item)), item])).values()];
  // What another item selects anyway.
  return different.length > MAX_COMPARED
    ? different
    : different.filter((item) => !different.some((other) => other !== item && isWithin(item, other)));
}

interface Atom {
  readonly source: PatternSource;
  /** Positions of the identities that the claim's values meet here. */
  readonly members: ReadonlySet<number>;
}

/** Splits the values of a claim so that within one atom all of them meet the same identities; null: an identity takes any value. */
function atomsOf(sources: readonly (PatternSource | null)[], claim: string): readonly Atom[] {
  const alternatives = new Map(
    sources
      .flatMap((source) => (source === null ? [] : alternativesOf(source)))
      .map((item) => [JSON.stringify(item), item]),
  );
  const exact = [...alternatives.values()].filter((item): item is string => exactValues(item) !== null);
  const patterns = [...alternatives.values()].filter((item) => exactValues(item) === null);
  const compiled = sources.map((source) => (source === null ? null : compilePattern(source, claim)));
  const atoms = new Map<string, Atom>();
  const add = (source: PatternSource, members: readonly number[]): void => {
    const key = members.join();
    const earlier = atoms.get(key)?.source;
    atoms.set(key, {
      source: earlier === undefined ? source : anyOf([earlier, source]),
      members: new Set(members),
    });
  };
  for (const value of exact) {
    add(
      value,
      positions(compiled, (pattern) => pattern?.matches(value) ?? true),
    );
  }
  for (const overlap of overlaps(patterns)) {
    const [first = '**', ...more] = overlap;
    const inside = more.reduce<PatternSource>((met, source) => both(met, source, claim) ?? met, first);
    const met = compilePattern(inside, claim);
    const others = patterns.filter(
      (other) => !overlap.includes(other) && overlap.every((one) => mayOverlap(one, other)),
    );
    const members = positions(
      sources,
      (source) => source === null || alternativesOf(source).some((item) => isIn(item, overlap)),
    );
    add(without(inside, [...others, ...exact.filter((value) => met.matches(value))]), members);
  }
  return [...atoms.values()];
}

function positions<T>(items: readonly T[], test: (item: T) => boolean): readonly number[] {
  return items.flatMap((item, index) => (test(item) ? [index] : []));
}

function isIn(item: PatternSource, overlap: readonly PatternSource[]): boolean {
  const text = JSON.stringify(item);
  return overlap.some((other) => JSON.stringify(other) === text);
}

/** Every set of patterns that one value may meet all of. */
function overlaps(patterns: readonly PatternSource[]): readonly (readonly PatternSource[])[] {
  let sets: (readonly PatternSource[])[] = [];
  for (const pattern of patterns) {
    const joined = sets
      .filter((set) => set.every((other) => mayOverlap(other, pattern)))
      .map((set) => [...set, pattern]);
    sets = [...sets, [pattern], ...joined];
    if (sets.length > MAX_PARTS) {
      throw new TooMany();
    }
  }
  return sets;
}

/** False where no value can meet both: what they begin with differs. Hosts, owners and repositories of GitHub know no case. */
function mayOverlap(a: PatternSource, b: PatternSource): boolean {
  const [first, second] = [prefixOf(a).toLowerCase(), prefixOf(b).toLowerCase()];
  return first.startsWith(second) || second.startsWith(first);
}

/** Without identities that another one accepts anyway, and each of them once. */
function withoutNarrower(identities: readonly Identity[]): readonly Identity[] {
  const different = [
    ...new Map(identities.map((identity) => [JSON.stringify(sorted(identity.claims)), identity])).values(),
  ];
  const byCount = [...different].sort((a, b) => Object.keys(a.claims).length - Object.keys(b.claims).length);
  const fewest = Object.keys(byCount[0]?.claims ?? {}).length;
  const wide = byCount.filter(({ claims }) => Object.keys(claims).length === fewest);
  return different.filter(
    (identity) => wide.includes(identity) || !wide.some((other) => isWithin(identity.claims, other.claims)),
  );
}

function isWithin(narrow: ClaimPatterns, wide: ClaimPatterns): boolean {
  return Object.entries(wide).every(([claim, source]) => JSON.stringify(narrow[claim]) === JSON.stringify(source));
}

function sorted(claims: ClaimPatterns): readonly (readonly [string, PatternSource])[] {
  return Object.entries(claims).sort(([a], [b]) => (a < b ? -1 : 1));
}
