import { Composer, type CST, Lexer, LineCounter, Parser, type Document } from 'yaml';
import type { KeyPath } from './key-path.ts';
import { MAX_DEPTH, readDocument, START, unreadable } from './yaml-reader.ts';

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

/**
 * Reads one YAML 1.2 document, with the merge keys that most readers of YAML know besides (`<<`, yaml.org/type/merge.html). Never
 * throws: what is wrong is in `problems`, each with its place.
 */
export function readYaml(text: string): YamlSource {
  const lines = new LineCounter();
  const placeOf = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  const parsed = parseTokens(text, lines);
  if (!parsed.ok) {
    return unreadable([{ path: [], place: placeOf(parsed.offset), message: `nested deeper than ${MAX_DEPTH} levels` }]);
  }
  // Duplicate keys are found below, in linear time; the library compares each key with every other.
  const composer = new Composer({ version: '1.2', uniqueKeys: false, logLevel: 'silent' });
  const [document, another] = [...composer.compose(parsed.tokens, true, text.length)];
  if (document === undefined) {
    return unreadable([{ path: [], place: START, message: 'the file is empty' }]);
  }
  const faults = documentFaults(document, another, placeOf);
  if (faults.length > 0) {
    return unreadable(faults);
  }
  return readDocument(document, placeOf);
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
