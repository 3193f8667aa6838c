import {
  isAlias,
  isMap,
  isPair,
  isScalar,
  isSeq,
  Scalar,
  type Alias,
  type Document,
  type Node,
  type YAMLMap,
} from 'yaml';
import { formatPath, quote, type KeyPath } from './key-path.ts';
import { Anchors } from './yaml-anchors.ts';
import type { Place, YamlProblem, YamlSource } from './yaml-positions.ts';

/** Deeper than any configuration; composing recurses, and a deep stack must not be met by surprise. */
export const MAX_DEPTH = 60;

/** A limit on what aliases and merge keys can multiply. */
const MAX_NODES = 200_000;

const KNOWN_TAGS = new Set(
  ['str', 'int', 'float', 'bool', 'null', 'map', 'seq'].map((tag) => `tag:yaml.org,2002:${tag}`),
);

/** Where a file begins. */
export const START: Place = { line: 1, column: 1 };

/** A text of which nothing can be made. */
export function unreadable(problems: readonly YamlProblem[]): YamlSource {
  const at = (): Place => problems[0]?.place ?? START;
  return { value: undefined, valuePlace: at, keyPlace: at, problems };
}

/** Turns the nodes of a document into plain values and remembers where each stood. `placeOf`: the place of an offset in the text. */
export function readDocument(document: Document.Parsed, placeOf: (offset: number) => Place): YamlSource {
  return new Reader(document, placeOf).read();
}

class Reader {
  readonly #document: Document.Parsed;
  readonly #placeOf: (offset: number) => Place;
  readonly #keys = new Map<string, Place>();
  readonly #values = new Map<string, Place>();
  readonly #problems: YamlProblem[] = [];
  readonly #anchors: Anchors;
  /** What aliases that are being followed stand for: one of them inside itself would never end. */
  readonly #following = new Set<Node>();
  #nodes = 0;

  constructor(document: Document.Parsed, placeOf: (offset: number) => Place) {
    this.#document = document;
    this.#placeOf = placeOf;
    this.#anchors = new Anchors(document);
  }

