/**
 * One place in a form: which characters may stand there, and whether any number of them may. A form is what all values of a claim,
 * or all that a string pattern accepts, look like.
 */
interface Step {
  readonly accepts: (character: string) => boolean;
  /** The one character that may stand there; null: several may. */
  readonly only: string | null;
  readonly repeats: boolean;
}

export type Form = readonly Step[];

/** Of each class of characters that a form can ask for, and of each overlap of two of them, at least one. */
const SAMPLES = ['a', 'z', '0', '/', '@', '-'];

/** Comparing longer forms takes longer than a hint is worth. */
const MAX_PAIRS = 1_000_000;

function step(accepts: (character: string) => boolean, repeats: boolean): Step {
  return { accepts, only: null, repeats };
}

function plus(accepts: (character: string) => boolean): Form {
  return [step(accepts, false), step(accepts, true)];
}

const isAny = (): boolean => true;
const isNoSlash = (character: string): boolean => character !== '/';
const isHex = (character: string): boolean => /[0-9a-f]/.test(character);

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
      return [step(part.length > 1 ? isAny : isNoSlash, true)];
    }
    return textForm(part);
  });
}

function textForm(text: string): Form {
  return Array.from(text.toLowerCase(), (only) => ({
    accepts: (character) => character === only,
    only,
    repeats: false,
  }));
}

/** False when no text at all has both forms, but for the case of its letters; true also for forms that are too long to tell. */
export function formsMeet(a: Form, b: Form): boolean {
  if (a.length * b.length > MAX_PAIRS) {
    return true;
  }
  // Which positions of `b` are reached, for one position of `a` after the other.
  let reached = new Set([0]);
  for (const own of a) {
    const next = new Set<number>();
    // What is added on the way, while `a` stays where it is, is visited as well.
    for (const position of reached) {
      const other = b[position];
      if (own.repeats) {
        next.add(position);
      }
      if (other === undefined) {
        continue;
      }
      if (other.repeats) {
        reached.add(position + 1);
      }
      if (overlap(own, other)) {
        (own.repeats ? reached : next).add(other.repeats ? position : position + 1);
      }
    }
    if (next.size === 0) {
      return false;
    }
    reached = next;
  }
  return endsFrom(reached, b);
}

/** Whether the rest of `b` may be empty from one of these positions on. */
function endsFrom(positions: ReadonlySet<number>, b: Form): boolean {
  return [...positions].some((position) => b.slice(position).every(({ repeats }) => repeats));
}

function overlap(a: Step, b: Step): boolean {
  if (a.only !== null) {
    return b.accepts(a.only);
  }
  return b.only !== null ? a.accepts(b.only) : SAMPLES.some((sample) => a.accepts(sample) && b.accepts(sample));
}
