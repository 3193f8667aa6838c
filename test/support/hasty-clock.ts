import type { Clock } from '../../src/lib/clock.ts';

/** The time as it is, but nobody waits: who sleeps goes on at once. For clients of servers that ask to be left alone. */
export const hastyClock: Clock = { now: () => new Date(), sleep: async () => undefined };
