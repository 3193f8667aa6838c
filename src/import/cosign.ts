import type { PatternSource } from '../policy/pattern.ts';
import { acceptCosign, REFUSED, sourceOf, type Stated } from './certificate-identity.ts';
import type { ImportDraft } from './draft.ts';
import type { Origin } from './identity.ts';
import * as say from './infrastructure.ts';
import { readKeyFile, type KeyFiles } from './key-file.ts';
import { isFilledIn, readOptions, type Options } from './options.ts';
import { exactly } from './patterns.ts';
import type { Word } from './shell-words.ts';

/** Commands of cosign that verify something. */
export const COSIGN_COMMANDS: ReadonlySet<string> = new Set([
  'verify',
  'verify-blob',
  'verify-attestation',
  'verify-blob-attestation',
]);

/** Options that name a claim of the certificate (cosign cmd/cosign/cli/options/certificate.go), which is compared whole. */
const CLAIMS: Readonly<Record<string, string>> = {
  'certificate-github-workflow-trigger': 'trigger',
  'certificate-github-workflow-sha': 'source_digest',
  'certificate-github-workflow-name': 'oid:1.3.6.1.4.1.57264.1.4',
  'certificate-github-workflow-repository': 'source_repository',
  'certificate-github-workflow-ref': 'source_ref',
};

/** Options that say whom or what to trust, and what does it here. */
const NOTED: Readonly<Record<string, string>> = {
  annotations: say.ANNOTATIONS,
  a: say.ANNOTATIONS,
  'certificate-chain': say.PRIVATE_ROOTS,
  'ca-roots': say.PRIVATE_ROOTS,
  'ca-intermediates': say.PRIVATE_ROOTS,
  'trusted-root': 'another trusted root: name it as trust.source, { trusted_root: FILE }',
  'timestamp-certificate-chain': 'a time-stamping authority: no entry shows its stamps',
  policy: 'a policy in CUE or Rego: an entry does not show what it asks for',
  sk: 'a key on a hardware token: get its public part and add its fingerprint as key',
  'insecure-ignore-tlog': say.IGNORES_TLOG,
  'private-infrastructure': say.IGNORES_TLOG,
  'insecure-ignore-sct': say.IGNORES_SCT,
};

const IDENTITY = ['certificate-identity', 'certificate-identity-regexp', 'certificate-oidc-issuer'].concat([
  'certificate-oidc-issuer-regexp',
  'certificate-email',
  'cert-email',
  'cert-identity',
  'cert-oidc-issuer',
]);

/** What is verified, where it lies and how it is shown: nothing of that is a policy. */
const OF_ONE_RUN = [
  'attachment',
  'attachment-tag-prefix',
  'bundle',
  'certificate',
  'cert',
  'digest',
  'digestAlg',
].concat(
  ['max-workers', 'output', 'o', 'output-file', 'payload', 'registry-cacert', 'registry-client-cert', 'sct', 'slot'],
  ['registry-client-key', 'registry-password', 'registry-referrers-mode', 'registry-server-name', 'registry-token'],
  ['registry-username', 'rfc3161-timestamp', 'signature', 'signature-digest-algorithm', 'timeout', 't', 'hash'],
);

const SWITCHES: ReadonlySet<string> = new Set(
  [
    'allow-certificate-chain',
    'allow-http-registry',
    'allow-insecure-registry',
    'base-image-only',
    'check-claims',
  ].concat(
    [
      'd',
      'experimental-oci11',
      'h',
      'help',
      'insecure-ignore-sct',
      'insecure-ignore-tlog',
      'k8s-keychain',
      'local-image',
    ],
    ['new-bundle-format', 'offline', 'private-infrastructure', 'sk', 'use-signed-timestamps', 'verbose'],
  ),
);

const WITH_VALUE: ReadonlySet<string> = new Set(
  [...Object.keys(CLAIMS), ...Object.keys(NOTED), ...IDENTITY, ...OF_ONE_RUN]
    .concat('key', 'type', 'rekor-url')
    .filter((name) => !SWITCHES.has(name)),
);

/** Reads the words behind `cosign verify` and its kin. */
export function readCosign(words: readonly Word[], origin: Origin, draft: ImportDraft, files: KeyFiles): void {
  const of = 'cosign command';
  const options = readOptions(words, WITH_VALUE, SWITCHES);
  for (const name of options.unknown) {
    draft.note(origin, `the option --${name} is not known here and was left out`);
  }
  for (const [name, message] of Object.entries(NOTED)) {
    const given = options.values.get(name);
    if (given !== undefined && given.text !== 'false') {
      draft.note(origin, `${name.length === 1 ? '-' : '--'}${name}: ${message}`);
    }
  }
  say.noteRekor(options.values.get('rekor-url')?.text ?? '', origin, draft);
  const type = options.values.get('type')?.text;
  if (type !== undefined) {
    draft.note(
      origin,
      `attestations of type ${type}: most entries do not show a type, so it is not expected (predicate_type would say it)`,
    );
  }
  const key = options.values.get('key');
  if (key !== undefined) {
    readKeyFile(key, '--key', origin, of, draft, files);
  } else if (!options.values.has('sk')) {
    readIdentity(options, origin, of, draft);
  }
}

function readIdentity({ values }: Options, origin: Origin, of: string, draft: ImportDraft): void {
  const find = (...names: readonly string[]): Stated | null | typeof REFUSED => {
    const name = names.find((each) => values.has(each));
    const word = values.get(name ?? '');
    if (name === undefined || word === undefined || word.text === '') {
      return null;
    }
    return isFilledIn(word, `--${name}`, origin, draft) ? { text: word.text, origin } : REFUSED;
  };
  const subject = find('certificate-identity', 'cert-identity', 'certificate-email', 'cert-email');
  const subjectRegexp = find('certificate-identity-regexp');
  const issuer = find('certificate-oidc-issuer', 'cert-oidc-issuer');
  const issuerRegexp = find('certificate-oidc-issuer-regexp');
  const more: Record<string, PatternSource> = {};
  let isKnown = true;
  for (const [name, claim] of Object.entries(CLAIMS)) {
    const found = find(name);
    const source =
      found === null || found === REFUSED
        ? found
        : sourceOf(found, draft, () =>
            exactly(claim === 'source_repository' ? `https://github.com/${found.text}` : found.text, claim),
          );
    isKnown &&= source !== REFUSED;
    if (source !== null && source !== REFUSED) {
      more[claim] = source;
    }
  }
  if (subject === REFUSED || subjectRegexp === REFUSED || issuer === REFUSED || issuerRegexp === REFUSED || !isKnown) {
    return;
  }
  acceptCosign({ subject, subjectRegexp, issuer, issuerRegexp }, more, origin, of, draft);
}
