import { quote } from './key-path.ts';
import { regexpPageFault } from './lint-address.ts';
import { isAnything, type Context, type Fault } from './lint-rule.ts';
import type { PatternText } from './pattern-texts.ts';
import { ADDRESS_CLAIMS, unescape, WORKFLOW_CLAIMS } from './platforms.ts';

/** Claims that are addresses, and begin with a scheme. */
const URL_CLAIMS: ReadonlySet<string> = new Set([...ADDRESS_CLAIMS, 'issuer', 'run']);

/** What is wrong with a regular expression. */
export function regexpFaults(claim: string, { text, isNegated }: PatternText, context: Context): readonly Fault[] {
  const { body, folds } = withoutFlags(text);
  const bare = withoutAnchors(body);
  return [
    ...anchorFaults(text, body),
    ...dotFaults(claim, body),
    ...(isNegated ? [] : [...beginningFaults(claim, text, bare, context), ...endFaults(text)]),
    ...impossibleFaults(claim, text, bare),
    ...(folds && /github|gitlab/i.test(body) && URL_CLAIMS.has(claim) ? [foldFault(text)] : []),
  ];
}

/** Leading flags, `(?i)`, are no part of what is asked for. */
function withoutFlags(regexp: string): { readonly body: string; readonly folds: boolean } {
  const flags = /^\^?\(\?([a-zA-Z]+)\)/.exec(regexp);
  return flags === null
    ? { body: regexp, folds: false }
    : { body: regexp.slice(flags[0].length), folds: flags[1]?.includes('i') === true };
}

function withoutAnchors(regexp: string): string {
  return regexp.replace(/^(?:\^|\\A)/, '').replace(END, '');
}

/** A last `$` that is no dollar sign. */
const END = /(?<=(?<!\\)(?:\\\\)*)\$$/;

function anchorFaults(text: string, body: string): readonly Fault[] {
  const [begins, ends] = [text.startsWith('^') || body.startsWith('^'), END.test(text)];
  if (!begins && !ends) {
    return [];
  }
  const branches = topLevelBranches(body);
  return branches.length > 1 &&
    !(branches.every((branch) => branch.startsWith('^')) && branches.every((branch) => END.test(branch)))
    ? [
        [
          'split-anchors',
          `in ${quote(text)} "^" and "$" belong to one branch of "|" each; here all branches are anchored at both ends: leave "^" and "$" out, and see whether each branch is whole`,
        ],
      ]
    : [['redundant-anchor', 'a regexp is anchored at both ends: leave "^" and "$" out']];
}

/** The branches of an alternation that stands in no parentheses or class. */
function topLevelBranches(regexp: string): readonly string[] {
  const branches: string[] = [];
  let [depth, inClass, from] = [0, false, 0];
  for (let i = 0; i < regexp.length; i++) {
    const character = regexp[i];
    if (character === '\\') {
      i += 1;
    } else if (inClass) {
      inClass = character !== ']';
    } else if (character === '[') {
      inClass = true;
      // A bracket that comes first is one of the class.
      i += /^\^?\]/.exec(regexp.slice(i + 1, i + 3))?.[0].length ?? 0;
    } else if (character === '(' || character === ')') {
      depth += character === '(' ? 1 : -1;
    } else if (character === '|' && depth === 0) {
      branches.push(regexp.slice(from, i));
      from = i + 1;
    }
  }
  return [...branches, regexp.slice(from)];
}

/** Hosts that everybody knows, with a dot that is none. */
const KNOWN_HOST =
  /\b(?:(?:token(?:\\?\.))?(?:actions\\?\.)?githubusercontent|github|gitlab|accounts\.google|oauth2\.sigstore)(?<!\\)\.(?:com|dev)\b/;

/** What takes up the rest of a text that is not told of. */
const ANY_END = /(?:\(\?s:\.\*\)|\.[*+])$/;

