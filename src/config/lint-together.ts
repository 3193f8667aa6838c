import { isCertificateClaim } from '../policy/claims.ts';
import type { ClaimRule, Watch } from '../policy/watch.ts';
import { effort, formsMeet, globForm } from './forms.ts';
import { quote, type KeyPath } from './key-path.ts';
import { isMail } from './lint-issuer.ts';
import { literalsOf, stringsOf } from './lint-rule.ts';
import type { Hint } from './lint.ts';
import { ADDRESS_CLAIMS, areOnly, GITHUB, GITLAB, platformsOfIssuer } from './platforms.ts';

/** Two claims of which no signer has both, and why. */
interface Conflict {
  readonly claim: string;
  readonly why: string;
}

/** More strings in a rule are not compared one by one. */
const MAX_STRINGS = 50;

/** What only jobs of a CI have in their certificates. */
const JOB_CLAIMS: ReadonlySet<string> = new Set([
  ...[
    'builder',
    'builder_digest',
    'runner',
    'source_repository',
    'source_digest',
    'source_ref',
    'source_repository_id',
  ],
  ...['source_owner', 'source_owner_id', 'workflow', 'workflow_digest', 'trigger', 'run', 'visibility', 'environment'],
]);

/** Kinds of entries that are signed by keys without a certificate. */
const BARE_KINDS = ['rpm', 'helm', 'tuf'];

/** Items of `select`, and an `expect`, that no signer can meet, because its claims exclude each other. */
export function lintTogether({ select, expect }: Watch, path: KeyPath): readonly Hint[] {
  const impossible = select.map((rules) => conflictIn(rules));
  const hints = impossible.flatMap((conflict, item): readonly Hint[] =>
    conflict === null
      ? []
      : [
          {
            rule: 'never-matches',
            path: [...path, 'select', item, conflict.claim],
            message: `no signer is selected: ${conflict.why}`,
          },
        ],
  );
  if (expect === null || expect === 'none') {
    return hints;
  }
  const within = conflictIn(expect);
  // Items that select nothing are told already; and one of several may be there to be told of.
  const possible = select.filter((_, item) => impossible[item] === null);
  const across = possible.map((rules) => conflictIn([...rules, ...expect.filter(({ claim }) => !named(rules, claim))]));
  const conflict = within ?? (across.every((found) => found !== null) ? across[0] : null) ?? null;
  if (conflict === null) {
    return hints;
  }
  const message = `every signer will be unexpected: ${conflict.why}`;
  return [...hints, { rule: 'contradiction', path: [...path, 'expect', conflict.claim], message }];
}

function named(rules: readonly ClaimRule[], claim: string): boolean {
  return rules.some((rule) => rule.claim === claim);
}

function conflictIn(rules: readonly ClaimRule[]): Conflict | null {
  return issuerConflict(rules) ?? addressConflict(rules) ?? bareKeyConflict(rules);
}

function ruleFor(rules: readonly ClaimRule[], claim: string): ClaimRule | undefined {
  return rules.find((rule) => rule.claim === claim);
}

function issuerConflict(rules: readonly ClaimRule[]): Conflict | null {
  const issuer = ruleFor(rules, 'issuer');
  if (issuer === undefined || literalsOf(issuer) === null) {
    return null;
  }
  const platforms = platformsOfIssuer(issuer);
  const name = quote(literalsOf(issuer)?.[0] ?? '');
  if (areOnly(platforms, ['email'])) {
    return mailConflict(rules, name);
  }
  if (!areOnly(platforms, ['github']) && !areOnly(platforms, ['gitlab'])) {
    return null;
  }
  const host = platforms.has('github') ? GITHUB : GITLAB;
  const foreign = rules.find((rule) => ADDRESS_CLAIMS.has(rule.claim) && isAllElsewhere(rule, host));
  if (foreign === undefined) {
    return null;
  }
  const first = stringsOf(foreign)?.[0] ?? '';
  const mail = foreign.claim === 'subject' && isMail(first);
  const why = mail
    ? `${name} vouches for workflows and not for e-mail addresses; those of people come from https://accounts.google.com, https://github.com/login/oauth or https://login.microsoftonline.com`
    : `with ${name} ${quote(foreign.claim)} begins with ${host}, and ${quote(first)} does not`;
  return { claim: foreign.claim, why };
}

