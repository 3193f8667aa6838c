import { resolve } from 'node:path';
import { isMap } from './config-source.ts';

/** An item of `watches` or `templates` as it was written in a file of `folder`, with every path that it names absolute. */
export function withAbsolutePaths(item: unknown, folder: string): unknown {
  return changed(item, 'attestations', (place) => {
    const token = changed(place, 'token', (secret) => changed(secret, 'file', absoluteIn(folder)));
    return changed(token, 'directory', absoluteIn(folder));
  });
}

function absoluteIn(folder: string): (path: unknown) => unknown {
  // An empty one stays what it is: a fault.
  return (path) => (typeof path === 'string' && path !== '' ? resolve(folder, path) : path);
}

/** A map with one of its members changed, if it has that; anything else as it is. */
function changed(value: unknown, key: string, change: (member: unknown) => unknown): unknown {
  return isMap(value) && Object.hasOwn(value, key) ? { ...value, [key]: change(value[key]) } : value;
}
