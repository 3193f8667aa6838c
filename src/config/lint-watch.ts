import { nameOfOid, REPOSITORY_CLAIMS } from '../policy/claims.ts';
import { expandShorthand } from '../policy/pattern.ts';
import type { ClaimRule, Watch } from '../policy/watch.ts';
import { quote, type KeyPath } from './key-path.ts';
import { lintExpect, lintSelectedStatements, type Surroundings } from './lint-expect.ts';
import type { Hint } from './lint.ts';
import { textsOf, type PatternText } from './pattern-texts.ts';

/** The address that Fulcio's own login page stands behind; what it puts in certificates is the address of who was asked there. */
const LOGIN_ISSUER = 'https://oauth2.sigstore.dev/auth';

/** Kinds of entries whose signers are read, those of CT logs last; one without signers is selected by nothing. */
const READ_KINDS: ReadonlySet<string> = new Set([
  ...['hashedrekord', 'dsse', 'intoto', 'rekord', 'rpm', 'alpine', 'jar', 'helm', 'rfc3161', 'tuf', 'cose'],
  ...['certificate', 'precertificate'],
]);

/** Hex digits of a fingerprint: minisign's key id, PGP v4, and SHA-256 (certificates, raw keys, TUF, PGP v5 and v6). */
const FINGERPRINT_DIGITS = [16, 40, 64];
/** OpenSSH's form of a SHA-256: base64 without padding. */
const SSH_FINGERPRINT = /^SHA256:[A-Za-z0-9+/]{43}$/;

/** Where the issuer stood first: it shows by itself only in the odd certificate that names two. */
const FIRST_ISSUER = 'oid:1.3.6.1.4.1.57264.1.1';

/** Extensions that make no claim. */
const STANDARD_OIDS = ['2.5.29', '1.3.6.1.5.5.7.1', '1.3.6.1.4.1.11129.2.4'];

/** Rules of one watch that can never fire, that accept more than they seem to, or that contradict each other. */
export function lintWatch(watch: Watch, path: KeyPath, surroundings: Surroundings): readonly Hint[] {
  const selected = watch.select.flatMap((rules, index) =>
    rules.map((rule) => ({ rule, at: [...path, 'select', index] })),
  );
  const expected = rulesOf(watch).map((rule) => ({ rule, at: [...path, 'expect'] }));
  const patterns = [...selected, ...expected].flatMap(({ rule, at }) =>
    rule.patterns.flatMap(({ source }) =>
      textsOf(source, [...at, rule.claim]).flatMap((text) => lintText(rule.claim, text)),
    ),
  );
  const oids = [...selected, ...expected].flatMap(({ rule, at }) => lintOid(rule.claim, [...at, rule.claim]));
  const contradictions = selected.flatMap(({ rule, at }) =>
    rulesOf(watch)
      .filter((other) => other.claim === rule.claim && contradict(rule, other))
      .map(({ claim }) => ({
        rule: 'contradiction',
        path: [...at, claim],
        message: `expect allows none of the values of ${quote(claim)} that are selected here: every such signer will be unexpected`,
      })),
  );
  return [
    ...patterns,
    ...oids,
    ...contradictions,
    ...lintSelectedStatements(watch, [...path, 'select']),
    ...lintExpect(watch, [...path, 'expect'], surroundings),
  ];
}

function rulesOf({ expect }: Watch): readonly ClaimRule[] {
  return expect === null || expect === 'none' ? [] : expect;
}

function lintText(claim: string, { text, isRegexp, path }: PatternText): readonly Hint[] {
  const faults = isRegexp ? regexpFaults(text) : globFaults(claim, text);
  if (claim === 'subject' && text.includes('/blob/')) {
    faults.push([
      'blob-subject',
      'no subject holds "/blob/": that is the address of a page; a workflow is OWNER/REPO/.github/workflows/FILE@REF',
    ]);
  }
  if (claim === 'issuer' && text.replaceAll('\\', '').includes(LOGIN_ISSUER)) {
    faults.push([
      'never-matches',
      `no certificate carries ${LOGIN_ISSUER}: the issuer is who was asked there, such as https://accounts.google.com`,
    ]);
  }
  return faults.map(([rule, message]) => ({ rule, path, message }));
}

type RuleFault = readonly [rule: string, message: string];

function regexpFaults(regexp: string): RuleFault[] {
  const faults: RuleFault[] = [];
  if (regexp.startsWith('^') || /(?<!\\)(?:\\\\)*\$$/.test(regexp)) {
    faults.push(['redundant-anchor', 'a regexp is anchored at both ends: leave "^" and "$" out']);
  }
  const host = /:(?:\\?\/){2}((?:\\.|[^\\/])*)/.exec(regexp)?.[1] ?? '';
  if (/(?<!\\)\.[A-Za-z0-9]/.test(host)) {
    faults.push(['unescaped-dot', `"." in the host ${quote(host)} stands for any character: write "\\."`]);
  }
  if (/^\^?\.[*+]/.test(regexp)) {
    faults.push([
      'unanchored-guess',
      `${quote(regexp)} begins with anything at all, so with any host: begin with https://`,
    ]);
  }
  if (/github\\?\.com\\?\/(?:[\w-]+\\?\/)?(?:[\w-]|\\[.-])+\.[*+]\)?\$?$/.test(regexp)) {
    faults.push(['unanchored-guess', `${quote(regexp)} also accepts names that only begin so: end the name with "/"`]);
  }
  return faults;
}

