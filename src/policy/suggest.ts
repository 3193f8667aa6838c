import { isOidClaim } from './claims.ts';
import { generalize } from './generalize.ts';
import { compilePattern, type Pattern, type PatternSource } from './pattern.ts';
import { LeftOutSigners, type LeftOut } from './suggest-left-out.ts';
import { FORMER_CLAIMS, isFurtherClaim, STATEMENT_CLAIMS, TELLING_CLAIMS, whyOmitted } from './suggest-claims.ts';
import { groupsOf, type SignerGroup } from './suggest-groups.ts';
import type { SeenSigner } from './seen-signer.ts';

/** Kinds of signers that are told apart, so that whoever writes them into a log fills no memory. */
const MAX_PROFILES = 2000;
/** Patterns in one list: of more, nobody looks at each. */
const MAX_PATTERNS = 30;
const MAX_EXAMPLES = 3;

/** Values that so many signers have, or so many of which none is of the newer half, are few. */
const FEW = 2;
const FEW_OLD = 5;
/** Together they are at most this part of all: else few signers of each are usual. */
const FEW_SHARE = 0.1;

/** A pattern of a draft, and how many signers it comes from. */
export interface DraftedPattern {
  readonly source: PatternSource;
  /** Of the signers that could be trusted. */
  readonly count: number;
  /** Different values, the newest first; none where the pattern is not taken from what was seen. */
  readonly examples: readonly string[];
}

/** A claim of a draft. */
export interface DraftedClaim {
  readonly claim: string;
  readonly patterns: readonly DraftedPattern[];
  /** Signers of the draft that lack it. */
  readonly absent: number;
}

/** An `expect` that every signer meets of which it was drafted. */
export interface Suggestion {
  /** Signers that were looked at. */
  readonly seen: number;
  /** Those that the watch expected or observed, written as they should be: counts are of these. */
  readonly trusted: number;
  /** Those of which the draft was made. */
  readonly drafted: number;
  /** Claims that all of these have. */
  readonly claims: readonly DraftedClaim[];
  /** Claims that only some of them have: no `expect` can ask for them. */
  readonly partial: readonly DraftedClaim[];
  readonly omitted: readonly { readonly claim: string; readonly why: string }[];
  readonly leftOut: readonly LeftOut[];
  /** How many signers were left out besides, of kinds that are not listed. */
  readonly leftOutMore: number;
  /** Two and more where one list of each claim lets one kind of signer do what only another does. */
  readonly groups: readonly SignerGroup[];
}

/** Signers that look alike once their values are patterns. */
export interface Profile {
  readonly isCertificate: boolean;
  /** Keys of the patterns by claim; an absent claim has none. */
  readonly patterns: ReadonlyMap<string, readonly string[]>;
  count: number;
  /** Where the newest of them stands. */
  readonly latest: Pick<SeenSigner, 'log' | 'index'>;
}

interface Tally {
  readonly source: PatternSource;
  count: number;
  /** Position of the newest signer that has it, 0 for the newest of all. */
  readonly newest: number;
  readonly examples: string[];
}

/** Drafts an `expect` from signers, the newest first. Takes memory for kinds of signers, not for signers. */
export function suggestExpect(signers: Iterable<SeenSigner>): Suggestion {
  const history = new History();
  for (const signer of signers) {
    history.add(signer);
  }
  return history.suggest();
}

/** The claims of which a signer's profile is made. */
const PROFILE_CLAIMS = [...TELLING_CLAIMS, ...STATEMENT_CLAIMS];

/** Stands for an absent claim. */
const ABSENT = '';

/** So many patterns are kept compiled. */
const MAX_COMPILED = 5000;

class History {
  readonly #profiles = new Map<string, Profile>();
  readonly #tallies = new Map<string, Map<string, Tally>>();
  readonly #further = new Map<string, { value: string | null; count: number }>();
  readonly #omitted = new Set<string>();
  readonly #leftOut = new LeftOutSigners();
  readonly #compiled = new Map<string, Pattern>();
  #seen = 0;
  #trusted = 0;

  add(signer: SeenSigner): void {
    this.#seen += 1;
    const refused = refusal(signer);
    if (refused !== null) {
      this.#leftOut.add(refused.reason, refused.what, signer);
      return;
    }
    const { made, fault } = patternsOf(signer, (claim, value) =>
      generalize(claim, value, (source, name) => this.#compile(source, name)),
    );
    if (fault !== null) {
      this.#leftOut.add('unusual', [fault], signer);
      return;
    }
    const profile = this.#profileOf(signer, made);
    if (profile === null) {
      this.#leftOut.add('too-many', [], signer);
      return;
    }
    this.#count(signer, made);
    profile.count += 1;
    this.#trusted += 1;
  }

  #compile(source: PatternSource, claim: string): Pattern {
    const key = JSON.stringify([claim, source]);
    const known = this.#compiled.get(key);
    if (known !== undefined) {
      return known;
    }
    if (this.#compiled.size >= MAX_COMPILED) {
      this.#compiled.clear();
    }
    const compiled = compilePattern(source, claim);
    this.#compiled.set(key, compiled);
    return compiled;
  }

