import {
  Composer,
  type CST,
  isAlias,
  isMap,
  isPair,
  isScalar,
  isSeq,
  Lexer,
  LineCounter,
  Parser,
  type Alias,
  type Document,
  type Node,
  type YAMLMap,
} from 'yaml';
import { formatPath, quote, type KeyPath } from './key-path.ts';

/** 1-based. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

/** Something that is no YAML we take, and where. */
export interface YamlProblem {
  readonly path: KeyPath;
  readonly place: Place;
  readonly message: string;
}

/** A document as plain values (objects without a prototype), and the place of each of them. */
export interface YamlSource {
  /** Undefined when nothing can be made of the text: `problems` says why. */
  readonly value: unknown;
  /** The place of the value at `path`, or of the nearest thing around it. */
  valuePlace(path: KeyPath): Place;
  /** The place of the key at the end of `path`, or of the value there. */
  keyPlace(path: KeyPath): Place;
  readonly problems: readonly YamlProblem[];
}

/** Deeper than any configuration; composing recurses, and a deep stack must not be met by surprise. */
const MAX_DEPTH = 60;

/** A limit on what aliases can multiply. */
const MAX_NODES = 200_000;

const KNOWN_TAGS = new Set(
  ['str', 'int', 'float', 'bool', 'null', 'map', 'seq'].map((tag) => `tag:yaml.org,2002:${tag}`),
);

const START: Place = { line: 1, column: 1 };

/** Reads one YAML 1.2 document. Never throws: what is wrong is in `problems`, each with its place. */
export function readYaml(text: string): YamlSource {
  const lines = new LineCounter();
  const placeOf = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  const parsed = parseTokens(text, lines);
  if (!parsed.ok) {
    return failed([{ path: [], place: placeOf(parsed.offset), message: `nested deeper than ${MAX_DEPTH} levels` }]);
  }
  // Duplicate keys are found below, in linear time; the library compares each key with every other.
  const composer = new Composer({ version: '1.2', uniqueKeys: false, logLevel: 'silent' });
  const [document, another] = [...composer.compose(parsed.tokens, true, text.length)];
  if (document === undefined) {
    return failed([{ path: [], place: START, message: 'the file is empty' }]);
  }
  const faults = documentFaults(document, another, placeOf);
  if (faults.length > 0) {
    return failed(faults);
  }
  return new Reader(document, placeOf).read();
}

function parseTokens(
  text: string,
  lines: LineCounter,
): { readonly ok: true; readonly tokens: readonly CST.Token[] } | { readonly ok: false; readonly offset: number } {
  const parser = new Parser(lines.addNewLine);
  const tokens: CST.Token[] = [];
  lines.addNewLine(0);
  for (const lexeme of new Lexer().lex(text)) {
    tokens.push(...parser.next(lexeme));
    if (parser.stack.length > MAX_DEPTH) {
      return { ok: false, offset: parser.offset };
    }
  }
  tokens.push(...parser.end());
  return { ok: true, tokens };
}

function documentFaults(
  document: Document.Parsed,
  another: Document.Parsed | undefined,
  placeOf: (offset: number) => Place,
): readonly YamlProblem[] {
  const faults = [...document.errors, ...document.warnings].map(({ message, pos }) => ({
    path: [],
    place: placeOf(pos[0]),
    message: `not valid YAML 1.2: ${message}`,
  }));
  if (another !== undefined) {
    const place = placeOf(another.range[0]);
    faults.push({ path: [], place, message: 'a second document begins here; expected one' });
  }
  if (document.directives.yaml.version !== '1.2') {
    faults.push({ path: [], place: START, message: `%YAML ${document.directives.yaml.version}; expected 1.2` });
  }
  return faults;
}

function failed(problems: readonly YamlProblem[]): YamlSource {
  const at = (): Place => problems[0]?.place ?? START;
  return { value: undefined, valuePlace: at, keyPlace: at, problems };
}