function mailConflict(rules: readonly ClaimRule[], issuer: string): Conflict | null {
  const job = rules.find(({ claim }) => JOB_CLAIMS.has(claim));
  if (job !== undefined) {
    return { claim: job.claim, why: `${issuer} vouches for people, whose certificates have no ${quote(job.claim)}` };
  }
  const subject = ruleFor(rules, 'subject');
  const strings = subject === undefined ? null : stringsOf(subject);
  return strings !== null && strings.every((text) => text.includes('://'))
    ? { claim: 'subject', why: `${issuer} vouches for e-mail addresses, and ${quote(strings[0] ?? '')} is none` }
    : null;
}

function isAllElsewhere(rule: ClaimRule, host: string): boolean {
  const strings = stringsOf(rule);
  const here = globForm(`${host}**`);
  const left = effort();
  return strings !== null && strings.every((text) => !formsMeet(globForm(text), here, left));
}

/** Addresses that are parts of each other, or the same. */
function addressConflict(rules: readonly ClaimRule[]): Conflict | null {
  const [owners, repositories] = [stringsFor(rules, 'source_owner'), stringsFor(rules, 'source_repository')];
  if (owners !== null && repositories !== null) {
    const inside = owners.map((owner) => `${owner.replace(/\/$/, '')}/**`);
    if (areDisjoint(inside, repositories)) {
      return {
        claim: 'source_repository',
        why: `${quote(repositories[0] ?? '')} does not belong to ${quote(owners[0] ?? '')}`,
      };
    }
  }
  const [subjects, builders] = [stringsFor(rules, 'subject'), stringsFor(rules, 'builder')];
  const isKnown = (text: string): boolean => /^https:\/\/(?:github|gitlab)\.com\//i.test(text);
  if (subjects?.every(isKnown) === true && builders?.every(isKnown) === true && areDisjoint(subjects, builders)) {
    return {
      claim: 'builder',
      why: `builder and subject are one address, and ${quote(builders[0] ?? '')} is not ${quote(subjects[0] ?? '')}`,
    };
  }
  return null;
}

function stringsFor(rules: readonly ClaimRule[], claim: string): readonly string[] | null {
  const rule = ruleFor(rules, claim);
  return rule === undefined ? null : stringsOf(rule);
}

/** Whether no value has the form of one of these and of one of those. */
export function areDisjoint(these: readonly string[], those: readonly string[]): boolean {
  if (these.length > MAX_STRINGS || those.length > MAX_STRINGS) {
    return false;
  }
  const others = those.map(globForm);
  const left = effort();
  return these.map(globForm).every((one) => others.every((other) => !formsMeet(one, other, left)));
}

/** Names that only a bare key has: of PGP, SSH and minisign. A SHA-256 may be that of a certificate's key. */
const NO_CERTIFICATE = /^(?:[0-9a-f]{16}|[0-9a-f]{40}|SHA256:.*)$/;

function bareKeyConflict(rules: readonly ClaimRule[]): Conflict | null {
  const certified = rules.find(({ claim }) => isCertificateClaim(claim));
  if (certified === undefined) {
    return null;
  }
  const why = (what: string): string => `${what} without a certificate, which ${quote(certified.claim)} is part of`;
  const keys = ruleFor(rules, 'key');
  const names = keys === undefined ? null : literalsOf(keys);
  if (names?.every((name) => NO_CERTIFICATE.test(name)) === true) {
    return { claim: certified.claim, why: why(`${quote(names[0] ?? '')} is a key`) };
  }
  if (named(rules, 'key_subject')) {
    return { claim: certified.claim, why: why('"key_subject" is said of keys') };
  }
  const kind = ruleFor(rules, 'kind');
  const kinds = kind === undefined ? null : literalsOf(kind);
  return kinds?.every((name) => BARE_KINDS.includes(name)) === true
    ? { claim: certified.claim, why: why(`entries of kind ${kinds.join(', ')} are signed by keys`) }
    : null;
}
