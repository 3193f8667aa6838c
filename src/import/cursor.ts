import { valueAt, type KeyPath } from '../config/key-path.ts';
import type { YamlSource } from '../config/yaml-positions.ts';
import type { Origin } from './identity.ts';

/** A document of YAML inside of a file. */
export interface SourceDocument {
  readonly file: string;
  readonly source: YamlSource;
  /** Lines of the file before its first. */
  readonly linesBefore: number;
}

/** A place in a document, be there a value or not. */
export class Cursor {
  readonly document: SourceDocument;
  readonly path: KeyPath;

  constructor(document: SourceDocument, path: KeyPath = []) {
    this.document = document;
    this.path = path;
  }

  /** Undefined where nothing stands. */
  get value(): unknown {
    return valueAt(this.document.source.value, this.path);
  }

  get origin(): Origin {
    const { file, source, linesBefore } = this.document;
    return { file, line: source.keyPlace(this.path).line + linesBefore };
  }

  /** Something stands here, and not null or an empty text. */
  get isSet(): boolean {
    return this.value !== undefined && this.value !== null && this.value !== '';
  }

  at(...steps: readonly (string | number)[]): Cursor {
    return new Cursor(this.document, [...this.path, ...steps]);
  }

  /** The members of a list; none for anything else. */
  items(): readonly Cursor[] {
    return Array.isArray(this.value) ? this.value.map((_, index) => this.at(index)) : [];
  }

  /** The keys of a map; none for anything else. */
  keys(): readonly string[] {
    const { value } = this;
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.keys(value) : [];
  }

  /** The text that stands here, numbers as they read; empty where there is none. */
  text(): string {
    const { value } = this;
    return typeof value === 'string' ? value : typeof value === 'number' ? String(value) : '';
  }

  /** Each text of a list, with its place; what is no text is left out. */
  texts(): readonly { readonly text: string; readonly origin: Origin }[] {
    return this.items().flatMap((item) => (item.text() === '' ? [] : [{ text: item.text(), origin: item.origin }]));
  }
}
