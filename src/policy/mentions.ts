import type { NonEmpty } from '../lib/non-empty.ts';
import { cluesOf, type Clue } from './literals.ts';
import type { Needle } from './needle-index.ts';
import { bareFingerprint } from './pattern.ts';
import { createSearch } from './search.ts';
import type { ClaimRule, Watch } from './watch.ts';

/** That an entry of which nothing can be read holds what a watch selects. */
export interface Mention {
  readonly watch: Watch;
  readonly claim: string;
  /** The pattern that was found, as the watch writes it. */
  readonly written: unknown;
}

/** What was found in an entry of which nothing can be read. */
export interface Mentions {
  /** One for each watch at most. */
  readonly mentions: readonly Mention[];
  /** False where the entry unfolds to more than is worth looking at: then only a part of it was. */
  readonly complete: boolean;
}

/** An entry of which nothing can be read but, perhaps, its kind. */
export interface Unreadable {
  readonly kind: string | null;
  readonly data: Buffer;
}

/**
 * Looks for what the watches select in an entry of which nothing can be read. Takes time linear in the entry, whatever it holds; the
 * watches are prepared once.
 */
export function findMentions(watches: readonly Watch[], entry: Unreadable): Mentions {
  const finder = FINDERS.get(watches) ?? createFinder(watches);
  FINDERS.set(watches, finder);
  return finder(entry);
}

type Finder = (entry: Unreadable) => Mentions;

/** By the list of watches, which is made once. */
const FINDERS = new WeakMap<readonly Watch[], Finder>();

/** Claims that say who it is: each of them is enough. */
const IDENTIFYING: ReadonlySet<string> = new Set([
  'subject',
  'source_repository',
  'source_owner',
  'source_repository_id',
  'source_owner_id',
  'source_digest',
  'source_sha',
  'source_uri',
  'builder',
  'builder_digest',
  'workflow',
  'workflow_digest',
  'run',
  'slsa_builder',
  'subject_name',
  'token_subject',
  'key',
  'key_subject',
  'artifact',
]);

/** Claims that many share: they count only in a selector that names nothing of the above, and then all of them together. */
const SHARED: ReadonlySet<string> = new Set(['issuer', 'kind', 'build_type', 'predicate_type']);

/** Fulcio's oldest extensions for trigger, workflow name and ref, which say no more than their successors. */
const VAGUE_OID = /^oid:1\.3\.6\.1\.4\.1\.57264\.1\.[246]$/;

/** A need that an entry meets: by its kind, by a key in it, or by a needle at that position of all. */
type Thing = `kind:${string}` | `key:${string}` | number;

/** Something by which a selector is recognized. */
interface Sign {
  readonly claim: string;
  readonly written: unknown;
  /** Of each of them any form must be there. Never empty. */
  readonly needs: NonEmpty<readonly Thing[]>;
}

/** What must be found of a selector: something of each group. Never empty. */
type Groups = readonly (readonly Sign[])[];

function createFinder(watches: readonly Watch[]): Finder {
  const needles = new NeedleList();
  const selectors = watches.map(({ select }) =>
    select.map((selector) => groupsOf(selector, needles)).filter(({ length }) => length > 0),
  );
  const placesOf = indexSelectors(selectors);
  const search = createSearch(
    needles.all,
    watches.some((watch) => asksForKeys(watch)),
  );
  return ({ kind, data }) => {
    const sought = search(data);
    const there = new Set<Thing>(sought.found);
    sought.keys.forEach((key) => there.add(`key:${key}`));
    if (kind !== null) {
      there.add(`kind:${kind}`);
    }
    const places = new Set([...there].flatMap((thing) => placesOf.get(thing) ?? []));
    const mentions = [...places]
      .sort((a, b) => a - b)
      .flatMap((place): Mention[] => {
        const [watch, sign] = [watches[place], firstSign(selectors[place] ?? [], there)];
        return watch === undefined || sign === null ? [] : [{ watch, claim: sign.claim, written: sign.written }];
      });
    return { mentions, complete: sought.complete };
  };
}

