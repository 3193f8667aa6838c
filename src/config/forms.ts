/** A place in a form where one certain character stands. */
interface Letter {
  readonly only: string;
  readonly repeats: false;
}

/** A place where any of several characters may stand, or any number of them. */
interface Class {
  readonly only: null;
  readonly accepts: (character: string) => boolean;
  /** Which of {@link SAMPLES} it accepts, a bit each. */
  readonly samples: number;
  readonly repeats: boolean;
}

/** What all values of a claim, or all that a string pattern accepts, look like: place by place. */
export type Form = readonly (Letter | Class)[];

/** Of each class of characters that a form can ask for, and of each overlap of two of them, at least one. */
const SAMPLES = ['a', 'z', '0', '/', '@', '-'];

/** Comparing more takes longer than a hint is worth. */
const MAX_PAIRS = 1_000_000;

function step(accepts: (character: string) => boolean, repeats: boolean): Class {
  const samples = SAMPLES.reduce((bits, sample, index) => bits | (accepts(sample) ? 1 << index : 0), 0);
  return { accepts, samples, only: null, repeats };
}

function plus(accepts: (character: string) => boolean): Form {
  return [step(accepts, false), step(accepts, true)];
}

const isAny = (): boolean => true;
const isNoSlash = (character: string): boolean => character !== '/';
const isHex = (character: string): boolean => /[0-9a-f]/.test(character);

/** What `*` and `**` stand for. */
const [STAR, STARS] = [step(isNoSlash, true), step(isAny, true)];

/** At least one character, none of them a slash. */
export const SEGMENT: Form = plus(isNoSlash);
/** At least one character. */
export const REST: Form = plus(isAny);
/** At least one character, and no `@`, after which a ref begins. */
export const PATH: Form = plus((character) => character !== '@');
export const DIGITS: Form = plus((character) => /[0-9]/.test(character));

/** So many hex digits. */
export function hexDigits(count: number): Form {
  return Array.from({ length: count }, () => step(isHex, false));
}

/** Texts, as they are, and forms, one after the other. */
export function form(...parts: readonly (string | Form)[]): Form {
  return parts.flatMap((part) => (typeof part === 'string' ? textForm(part) : part));
}

/** What a string pattern accepts (`*`, `**`). Case does not count: of owners and repositories it does not. */
export function globForm(pattern: string): Form {
  return pattern.split(/(\*+)/).flatMap((part) => {
    if (part.startsWith('*')) {
      return [part.length > 1 ? STARS : STAR];
    }
    return textForm(part);
  });
}

function textForm(text: string): Form {
  return Array.from(text.toLowerCase(), (only) => ({ only, repeats: false }));
}

/** So many pairs of steps may still be compared. Shared by several questions, it bounds how long all of them take. */
export interface Effort {
  pairs: number;
}

export function effort(): Effort {
  return { pairs: MAX_PAIRS };
}

/** False when no text at all has both forms, but for the case of its letters; true also for what takes too long to tell. */
export function formsMeet(a: Form, b: Form, left = effort()): boolean {
  // Which positions of `b` are reached, for one position of `a` after the other.
  let reached = new Uint8Array(b.length + 2);
  let next = new Uint8Array(b.length + 2);
  reached[0] = 1;
  let [first, last] = [0, 0];
  for (const own of a) {
    next.fill(0);
    let [least, most] = [Infinity, -1];
    const reach = (position: number): void => {
      next[position] = 1;
      least = Math.min(least, position);
      most = Math.max(most, position);
    };
    left.pairs -= last - first + 1;
    if (left.pairs < 0) {
      return true;
    }
    // What is added on the way, while `a` stays where it is, lies ahead and is visited as well.
    for (let position = first; position <= last; position++) {
      if (reached[position] === 0) {
        continue;
      }
      const other = b[position];
      if (own.repeats) {
        reach(position);
      }
      if (other === undefined) {
        continue;
      }
      const after = other.repeats ? position : position + 1;
      const meets = overlap(own, other);
      if (other.repeats || (meets && own.repeats)) {
        reached[position + 1] = 1;
        last = Math.max(last, position + 1);
      }
      if (meets && !own.repeats) {
        reach(after);
      }
    }
    if (most === -1) {
      return false;
    }
    [reached, next, first, last] = [next, reached, least, most];
  }
  return endsFrom(reached, first, b);
}

/** Whether the rest of `b` may be empty from one of these positions on. */
function endsFrom(reached: Uint8Array, first: number, b: Form): boolean {
  for (let position = b.length; position >= first; position--) {
    if (reached[position] === 1) {
      return true;
    }
    if (b[position - 1]?.repeats !== true) {
      return false;
    }
  }
  return false;
}

function overlap(a: Letter | Class, b: Letter | Class): boolean {
  if (a.only !== null) {
    return b.only !== null ? a.only === b.only : b.accepts(a.only);
  }
  return b.only !== null ? a.accepts(b.only) : (a.samples & b.samples) !== 0;
}
