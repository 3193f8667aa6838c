import { hash } from 'node:crypto';
import { constants } from 'node:fs';
import { open, opendir, realpath, stat } from 'node:fs/promises';
import { join, sep } from 'node:path';
import type { ParsedEntry } from '../entry/entry.ts';
import { IN_TOTO_TYPE, preAuthEncoding } from '../entry/pae.ts';
import { parseStatement } from '../entry/statement.ts';
import type { Logger } from '../lib/logger.ts';
import { LogUnavailable } from '../log/log.ts';
import { candidatesIn, type Candidate } from './candidate.ts';

/** A folder of attestations. */
export interface DirectoryAttestations {
  /** Looks which files are new, changed or gone, and reads those. Throws LogUnavailable when the folder cannot be read, and the reason of `signal` when that aborts. */
  refresh(signal: AbortSignal): Promise<void>;
  /** What may be the attestation of an entry, by the digests that it records. Files that went since are passed over. */
  of(entry: ParsedEntry, signal: AbortSignal): Promise<readonly Candidate[]>;
}

/** Files that may hold attestations. */
const NAMES = /\.(json|jsonl|att|sigstore)$|\.sigstore\./i;

const MAX_FILE_BYTES = 16 * 1024 * 1024;
const MAX_FILES = 10_000;
const MAX_TOTAL_BYTES = 1024 * 1024 * 1024;
/** Digests by which they are found; each attestation has some. */
const MAX_KEYS = 500_000;
/** Folders in folders. */
const MAX_DEPTH = 8;
/** So many names are looked at, whatever they are. */
const MAX_NAMES = 100_000;
/** Of what cannot be read, so much is named. */
const MAX_SHOWN = 8;

/** A file as it was when it was read. */
interface ReadFile {
  readonly stamp: string;
  readonly bytes: number;
  readonly keys: readonly string[];
}

interface FoundFile {
  readonly path: string;
  readonly stamp: string;
  readonly bytes: number;
  readonly changedAt: number;
}

/** `folder`: absolute. What is too much or cannot be read is left out, and said once for each state of a file. */
export function createDirectoryAttestations(folder: string, logger: Logger): DirectoryAttestations {
  const files = new Map<string, ReadFile>();
  const byKey = new Map<string, Set<string>>();
  let said = '';

  const forget = (path: string): void => {
    for (const key of files.get(path)?.keys ?? []) {
      const paths = byKey.get(key);
      paths?.delete(path);
      if (paths?.size === 0) {
        byKey.delete(key);
      }
    }
    files.delete(path);
  };

  const leftOut = (path: string, why: string): void => {
    logger.warn({ folder, file: path, why }, 'attestation file left out');
  };

  const read = async (file: FoundFile, signal: AbortSignal): Promise<void> => {
    forget(file.path);
    let keys: readonly string[] = [];
    try {
      const found = candidatesIn(await readBounded(file.path, signal));
      keys = [...new Set(found.flatMap(keysOf))];
      if (byKey.size + keys.length > MAX_KEYS) {
        leftOut(file.path, `the folder holds more digests than ${MAX_KEYS}`);
        keys = [];
      }
    } catch (error) {
      signal.throwIfAborted();
      // Kept without digests, so that it is read, and told, once until it changes.
      leftOut(file.path, reasonOf(error));
    }
    files.set(file.path, { stamp: file.stamp, bytes: file.bytes, keys });
    for (const key of keys) {
      byKey.set(key, (byKey.get(key) ?? new Set()).add(file.path));
    }
  };

  return {
    async refresh(signal) {
      const { found, excess } = await listFiles(folder, signal);
      if (excess !== said) {
        said = excess;
        if (excess !== '') {
          logger.warn({ folder, why: excess }, 'attestation files left out');
        }
      }
      const present = new Set(found.map(({ path }) => path));
      [...files.keys()].filter((path) => !present.has(path)).forEach(forget);
      for (const file of found) {
        if (files.get(file.path)?.stamp !== file.stamp) {
          await read(file, signal);
        }
      }
    },

    async of(entry, signal) {
      const paths = new Set(digestsOf(entry).flatMap((key) => [...(byKey.get(key) ?? [])]));
      const candidates: Candidate[] = [];
      for (const path of paths) {
        try {
          candidates.push(...candidatesIn(await readBounded(path, signal)));
        } catch (error) {
          signal.throwIfAborted();
          leftOut(path, reasonOf(error));
        }
      }
      return candidates;
    },
  };
}

/** What an entry may record of an attestation: the hash of its payload, or of its pre-authentication encoding; or of an artifact that it is about. */
function keysOf({ payload, payloadType }: Candidate): readonly string[] {
  const message = preAuthEncoding(payloadType ?? IN_TOTO_TYPE, payload);
  const algorithms = ['sha256', 'sha384', 'sha512'] as const;
  return [
    ...algorithms.map((algorithm) => `${algorithm}:${hash(algorithm, payload, 'hex')}`),
    ...algorithms.map((algorithm) => `${algorithm}:${hash(algorithm, message, 'hex')}`),
    ...(parseStatement(payload)?.subjects ?? []),
  ];
}

