import { hash } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A version of a TUF repository's root.json that we vouch for by its digest instead of carrying it. */
export interface PinnedRoot {
  /** The repository, without a slash at its end. */
  readonly url: string;
  readonly version: number;
  /** Of the file, hex. */
  readonly sha256: string;
}

/** Sigstore's staging instance: root 12 of sigstore/root-signing-staging, metadata/root_history/12.root.json. Every later one is signed by the one before. */
export const STAGING: PinnedRoot = {
  url: 'https://tuf-repo-cdn.sigstage.dev',
  version: 12,
  sha256: '4dcfe50b0d68ea5cac5625b3f82b5945dc9cfdb9fa54d8c5dfd0c062311343ed',
};

/** As the TUF client bounds a root.json. */
const MAX_BYTES = 512_000;

/** Gets a file of at most so many bytes. Rejects with Error when it cannot be had. */
export type GetFile = (url: string, maxBytes: number) => Promise<Buffer>;

/**
 * The path of the pinned root.json in the folder `cachePath`, asked for when it is not there yet. Rejects with Error when
 * it cannot be had, or is not the one that was pinned.
 */
export async function fetchPinnedRoot(pinned: PinnedRoot, cachePath: string, get: GetFile): Promise<string> {
  const file = join(cachePath, `${pinned.sha256.slice(0, 16)}.root.json`);
  if (isPinned(readKept(file), pinned)) {
    return file;
  }
  const url = `${pinned.url}/${pinned.version}.root.json`;
  const content = await get(url, MAX_BYTES);
  if (!isPinned(content, pinned)) {
    throw new Error(`Cannot trust "${url}": its SHA-256 is ${hash('sha256', content)}, expected ${pinned.sha256}`);
  }
  mkdirSync(cachePath, { recursive: true });
  // In one step: what a crash leaves half written is never read.
  writeFileSync(`${file}.new`, content);
  renameSync(`${file}.new`, file);
  return file;
}

function isPinned(content: Buffer | null, { sha256 }: PinnedRoot): content is Buffer {
  return content !== null && hash('sha256', content) === sha256;
}

function readKept(file: string): Buffer | null {
  try {
    return readFileSync(file);
  } catch {
    // Not there, or not to be read: it is asked for.
    return null;
  }
}
