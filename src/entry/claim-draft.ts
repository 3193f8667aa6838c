import type { Problems } from './entry.ts';

/** Of what is as it should be: one for all, because nearly every certificate is. */
export const NO_PROBLEMS: Problems = Object.freeze({});

/** Claims while they are read: whatever one may stand for is kept, and what is wrong with the way it is written. */
export class ClaimDraft {
  readonly claims: Record<string, string[]> = {};
  #faults: Record<string, string> | null = null;
  /** The values of claims that have more than one, so that thousands of them cost no more than thousands. */
  #held: Map<string, Set<string>> | null = null;

  get problems(): Problems {
    return this.#faults ?? NO_PROBLEMS;
  }

  /** Adds a value of `claim` unless it is there. */
  add(claim: string, value: string): void {
    const values = this.claims[claim];
    if (values === undefined) {
      this.claims[claim] = [value];
      return;
    }
    this.#held ??= new Map();
    const held = this.#held.get(claim) ?? new Set(values);
    this.#held.set(claim, held);
    if (!held.has(value)) {
      held.add(value);
      values.push(value);
    }
  }

  /** Says once what is wrong with `claim`, in words of ours: they are few, so that this stays short. */
  blame(claim: string, words: string): void {
    this.#faults ??= {};
    const before = this.#faults[claim];
    if (before === undefined) {
      this.#faults[claim] = words;
    } else if (!before.includes(words)) {
      this.#faults[claim] = `${before}; ${words}`;
    }
  }
}
