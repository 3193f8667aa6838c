import { RE2JS } from 're2js';
import { REPOSITORY_CLAIMS } from './claims.ts';
import { compilePattern, expandShorthand, type Pattern, type PatternSource } from './pattern.ts';

/** Longer values are no names that people gave. */
const MAX_VALUE = 1000;

/** What nobody sees, or what changes what is seen around it. */
const INVISIBLE = /[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]|(?! )\p{Zs}/u;

/** Claims that are a ref; the last is where refs stood first (Fulcio docs/oid-info.md). */
const REF_CLAIMS: ReadonlySet<string> = new Set(['source_ref', 'oid:1.3.6.1.4.1.57264.1.6']);
/** Claims that are addresses with a ref after `@`. */
const ADDRESS_CLAIMS: ReadonlySet<string> = new Set(['builder', 'workflow', 'subject', 'slsa_builder', 'source_uri']);

const TAGS = 'refs/tags/';
/** Whatever stands before a version number: nothing, or what ends in no letter or digit, and perhaps a `v`. */
const VERSION = /^((?:.*?[^A-Za-z0-9])??[vV]?)([0-9].*)$/;
const GITHUB = 'https://github.com/';

/**
 * The pattern by which a value that was seen is written into an `expect`. The version in the name of a tag stands for every version, also
 * where the tag is part of an address; everything else is itself. Null for a value that no pattern should be made of: it is too long
 * or holds characters that nobody sees. `compile`: for who knows patterns already, which takes longer than all else.
 */
export function generalize(
  claim: string,
  value: string,
  compile: (source: PatternSource, claim: string) => Pattern = compilePattern,
): PatternSource | null {
  if (value.length > MAX_VALUE || INVISIBLE.test(value)) {
    return null;
  }
  const exact: PatternSource = { regexp: RE2JS.quote(value) };
  // A star of the value would stand for anything.
  const source = anyVersion(claim, value) ?? (value.includes('*') ? exact : shortened(claim, value));
  return [source, exact].find((one) => compile(one, claim).matches(value)) ?? null;
}

/** The value with any version in the place of its own; null where it names none. */
function anyVersion(claim: string, value: string): PatternSource | null {
  const at = REF_CLAIMS.has(claim) ? 0 : ADDRESS_CLAIMS.has(claim) ? value.lastIndexOf('@refs/') + 1 : null;
  if (at === null || !value.startsWith(TAGS, at)) {
    return null;
  }
  const [, before, version] = VERSION.exec(value.slice(at + TAGS.length)) ?? [];
  if (before === undefined || version === undefined) {
    return null;
  }
  const head = value.slice(0, at + TAGS.length) + before;
  const isDeep = version.includes('/');
  // "refs/tags/*" would be every tag: what begins with a digit is one of those that were seen.
  return before === '' || before.endsWith('/') || head.includes('*')
    ? { regexp: `${RE2JS.quote(head)}[0-9]${isDeep ? '.*' : '[^/]*'}` }
    : `${shortened(claim, head)}${isDeep ? '**' : '*'}`;
}

/** `owner/repo` for an address of GitHub, where that is the same. */
function shortened(claim: string, value: string): string {
  const short = REPOSITORY_CLAIMS.has(claim) && value.startsWith(GITHUB) ? value.slice(GITHUB.length) : value;
  return expandShorthand(short, claim) === value ? short : value;
}
