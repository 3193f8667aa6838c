import { compilePattern, expandShorthand } from '../policy/pattern.ts';
import type { ClaimRule } from '../policy/watch.ts';
import { textsOf } from './pattern-texts.ts';

/** Whose tokens a certificate was issued for, as far as the form of its claims is known here. */
export type Platform = 'github' | 'gitlab' | 'email' | 'other';

export const GITHUB_ISSUER = 'https://token.actions.githubusercontent.com';
export const GITHUB = 'https://github.com/';
export const GITLAB = 'https://gitlab.com/';

/** Issuers that the public instance takes tokens of (sigstore/fulcio, config/identity/config.yaml), and those that it names in their stead. */
export const KNOWN_ISSUERS: Readonly<Record<string, Platform>> = {
  [GITHUB_ISSUER]: 'github',
  'https://gitlab.com': 'gitlab',
  'https://accounts.google.com': 'email',
  'https://github.com/login/oauth': 'email',
  'https://login.microsoftonline.com': 'email',
  'https://sigstore.verify.ibm.com/oauth2': 'email',
  'https://issuer.hello.coop': 'email',
  'https://agent.buildkite.com': 'other',
  'https://oidc.codefresh.io': 'other',
  'https://oidc.circleci.com': 'other',
  'https://issuer.enforce.dev': 'other',
};

/** Claims that are addresses of a workflow. */
export const WORKFLOW_CLAIMS: ReadonlySet<string> = new Set(['builder', 'workflow', 'subject']);

/** Claims of certificates that are addresses. */
export const ADDRESS_CLAIMS: ReadonlySet<string> = new Set([...WORKFLOW_CLAIMS, 'source_repository', 'source_owner']);

/** An enterprise may have an issuer of its own under that of all. */
function platformOf(issuer: string): Platform {
  return issuer.startsWith(`${GITHUB_ISSUER}/`) ? 'github' : (KNOWN_ISSUERS[issuer] ?? 'other');
}

/** The platforms that a rule for `issuer` lets in; only `other` where nothing known meets it. */
export function platformsOfIssuer({ claim, patterns }: ClaimRule): ReadonlySet<Platform> {
  const platforms = patterns
    .flatMap(({ source }) => textsOf(source, []))
    .flatMap(({ text, isRegexp }): readonly Platform[] => {
      if (!isRegexp && !text.includes('*')) {
        return [platformOf(text)];
      }
      const pattern = compilePattern(isRegexp ? { regexp: text } : text, claim);
      const met = Object.keys(KNOWN_ISSUERS).filter((issuer) => pattern.matches(issuer));
      return met.length === 0 ? ['other'] : met.map(platformOf);
    });
  return new Set(platforms);
}

/** The platforms that rules speak of, by their issuers or, where they name none, by their addresses. Empty: nothing is known. */
export function platformsOf(rules: readonly ClaimRule[]): ReadonlySet<Platform> {
  const issuers = rules.filter(({ claim }) => claim === 'issuer');
  if (issuers.length > 0) {
    return new Set(issuers.flatMap((rule) => [...platformsOfIssuer(rule)]));
  }
  const addresses = rules
    .filter(({ claim }) => ADDRESS_CLAIMS.has(claim))
    .flatMap(({ claim, patterns }) =>
      patterns.flatMap(({ source }) =>
        textsOf(source, []).map(({ text, isRegexp }) => (isRegexp ? unescape(text) : expandShorthand(text, claim))),
      ),
    )
    .map((address) => address.toLowerCase());
  const platforms: Platform[] = [];
  if (addresses.some((address) => address.includes(GITHUB.toLowerCase()))) {
    platforms.push('github');
  }
  if (addresses.some((address) => address.includes(GITLAB))) {
    platforms.push('gitlab');
  }
  return new Set(platforms);
}

/** A regular expression without its escapes: good enough to find a name in it. */
export function unescape(regexp: string): string {
  return regexp.replaceAll('\\', '');
}

/** True when some platform is known, and each is among `allowed`. */
export function areOnly(platforms: ReadonlySet<Platform>, allowed: readonly Platform[]): boolean {
  return platforms.size > 0 && [...platforms].every((platform) => allowed.includes(platform));
}
