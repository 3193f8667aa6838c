import { visible } from '../alert/escape.ts';

/** Makes one line of text from outside safe for a terminal: what it would obey, and what nobody sees, is shown as `\u{001B}`. */
export function safe(text: string): string {
  return visible(text);
}

/** The same for text of several lines: newlines stay, with `indent` after each. */
export function safeLines(text: string, indent = ''): string {
  return text.split('\n').map(safe).join(`\n${indent}`);
}

/** JSON on one line, without its newline. What is not safe for a terminal is written as JSON escapes, so that the value stays as it was. */
export function jsonLine(value: unknown): string {
  return JSON.stringify(value).replace(/[^\x20-\x7e]/gu, (character) =>
    visible(character) === character ? character : jsonEscape(character),
  );
}

/** A moment as people read it, UTC, to the second: `2026-11-21 13:40:05`; `-` for none. */
export function formatTime(time: Date | null): string {
  return time === null ? '-' : time.toISOString().slice(0, 19).replace('T', ' ');
}

/** A span of time in the largest unit of which it holds two: `5 s`, `3 min`, `47 h`, `4 d`. Rounded down, never below 0. */
export function formatAge(ms: number): string {
  const seconds = Math.max(Math.floor(ms / 1000), 0);
  const [unit, size] = AGE_UNITS.find(([, length]) => seconds >= 2 * length) ?? ['s', 1];
  return `${Math.floor(seconds / size)} ${unit}`;
}

const AGE_UNITS = [
  ['d', 86_400],
  ['h', 3_600],
  ['min', 60],
] as const;

export interface Column {
  readonly title: string;
  readonly align?: 'left' | 'right';
  /** Its cells are cut in their middle where the table would be wider than the terminal. At most one column. */
  readonly shrinks?: true;
}

/**
 * Lays out cells below their titles, safe for a terminal and, where one column shrinks, at most `width` wide (unless
 * the others alone are wider). Each line ends with a newline.
 */
export function formatTable(head: readonly Column[], rows: readonly (readonly string[])[], width: number): string {
  const lines = [head.map(({ title }) => title), ...rows.map((row) => row.map(safe))];
  const widths = head.map((_, column) => Math.max(...lines.map((line) => displayWidth(line[column] ?? ''))));
  const total = widths.reduce((sum, one) => sum + one + GAP.length, -GAP.length);
  const limits = head.map(({ shrinks }, column) => {
    const natural = widths[column] ?? 0;
    return shrinks === true ? Math.min(natural, Math.max(natural - (total - width), MIN_SHRUNK)) : natural;
  });
  return lines.map((line) => formatRow(head, line, limits)).join('');
}

const GAP = '  ';
const MIN_SHRUNK = 12;

function formatRow(head: readonly Column[], line: readonly string[], widths: readonly number[]): string {
  const cells = head.map(({ align }, column) => {
    const width = widths[column] ?? 0;
    const cell = shorten(line[column] ?? '', width);
    const padding = ' '.repeat(width - displayWidth(cell));
    return align === 'right' ? padding + cell : cell + padding;
  });
  return `${cells.join(GAP).trimEnd()}\n`;
}

/** Cuts `text` to `width` cells of a terminal: both ends stay, `…` stands for what was between. Call it with safe text. */
export function shorten(text: string, width: number): string {
  if (displayWidth(text) <= width) {
    return text;
  }
  const characters = Array.from(text);
  const start = takeWidth(characters, Math.ceil((width - 1) / 2));
  const end = takeWidth(characters.toReversed(), Math.floor((width - 1) / 2));
  return `${start.join('')}…${end.toReversed().join('')}`;
}

/** The first characters that fit into `width` cells. */
function takeWidth(characters: readonly string[], width: number): readonly string[] {
  let used = 0;
  const end = characters.findIndex((character) => (used += displayWidth(character)) > width);
  return end === -1 ? characters : characters.slice(0, end);
}

/** How many cells a terminal gives to `text`: none to combining marks, two to East Asian wide characters and emoji. */
export function displayWidth(text: string): number {
  let width = 0;
  for (const character of text) {
    width += MARK.test(character) ? 0 : WIDE.test(character) ? 2 : 1;
  }
  return width;
}

const MARK = /^\p{M}/u;
const WIDE =
  /^[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u;

/** `\u009b`, or two of them for a character beyond the first plane (RFC 8259 §7). */
function jsonEscape(character: string): string {
  return Array.from({ length: character.length }, (_, unit) => {
    return `\\u${character.charCodeAt(unit).toString(16).padStart(4, '0')}`;
  }).join('');
}
