/** Numbers that decide what a mutation does, read one after the other; behind its end there are only zeros. */
export class Tape {
  readonly #numbers: readonly number[];
  #at = 0;

  constructor(numbers: readonly number[]) {
    this.#numbers = numbers;
  }

  /** A whole number below `limit`, which is at least 1. */
  below(limit: number): number {
    return (this.#numbers[this.#at++] ?? 0) % limit;
  }

  /** One of `items`; undefined of none. */
  pick<T>(items: readonly T[]): T | undefined {
    return items[this.below(Math.max(items.length, 1))];
  }
}
