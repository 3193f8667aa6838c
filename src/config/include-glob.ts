import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { quote } from './key-path.ts';

/** Most files and folders that one pattern may mean, at its end or on its way. */
const MAX_FOUND = 10_000;

/**
 * The files that an item of `include` means: itself, or, where `*` stands for any run of characters but `/`, all that there are, of
 * whatever kind. As in a shell, `*` at the beginning of a name stands for none that begins with a dot. Relative ones are so to
 * `folder`. Throws SyntaxError when there is none, or when a folder cannot be read.
 */
export function expandInclude(item: string, folder: string): readonly string[] {
  const segments = item.split('/').filter((segment) => segment !== '');
  const start = item.startsWith('/') ? '/' : folder;
  if (!item.includes('*')) {
    return [join(start, ...segments)];
  }
  let found: readonly string[] = [start];
  for (const segment of segments) {
    found = found.flatMap((path) => findIn(path, segment));
    if (found.length > MAX_FOUND) {
      throw new SyntaxError(`Cannot include ${quote(item)}: it means more than ${MAX_FOUND} files and folders`);
    }
  }
  if (found.length === 0) {
    throw new SyntaxError(
      `Cannot include ${quote(item)}: no file is called so, expected one at least ` +
        '(* stands for any run of characters but "/", and not for a dot that a name begins with)',
    );
  }
  return found;
}

/** What in a folder is called so. Throws SyntaxError when the folder cannot be read. */
function findIn(folder: string, segment: string): readonly string[] {
  if (!segment.includes('*')) {
    const path = join(folder, segment);
    return existsSync(path) ? [path] : [];
  }
  return listFolder(folder)
    .filter((name) => isCalled(name, segment))
    .map((name) => join(folder, name));
}

/** Nothing where there is no such folder. */
function listFolder(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOENT' || code === 'ENOTDIR') {
      return [];
    }
    const why = error instanceof Error ? error.message : String(error);
    throw new SyntaxError(`Cannot include what is in "${folder}": ${why}`, { cause: error });
  }
}

/** Takes each part between stars at the first place where it fits, which is as good as any other. */
function isCalled(name: string, segment: string): boolean {
  const [first = '', ...parts] = segment.split('*');
  const last = parts.pop() ?? '';
  if (!name.startsWith(first) || (name.startsWith('.') && first === '')) {
    return false;
  }
  let position = first.length;
  for (const part of parts) {
    const at = name.indexOf(part, position);
    if (at === -1) {
      return false;
    }
    position = at + part.length;
  }
  return name.length - last.length >= position && name.endsWith(last);
}
