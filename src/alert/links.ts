import type { Claims } from '../entry/entry.ts';
import type { ChainVerdict } from '../policy/watch.ts';
import type { AlertLinks } from './alert.ts';

export const NO_LINKS: AlertLinks = { entry: null, run: null, commit: null };

/** The public instance, whose entries a public search page shows by their global index. */
const SEARCHABLE_HOST = 'rekor.sigstore.dev';

const REPOSITORY = /^https:\/\/github\.com\/([A-Za-z0-9][A-Za-z0-9-]{0,38}\/[A-Za-z0-9._-]{1,100})$/;
const RUN =
  /^https:\/\/github\.com\/([A-Za-z0-9][A-Za-z0-9-]{0,38}\/[A-Za-z0-9._-]{1,100})\/actions\/runs\/([1-9][0-9]{0,19})\/attempts\/([1-9][0-9]{0,5})$/;
const COMMIT = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/;

/** What {@link identityLinks} looks at: where the entry lies, and what its signer claims. */
export interface LinkSubject {
  /** Origin. */
  readonly log: string;
  readonly globalIndex: number | null;
  readonly chain: ChainVerdict | null;
  readonly claims: Claims;
}

/** Links to an entry, its commit and its workflow run, built from parts that are checked character by character. All null unless the chain is trusted: anyone can write anything into a certificate of their own. */
export function identityLinks(subject: LinkSubject): AlertLinks {
  if (subject.chain !== 'trusted') {
    return NO_LINKS;
  }
  return { entry: entryLink(subject), run: runLink(subject.claims), commit: commitLink(subject.claims) };
}

function entryLink({ log, globalIndex }: LinkSubject): string | null {
  const [host] = log.split(' - ', 1);
  return host === SEARCHABLE_HOST && globalIndex !== null
    ? `https://search.sigstore.dev/?logIndex=${globalIndex}`
    : null;
}

function runLink(claims: Claims): string | null {
  const repository = repositoryOf(claims);
  const [, owner, run, attempt] = RUN.exec(claims['run']?.[0] ?? '') ?? [];
  // A run of another repository than the one that is named as the source is nothing to send a reader to.
  if (repository === null || owner?.toLowerCase() !== repository.toLowerCase()) {
    return null;
  }
  return `https://github.com/${repository}/actions/runs/${run ?? ''}/attempts/${attempt ?? ''}`;
}

function commitLink(claims: Claims): string | null {
  const repository = repositoryOf(claims);
  const digest = claims['source_digest']?.[0] ?? '';
  return repository !== null && COMMIT.test(digest) ? `https://github.com/${repository}/commit/${digest}` : null;
}

/** `owner/repo` of a source repository on GitHub. */
function repositoryOf(claims: Claims): string | null {
  const repository = REPOSITORY.exec(claims['source_repository']?.[0] ?? '')?.[1];
  return repository === undefined || /\/\.{1,2}$/.test(repository) ? null : repository;
}
