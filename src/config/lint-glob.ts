import { REPOSITORY_CLAIMS } from '../policy/claims.ts';
import { expandShorthand } from '../policy/pattern.ts';
import { quote } from './key-path.ts';
import { addressFaults } from './lint-address.ts';
import { mailGlobFaults } from './lint-regexp.ts';
import { isAnything, type Context, type Fault } from './lint-rule.ts';
import { oneStarFaults } from './lint-ref.ts';
import type { PatternText } from './pattern-texts.ts';
import { ADDRESS_CLAIMS, WORKFLOW_CLAIMS } from './platforms.ts';

/** Kinds of entries whose signers are read, those of CT logs last; one without signers is selected by nothing. */
const READ_KINDS: ReadonlySet<string> = new Set([
  ...['hashedrekord', 'dsse', 'intoto', 'rekord', 'rpm', 'alpine', 'jar', 'helm', 'rfc3161', 'tuf', 'cose'],
  ...['certificate', 'precertificate'],
]);

/** Hex digits of a fingerprint: minisign's key id, PGP v4, and SHA-256 (certificates, raw keys, TUF, PGP v5 and v6). */
const FINGERPRINT_DIGITS = [16, 40, 64];
/** OpenSSH's form of a SHA-256: base64 without padding. */
const SSH_FINGERPRINT = /^SHA256:[A-Za-z0-9+/]{43}$/;

const FINGERPRINTS =
  'write the SHA-256 of its SubjectPublicKeyInfo (64 hex digits), the fingerprint of PGP (40 or 64), SHA256:… of SSH, or the key id of minisign (16)';

/** What is wrong with a string pattern. */
export function globFaults(claim: string, pattern: PatternText, context: Context): readonly Fault[] {
  const { text, isNegated } = pattern;
  return [
    ...(isNegated ? [] : [...looseFaults(claim, text), ...mailGlobFaults(claim, text, context)]),
    // Other platforms write the addresses of repositories as they like (CircleCI without a scheme).
    ...(claim === 'source_repository' && context.platforms.has('other') ? [] : formFaults(claim, text)),
    ...digestFaults(claim, text),
    ...keyFaults(claim, text),
    ...kindFaults(claim, text),
    ...oneStarFaults(claim, pattern),
  ];
}

/** What accepts more than it seems to. */
function looseFaults(claim: string, text: string): readonly Fault[] {
  const full = expandShorthand(text, claim);
  if (/^https:\/\/github\.com\/(?:[^/*]+\/)?[^/*@]+\*\*$/i.test(full)) {
    return [['unanchored-guess', `${quote(text)} also accepts names that only begin so: end the name with "/**"`]];
  }
  // "**@refs/tags/v*", any workflow at a tag, says what it does.
  const isLoose = /^\*\*+(?!@)./.test(full) && !isAnything(full, false) && ADDRESS_CLAIMS.has(claim);
  return isLoose
    ? [['unanchored-guess', `${quote(text)} begins with anything at all, so with any host: begin with https://`]]
    : [];
}

function formFaults(claim: string, text: string): readonly Fault[] {
  const full = expandShorthand(text, claim);
  const faults = addressFaults(claim, text);
  if (faults.length > 0) {
    return faults;
  }
  if (claim === 'subject' && /^[A-Za-z0-9_*-]+\/[^:@]*(?:@.*)?$/.test(text) && !text.startsWith('**')) {
    return [
      ['never-matches', `${quote(text)} is no subject: owner/repo is not expanded here; write https://github.com/…/**`],
    ];
  }
  if (!REPOSITORY_CLAIMS.has(claim) || full.includes('://') || full.startsWith('*')) {
    return [];
  }
  return WORKFLOW_CLAIMS.has(claim)
    ? [
        [
          'never-matches',
          `${quote(text)} is ${/\.ya?ml\b/.test(text) ? 'a file' : 'a name'}, and no address of a workflow: write OWNER/REPO/.github/workflows/FILE@REF`,
        ],
      ]
    : [['never-matches', `${quote(text)} is no URI: write OWNER/REPO for GitHub, or the whole URI with https://`]];
}

function digestFaults(claim: string, text: string): readonly Fault[] {
  if (claim === 'artifact' && !text.startsWith('*') && !/^sha(?:256|384|512):[0-9a-f*]*$/.test(text)) {
    return [['never-matches', `${quote(text)} is no artifact: write sha256:, sha384: or sha512: and lower-case hex`]];
  }
  if (claim !== 'source_sha' && !claim.endsWith('_digest')) {
    return [];
  }
  if (/^[0-9a-f]*[A-F][0-9A-Fa-f]*$/.test(text)) {
    return [['never-matches', `${quote(text)} has capitals: digests are lower-case hex`]];
  }
  return /^[0-9a-f]{4,39}$/.test(text) ? [['never-matches', `${quote(text)} is cut short: write all 40 digits`]] : [];
}

function keyFaults(claim: string, text: string): readonly Fault[] {
  const full = expandShorthand(text, claim);
  return claim === 'key' && /^[0-9a-f]+$|:/.test(full) && !full.includes('*') && !isFingerprint(full)
    ? [['never-matches', `${quote(text)} is no key: ${FINGERPRINTS}`]]
    : [];
}

function isFingerprint(text: string): boolean {
  return SSH_FINGERPRINT.test(text) || (/^[0-9a-f]+$/.test(text) && FINGERPRINT_DIGITS.includes(text.length));
}

function kindFaults(claim: string, text: string): readonly Fault[] {
  return claim === 'kind' && !text.includes('*') && !READ_KINDS.has(text)
    ? [
        [
          'never-matches',
          `entries of kind ${quote(text)} are only counted: their signers are not read; expected one of: ${[...READ_KINDS].join(', ')}`,
        ],
      ]
    : [];
}