function digestsOf({ payload, signedDigest }: ParsedEntry): readonly string[] {
  return [payload?.digest ?? null, signedDigest]
    .filter((digest) => digest !== null)
    .map(({ algorithm, value }) => `${algorithm}:${value.toString('hex')}`);
}

/** What a walk through the folder came by. */
interface Walk {
  readonly root: string;
  readonly found: FoundFile[];
  names: number;
  /** Links that lead out of the folder. */
  outside: number;
  /** Folders in it that cannot be read. */
  readonly unread: string[];
}

/** The files to read, those that changed last first, and what is left out of them, in words. */
async function listFiles(
  folder: string,
  signal: AbortSignal,
): Promise<{ readonly found: readonly FoundFile[]; readonly excess: string }> {
  try {
    const seen: Walk = { root: await realpath(folder), found: [], names: 0, outside: 0, unread: [] };
    await walkInto(seen.root, 0, seen, signal);
    return choose(seen);
  } catch (error) {
    signal.throwIfAborted();
    const why = reasonOf(error);
    throw new LogUnavailable(`Cannot read attestations of folder "${folder}": ${why}`, { cause: error });
  }
}

async function walkInto(path: string, depth: number, seen: Walk, signal: AbortSignal): Promise<void> {
  for await (const item of await opendir(path)) {
    signal.throwIfAborted();
    seen.names += 1;
    if (seen.names > MAX_NAMES) {
      return;
    }
    const inside = join(path, item.name);
    if (item.isDirectory() && depth < MAX_DEPTH) {
      try {
        await walkInto(inside, depth + 1, seen, signal);
      } catch (error) {
        signal.throwIfAborted();
        seen.unread.push(`"${inside}": ${reasonOf(error)}`);
      }
    } else if ((item.isFile() || item.isSymbolicLink()) && NAMES.test(item.name)) {
      await note(inside, seen);
    }
  }
}

/** Takes up a file that lies, wherever links lead, inside the folder. One that is gone is none. */
async function note(path: string, seen: Walk): Promise<void> {
  try {
    const target = await realpath(path);
    if (!target.startsWith(seen.root.endsWith(sep) ? seen.root : seen.root + sep)) {
      seen.outside += 1;
      return;
    }
    const { mtimeMs, size, ino } = await stat(target);
    seen.found.push({ path: target, stamp: `${mtimeMs} ${size} ${ino}`, bytes: size, changedAt: mtimeMs });
  } catch (error) {
    if (!isGone(error)) {
      seen.unread.push(`"${path}": ${reasonOf(error)}`);
    }
  }
}

function choose({ found: all, names, outside, unread }: Walk): { found: readonly FoundFile[]; excess: string } {
  const sorted = all.toSorted((a, b) => b.changedAt - a.changedAt || (a.path < b.path ? -1 : 1));
  const found: FoundFile[] = [];
  let total = 0;
  for (const file of sorted) {
    if (found.length === MAX_FILES || total + file.bytes > MAX_TOTAL_BYTES) {
      break;
    }
    total += file.bytes;
    found.push(file);
  }
  const older = all.length - found.length;
  const excess = [
    ...(older > 0
      ? [`the ${older} oldest files: expected at most ${MAX_FILES}, of ${MAX_TOTAL_BYTES} bytes in all`]
      : []),
    ...(names > MAX_NAMES ? [`what is behind the first ${MAX_NAMES} names`] : []),
    ...(outside > 0 ? [`${outside} links that lead out of the folder`] : []),
    ...unread.slice(0, MAX_SHOWN),
  ];
  return { found, excess: excess.join('; ') };
}

/** Without waiting for whoever writes into a pipe. */
const READ = constants.O_RDONLY | constants.O_NONBLOCK;

async function readBounded(path: string, signal: AbortSignal): Promise<Buffer> {
  const file = await open(path, READ);
  try {
    const found = await file.stat();
    if (!found.isFile()) {
      throw new SyntaxError(`Cannot read "${path}": it is no file`);
    }
    if (found.size > MAX_FILE_BYTES) {
      throw new SyntaxError(`Cannot read "${path}": it has ${found.size} bytes, expected at most ${MAX_FILE_BYTES}`);
    }
    const bytes = Buffer.alloc(found.size);
    let length = 0;
    while (length < bytes.length) {
      signal.throwIfAborted();
      const { bytesRead } = await file.read(bytes, length, bytes.length - length, null);
      if (bytesRead === 0) {
        break;
      }
      length += bytesRead;
    }
    return bytes.subarray(0, length);
  } finally {
    await file.close();
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function isGone(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
