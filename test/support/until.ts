import { setTimeout as delay } from 'node:timers/promises';

/** Waits until `look` sees something (neither undefined, null nor false), and gives it. Throws after `limitMs`. */
export async function until<T>(what: string, look: () => T | undefined | null | false, limitMs = 40_000): Promise<T> {
  const deadline = performance.now() + limitMs;
  for (;;) {
    const seen = look();
    if (seen !== undefined && seen !== null && seen !== false) {
      return seen;
    }
    if (performance.now() > deadline) {
      throw new Error(`Waited in vain for ${limitMs} ms until ${what}`);
    }
    await delay(5);
  }
}