  read(): YamlSource {
    const value = this.#value(this.#document.contents, [], START);
    if (this.#nodes > MAX_NODES) {
      return unreadable(this.#problems.slice(-1));
    }
    const find = (places: ReadonlyMap<string, Place>, path: KeyPath): Place | undefined => places.get(formatPath(path));
    const valuePlace = (path: KeyPath): Place =>
      find(this.#values, path) ?? (path.length === 0 ? START : valuePlace(path.slice(0, -1)));
    const keyPlace = (path: KeyPath): Place => find(this.#keys, path) ?? valuePlace(path);
    return { value, valuePlace, keyPlace, problems: this.#problems };
  }

  #value(node: unknown, path: KeyPath, near: Place): unknown {
    const place = isNode(node) ? this.#placeOfNode(node) : near;
    this.#values.set(formatPath(path), place);
    if (!this.#count(path, place)) {
      return undefined;
    }
    if (isAlias(node)) {
      return this.#followed(node, path, (target) => this.#value(target, path, place));
    }
    if (isNode(node) && node.tag !== undefined && !KNOWN_TAGS.has(node.tag)) {
      this.#refuse(path, place, `unknown tag ${quote(node.tag)}; expected a plain value`);
      return undefined;
    }
    if (isMap(node)) {
      return this.#map(node, path, () => false);
    }
    if (isSeq(node)) {
      return node.items.map((item, index) => this.#value(item, [...path, index], place));
    }
    return isScalar(node) ? node.value : null;
  }

  /** What `read` makes of the node that an alias stands for; undefined when there is none. */
  #followed(alias: Alias, path: KeyPath, read: (target: Node) => unknown): unknown {
    const target = this.#anchors.find(alias);
    if (target === null || this.#following.has(target)) {
      const why = target === null ? 'refers to no anchor before it' : 'refers to what it is part of';
      this.#refuse(path, this.#placeOfNode(alias), `alias ${quote(`*${alias.source}`)} ${why}`);
      return undefined;
    }
    if (this.#following.size > MAX_DEPTH) {
      this.#giveUp(path, this.#placeOfNode(alias));
      return undefined;
    }
    this.#following.add(target);
    const value = read(target);
    this.#following.delete(target);
    return value;
  }

  /** The members of a map that are not `taken` already by the map that it is merged into. */
  #map(map: YAMLMap, path: KeyPath, taken: (key: string) => boolean): Record<string, unknown> {
    const value = Object.create(null) as Record<string, unknown>; // no prototype: any key is only a key
    const own = new Set(map.items.map((item) => keyOf(item)));
    const seen = new Map<string | typeof MERGE, Place>();
    for (const item of map.items) {
      const node = isPair(item) ? item.key : null;
      const key = keyOf(item);
      const place = this.#placeOfNode(isNode(node) ? node : map);
      if (key === null || key === '__proto__') {
        this.#refuse(path, place, 'expected every key to be a plain string: put other keys in quotes');
        continue;
      }
      const inner = [...path, key];
      const isMerge = isMergeKey(node);
      // A merge key in quotes is a key like any other.
      const first = seen.get(isMerge ? MERGE : key);
      if (first !== undefined) {
        this.#refuse(inner, place, `duplicate key ${quote(key)}: it stands already in line ${first.line}`);
        continue;
      }
      seen.set(isMerge ? MERGE : key, place);
      if (isMerge) {
        const isTaken = (name: string): boolean => own.has(name) || Object.hasOwn(value, name) || taken(name);
        this.#merge(item.value, value, path, place, isTaken);
      } else if (taken(key)) {
        this.#count(inner, place);
      } else {
        this.#keys.set(formatPath(inner), place);
        value[key] = this.#value(item.value, inner, place);
      }
    }
    return value;
  }

  /** Adds the members of one map, or of a list of maps, of which the earlier go before the later. */
  #merge(
    node: unknown,
    into: Record<string, unknown>,
    path: KeyPath,
    near: Place,
    taken: (key: string) => boolean,
  ): void {
    const place = isNode(node) ? this.#placeOfNode(node) : near;
    if (!this.#count(path, place)) {
      return;
    }
    if (isAlias(node)) {
      this.#followed(node, path, (target) => {
        this.#merge(target, into, path, place, taken);
      });
    } else if (isMap(node)) {
      Object.assign(into, this.#map(node, path, taken));
    } else if (isSeq(node) && node.items.every((item) => isAlias(item) || isMap(item))) {
      for (const item of node.items) {
        this.#merge(item, into, path, place, taken);
      }
    } else {
      this.#refuse([...path, '<<'], place, 'expected a map, or a list of maps, whose keys are taken over');
    }
  }

  /** Counts one more value; false when there are too many, told once. */
  #count(path: KeyPath, place: Place): boolean {
    this.#nodes += 1;
    if (this.#nodes <= MAX_NODES && path.length <= MAX_DEPTH) {
      return true;
    }
    this.#giveUp(path, place);
    return false;
  }

  #placeOfNode(node: Node): Place {
    return this.#placeOf(node.range?.[0] ?? 0);
  }

  /** Stops the walk: what aliases multiply ends here. */
  #giveUp(path: KeyPath, place: Place): void {
    if (this.#nodes < Infinity) {
      this.#nodes = Infinity;
      this.#refuse(path, place, 'too many values, or nested too deeply, once its aliases are followed');
    }
  }

  #refuse(path: KeyPath, place: Place, message: string): void {
    this.#problems.push({ path, place, message });
  }
}

function isNode(value: unknown): value is Node {
  return isAlias(value) || isScalar(value) || isMap(value) || isSeq(value);
}

/** What stands for the merge key among the keys of a map: no key can be spelled so. */
const MERGE = Symbol('<<');

/** Null for a key that is no string. */
function keyOf(item: unknown): string | null {
  const key = isPair(item) ? item.key : null;
  return isScalar(key) && typeof key.value === 'string' ? key.value : null;
}

function isMergeKey(key: unknown): boolean {
  return isScalar(key) && key.value === '<<' && key.type === Scalar.PLAIN;
}