/** The first sign of the first selector that is recognized; null where none is. */
function firstSign(selectors: readonly Groups[], there: ReadonlySet<Thing>): Sign | null {
  for (const groups of selectors) {
    const signs = groups.map((group) => group.find((sign) => stands(sign, there)));
    const [first] = signs;
    if (first !== undefined && !signs.includes(undefined)) {
      return first;
    }
  }
  return null;
}

function stands({ needs }: Sign, there: ReadonlySet<Thing>): boolean {
  return needs.every((forms) => forms.some((thing) => there.has(thing)));
}

/**
 * Where in the list the watches are that may be recognized once a thing is there: no selector is without a sign of its first group, and
 * no sign without that need of it which the fewest others have.
 */
function indexSelectors(selectors: readonly (readonly Groups[])[]): ReadonlyMap<Thing, readonly number[]> {
  const signs = selectors.map((watched) => watched.flatMap(([first = []]) => first));
  const counts = new Map<Thing, number>();
  for (const thing of signs.flat().flatMap(({ needs }) => needs.flat())) {
    counts.set(thing, (counts.get(thing) ?? 0) + 1);
  }
  const sharing = (forms: readonly Thing[]): number =>
    forms.reduce<number>((most, thing) => Math.max(most, counts.get(thing) ?? 0), 0);
  const places = new Map<Thing, number[]>();
  signs.forEach((ofWatch, place) => {
    for (const { needs } of ofWatch) {
      for (const thing of needs.reduce((best, forms) => (sharing(forms) < sharing(best) ? forms : best))) {
        const list = places.get(thing) ?? [];
        places.set(thing, list);
        list.push(place);
      }
    }
  });
  return places;
}

function asksForKeys({ select }: Watch): boolean {
  return select.some((selector) => selector.some(({ claim }) => claim === 'key'));
}

/** Needles without repetition: many watches ask for the same. */
class NeedleList {
  readonly all: Needle[] = [];
  readonly #positions = new Map<string, number>();

  /** Its position in {@link all}. */
  add(needle: Needle): number {
    const name = `${needle.bytes.toString('hex')} ${String(needle.isNumber)}`;
    const position = this.#positions.get(name) ?? this.all.push(needle) - 1;
    this.#positions.set(name, position);
    return position;
  }
}

/** Empty where a selector has nothing by which it could be recognized. */
function groupsOf(selector: readonly ClaimRule[], needles: NeedleList): Groups {
  const groups = selector.map((rule) => ({ claim: rule.claim, signs: signsOf(rule, needles) }));
  const identifying = groups.filter(({ claim }) => isIdentifying(claim)).flatMap(({ signs }) => signs);
  if (identifying.length > 0) {
    return [identifying];
  }
  const others = groups.filter(({ signs }) => signs.length > 0);
  return others.some(({ claim }) => SHARED.has(claim)) ? others.map(({ signs }) => signs) : [];
}

function isIdentifying(claim: string): boolean {
  return IDENTIFYING.has(claim) || (claim.startsWith('oid:') && !VAGUE_OID.test(claim));
}

function signsOf(rule: ClaimRule, needles: NeedleList): readonly Sign[] {
  const texts = rule.patterns.flatMap(({ source }) => wholeTexts(source));
  const clues = (): readonly Sign[] => cluesOf(rule).flatMap((clue) => clueSigns(clue, needles));
  switch (rule.claim) {
    case 'kind':
      return texts.map((text) => ({ claim: rule.claim, written: text, needs: [[`kind:${text}`]] }));
    case 'key':
      // A key shows itself, not its hash.
      return [
        ...clues(),
        ...texts.map((text): Sign => ({ claim: rule.claim, written: text, needs: [[`key:${bareFingerprint(text)}`]] })),
      ];
    default:
      return clues();
  }
}

function clueSigns({ claim, written, literals }: Clue, needles: NeedleList): readonly Sign[] {
  const [first, ...others] = literals.map((forms) => forms.map((needle) => needles.add(needle)));
  return first === undefined ? [] : [{ claim, written, needs: [first, ...others] }];
}

/** Patterns that are matched as they are, lists opened. */
function wholeTexts(source: unknown): readonly string[] {
  if (Array.isArray(source)) {
    return source.flatMap(wholeTexts);
  }
  return typeof source === 'string' && !source.includes('*') ? [source] : [];
}
