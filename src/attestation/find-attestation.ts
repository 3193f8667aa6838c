import type { ParsedEntry, Signer } from '../entry/entry.ts';
import type { Clock } from '../lib/clock.ts';
import type { Logger } from '../lib/logger.ts';
import type { HttpClient } from '../log/http.ts';
import { LogUnavailable } from '../log/log.ts';
import type { AttestationPlace } from '../policy/watch.ts';
import { acceptAttestations, type Proving } from './accept.ts';
import type { Candidate } from './candidate.ts';
import { createDirectoryAttestations, type DirectoryAttestations } from './directory.ts';
import { createGithubAttestations, OutOfReach, type GithubAttestations } from './github.ts';

/** How looking for an attestation ended. */
export type Look =
  /** The entry with what may be believed. */
  | { readonly kind: 'found'; readonly entry: ParsedEntry }
  /** It is not there; it may come. */
  | { readonly kind: 'absent' }
  /** It cannot be there: what a place is asked by is missing. */
  | { readonly kind: 'never'; readonly why: string }
  /** `isPlace`: the place cannot be asked about anything; else what it says about this entry cannot be read. */
  | { readonly kind: 'unreachable'; readonly error: string; readonly isPlace: boolean }
  /** The search ended before. */
  | { readonly kind: 'late' };

/** One look round: a folder is read once in it, and a place asked once about each digest. */
export interface AttestationSearch {
  /** `signer`: of the entry; one with a certificate must be trusted, for nobody asks in a forger's name. Throws only what `proving` throws. */
  find(place: AttestationPlace, entry: ParsedEntry, signer: Signer, proving: Proving): Promise<Look>;
}

/** Why a place cannot be asked, and since when. */
export interface Failure {
  readonly since: Date;
  readonly error: string;
}

/** Looks for attestations where watches say that they lie. */
export interface AttestationFinder {
  /** Begins a look round, which ends with `signal`. */
  begin(signal: AbortSignal): AttestationSearch;
  /** Every place that was asked, by {@link nameOfPlace}: since when it cannot be; null where it could, the last time. */
  readonly states: ReadonlyMap<string, Failure | null>;
}

/** Of an entry with more digests only the first are asked about. */
const MAX_DIGESTS = 4;

const REPOSITORY = /^https:\/\/github\.com\/([A-Za-z0-9-]{1,64}\/(?!\.{1,2}$)[A-Za-z0-9._-]{1,128})$/;

/** A place as people read it: the URL of an API, or a folder. */
export function nameOfPlace(place: AttestationPlace): string {
  return place.kind === 'github' ? place.url : place.path;
}

export function createAttestationFinder(deps: {
  readonly http: HttpClient;
  readonly clock: Clock;
  readonly logger: Logger;
}): AttestationFinder {
  const { http, clock, logger } = deps;
  const apis = new Map<string, GithubAttestations>();
  const folders = new Map<string, DirectoryAttestations>();
  const states = new Map<string, Failure | null>();

  const apiOf = (place: Extract<AttestationPlace, { kind: 'github' }>): GithubAttestations => {
    const key = JSON.stringify([place.url, place.token]);
    const api = apis.get(key) ?? createGithubAttestations(place, http, { clock, logger });
    apis.set(key, api);
    return api;
  };
  const folderAt = (path: string): DirectoryAttestations => {
    const folder = folders.get(path) ?? createDirectoryAttestations(path, logger);
    folders.set(path, folder);
    return folder;
  };
  const failed = (place: AttestationPlace, error: string): void => {
    const name = nameOfPlace(place);
    states.set(name, { since: states.get(name)?.since ?? clock.now(), error });
  };

  return {
    states,
    begin(signal) {
      const asked = new Map<string, Promise<readonly Candidate[]>>();
      const once = (key: string, ask: () => Promise<readonly Candidate[]>): Promise<readonly Candidate[]> => {
        const answer = asked.get(key) ?? ask();
        asked.set(key, answer);
        return answer;
      };
      const refreshed = new Map<string, Promise<void>>();
      // A place that is out of order is not asked about one entry after the other.
      const down = new Map<string, LogUnavailable>();

      const candidatesAt = async (
        place: AttestationPlace,
        entry: ParsedEntry,
        signer: Signer,
      ): Promise<readonly Candidate[] | string> => {
        if (place.kind === 'directory') {
          const folder = folderAt(place.path);
          const refresh = refreshed.get(place.path) ?? folder.refresh(signal);
          refreshed.set(place.path, refresh);
          await refresh;
          return folder.of(entry, signal);
        }
        const repository = repositoryOf(signer);
        const digests = digestsOf(entry);
        if (repository === null || digests.length === 0) {
          return repository === null ? 'the signer has no source_repository at GitHub' : 'the entry has no digest';
        }
        const api = apiOf(place);
        const found: Candidate[] = [];
        for (const digest of digests) {
          const key = JSON.stringify([place.url, place.token, repository, digest]);
          found.push(...(await once(key, () => api.about(repository, digest, signal))));
        }
        return found;
      };

      return {
        async find(place, entry, signer, proving) {
          const name = nameOfPlace(place);
          try {
            const known = down.get(name);
            if (known !== undefined) {
              throw known;
            }
            signal.throwIfAborted();
            const candidates = await candidatesAt(place, entry, signer);
            if (typeof candidates === 'string') {
              return { kind: 'never', why: candidates };
            }
            states.set(name, null);
            const attested = acceptAttestations(
              entry,
              signer.certificate === null ? null : signer,
              candidates,
              proving,
            );
            return attested === null ? { kind: 'absent' } : { kind: 'found', entry: attested };
          } catch (error) {
            if (signal.aborted) {
              return { kind: 'late' };
            }
            if (!(error instanceof LogUnavailable)) {
              throw error;
            }
            const isDown = error.outOfOrder || place.kind === 'directory';
            if (isDown) {
              down.set(name, error);
            }
            failed(place, error.message);
            return { kind: 'unreachable', error: error.message, isPlace: isDown || error instanceof OutOfReach };
          }
        },
      };
    },
  };
}

/** `owner/name`; null where the signer names none at GitHub, or more than one. */
function repositoryOf({ claims, certificate }: Signer): string | null {
  const [repository, ...others] = claims['source_repository'] ?? [];
  const isClear = others.length === 0 && certificate?.problems['source_repository'] === undefined;
  return isClear ? (REPOSITORY.exec(repository ?? '')?.[1] ?? null) : null;
}

/** What an entry can be asked for by, SHA-256 first: that is what attestations are mostly listed by. */
function digestsOf({ artifacts }: ParsedEntry): readonly string[] {
  const isFirst = (digest: string): number => (digest.startsWith('sha256:') ? 0 : 1);
  return artifacts.toSorted((a, b) => isFirst(a) - isFirst(b)).slice(0, MAX_DIGESTS);
}
