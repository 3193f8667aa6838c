import type { DerText, Element } from './der.ts';

/** `id-ce` of RFC 5280 §4.2 as it is encoded, 2.5.29: one byte more is the number of an extension of X.509 itself. */
const ID_CE = [0x55, 0x1d] as const;
/** The 32 numbers from here on have a bit of their own; they are those that certificates have. */
const FIRST_NUMBER = 14;

/** The last arc of an extension 2.5.29.N; null for any other. */
export function numberOf(bytes: Buffer, { start, end }: Element): number | null {
  return end - start === 3 && bytes[start] === ID_CE[0] && bytes[start + 1] === ID_CE[1]
    ? (bytes[start + 2] ?? null)
    : null;
}

/** Remembers which extensions a certificate had, and at no cost those that every certificate has. */
export class SeenExtensions {
  #bits = 0;
  #others: Set<string> | null = null;

  /** Adds the extension `id`, of which `number` is that of {@link numberOf}. True when it was there before. */
  add({ chars }: DerText, id: Element, number: number | null): boolean {
    if (number !== null && number >= FIRST_NUMBER && number < FIRST_NUMBER + 32) {
      const before = this.#bits;
      this.#bits |= 1 << (number - FIRST_NUMBER);
      return this.#bits === before;
    }
    this.#others ??= new Set();
    const before = this.#others.size;
    return this.#others.add(chars.slice(id.start, id.end)).size === before;
  }
}
