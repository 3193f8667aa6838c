import type { PatternSource } from '../policy/pattern.ts';
import { acceptClaims } from './certificate-identity.ts';
import type { ImportDraft } from './draft.ts';
import type { Origin } from './identity.ts';
import { readKeyFile, type KeyFiles } from './key-file.ts';
import { isFilledIn, readOptions, type Options } from './options.ts';
import { anyOf, escapeRegexp, exactly } from './patterns.ts';
import { versionedTag } from './versioned-tag.ts';
import type { Word } from './shell-words.ts';

/** Commands of slsa-verifier. */
export const SLSA_COMMANDS: ReadonlySet<string> = new Set([
  'verify-artifact',
  'verify-image',
  'verify-npm-package',
  'verify-github-attestation',
  'verify-vsa',
]);

const GITHUB_ISSUER = 'https://token.actions.githubusercontent.com';
const GENERATOR = 'https://github.com/slsa-framework/slsa-github-generator/.github/workflows/';
/** Whom slsa-verifier trusts where nobody is named (verifiers/internal/gha/builder.go). */
const OF_ARTIFACTS = ['generator_generic_slsa3.yml', 'builder_go_slsa3.yml', 'builder_container-based_slsa3.yml'];
const OF_IMAGES = ['generator_container_slsa3.yml'];
/** Workflows that sign for builders of others: the builder's own name stands in the provenance. */
const LOW_PERMS = 'delegator_lowperms-generic_slsa3.yml';
const DELEGATORS = ['delegator_generic_slsa3.yml', LOW_PERMS];
/** Builders of the npm command line, and the runners that sign for them. */
const NPM_RUNNERS: Readonly<Record<string, string>> = {
  'https://github.com/actions/runner': 'github-hosted',
  'https://github.com/actions/runner/github-hosted': 'github-hosted',
  'https://github.com/actions/runner/self-hosted': 'self-hosted',
};
/** The ref of a trusted builder: a released version. */
const RELEASE = 'refs/tags/v(?:0|[1-9][0-9]*)(?:\\.(?:0|[1-9][0-9]*)){2}';

const WITH_VALUE: ReadonlySet<string> = new Set(
  [
    'attestation-path',
    'attestations-path',
    'build-workflow-input',
    'builder-id',
    'package-name',
    'package-version',
  ].concat(
    ['provenance-path', 'provenance-repository', 'public-key-id', 'public-key-path', 'resource-uri', 'source-branch'],
    ['source-tag', 'source-uri', 'source-versioned-tag', 'subject-digest', 'verified-level', 'verifier-id'],
  ),
);
const SWITCHES: ReadonlySet<string> = new Set(['print-provenance', 'print-attestation', 'help', 'h']);

interface Call {
  readonly command: string;
  readonly options: Options;
  readonly origin: Origin;
  readonly draft: ImportDraft;
}

/** Reads the words behind `slsa-verifier COMMAND`. */
export function readSlsaVerifier(
  command: string,
  words: readonly Word[],
  origin: Origin,
  draft: ImportDraft,
  files: KeyFiles,
): void {
  const of = 'slsa-verifier command';
  const options = readOptions(words, WITH_VALUE, SWITCHES);
  const call: Call = { command, options, origin, draft };
  for (const name of options.unknown) {
    draft.note(origin, `the option --${name} is not known here and was left out`);
  }
  if (command === 'verify-vsa') {
    const key = options.values.get('public-key-path');
    if (key !== undefined) {
      readKeyFile(key, '--public-key-path', origin, of, draft, files);
    }
    draft.note(origin, 'what a verification summary says: no entry shows it, so only its key is expected');
    return;
  }
  for (const name of ['build-workflow-input', 'package-name', 'package-version']) {
    if (options.values.has(name)) {
      draft.note(origin, `--${name}: stands in the provenance, which most entries do not show`);
    }
  }
  const claims = readClaims(call);
  if (claims !== null) {
    acceptClaims(claims, origin, of, draft);
  }
}

function readClaims(call: Call): Record<string, PatternSource> | null {
  const { options, origin, draft } = call;
  const named = [...options.values].filter(([name]) => /^(?:source-|builder-id$)/.test(name));
  // Each is told, not only the first.
  if (named.filter(([name, word]) => !isFilledIn(word, `--${name}`, origin, draft)).length > 0) {
    return null;
  }
  const repository = repositoryOf(call);
  const builder = repository === null ? null : builderClaims(call);
  const ref = builder === null ? null : refClaims(call);
  if (repository === null || builder === null || ref === null) {
    return null;
  }
  return { issuer: GITHUB_ISSUER, ...builder, source_repository: repository, ...ref };
}

