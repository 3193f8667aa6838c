import { closeSync, openSync, readSync } from 'node:fs';

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
  const bytes = Buffer.alloc(maxBytes + 1);
  let length = 0;
  while (length <= maxBytes) {
    let count: number;
    try {
      count = readSync(file, bytes, length, bytes.length - length, null);
    } catch (error) {
      throw new SyntaxError(`Cannot read ${what} "${path}": ${reasonOf(error)}`, { cause: error });
    }
    if (count === 0) {
      return bytes.subarray(0, length);
    }
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
