import { quote } from '../config/key-path.ts';
import { issuerFaults } from '../config/lint-issuer.ts';
import { areOnly, GITHUB_ISSUER, KNOWN_ISSUERS, platformsOfIssuer } from '../config/platforms.ts';
import { yamlText } from '../config/yaml-text.ts';
import { compilePattern } from '../policy/pattern.ts';
import { COMPUTED_LINES, detectorLines, type DraftedWatch } from './init-config.ts';

const GOOGLE = 'https://accounts.google.com';
const GITHUB_LOGIN = 'https://github.com/login/oauth';
const MICROSOFT = 'https://login.microsoftonline.com';

/** Who vouches for the addresses of a domain, as the public instance of Fulcio names them. */
const ISSUERS: Readonly<Record<string, string>> = {
  'gmail.com': GOOGLE,
  'googlemail.com': GOOGLE,
  'users.noreply.github.com': GITHUB_LOGIN,
  'outlook.com': MICROSOFT,
  'hotmail.com': MICROSOFT,
  'live.com': MICROSOFT,
  'msn.com': MICROSOFT,
};

/** RFC 5322 §3.2.3, without `*`, which means any run of characters in a pattern, and `/`, which no provider gives. */
const LOCAL = /^[\w!#$%&'+=?^`{|}~.-]{1,64}$/;
const DOMAIN =
  /^(?=.{1,253}$)[\p{L}\p{N}](?:[\p{L}\p{N}-]*[\p{L}\p{N}])?(?:\.[\p{L}\p{N}](?:[\p{L}\p{N}-]*[\p{L}\p{N}])?)+$/u;

/** Longest address (RFC 5321 §4.5.3.1.3). */
const MAX_ADDRESS = 254;
const MAX_ISSUER = 1000;

/**
 * The watch over what a person signs. Without an issuer, that of the address's domain where it has one that is known; else every
 * issuer is told once. Throws SyntaxError for what is no address, and for an issuer that vouches for none.
 */
export function watchPerson(address: string, issuer: string | null): DraftedWatch {
  const at = address.lastIndexOf('@');
  const domain = address.slice(at + 1);
  if (address.length > MAX_ADDRESS || at === -1 || !LOCAL.test(address.slice(0, at)) || !DOMAIN.test(domain)) {
    throw new SyntaxError(`Cannot use ${quote(address)} as an e-mail address: expected NAME@DOMAIN, without "*"`);
  }
  const given = issuer === null ? (ISSUERS[domain.toLowerCase()] ?? null) : requireIssuer(issuer);
  const others = [GOOGLE, GITHUB_LOGIN, MICROSOFT].filter((known) => known !== given);
  return {
    about: `who signs as ${address}`,
    name: address,
    description: `Everything that is signed as ${address}`,
    lines: [
      'select:                  # an entry that meets this claims to be yours',
      `  - subject: ${yamlText(address)}   # exactly as the provider writes it: capitals count`,
      'expect:                  # then all of this must hold, or you are told',
      ...(given === null
        ? [
            '  # Who vouches for the address, which others may do as well. first_seen below tells which one did; then write it here:',
            ...others.map((known) => `  # issuer: ${known}`),
          ]
        : [
            `  issuer: ${yamlText(given)}   # who vouches for the address; others may do so as well, and are not meant`,
            `  # Others that the public instance knows: ${others.join(', ')}`,
          ]),
      ...COMPUTED_LINES,
      ...(given === null
        ? ['first_seen: [issuer]      # every provider that vouches for the address is told once']
        : []),
      ...detectorLines('[issuer, kind]', 'a provider, or a kind of entry, that was never seen here before').filter(
        (line) => given !== null || !line.startsWith('# first_seen'),
      ),
    ],
  };
}

/** An issuer that certificates of people carry. */
function requireIssuer(issuer: string): string {
  const [fault] = issuerFaults(issuer, false);
  if (fault !== undefined) {
    throw new SyntaxError(`Cannot use ${quote(issuer)} as --issuer: ${fault[1]}`);
  }
  if (!isIssuer(issuer)) {
    throw new SyntaxError(
      `Cannot use ${quote(issuer)} as --issuer: expected a URL without wildcards, such as ${GOOGLE}`,
    );
  }
  const platforms = platformsOfIssuer({ claim: 'issuer', patterns: [compilePattern(issuer, 'issuer')] });
  if (areOnly(platforms, ['github', 'gitlab']) || (issuer in KNOWN_ISSUERS && !platforms.has('email'))) {
    const instead = issuer.startsWith(GITHUB_ISSUER) ? '; for a repository take --github-repo' : '';
    throw new SyntaxError(
      `Cannot use ${quote(issuer)} as --issuer: it vouches for jobs and not for e-mail addresses${instead}; expected one such as ${GOOGLE}`,
    );
  }
  return issuer;
}

function isIssuer(text: string): boolean {
  return (
    text.length <= MAX_ISSUER && /^https?:\/\/[\x21-\x7e]+$/.test(text) && !text.includes('*') && URL.canParse(text)
  );
}
