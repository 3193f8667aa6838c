import { compilePattern, type PatternSource } from '../policy/pattern.ts';
import { likelyText } from './go-regexp.ts';
import type { ClaimPatterns, Identity } from './identity.ts';
import { alternativesOf, exactValues, isAnything, prefixOf } from './patterns.ts';

/** What claims to be of an identity's owner: wider than the identity, so that its look-alikes are judged as well. */
export interface Region {
  /** Any of them selects. Everything that the identity accepts is selected. */
  readonly items: readonly ClaimPatterns[];
  /** The host or the repository of its URLs, or its only name. A certificate of one is of no other; null: it may be of any. */
  readonly space: string | null;
  /** It selects what strangers sign as well. */
  readonly isOpen: boolean;
}

/** Workflows of this repository sign for everybody who calls them. */
const PUBLIC_BUILDERS = /^https:\/\/github\.com\/slsa-framework\/slsa-github-generator\//i;

/** Subjects of nobody in particular: a pattern that meets one of them selects what strangers sign. */
const STRANGERS = [
  'https://github.com/a-stranger/some-project/.github/workflows/release.yml@refs/heads/main',
  'https://github.com/a-stranger/some-project/.github/workflows/release.yml@refs/tags/v1.0.0',
  'https://gitlab.com/a-stranger/some-project//.gitlab-ci.yml@refs/heads/main',
  'a.stranger@mail.example',
];

/** The region of an identity; null where nothing says whose it is. */
export function regionOf({ claims }: Identity): Region | null {
  const { subject, issuer, source_repository: repository } = claims;
  const repositories = repository === undefined ? null : exactValues(repository);
  if (repositories !== null) {
    // Whatever it builds names the repository, be it signed by a workflow of somebody else.
    const items = repositories.map((url) => ({ source_repository: url }));
    const [url = '', ...others] = repositories;
    return { items, space: others.length === 0 ? url.toLowerCase() : null, isOpen: false };
  }
  if (subject !== undefined && !isAnything(subject)) {
    return bySubject(subject);
  }
  if (repository !== undefined) {
    return { items: [{ source_repository: repository }], space: null, isOpen: false };
  }
  // Whoever this issuer vouches for.
  return issuer === undefined || isAnything(issuer) ? null : { items: [{ issuer }], space: null, isOpen: true };
}

function bySubject(subject: PatternSource): Region {
  const alternatives = alternativesOf(subject);
  const parts = alternatives.map(itemsOf);
  const spaces = new Set(alternatives.map(spaceOf));
  const [space = null] = spaces;
  return {
    items: parts.flatMap(({ items }) => items),
    space: spaces.size === 1 ? space : null,
    isOpen: parts.some(({ isOpen }) => isOpen),
  };
}

interface Part {
  readonly items: readonly ClaimPatterns[];
  readonly isOpen: boolean;
}

function itemsOf(subject: PatternSource): Part {
  const likely = likelyTextOf(subject);
  if (PUBLIC_BUILDERS.test(likely)) {
    return { items: [{ subject }], isOpen: true };
  }
  const { items, prefix } = claimants(likely, exactValues(subject) !== null) ?? { items: [], prefix: null };
  const isCovered = prefix !== null && prefixOf(subject).startsWith(prefix);
  const pattern = compilePattern(subject, 'subject');
  const isOpen = STRANGERS.some((stranger) => pattern.matches(stranger));
  return { items: isCovered ? items : [{ subject }, ...items], isOpen };
}

/** Who claims to be of the repository or owner that a subject begins with; null where it names none. */
function claimants(
  text: string,
  isWhole: boolean,
): { readonly items: readonly ClaimPatterns[]; readonly prefix: string } | null {
  const found = /^(?:https:\/\/)?(github\.com|gitlab\.com)\/([^/*@]+)(?:\/([^/*@]+)?)?(\/)?/.exec(text);
  const [, host = '', owner = '', name, slash] = found ?? [];
  if (owner === '') {
    return null;
  }
  const ofOwner = `https://${host}/${owner}`;
  if (host === 'gitlab.com') {
    return gitLabClaimants(text);
  }
  if (name === undefined) {
    const isWholeOwner = isWhole || text.includes(`${owner}/`);
    return isWholeOwner
      ? { items: [{ source_owner: ofOwner }, { subject: `${ofOwner}/**` }], prefix: `${ofOwner}/` }
      : { items: [{ source_owner: `${ofOwner}*` }, { subject: `${ofOwner}**` }], prefix: ofOwner };
  }
  const repository = `${ofOwner}/${name}`;
  return slash !== undefined || isWhole
    ? { items: [{ source_repository: repository }, { subject: `${repository}/**` }], prefix: `${repository}/` }
    : { items: [{ source_repository: `${repository}*` }, { subject: `${repository}**` }], prefix: repository };
}

/** `https://gitlab.com/GROUP/PROJECT//PATH@REF`; groups may stand in groups. */
function gitLabClaimants(text: string): { readonly items: readonly ClaimPatterns[]; readonly prefix: string } | null {
  const project = /^https:\/\/gitlab\.com\/[^*@]+?(?=\/\/)/.exec(text)?.[0];
  if (project !== undefined) {
    return {
      items: [{ source_repository: project }, { subject: `${project}//**` }],
      prefix: `${project}//`,
    };
  }
  const group = /^https:\/\/gitlab\.com\/[^*@]+\//.exec(text)?.[0];
  return group === undefined
    ? null
    : { items: [{ source_repository: `${group}**` }, { subject: `${group}**` }], prefix: group };
}

/** The host of URLs; the value itself, where it is only one and no URL. */
function spaceOf(subject: PatternSource): string | null {
  const [value] = exactValues(subject) ?? [];
  const host = hostOf(prefixOf(subject));
  return host ?? (value !== undefined && !value.includes('://') ? value : null);
}

function hostOf(url: string): string | null {
  return /^[a-z][a-z0-9+.-]*:\/\/[^/*]+\//i.exec(url)?.[0].toLowerCase() ?? null;
}

function likelyTextOf(source: PatternSource): string {
  if (typeof source === 'string') {
    return source.split('*', 1).join('');
  }
  return 'regexp' in source ? likelyText(source.regexp) : '';
}
