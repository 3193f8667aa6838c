import { ATTESTATION_CLAIMS, COMPUTED_VALUES, isCertificateClaim } from '../policy/claims.ts';
import { compilePattern } from '../policy/pattern.ts';
import type { ClaimRule, Watch } from '../policy/watch.ts';
import { quote, type KeyPath } from './key-path.ts';
import type { Hint } from './lint.ts';
import { textsOf } from './pattern-texts.ts';
import type { Surroundings } from './surroundings.ts';

/** Entries of which no log keeps the statement that was signed. */
const WITHOUT_STATEMENT = ['dsse', 'hashedrekord'];

/** What `expect` says of claims that are computed or come from elsewhere, and cannot hold, or would hold with one more. */
export function lintExpect(watch: Watch, path: KeyPath, surroundings: Surroundings): readonly Hint[] {
  const { expect } = watch;
  if (expect === null || expect === 'none') {
    return [];
  }
  return [
    ...expect.flatMap((rule) => lintComputed(rule, [...path, rule.claim])),
    ...expect.flatMap((rule) => adviseKey(rule, [...path, rule.claim])),
    ...adviseSct(expect, path, surroundings),
    ...adviseSigningTime(expect, path, surroundings),
    ...adviseAttestations(watch, expect, path),
  ];
}

/** Values that the claim never has. */
function lintComputed({ claim, patterns }: ClaimRule, path: KeyPath): readonly Hint[] {
  const values = Object.entries(COMPUTED_VALUES).find(([name]) => name === claim)?.[1];
  if (values === undefined) {
    return [];
  }
  return patterns
    .flatMap(({ source }) => textsOf(source, path))
    .filter(({ text, isRegexp }) => {
      const pattern = compilePattern(isRegexp ? { regexp: text } : text, claim);
      return !values.some((value) => pattern.matches(value));
    })
    .map(({ text, path: place }) => ({
      rule: 'never-matches',
      path: place,
      message: `${quote(claim)} is never ${quote(text)}; expected ${values.join(', ')}`,
    }));
}

/** 8 bytes in hex: what minisign calls a key, and nothing binds to one. */
const MINISIGN_ID = /^[0-9a-f]{16}$/i;

function adviseKey({ claim, patterns }: ClaimRule, path: KeyPath): readonly Hint[] {
  return patterns
    .flatMap(({ source }) => textsOf(source, path))
    .filter(({ text, isRegexp }) => claim === 'key' && !isRegexp && MINISIGN_ID.test(text))
    .map(({ text, path: place }) => ({
      rule: 'advice-minisign',
      path: place,
      message: `anybody can make a minisign key with the id ${quote(text)}: write the SHA-256 of its SubjectPublicKeyInfo, as \`sigwatch explain --json\` shows it under "keys"`,
    }));
}

/** Without the promise of a CT log a certificate may have been issued where nobody looks. */
function adviseSct(expect: readonly ClaimRule[], path: KeyPath, { publicGood }: Surroundings): readonly Hint[] {
  const isAsked = expect.some(({ claim }) => claim === 'sct');
  if (!publicGood || isAsked || !expect.some(({ claim }) => isCertificateClaim(claim))) {
    return [];
  }
  const message =
    'a certificate that no CT log knows passes: add "sct: verified" (certificates of before July 2022 may hold no promise of a log: [verified, absent])';
  return [{ rule: 'advice-sct', path, message }];
}

function adviseSigningTime(expect: readonly ClaimRule[], path: KeyPath, { rekorV2 }: Surroundings): readonly Hint[] {
  const rule = expect.find(({ claim }) => claim === 'signing_time');
  if (!rekorV2 || rule === undefined || !accepts(rule, 'within') || accepts(rule, 'unknown')) {
    return [];
  }
  const message = 'entries of Rekor v2 carry no time, so there it is "unknown": write [within, unknown]';
  return [{ rule: 'advice-signing-time', path: [...path, rule.claim], message }];
}

function adviseAttestations(watch: Watch, expect: readonly ClaimRule[], path: KeyPath): readonly Hint[] {
  if (watch.attestations !== null || !mayLackStatement(watch, expect)) {
    return [];
  }
  return expect
    .filter(({ claim }) => ATTESTATION_CLAIMS.has(claim))
    .map(({ claim }) => ({
      rule: 'attestation-unseen',
      path: [...path, claim],
      message: `${quote(claim)} shows only where the log keeps what was signed (intoto entries of Rekor v1): others will be unexpected; say with "attestations" where theirs lie, or add "kind: intoto"`,
    }));
}

/** Items of `select` that find nothing in most logs: what was signed is asked for elsewhere only of entries that are selected. */
export function lintSelectedStatements({ select }: Watch, path: KeyPath): readonly Hint[] {
  return select.flatMap((rules, item) =>
    rules
      .filter(({ claim }) => ATTESTATION_CLAIMS.has(claim) && !isNarrowed(rules))
      .map(({ claim }) => ({
        rule: 'attestation-unseen',
        path: [...path, item, claim],
        message: `${quote(claim)} finds only entries of which the log keeps what was signed (intoto entries of Rekor v1); "attestations" are not asked to select: select by who signs, or add "kind: intoto"`,
      })),
  );
}

/** Whether the watch judges entries of other kinds than those of which a log may keep the statement. */
function mayLackStatement({ select }: Watch, expect: readonly ClaimRule[]): boolean {
  return !isNarrowed(expect) && !select.every(isNarrowed);
}

/** Whether the kinds that the rules accept are those of which a log may keep the statement. */
function isNarrowed(rules: readonly ClaimRule[]): boolean {
  return rules.some((rule) => rule.claim === 'kind' && !WITHOUT_STATEMENT.some((kind) => accepts(rule, kind)));
}

function accepts({ patterns }: ClaimRule, value: string): boolean {
  return patterns.some((pattern) => pattern.matches(value));
}
