import type { Claims } from '../entry/entry.ts';
import { MAX_NAME } from './look-alike.ts';
import { expandShorthand, isPatternSource, type PatternSource } from './pattern.ts';
import { regexpLiterals } from './regexp-literals.ts';
import type { Watch } from './watch.ts';

/** A name that stands for somebody, in lower case. */
export type IdentityName =
  | { readonly kind: 'owner'; /** Of repositories, on this host. */ readonly host: string; readonly owner: string }
  | { readonly kind: 'mail'; readonly domain: string; /** Null: anybody there. */ readonly local: string | null }
  | { readonly kind: 'host'; readonly host: string };

/** Claims that are URIs of repositories or owners, or of something in a repository. */
const OF_OWNERS: ReadonlySet<string> = new Set(['source_owner', 'source_repository', 'builder', 'workflow']);
/** Claims that may be an e-mail address. */
const OF_MAIL: ReadonlySet<string> = new Set(['subject', 'key_subject']);
const CLAIMS = ['subject', 'key_subject', 'issuer', ...OF_OWNERS];

/** Of one claim so many values are looked at; certificates of public authorities have one. */
const MOST_VALUES = 64;

/** Hosts whose paths begin with an owner. */
const FORGE = /(?:^|\.)(?:github|gitlab|gitea|forgejo|codeberg|bitbucket|git)[a-z0-9-]*(?:\.|$)/;

/** The names in a signer's claims; of each value only the beginning is looked at. */
export function namesOfClaims(claims: Claims): readonly IdentityName[] {
  return CLAIMS.flatMap((claim) =>
    (claims[claim] ?? []).slice(0, MOST_VALUES).flatMap((value) => namesIn(claim, value.slice(0, MAX_NAME))),
  );
}

/** The names that a watch writes out in `select` and `expect`: whole ones only, and none that it excludes. */
export function namesOfWatch({ select, expect }: Pick<Watch, 'select' | 'expect'>): readonly IdentityName[] {
  const rules = [...select.flat(), ...(expect === null || expect === 'none' ? [] : expect)];
  return rules
    .filter(({ claim }) => CLAIMS.includes(claim))
    .flatMap(({ claim, patterns }) =>
      patterns
        .flatMap(({ source }) => (isPatternSource(source) ? textsIn(source, claim) : []))
        .flatMap((text) => namesIn(claim, text)),
    );
}

/** What a pattern writes out, `*` for what it leaves open. */
function textsIn(source: PatternSource, claim: string): readonly string[] {
  if (typeof source === 'string') {
    return [expandShorthand(source, claim)];
  }
  if ('regexp' in source) {
    return regexpTexts(source.regexp);
  }
  return 'not' in source ? [] : source.flatMap((item) => textsIn(item, claim));
}

function regexpTexts(regexp: string): readonly string[] {
  // An expression without operators is a text; of another one it is not known where its texts end.
  const plain = regexp.replace(/^\^|\$$/g, '').replaceAll('\\', '');
  return regexpLiterals(regexp).flatMap((runs) =>
    runs.map((run) => `${plain.startsWith(run) ? '' : '*'}${run}${plain.endsWith(run) ? '' : '*'}`),
  );
}

function namesIn(claim: string, text: string): readonly IdentityName[] {
  const uri = /^\*?(?:[a-z][a-z0-9+.-]*)?:\/\/([^/]+)(?:\/([^/]*))?/i.exec(text);
  if (uri !== null) {
    const [, authority = '', segment = ''] = uri;
    return namesInUri(claim, authority.replace(/^.*@|:[0-9]*$/g, '').toLowerCase(), segment.toLowerCase());
  }
  const at = text.lastIndexOf('@');
  if (!OF_MAIL.has(claim) || at === -1) {
    return [];
  }
  const [local, domain] = [text.slice(0, at).toLowerCase(), text.slice(at + 1).toLowerCase()];
  return isWhole(domain) ? [{ kind: 'mail', domain, local: isWhole(local) ? local : null }] : [];
}

function namesInUri(claim: string, host: string, segment: string): readonly IdentityName[] {
  if (!isWhole(host)) {
    return [];
  }
  const hasOwner = OF_OWNERS.has(claim) || (claim === 'subject' && FORGE.test(host));
  return [
    { kind: 'host', host },
    ...(hasOwner && isWhole(segment) ? [{ kind: 'owner', host, owner: segment } as const] : []),
  ];
}

function isWhole(text: string): boolean {
  return text !== '' && !text.includes('*');
}
