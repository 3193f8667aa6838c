import { formatPath, valueAt, type KeyPath } from './key-path.ts';
import type { Place, YamlSource } from './yaml-positions.ts';

/** A file of a configuration, as it was read. */
export interface SourceFile {
  readonly file: string;
  readonly yaml: Pick<YamlSource, 'value' | 'valuePlace' | 'keyPlace'>;
}

/** Where something stands, and in which file. */
export interface FilePlace extends Place {
  readonly file: string;
  /** Key path inside that file. */
  readonly path: string;
}

/** What a configuration says, put together from all its files, and where each of its values stands. */
export interface ConfigSource {
  /** The main file with the watches and templates of the included ones behind its own, each with what it takes over by `extends`. */
  readonly value: unknown;
  /** The place of the value at `path` of {@link value}, or of the nearest thing around it. */
  valuePlace(path: KeyPath): FilePlace;
  /** The place of the key at the end of `path`, or of the value there. */
  keyPlace(path: KeyPath): FilePlace;
}

/** The lists that included files add to. */
export const SHARED_LISTS = ['templates', 'watches'] as const;

/** Puts the lists of included files behind those of the main file. Their items are found at the place where they were written. */
export function combineSources(main: SourceFile, included: readonly SourceFile[]): ConfigSource {
  const origins = new Map<string, readonly ItemOrigin[]>();
  const lists: Record<string, unknown> = {};
  for (const list of SHARED_LISTS) {
    const own = valueAt(main.yaml.value, [list]);
    if (own !== undefined && !Array.isArray(own)) {
      continue; // a fault of the main file, told there
    }
    const items = [main, ...included].flatMap((source) =>
      itemsOf(source.yaml.value, list).map((value, index) => ({ value, source, index })),
    );
    if (items.length > 0) {
      lists[list] = items.map(({ value }) => value);
      origins.set(list, items);
    }
  }
  const locate = ([list, position, ...rest]: KeyPath): {
    readonly source: SourceFile;
    readonly path: KeyPath;
  } | null => {
    const item = typeof list === 'string' && typeof position === 'number' ? origins.get(list)?.[position] : undefined;
    return item === undefined || list === undefined ? null : { source: item.source, path: [list, item.index, ...rest] };
  };
  const placeOf = (path: KeyPath, kind: 'valuePlace' | 'keyPlace'): FilePlace => {
    const { source, path: inner } = locate(path) ?? { source: main, path };
    return { file: source.file, ...source.yaml[kind](inner), path: formatPath(inner) };
  };
  return {
    value: isMap(main.yaml.value) ? { ...main.yaml.value, ...lists } : main.yaml.value,
    valuePlace: (path) => placeOf(path, 'valuePlace'),
    keyPlace: (path) => placeOf(path, 'keyPlace'),
  };
}

interface ItemOrigin {
  readonly source: SourceFile;
  readonly index: number;
}

function itemsOf(root: unknown, list: string): readonly unknown[] {
  const items = valueAt(root, [list]);
  return Array.isArray(items) ? items : [];
}

/** True for what YAML calls a map. */
export function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