function dotFaults(claim: string, body: string): readonly Fault[] {
  if (body.includes('\\Q')) {
    return []; // quoted: a dot is one
  }
  const hosts = [
    /:(?:\\?\/){2}((?:\\.|[^\\/])*)/.exec(body)?.[1] ?? '',
    ...(claim === 'subject' || claim === 'key_subject' ? [/@((?:\\.|[\w.-])+)\)?\$?$/.exec(body)?.[1] ?? ''] : []),
    URL_CLAIMS.has(claim) ? (KNOWN_HOST.exec(body)?.[0] ?? '') : '',
  ];
  const host = hosts.find((candidate) => /(?<!\\)\.[A-Za-z0-9]/.test(candidate))?.replace(ANY_END, '');
  return host === undefined
    ? []
    : [['unescaped-dot', `"." in the host ${quote(host)} stands for any character: write "\\."`]];
}

function beginningFaults(claim: string, text: string, bare: string, { isMailOnly }: Context): readonly Fault[] {
  if (!URL_CLAIMS.has(claim) || !/^\(?(?:\?:)?\.[*+]/.test(bare) || isAnything(bare, true)) {
    return [];
  }
  if (claim === 'subject' && isMailSuffix(unescape(bare))) {
    return isMailOnly ? [] : [mailSuffixFault(text)];
  }
  return [['unanchored-guess', `${quote(text)} begins with anything at all, so with any host: begin with https://`]];
}

/** `.*@acme.com`, or `**@acme.com`. */
function isMailSuffix(text: string): boolean {
  return /^\(?(?:\?:)?(?:\.[*+]|\*+)\)?@[\w.-]+\.[A-Za-z]{2,}\)?$/.test(text);
}

function mailSuffixFault(text: string): Fault {
  const domain = /@([\w.-]+)/.exec(unescape(text))?.[1] ?? '';
  return [
    'unanchored-guess',
    `${quote(text)} also accepts a stranger's workflow whose branch is named so (https://github.com/…@refs/heads/x@${domain}): write ${quote(`*@${domain}`)}`,
  ];
}

function endFaults(text: string): readonly Fault[] {
  return /github\\?\.com\\?\/(?:[\w-]+\\?\/)?(?:[\w-]|\\[.-])+\.[*+]\)?\$?$/.test(text)
    ? [['unanchored-guess', `${quote(text)} also accepts names that only begin so: end the name with "/"`]]
    : [];
}

/** What no value meets, because a regular expression has to meet all of it. */
function impossibleFaults(claim: string, text: string, bare: string): readonly Fault[] {
  if (!ADDRESS_CLAIMS.has(claim)) {
    return [];
  }
  const page = regexpPageFault(claim, unescape(bare));
  if (page !== null) {
    return [page];
  }
  if (topLevelBranches(bare).length > 1) {
    return [];
  }
  if (/^(?:www\\?\.)?(?:github|gitlab)\\?\.com/i.test(bare)) {
    return [['never-matches', `${quote(text)} has to match from the first letter on: begin with https://`]];
  }
  if (/^[A-Za-z0-9_-]+\\?\/[^:]*$/.test(bare)) {
    const message = `${quote(text)} is no address: owner/repo is not expanded in a regexp; begin with https://github\\.com/`;
    return [['never-matches', message]];
  }
  if (WORKFLOW_CLAIMS.has(claim) && /github\\?\.com/i.test(bare) && /\\?\.ya\??ml\)?$/.test(bare)) {
    const message = `${quote(text)} has to match to the last letter: a workflow ends with its ref, such as @refs/tags/v.*`;
    return [['missing-ref', message]];
  }
  return [];
}

function foldFault(text: string): Fault {
  return [
    'folded-case',
    `${quote(text)} ignores case also in the path of the workflow and in its ref, where it counts: write a string pattern, in which owners and repositories compare without regard to case`,
  ];
}

/** The same of a string pattern: `**@acme.com`. */
export function mailGlobFaults(claim: string, text: string, { isMailOnly }: Context): readonly Fault[] {
  return claim === 'subject' && text.startsWith('**') && isMailSuffix(text) && !isMailOnly
    ? [mailSuffixFault(text)]
    : [];
}