/** `github.com/owner/repo`, as slsa-verifier wants it; any other form never verifies. */
function repositoryOf({ options, origin, draft }: Call): PatternSource | null {
  const uri = options.values.get('source-uri')?.text ?? '';
  const path = /^(?:git\+https:\/\/)?github\.com\/([^/\s]+\/[^/\s]+)$/.exec(uri)?.[1];
  if (path === undefined) {
    draft.note(origin, `--source-uri ${uri}: slsa-verifier accepts nothing for it, expected github.com/OWNER/REPO`);
    return null;
  }
  return exactly(`https://github.com/${path}`, 'source_repository');
}

function builderClaims(call: Call): Record<string, PatternSource> | null {
  const { command, options, origin, draft } = call;
  const id = options.values.get('builder-id')?.text ?? '';
  if (command === 'verify-npm-package') {
    return npmClaims(id, call);
  }
  const defaults = command === 'verify-image' ? OF_IMAGES : OF_ARTIFACTS;
  if (id === '' && command !== 'verify-github-attestation') {
    if (defaults === OF_ARTIFACTS) {
      noteDelegators(call);
    }
    return { subject: generators(defaults === OF_ARTIFACTS ? [...defaults, ...DELEGATORS] : defaults) };
  }
  const own = ownBuilder(id);
  if (own === null) {
    draft.note(
      origin,
      `--builder-id ${id}: no certificate in a log names it, expected a workflow such as https://github.com/OWNER/REPO/.github/workflows/FILE`,
    );
    return null;
  }
  const isKnown = [...OF_ARTIFACTS, ...OF_IMAGES].some((file) => id.split('@')[0] === GENERATOR + file);
  if (command !== 'verify-artifact' || isKnown) {
    return { subject: own };
  }
  noteDelegators(call);
  return { subject: anyOf([own, generators(DELEGATORS)]) };
}

function noteDelegators({ origin, draft }: Call): void {
  draft.note(
    origin,
    'builders that slsa-github-generator signs for are accepted: which of them it was stands in the provenance, which most entries do not show (slsa_builder would say it)',
  );
}

function npmClaims(id: string, { origin, draft }: Call): Record<string, PatternSource> | null {
  const runner = NPM_RUNNERS[id];
  if (runner !== undefined) {
    return { subject: { not: generators(DELEGATORS) }, runner };
  }
  if (id === '') {
    draft.note(origin, 'slsa-verifier wants --builder-id for npm packages: it accepts nothing without');
    return null;
  }
  draft.note(
    origin,
    `--builder-id ${id}: stands in the provenance, which most entries do not show (slsa_builder would say it)`,
  );
  return { subject: generators(DELEGATORS) };
}

/** The workflow at a released version, or at the one that is named; null for what is no workflow on GitHub. */
function ownBuilder(id: string): PatternSource | null {
  const [, name = '', version] = /^(https:\/\/github\.com\/[^@\s]+)(?:@([^@\s]+))?$/.exec(id) ?? [];
  if (name === '') {
    return null;
  }
  if (version === undefined) {
    return { regexp: `${escapeRegexp(name)}@${RELEASE}` };
  }
  const ref = version.startsWith('refs/tags/') ? version : `refs/tags/${version}`;
  return /^refs\/tags\/v(?:0|[1-9][0-9]*)(?:\.(?:0|[1-9][0-9]*)){2}$/.test(ref)
    ? exactly(`${name}@${ref}`, 'subject')
    : null;
}

function generators(files: readonly string[]): PatternSource {
  return anyOf(files.map((file) => ({ regexp: `${escapeRegexp(GENERATOR + file)}@${RELEASE}` })));
}

function refClaims({ options, origin, draft }: Call): Record<string, PatternSource> | null {
  const [branch, tag, versioned] = ['source-branch', 'source-tag', 'source-versioned-tag'].map(
    (name) => options.values.get(name)?.text,
  );
  if (tag !== undefined) {
    return { source_ref: exactly(`refs/tags/${tag}`, 'source_ref') };
  }
  if (versioned !== undefined) {
    const tags = versionedTag(versioned);
    if (tags === null) {
      draft.note(origin, `--source-versioned-tag ${versioned}: no version, expected v1, v1.2 or v1.2.3`);
    }
    return tags === null ? null : { source_ref: { regexp: `refs/tags/${tags}` } };
  }
  if (branch !== undefined) {
    draft.note(
      origin,
      `--source-branch ${branch}: a tag made from that branch is accepted as well, but no entry shows where a tag was made: add [refs/tags/**] to source_ref if you build from tags`,
    );
    return { source_ref: exactly(`refs/heads/${branch}`, 'source_ref') };
  }
  return {};
}
