import { SHORTEST, type Needle } from './needle-index.ts';
import { expandShorthand, isPatternSource, type PatternSource } from './pattern.ts';
import { regexpLiterals, type Runs } from './regexp-literals.ts';
import type { ClaimRule } from './watch.ts';

/** One text that a pattern asks for, in each of the forms in which it may stand somewhere: any of them will do. */
export type Literal = readonly Needle[];

/** By what a pattern of a watch is recognized where nothing can be read. */
export interface Clue {
  readonly claim: string;
  /** The pattern as the watch writes it. */
  readonly written: unknown;
  /** All of them must be found. Never empty. */
  readonly literals: readonly Literal[];
}

/** The clues of one rule, of which any will do: none for a pattern that has no text of its own, or only one that stands in everything. */
export function cluesOf({ claim, patterns }: ClaimRule): readonly Clue[] {
  return patterns.flatMap(({ source }) => (isPatternSource(source) ? cluesIn(source, claim) : []));
}

function cluesIn(source: PatternSource, claim: string): readonly Clue[] {
  if (typeof source === 'string') {
    return clueOf([globLiterals(expandShorthand(source, claim))], claim, source);
  }
  if ('regexp' in source) {
    return clueOf(regexpLiterals(source.regexp), claim, source);
  }
  // What must not match says nothing about what is there.
  return 'not' in source ? [] : source.flatMap((item) => cluesIn(item, claim));
}

function globLiterals(pattern: string): Runs {
  return pattern.split(/\*+/);
}

/** For each alternative that has texts worth looking for. */
function clueOf(alternatives: readonly Runs[], claim: string, written: unknown): readonly Clue[] {
  return alternatives.flatMap((runs) => {
    const literals = runs.map((run) => formsOf(run, claim)).filter((forms) => forms.length > 0);
    return literals.length === 0 ? [] : [{ claim, written, literals }];
  });
}

/** Empty for what is too short or too common to mean anything. */
function formsOf(run: string, claim: string): Literal {
  if (NUMBERS.has(claim)) {
    return /^[0-9]+$/.test(run) ? needles([run], true) : [];
  }
  const bytes = digestForms(run);
  if (bytes.length > 0) {
    return [...needles([withoutAlgorithm(run)]), ...bytes];
  }
  const text = withoutAlgorithm(run).replace(SCHEME, '').replace(/\/$/, '');
  return COMMON.test(text) ? [] : needles(gitHubForms(text, run) ?? [text]);
}

/** Claims that are numbers. */
const NUMBERS: ReadonlySet<string> = new Set(['source_repository_id', 'source_owner_id']);

/** Not everybody writes it, and in Fulcio's oldest extensions it is missing. */
const SCHEME = /^(?:git\+)?(?:https?|ssh|git):\/\//i;

/** What stands in the entries of everybody: where code is kept, and how its refs and workflows are named. */
const COMMON =
  /^[/@:]*(?:(?:www\.)?(?:github|gitlab|bitbucket|codeberg)(?:\.(?:com|org))?|users\.noreply\.github\.com|gmail\.com|\.github(?:\/workflows)?|refs(?:\/(?:heads|tags|pull)(?:\/v)?)?|repo|ref|mailto|git|https?)?[/@:+]*$/i;

/** Of repositories on GitHub what tools agree on, which is `owner/repo`; of owners alone where it is an owner. Null for anything else. */
function gitHubForms(text: string, run: string): readonly string[] | null {
  const path = /^github\.com\/(.+)$/i.exec(text)?.[1];
  if (path === undefined) {
    return null;
  }
  if (path.includes('/')) {
    return path.length < SHORTEST ? [text] : [path];
  }
  const end = run.endsWith('/') ? '/' : '';
  return [`github.com/${path}${end}`, `repo:${path}${end}`];
}

function withoutAlgorithm(run: string): string {
  return run.replace(/^sha(?:256|384|512):(?=[0-9a-f]*$)/i, '');
}

/** The bytes that a digest or key id in hex or, as SSH writes it, in base64 stands for. */
function digestForms(run: string): readonly Needle[] {
  const hex = /^(?:sha(?:256|384|512):)?((?:[0-9a-f]{2}){8,64})$/i.exec(run)?.[1];
  if (hex !== undefined) {
    const bytes = Buffer.from(hex, 'hex');
    // Of minisign's key ids, which are numbers, the least significant byte comes first.
    const reversed = bytes.length === KEY_ID_BYTES ? [Buffer.from(bytes.toReversed())] : [];
    return [bytes, ...reversed].map((form) => ({ bytes: form, isNumber: false }));
  }
  const base64 = /^SHA256:([A-Za-z0-9+/]{43})$/.exec(run)?.[1];
  return base64 === undefined ? [] : [{ bytes: Buffer.from(base64, 'base64'), isNumber: false }];
}

const KEY_ID_BYTES = 8;

/** UTF-8 and, where that differs and it can be, Latin-1, as certificates of old have it. */
function needles(texts: readonly string[], isNumber = false): Literal {
  return texts.flatMap((text) => {
    const utf8 = Buffer.from(text);
    const latin1 = Buffer.from(text, 'latin1');
    const isLatin1 = latin1.toString('latin1') === text && !latin1.equals(utf8);
    return [utf8, ...(isLatin1 ? [latin1] : [])]
      .filter(({ length }) => length >= SHORTEST)
      .map((bytes) => ({ bytes, isNumber }));
  });
}