/** Turns nodes into plain values and remembers where each stood. */
class Reader {
  readonly #document: Document.Parsed;
  readonly #placeOf: (offset: number) => Place;
  readonly #keys = new Map<string, Place>();
  readonly #values = new Map<string, Place>();
  readonly #problems: YamlProblem[] = [];
  readonly #anchors = new Map<string, Node>();
  /** What aliases that are being followed stand for: one of them inside itself would never end. */
  readonly #following = new Set<Node>();
  #nodes = 0;

  constructor(document: Document.Parsed, placeOf: (offset: number) => Place) {
    this.#document = document;
    this.#placeOf = placeOf;
  }

  read(): YamlSource {
    const value = this.#value(this.#document.contents, [], START);
    if (this.#nodes > MAX_NODES) {
      return failed(this.#problems.slice(-1));
    }
    const find = (places: ReadonlyMap<string, Place>, path: KeyPath): Place | undefined => places.get(formatPath(path));
    const valuePlace = (path: KeyPath): Place =>
      find(this.#values, path) ?? (path.length === 0 ? START : valuePlace(path.slice(0, -1)));
    const keyPlace = (path: KeyPath): Place => find(this.#keys, path) ?? valuePlace(path);
    return { value, valuePlace, keyPlace, problems: this.#problems };
  }

  #value(node: unknown, path: KeyPath, near: Place): unknown {
    const place = isNode(node) ? this.#placeOf(node.range?.[0] ?? 0) : near;
    this.#values.set(formatPath(path), place);
    this.#nodes += 1;
    if (this.#nodes > MAX_NODES || path.length > MAX_DEPTH) {
      this.#giveUp(path, place);
      return undefined;
    }
    if (isAlias(node)) {
      return this.#aliased(node, path, place);
    }
    if (isNode(node) && node.anchor !== undefined && this.#following.size === 0) {
      this.#anchors.set(node.anchor, node);
    }
    if (isNode(node) && node.tag !== undefined && !KNOWN_TAGS.has(node.tag)) {
      this.#refuse(path, place, `unknown tag ${quote(node.tag)}; expected a plain value`);
      return undefined;
    }
    if (isMap(node)) {
      return this.#map(node, path);
    }
    if (isSeq(node)) {
      return node.items.map((item, index) => this.#value(item, [...path, index], place));
    }
    return isScalar(node) ? node.value : null;
  }

  #aliased(alias: Alias, path: KeyPath, place: Place): unknown {
    const target = this.#anchors.get(alias.source);
    if (target === undefined || this.#following.has(target)) {
      const why = target === undefined ? 'refers to no anchor before it' : 'refers to what it is part of';
      this.#refuse(path, place, `alias ${quote(`*${alias.source}`)} ${why}`);
      return undefined;
    }
    this.#following.add(target);
    const value = this.#value(target, path, place);
    this.#following.delete(target);
    return value;
  }

  #map(map: YAMLMap, path: KeyPath): unknown {
    const value = Object.create(null) as Record<string, unknown>; // no prototype: any key is only a key
    for (const item of map.items) {
      const node = isPair(item) ? item.key : null;
      const key = isScalar(node) && typeof node.value === 'string' ? node.value : null;
      const place = this.#placeOf(isNode(node) ? (node.range?.[0] ?? 0) : (map.range?.[0] ?? 0));
      if (key === null || key === '__proto__') {
        this.#refuse(path, place, 'expected every key to be a plain string: put other keys in quotes');
        continue;
      }
      const inner = [...path, key];
      if (Object.hasOwn(value, key)) {
        const first = this.#keys.get(formatPath(inner)) ?? place;
        this.#refuse(inner, place, `duplicate key ${quote(key)}: it stands already in line ${first.line}`);
        continue;
      }
      this.#keys.set(formatPath(inner), place);
      value[key] = this.#value(item.value, inner, place);
    }
    return value;
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
