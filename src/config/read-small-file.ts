import { closeSync, openSync, readSync } from 'node:fs';

/** Most files are far smaller than they may be. */
const CHUNK = 64 * 1024;

/**
 * The bytes of a file (or pipe) of at most `maxBytes`; no more is read. Throws SyntaxError that says what `what` is and why it
 * cannot be read.
 */
export function readSmallFile(path: string, maxBytes: number, what: string): Buffer {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch (error) {
    throw new SyntaxError(`Cannot read ${what} "${path}": ${reasonOf(error)}`, { cause: error });
  }
  try {
    return readAtMost(file, maxBytes, path, what);
  } finally {
    closeSync(file);
  }
}

function readAtMost(file: number, maxBytes: number, path: string, what: string): Buffer {
  const chunks: Buffer[] = [];
  let length = 0;
  while (length <= maxBytes) {
    const chunk = Buffer.allocUnsafe(Math.min(CHUNK, maxBytes + 1 - length));
    let count: number;
    try {
      count = readSync(file, chunk, 0, chunk.length, null);
    } catch (error) {
      throw new SyntaxError(`Cannot read ${what} "${path}": ${reasonOf(error)}`, { cause: error });
    }
    if (count === 0) {
      return Buffer.concat(chunks, length);
    }
    chunks.push(chunk.subarray(0, count));
    length += count;
  }
  throw new SyntaxError(`Cannot read ${what} "${path}": it is larger than ${maxBytes} bytes`);
}

function reasonOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  switch (code) {
    case 'ENOENT':
      return 'no such file';
    case 'ENOTDIR':
      return 'a part of its path is no folder';
    case 'EACCES':
      return 'permission denied';
    case 'EISDIR':
      return 'it is a folder';
    default:
      return error instanceof Error ? error.message : String(error);
  }
}
