import { valueAt, type KeyPath } from './key-path.ts';

const KINDS = ['delivery-failing', 'database'];

/** Keys that the contract knows and this version does not, by the place of their map. */
const KEYS: Readonly<Record<string, readonly string[]>> = {
  '': ['http'],
  notify: ['digest', 'heartbeat'],
};

/** Values likewise, by their place. */
const VALUES: Readonly<Record<string, readonly string[]>> = {
  'notify.channels.*.type': ['webhook', 'alertmanager', 'exec'],
  'notify.routes.#.kind': KINDS,
  'notify.routes.#.kind.#': KINDS,
};

/** What is said of something that a later version will have: refused, because accepting and ignoring it would be a silent gap. */
export function unavailable(word: string): string {
  return `"${word}" is not available in this version`;
}

/** The message for an unknown key that a later version has; null for one that no version has. */
export function unavailableKey(map: KeyPath, key: string): string | null {
  return KEYS[placeOf(map)]?.includes(key) === true ? unavailable(key) : null;
}

/** The message for a value that a later version takes; null for any other. */
export function unavailableValue(root: unknown, path: KeyPath): string | null {
  const value = valueAt(root, path);
  return typeof value === 'string' && VALUES[placeOf(path)]?.includes(value) === true ? unavailable(value) : null;
}

/** A path with list positions as `#` and names of channels as `*`. */
function placeOf(path: KeyPath): string {
  return path
    .map((step, position) => {
      if (typeof step === 'number') {
        return '#';
      }
      return position === 2 && path[0] === 'notify' && path[1] === 'channels' ? '*' : step;
    })
    .join('.');
}