  #profileOf(signer: SeenSigner, made: Patterns): Profile | null {
    const patterns = new Map([...made].map(([claim, list]) => [claim, list.map(({ key }) => key)]));
    const key = JSON.stringify([signer.isCertificate, [...patterns]]);
    const known = this.#profiles.get(key);
    if (known !== undefined || this.#profiles.size >= MAX_PROFILES) {
      return known ?? null;
    }
    const { isCertificate, log, index } = signer;
    const profile = { isCertificate, patterns, count: 0, latest: { log, index } };
    this.#profiles.set(key, profile);
    return profile;
  }

  #count(signer: SeenSigner, made: Patterns): void {
    for (const claim of PROFILE_CLAIMS) {
      const list = made.get(claim) ?? [{ key: ABSENT, source: ABSENT, value: null }];
      const tallies = this.#tallies.get(claim) ?? new Map<string, Tally>();
      this.#tallies.set(claim, tallies);
      for (const key of new Set(list.map((one) => one.key))) {
        const { source = ABSENT } = list.find((one) => one.key === key) ?? {};
        const tally = tallies.get(key) ?? { source, count: 0, newest: this.#trusted, examples: [] };
        tallies.set(key, tally);
        tally.count += 1;
        for (const { value } of list.filter((one) => one.key === key)) {
          if (value !== null && tally.examples.length < MAX_EXAMPLES && !tally.examples.includes(value)) {
            tally.examples.push(value);
          }
        }
      }
    }
    this.#countOthers(signer);
  }

  /** Extensions without a name are drafted only where they never change, so that they need no profile. */
  #countOthers({ claims, isCertificate }: SeenSigner): void {
    for (const [claim, values] of Object.entries(claims)) {
      if (whyOmitted(claim) !== null && (claim !== 'key' || isCertificate)) {
        this.#omitted.add(claim);
      } else if (isFurtherClaim(claim) && isOidClaim(claim) && this.#further.size < MAX_PATTERNS) {
        const value = values.length === 1 ? (values[0] ?? null) : null;
        const known = this.#further.get(claim);
        this.#further.set(claim, {
          value: known === undefined || known.value === value ? value : null,
          count: (known?.count ?? 0) + 1,
        });
      }
    }
  }

  suggest(): Suggestion {
    const profiles = [...this.#profiles.values()];
    const family = mainFamily(profiles);
    const few = this.#fewOf();
    const kept = profiles.filter((profile) => {
      const rare = rareIn(profile, few);
      if (rare.length > 0) {
        const what = rare.map(([claim, key]) => ({ claim, found: this.#exampleOf(claim, key) }));
        this.#leftOut.addMany('few', what, profile.latest, profile.count);
      } else if (familyOf(profile) !== family) {
        const claim = IDENTITY[familyOf(profile)];
        const found = this.#exampleOf(claim, profile.patterns.get(claim)?.[0] ?? ABSENT);
        const reason = familyOf(profile) === 'former' ? 'former' : 'other-kind';
        this.#leftOut.addMany(reason, [{ claim, found }], profile.latest, profile.count);
      }
      return rare.length === 0 && familyOf(profile) === family;
    });
    return this.#draft(kept, family !== 'key');
  }

  #exampleOf(claim: string, key: string): string | null {
    return this.#tallies.get(claim)?.get(key)?.examples[0] ?? null;
  }

  /** Patterns, by claim, that so few signers have that somebody should look at them. */
  #fewOf(): ReadonlyMap<string, ReadonlySet<string>> {
    return new Map(
      TELLING_CLAIMS.map((claim) => {
        const few = [...(this.#tallies.get(claim) ?? [])].filter(
          ([, { count, newest }]) => count <= FEW || (count <= FEW_OLD && newest >= this.#trusted / 2),
        );
        const together = few.reduce((sum, [, { count }]) => sum + count, 0);
        return [claim, new Set(together <= this.#trusted * FEW_SHARE ? few.map(([key]) => key) : [])] as const;
      }),
    );
  }

  #draft(kept: readonly Profile[], isCertificate: boolean): Suggestion {
    const drafted = kept.reduce((sum, { count }) => sum + count, 0);
    const omitted = [...this.#omitted].sort().map((claim) => ({ claim, why: whyOmitted(claim) ?? '' }));
    const claims: DraftedClaim[] = [];
    const partial: DraftedClaim[] = [];
    for (const claim of PROFILE_CLAIMS.filter((name) => name !== 'sct')) {
      const draft = this.#draftClaim(claim, kept, drafted);
      const why = draft === null ? null : whyNot(draft, claims, kept);
      if (draft !== null && why !== null) {
        omitted.push({ claim, why });
      } else if (draft !== null) {
        (draft.absent === 0 ? claims : partial).push(draft);
      }
    }
    for (const [claim, { value, count }] of this.#further) {
      const source = value === null ? null : generalize(claim, value);
      if (source !== null && value !== null && count === this.#trusted) {
        claims.push({ claim, patterns: [{ source, count, examples: [value] }], absent: 0 });
      } else {
        omitted.push({ claim, why: 'it is not the same in all of them' });
      }
    }
    if (drafted > 0) {
      claims.push(...this.#computed(kept, isCertificate));
    }
    return {
      seen: this.#seen,
      trusted: this.#trusted,
      drafted,
      claims: drafted === 0 ? [] : claims,
      partial,
      omitted: drafted === 0 ? [] : omitted,
      ...this.#leftOut.listed(),
      groups: groupsOf(kept, claims),
    };
  }

  /** Null where no signer has it. */
  #draftClaim(claim: string, kept: readonly Profile[], drafted: number): DraftedClaim | null {
    const having = kept.filter(({ patterns }) => patterns.has(claim));
    const keys = new Set(having.flatMap(({ patterns }) => patterns.get(claim) ?? []));
    // `v*` is part of `v**`.
    const needed = [...keys].filter((key) => !keys.has(wider(key)));
    const patterns = needed.flatMap((key): readonly DraftedPattern[] => {
      const tallies = [key, ...[...keys].filter((other) => wider(other) === key)].flatMap(
        (one) => this.#tallies.get(claim)?.get(one) ?? [],
      );
      const [first] = tallies;
      const count = tallies.reduce((sum, tally) => sum + tally.count, 0);
      const examples = tallies.flatMap((tally) => tally.examples).slice(0, MAX_EXAMPLES);
      return first === undefined ? [] : [{ source: first.source, count, examples }];
    });
    const present = having.reduce((sum, { count }) => sum + count, 0);
    return patterns.length === 0
      ? null
      : { claim, patterns: patterns.sort((a, b) => b.count - a.count), absent: drafted - present };
  }

  /** What is found out here, as far as it should be asked for. */
  #computed(kept: readonly Profile[], isCertificate: boolean): readonly DraftedClaim[] {
    const sct = this.#draftClaim('sct', kept, 0)?.patterns ?? [];
    return [
      fixed('signature', ['verified', 'not-checkable']),
      ...(isCertificate ? [fixed('signing_time', ['within', 'unknown'])] : []),
      ...(sct.some(({ source }) => source === 'verified') ? [{ claim: 'sct', patterns: sct, absent: 0 }] : []),
    ];
  }
}

function fixed(claim: string, sources: readonly string[]): DraftedClaim {
  return { claim, patterns: sources.map((source) => ({ source, count: 0, examples: [] })), absent: 0 };
}

/** Why a claim adds nothing to those that are drafted, or too much to read; null: it is to be drafted. */
function whyNot(
  { claim, patterns }: DraftedClaim,
  drafted: readonly DraftedClaim[],
  kept: readonly Profile[],
): string | null {
  const isDrafted = (name: string): boolean => drafted.some((one) => one.claim === name);
  if (patterns.length > MAX_PATTERNS) {
    return `${patterns.length} different values are too many for a list: write a pattern, or a watch for each of them`;
  }
  if (FORMER_CLAIMS.includes(claim) && isDrafted('source_repository')) {
    return 'the claims with names say the same';
  }
  const isSame = kept.every(
    (profile) => JSON.stringify(profile.patterns.get('builder')) === JSON.stringify(withShorthand(profile)),
  );
  return claim === 'subject' && isDrafted('builder') && isSame ? 'it is the builder' : null;
}

/** The patterns of `subject` as they would be written for `builder`: the shorthand is for that alone. */
function withShorthand({ patterns }: Profile): readonly string[] | undefined {
  return patterns.get('subject')?.map((key) => key.replace(/^"https:\/\/github\.com\//, '"'));
}

interface Made {
  /** The pattern as JSON. */
  readonly key: string;
  readonly source: PatternSource;
  readonly value: string | null;
}

type Patterns = ReadonlyMap<string, readonly Made[]>;

/** The patterns of a signer by claim; `fault`: a value of which none can be made. */
function patternsOf(
  signer: SeenSigner,
  patternOf: (claim: string, value: string) => PatternSource | null,
): { readonly made: Patterns; readonly fault: { readonly claim: string; readonly found: string } | null } {
  const made = new Map<string, readonly Made[]>();
  for (const claim of PROFILE_CLAIMS) {
    // Certificates have a key each; and a CT log shows no signature of which anything could be found out.
    const isOut = (claim === 'key' && signer.isCertificate) || (claim === 'sct' && signer.isIssuance);
    const list: Made[] = [];
    for (const value of isOut ? [] : (signer.claims[claim] ?? [])) {
      const source = patternOf(claim, value);
      if (source === null) {
        return { made, fault: { claim, found: value } };
      }
      list.push({ key: JSON.stringify(source), source, value });
    }
    if (list.length > 0) {
      const sorted = list.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
      made.set(claim, sorted);
    }
  }
  return { made, fault: null };
}

/** Why a signer is no model for others; null where it may be one. */
function refusal(signer: SeenSigner): { readonly reason: LeftOut['reason']; readonly what: LeftOut['what'] } | null {
  const { verdict, claims, violations, isMiswritten, isIssuance } = signer;
  const identity = ['builder', 'subject', 'key'].find((claim) => claims[claim] !== undefined) ?? 'key';
  const who = { claim: identity, found: claims[identity]?.[0] ?? null };
  if (verdict === 'unexpected') {
    const failing = violations.map(({ claim, found }) => ({
      claim,
      found: typeof found === 'string' || found === null ? found : found.join(', '),
    }));
    return { reason: verdict, what: failing.length === 0 ? [who] : failing };
  }
  if (verdict === 'forged' || verdict === 'unverifiable' || verdict === 'unparsable') {
    return { reason: verdict, what: [who] };
  }
  if (isMiswritten) {
    return { reason: 'miswritten', what: [who] };
  }
  const odd = isIssuance ? undefined : ODD.find(([claim, value]) => claims[claim]?.includes(value) === true);
  if (odd !== undefined) {
    return { reason: 'unusual', what: [{ claim: odd[0], found: odd[1] }] };
  }
  const pull = claims['source_ref']?.find((ref) => /^refs\/(?:pull|merge-requests)\//.test(ref));
  return pull === undefined ? null : { reason: 'pull-request', what: [{ claim: 'source_ref', found: pull }] };
}

/** What is found out here and never should be so. */
const ODD = [
  ['signature', 'invalid'],
  ['signing_time', 'outside'],
  ['sct', 'invalid'],
] as const;

function rareIn(
  { patterns }: Profile,
  few: ReadonlyMap<string, ReadonlySet<string>>,
): readonly (readonly [claim: string, key: string])[] {
  return TELLING_CLAIMS.flatMap((claim) => {
    const keys = patterns.get(claim) ?? [ABSENT];
    return keys.filter((key) => few.get(claim)?.has(key) === true).map((key) => [claim, key] as const);
  });
}

/**
 * Signers whose claims are so different that one `expect` cannot ask for what any of them has: jobs of a CI, people (and other
 * subjects), bare keys, and jobs with certificates of before claims had names, which come no more.
 */
type Family = 'job' | 'person' | 'key' | 'former';

const IDENTITY: Readonly<Record<Family, string>> = { job: 'builder', person: 'subject', key: 'key', former: 'subject' };

function familyOf({ isCertificate, patterns }: Profile): Family {
  if (!isCertificate) {
    return 'key';
  }
  if (patterns.has('builder') || patterns.has('source_repository')) {
    return 'job';
  }
  return FORMER_CLAIMS.some((claim) => patterns.has(claim)) ? 'former' : 'person';
}

/** The family of most signers, of those that may sign again where there are such. */
function mainFamily(profiles: readonly Profile[]): Family {
  const families = (['job', 'person', 'key'] as const).map((family) => ({
    family,
    count: profiles.reduce((sum, profile) => sum + (familyOf(profile) === family ? profile.count : 0), 0),
  }));
  const most = families.reduce((best, one) => (one.count > best.count ? one : best));
  return most.count > 0 ? most.family : 'former';
}

/** The key of the same pattern with `**` at its end instead of `*`; the key of no pattern where it ends in no star. */
function wider(key: string): string {
  return /[^*]\*"$/.test(key) ? `${key.slice(0, -1)}*"` : '';
}
