import { SHARED_LISTS } from './config-source.ts';
import type { Fault } from './describe-issues.ts';
import { quote, valueAt, type KeyPath } from './key-path.ts';
import { expectedName } from './nearest.ts';

/**
 * What one part of a configuration says about another: names that stand twice, names of channels and watches that do not exist.
 * Looks at the plain value, of whatever shape, so that these are found beside the faults of shape. `placeName`: how the place of a
 * value is called; `isWhole`: false when files could not be read, whose watches are not known.
 */
export function crossCheck(root: unknown, placeName: (path: KeyPath) => string, isWhole: boolean): readonly Fault[] {
  const channels = keysOf(valueAt(root, ['notify', 'channels']));
  const watches = [...new Set(namesIn(root, ['watches'], 'name').map(({ name }) => name))];
  return [
    ...duplicates(
      root,
      SHARED_LISTS.map((list) => [list]),
      'name',
      placeName,
    ),
    ...duplicates(root, [['logs', 'custom']], 'name', placeName),
    ...duplicates(root, [['logs', 'custom']], 'origin', placeName),
    ...duplicates(root, [['trust', 'certificate_authorities']], 'name', placeName),
    ...SHARED_LISTS.flatMap((list) => unknownNames(root, [list], 'notify', channels, 'channel')),
    ...unknownNames(root, ['notify', 'routes'], 'to', channels, 'channel'),
    ...(isWhole ? unknownNames(root, ['notify', 'routes'], 'watch', watches, 'watch') : []),
    ...channels.flatMap((channel) => credentialFaults(root, ['notify', 'channels', channel, 'smtp'])),
    ...inheritedDates(root),
  ];
}

/** `lists`: within all of them together no two items may have the same. */
function duplicates(
  root: unknown,
  lists: readonly KeyPath[],
  key: string,
  placeName: (path: KeyPath) => string,
): readonly Fault[] {
  const first = new Map<string, KeyPath>();
  return lists
    .flatMap((list) => namesIn(root, list, key))
    .flatMap(({ name, path }) => {
      const earlier = first.get(name);
      if (earlier === undefined) {
        first.set(name, path);
        return [];
      }
      const message = `duplicate ${key} ${quote(name)}: ${placeName(earlier.slice(0, -1))} has it already`;
      return [{ path, atKey: false, message }];
    });
}

function unknownNames(
  root: unknown,
  list: KeyPath,
  key: string,
  known: readonly string[],
  what: string,
): readonly Fault[] {
  const names = new Set(known);
  return namesIn(root, list, key)
    .filter(({ name }) => !names.has(name))
    .map(({ name, path }, told) => {
      const message = `unknown ${what} ${quote(name)}${expectedName(name, known, what, told)}`;
      return { path, atKey: false, message };
    });
}

/** A user without a password, or the reverse, is a slip: the server would refuse at the first alert. */
function credentialFaults(root: unknown, smtp: KeyPath): readonly Fault[] {
  const [given, missing] = valueAt(root, [...smtp, 'user']) === undefined ? ['password', 'user'] : ['user', 'password'];
  const isFault = valueAt(root, [...smtp, given]) !== undefined && valueAt(root, [...smtp, missing]) === undefined;
  return isFault
    ? [{ path: [...smtp, given], atKey: true, message: `"${given}" without "${missing}": expected both or neither` }]
    : [];
}

/** `logs.start` is a date, and a Rekor v2 log, whose entries carry no time, has no start of its own. */
function inheritedDates(root: unknown): readonly Fault[] {
  const start = valueAt(root, ['logs', 'start']);
  if (typeof start !== 'string' || start === 'head' || start === 'genesis') {
    return [];
  }
  return itemsOf(valueAt(root, ['logs', 'custom'])).flatMap((log, index) =>
    valueAt(log, ['type']) === 'rekor-v2' && valueAt(log, ['start']) === undefined
      ? [
          {
            path: ['logs', 'custom', index],
            atKey: false,
            message:
              'missing key "start": logs.start is a date, and entries of rekor-v2 carry no time; expected head, genesis or an index',
          },
        ]
      : [],
  );
}

/** The strings under `key` of each item of a list, be it one or a list of them. */
function namesIn(
  root: unknown,
  list: KeyPath,
  key: string,
): readonly { readonly name: string; readonly path: KeyPath }[] {
  return itemsOf(valueAt(root, list)).flatMap((item, index) => {
    const path = [...list, index, key];
    const value = valueAt(item, [key]);
    const values = Array.isArray(value)
      ? value.map((name: unknown, at) => ({ name, path: [...path, at] }))
      : [{ name: value, path }];
    return values.flatMap(({ name, path: place }) => (typeof name === 'string' ? [{ name, path: place }] : []));
  });
}

function itemsOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function keysOf(value: unknown): readonly string[] {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.keys(value) : [];
}
