import { cluesOf, type Clue } from './literals.ts';
import type { Needle } from './needle-index.ts';
import { bareFingerprint } from './pattern.ts';
import { createSearch, type Sought } from './search.ts';
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

/** What must be found of a selector: something of each group. Never empty. */
type Groups = readonly (readonly Sign[])[];

/** Something by which a selector is recognized. */
interface Sign {
  readonly claim: string;
  readonly written: unknown;
  stands(sought: Sought, kind: string | null): boolean;
}

function createFinder(watches: readonly Watch[]): Finder {
  const needles = new NeedleList();
  const prepared = watches.map((watch) => ({
    watch,
    selectors: watch.select.map((selector) => groupsOf(selector, needles)).filter(({ length }) => length > 0),
  }));
  const byKind = prepared.filter(({ watch }) => names(watch, 'kind'));
  const search = createSearch(
    needles.all,
    watches.some((watch) => names(watch, 'key')),
  );
  return ({ kind, data }) => {
    const sought = search(data);
    const isNothing = sought.found.size === 0 && sought.keys.size === 0;
    const mentions = (isNothing ? byKind : prepared).flatMap(({ watch, selectors }): Mention[] => {
      for (const groups of selectors) {
        const signs = groups.map((group) => group.find((sign) => sign.stands(sought, kind)));
        const [first] = signs;
        if (first !== undefined && !signs.includes(undefined)) {
          return [{ watch, claim: first.claim, written: first.written }];
        }
      }
      return [];
    });
    return { mentions, complete: sought.complete };
  };
}

function names({ select }: Watch, claim: string): boolean {
  return select.some((selector) => selector.some((rule) => rule.claim === claim));
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
  switch (rule.claim) {
    case 'kind':
      return texts.map((text) => ({ ...rule, written: text, stands: (_, kind) => kind === text }));
    case 'key':
      // A key shows itself, not its hash.
      return [
        ...cluesOf(rule).map((clue) => clueSign(clue, needles)),
        ...texts.map((text): Sign => ({
          ...rule,
          written: text,
          stands: ({ keys }) => keys.has(bareFingerprint(text)),
        })),
      ];
    default:
      return cluesOf(rule).map((clue) => clueSign(clue, needles));
  }
}

function clueSign({ claim, written, literals }: Clue, needles: NeedleList): Sign {
  const positions = literals.map((forms) => forms.map((needle) => needles.add(needle)));
  return {
    claim,
    written,
    stands: ({ found }) => positions.every((forms) => forms.some((position) => found.has(position))),
  };
}

/** Patterns that are matched as they are, lists opened. */
function wholeTexts(source: unknown): readonly string[] {
  if (Array.isArray(source)) {
    return source.flatMap(wholeTexts);
  }
  return typeof source === 'string' && !source.includes('*') ? [source] : [];
}
