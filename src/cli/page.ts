import { shown } from '../alert/escape.ts';
import type { Io } from './io.ts';
import { displayWidth, shorten } from './print.ts';

/** How a thing stands: as it should be, not so, doubtful, or neither asked nor known. */
export type Mark = 'good' | 'bad' | 'doubt' | 'none';

/** How text is set off on a terminal. Widths are those of the text without it. */
export interface Paint {
  mark(mark: Mark, text: string): string;
  heading(text: string): string;
  label(text: string): string;
}

/** A label and what belongs to it: text from anywhere, which is cut and made safe here. */
export interface Row {
  readonly mark?: Mark;
  readonly label: string;
  readonly value: string;
}

export interface Page {
  /** Cells of a terminal. */
  readonly width: number;
  readonly paint: Paint;
}

const MIN_WIDTH = 40;
/** Longer lines are hard to read. */
const MAX_WIDTH = 100;
/** A label that is wider has a line of its own. */
const MAX_LABEL = 22;
/** Longest value that is shown, in UTF-16 units; `--json` has the whole. */
export const MAX_VALUE = 480;

const SIGNS: Readonly<Record<Mark, string>> = { good: '✓', bad: '✗', doubt: '?', none: '–' };

const PLAIN: Paint = { mark: (_mark, text) => text, heading: (text) => text, label: (text) => text };

const COLOURED: Paint = {
  mark: (mark, text) => paint(MARK_COLOURS[mark], text),
  heading: (text) => paint('1', text),
  label: (text) => paint('2', text),
};

/** Select Graphic Rendition (ECMA-48 §8.3.117): green, red, yellow, faint. */
const MARK_COLOURS: Readonly<Record<Mark, string>> = { good: '32', bad: '31', doubt: '33', none: '2' };

function paint(code: string, text: string): string {
  return text === '' ? '' : `\u001B[${code}m${text}\u001B[0m`;
}

/** A page for who reads stdout: with colours on a terminal alone, and not where NO_COLOR asks for none (no-color.org). */
export function pageFor({ columns, terminal, env }: Pick<Io, 'columns' | 'terminal' | 'env'>): Page {
  const isColoured = terminal && (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb';
  const width = Math.min(Math.max(columns, MIN_WIDTH), MAX_WIDTH);
  return { width, paint: isColoured ? COLOURED : PLAIN };
}

/** A line over what belongs to it, with its newline. */
export function formatHeading(text: string, { width, paint }: Page): string {
  return wrap(shown(text, MAX_VALUE), width)
    .map((line) => `${paint.heading(line)}\n`)
    .join('');
}

/** A marked sentence, its further lines below its first. */
export function formatMarked(mark: Mark, sentence: string, page: Page, indent = 2): string {
  return wrap(shown(sentence, MAX_VALUE), page.width - indent - 2)
    .map((line, place) => {
      const sign = place === 0 ? page.paint.mark(mark, SIGNS[mark]) : ' ';
      return `${' '.repeat(indent)}${sign} ${place === 0 ? page.paint.mark(mark, line) : line}\n`;
    })
    .join('');
}

/**
 * Rows with their values below one another, none wider than the page: long values go on below, at a place where they may be
 * parted; a digest that would have to be broken stands whole on a line of its own.
 */
export function formatRows(rows: readonly Row[], page: Page, indent = 2): string {
  const labels = rows.map(({ label }) => displayWidth(shown(label, MAX_VALUE))).filter((width) => width <= MAX_LABEL);
  const labelWidth = Math.max(0, ...labels);
  const signWidth = rows.some(({ mark }) => mark !== undefined) ? 2 : 0;
  return rows.map((row) => formatRow(row, { labelWidth, signWidth, indent }, page)).join('');
}

interface Layout {
  readonly labelWidth: number;
  readonly signWidth: number;
  readonly indent: number;
}

function formatRow({ mark, label, value }: Row, { labelWidth, signWidth, indent }: Layout, page: Page): string {
  const { width, paint } = page;
  const sign = signWidth === 0 ? '' : `${mark === undefined ? ' ' : paint.mark(mark, SIGNS[mark])} `;
  const text = shown(value, MAX_VALUE);
  const name = shorten(shown(label, MAX_VALUE), width - indent - signWidth);
  const start = indent + signWidth + labelWidth + 2;
  const below = indent + signWidth + 2;
  const isBelow = displayWidth(name) > labelWidth || (displayWidth(text) > width - start && !BREAKS.test(text));
  const lines = wrap(text, width - (isBelow ? below : start));
  const padding = ' '.repeat(Math.max(0, labelWidth - displayWidth(name)));
  const head = `${' '.repeat(indent)}${sign}${paint.label(name)}`;
  const rest = (texts: readonly string[]): string =>
    texts.map((line) => `${' '.repeat(isBelow ? below : start)}${line}\n`).join('');
  if (isBelow) {
    return name === '' ? rest(lines) : `${head}\n${rest(lines)}`;
  }
  const [first = '', ...others] = lines;
  return `${`${head}${padding}  ${first}`.trimEnd()}\n${rest(others)}`;
}

/** After these a long value is parted. */
const BREAKS = /[/@,;&?= ]/;

/** Parts safe text into lines of at most `width` cells, at a good place where there is one in the second half of a line. */
export function wrap(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  let [line, used, goodEnd] = ['', 0, 0];
  for (const character of text) {
    const cells = displayWidth(character);
    if (used + cells > width) {
      const end = goodEnd > line.length / 2 ? goodEnd : line.length;
      lines.push(line.slice(0, end).trimEnd());
      line = line.slice(end).trimStart();
      used = displayWidth(line);
      goodEnd = 0;
    }
    line += character;
    used += cells;
    goodEnd = BREAKS.test(character) ? line.length : goodEnd;
  }
  return [...lines, line];
}