function globFaults(claim: string, text: string): RuleFault[] {
  const faults: RuleFault[] = [];
  const full = expandShorthand(text, claim);
  if (/^https:\/\/github\.com\/(?:[^/*]+\/)?[^/*@]+\*\*$/i.test(full)) {
    faults.push(['unanchored-guess', `${quote(text)} also accepts names that only begin so: end the name with "/**"`]);
  }
  if (/^\*\*.*github\.com/i.test(full)) {
    faults.push([
      'unanchored-guess',
      `${quote(text)} begins with anything at all, so with any host: begin with https://`,
    ]);
  }
  if (claim === 'subject' && /^[A-Za-z0-9_*-]+\/[^:@]*(?:@.*)?$/.test(text) && !text.startsWith('**')) {
    faults.push([
      'never-matches',
      `${quote(text)} is no subject: owner/repo is not expanded here; write https://github.com/…/**`,
    ]);
  }
  if (REPOSITORY_CLAIMS.has(claim) && !full.includes('://') && !full.startsWith('*')) {
    faults.push([
      'never-matches',
      `${quote(text)} is no URI: write OWNER/REPO for GitHub, or the whole URI with https://`,
    ]);
  }
  if ((claim === 'source_sha' || claim.endsWith('_digest')) && /^[0-9a-f]*[A-F][0-9A-Fa-f]*$/.test(text)) {
    faults.push(['never-matches', `${quote(text)} has capitals: digests are lower-case hex`]);
  }
  if (claim === 'artifact' && !text.startsWith('*') && !/^sha(?:256|384|512):[0-9a-f*]*$/.test(text)) {
    faults.push([
      'never-matches',
      `${quote(text)} is no artifact: write sha256:, sha384: or sha512: and lower-case hex`,
    ]);
  }
  if (claim === 'key' && /^[0-9a-f]+$|:/.test(full) && !full.includes('*') && !isFingerprint(full)) {
    faults.push(['never-matches', `${quote(text)} is no key: ${FINGERPRINTS}`]);
  }
  if (claim === 'kind' && !text.includes('*') && !READ_KINDS.has(text)) {
    faults.push([
      'never-matches',
      `entries of kind ${quote(text)} are only counted: their signers are not read; expected one of: ${[...READ_KINDS].join(', ')}`,
    ]);
  }
  return faults;
}

const FINGERPRINTS =
  'write the SHA-256 of its SubjectPublicKeyInfo (64 hex digits), the fingerprint of PGP (40 or 64), SHA256:… of SSH, or the key id of minisign (16)';

function isFingerprint(text: string): boolean {
  return SSH_FINGERPRINT.test(text) || (/^[0-9a-f]+$/.test(text) && FINGERPRINT_DIGITS.includes(text.length));
}

function lintOid(claim: string, path: KeyPath): readonly Hint[] {
  const name = claim === FIRST_ISSUER ? 'issuer' : nameOfOid(claim);
  if (name !== null) {
    const message = `${quote(claim)} is the claim ${quote(name)}: it shows under that name only`;
    return [{ rule: 'never-matches', path, message }];
  }
  const isStandard = STANDARD_OIDS.some((prefix) => claim.startsWith(`oid:${prefix}.`));
  const message = `${quote(claim)} belongs to X.509 itself or to certificate transparency: it makes no claim`;
  return isStandard ? [{ rule: 'never-matches', path, message }] : [];
}

/** SHA-256 of a SubjectPublicKeyInfo: the only name of a raw key or a certificate's. */
const SPKI_DIGEST = /^[0-9a-f]{64}$/;

/** True when the rules name their values outright and no value can meet both. */
function contradict(select: ClaimRule, expect: ClaimRule): boolean {
  const [selected, expected] = [literalsOf(select), literalsOf(expect)];
  // Keys of PGP and minisign have several names: who is selected by one may be expected by another.
  if (select.claim === 'key' && ![...(selected ?? []), ...(expected ?? [])].every((key) => SPKI_DIGEST.test(key))) {
    return false;
  }
  return neverMeet(selected, expect) || neverMeet(expected, select);
}

function neverMeet(values: readonly string[] | null, rule: ClaimRule): boolean {
  return values !== null && !values.some((value) => rule.patterns.some((pattern) => pattern.matches(value)));
}

/** Every value that a rule accepts; null when they cannot be listed. */
function literalsOf(rule: ClaimRule): readonly string[] | null {
  const texts = rule.patterns.flatMap(
    ({ source }) => (Array.isArray(source) ? source : [source]) as readonly unknown[],
  );
  const literals = texts.filter((text): text is string => typeof text === 'string' && !text.includes('*'));
  return literals.length === texts.length ? literals.map((text) => expandShorthand(text, rule.claim)) : null;
}
