import type { ImportDraft } from './draft.ts';
import type { Origin } from './identity.ts';
import type { Word } from './shell-words.ts';

/** The options of a command line; of one that stands twice the last counts, as in the tools that are read here. */
export interface Options {
  /** By name, without dashes. */
  readonly values: ReadonlyMap<string, Word>;
  readonly unknown: readonly string[];
}

const NONE: Word = { text: '', isDynamic: false };
const TRUE: Word = { text: 'true', isDynamic: false };

/**
 * Reads options as Go's pflag does: `--name=value`, `--name value`, `-n value`; also with one dash, as older versions had them.
 * `switches` take no word behind them, `withValue` do; short names are given as they are.
 */
export function readOptions(
  words: readonly Word[],
  withValue: ReadonlySet<string>,
  switches: ReadonlySet<string>,
): Options {
  const values = new Map<string, Word>();
  const unknown: string[] = [];
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? NONE;
    if (word.text === '--') {
      break;
    }
    const [, name = '', joined] = /^--?([A-Za-z][\w-]*)(?:=([\s\S]*))?$/.exec(word.text) ?? [];
    if (name === '') {
      continue;
    }
    if (!withValue.has(name) && !switches.has(name)) {
      unknown.push(name);
    }
    if (joined !== undefined) {
      values.set(name, { text: joined, isDynamic: word.isDynamic });
    } else if (switches.has(name)) {
      values.set(name, TRUE);
    } else if (withValue.has(name) || !(words[at + 1] ?? NONE).text.startsWith('-')) {
      at += 1;
      values.set(name, words[at] ?? NONE);
    }
  }
  return { values, unknown };
}

/** False, and noted, for what only a shell can fill in. */
export function isFilledIn({ text, isDynamic }: Word, what: string, origin: Origin, draft: ImportDraft): boolean {
  if (isDynamic) {
    draft.note(
      origin,
      `${what} ${text}: a variable, which only the shell can fill in; write its value, or a pattern for it, into the configuration (until then nobody is accepted by this line)`,
    );
  }
  return !isDynamic;
}
