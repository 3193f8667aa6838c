import { compilePattern } from '../policy/pattern.ts';
import { quote, type KeyPath } from './key-path.ts';
import { isAnyValue, stringsOf, type Fault } from './lint-rule.ts';
import type { Hint } from './lint.ts';
import { GITHUB_ISSUER, KNOWN_ISSUERS } from './platforms.ts';
import { isCertificateClaim } from '../policy/claims.ts';
import type { ClaimRule, Watch } from '../policy/watch.ts';

/** The address that Fulcio's own login page stands behind; what it puts in certificates is the address of who was asked there. */
const LOGIN_ISSUER = 'https://oauth2.sigstore.dev/auth';

const ISSUERS = Object.keys(KNOWN_ISSUERS);

/** Other names of what issues tokens, as people write them. */
const MEANT_ISSUERS: Readonly<Record<string, string>> = {
  'github.com': `${GITHUB_ISSUER} for workflows, https://github.com/login/oauth for people`,
  'api.github.com': GITHUB_ISSUER,
  'github.com/actions': GITHUB_ISSUER,
  'actions.githubusercontent.com': GITHUB_ISSUER,
  'vstoken.actions.githubusercontent.com': GITHUB_ISSUER,
  'google.com': 'https://accounts.google.com',
  'login.microsoft.com': 'https://login.microsoftonline.com',
};

/** An issuer that no certificate carries, with the one that was meant. */
export function issuerFaults(text: string, isRegexp: boolean): readonly Fault[] {
  if (text.replaceAll('\\', '').includes(LOGIN_ISSUER)) {
    return [
      [
        'never-matches',
        `no certificate carries ${LOGIN_ISSUER}: the issuer is who was asked there, such as https://accounts.google.com`,
      ],
    ];
  }
  if (isRegexp) {
    return regexpFaults(text);
  }
  if (text.includes('*') || KNOWN_ISSUERS[text] !== undefined) {
    return [];
  }
  const bare = bareIssuer(text);
  const meant = MEANT_ISSUERS[bare] ?? ISSUERS.find((issuer) => bareIssuer(issuer) === bare) ?? slipOf(text);
  return meant === undefined
    ? []
    : [['misspelt-issuer', `no certificate carries the issuer ${quote(text)}: write ${meant}`]];
}

/** Only the slash at the end of a known issuer, or its scheme, is told of a regular expression. */
function regexpFaults(text: string): readonly Fault[] {
  const pattern = compilePattern({ regexp: text }, 'issuer');
  const nearly = ISSUERS.find(
    (issuer) => pattern.matches(`${issuer}/`) || pattern.matches(issuer.slice('https://'.length)),
  );
  const met = ISSUERS.some((issuer) => pattern.matches(issuer) || pattern.matches(`${issuer}/x`));
  return nearly === undefined || met
    ? []
    : [['misspelt-issuer', `no certificate carries an issuer that ${quote(text)} accepts: it is ${nearly}`]];
}

function bareIssuer(text: string): string {
  return text
    .trim()
    .toLowerCase()
    .replace(/^https?:\/\/(?:www\.)?/, '')
    .replace(/\/+$/, '');
}

/** One letter wrong, in a long name. */
function slipOf(text: string): string | undefined {
  return ISSUERS.find((issuer) => issuer.length > 24 && isOneEdit(text, issuer));
}

function isOneEdit(a: string, b: string): boolean {
  if (Math.abs(a.length - b.length) > 1) {
    return false;
  }
  let start = 0;
  while (start < a.length && a[start] === b[start]) {
    start += 1;
  }
  const [skipA, skipB] = [a.length >= b.length ? 1 : 0, b.length >= a.length ? 1 : 0];
  return a.slice(start + skipA) === b.slice(start + skipB);
}

/**
 * An `expect` of certificates that leaves open who vouched for them: other issuers of the same CA put the same addresses and the same
 * repositories into certificates.
 */
export function adviseIssuer(
  { select, expect, firstSeen }: Watch,
  path: KeyPath,
  believesFulcio: boolean,
): readonly Hint[] {
  if (!believesFulcio || expect === null || expect === 'none') {
    return [];
  }
  // Where each provider that vouches for an address is told, it need not be known beforehand.
  const isAboutMail = select.every((rules) => rules.some(isMailRule)) && !firstSeen.includes('issuer');
  if (!isAboutMail && !expect.some(({ claim }) => isCertificateClaim(claim))) {
    return [];
  }
  const names = (rules: readonly ClaimRule[]): boolean =>
    rules.some((rule) => rule.claim === 'issuer' && !isAnyValue(rule));
  if (names(expect) || select.every(names)) {
    return [];
  }
  const open = expect.find(({ claim }) => claim === 'issuer');
  const isMail = [...select.flat(), ...expect].some(isMailRule);
  const message = isMail
    ? 'whoever vouches for the address may sign: other providers put the same address into certificates; add "issuer", such as https://accounts.google.com'
    : `whoever vouches for these claims may sign: other providers name the same repositories; add "issuer: ${GITHUB_ISSUER}", or yours`;
  return [{ rule: 'missing-issuer', path: open === undefined ? path : [...path, open.claim], message }];
}

/** Whether all that a rule accepts are e-mail addresses. */
function isMailRule(rule: ClaimRule): boolean {
  const strings = rule.claim === 'subject' ? stringsOf(rule) : null;
  return strings !== null && strings.every(isMail);
}

/** An address, or a pattern for one: no URI has an `@` without a slash or a colon before it. */
export function isMail(text: string): boolean {
  return /^[^@/:]+@[^@/:]+$/.test(text) && !text.startsWith('**');
}
