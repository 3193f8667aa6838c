import { randomInt } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import fc from 'fast-check';

/** One kind of hostile input, and what must hold of each. */
export interface Campaign<T> {
  readonly name: string;
  /** How many cases in the ordinary suite. */
  readonly few: number;
  /** Its part of the cases of a long run, between 0 and 1. */
  readonly share: number;
  readonly inputs: fc.Arbitrary<T>;
  /** What is wrong, in words; null where all holds. Whatever it throws is wrong as well. */
  examine(input: T): string | null;
  /** The input for whoever has to look at it. */
  show(input: T): string;
}

/** Cases of a long run, over all campaigns; null in the ordinary suite. */
export const MANY = process.env['SIGWATCH_FUZZ'] === undefined ? null : Number(process.env['SIGWATCH_FUZZ']);
/** A long run takes as long as it takes. */
export const TIMEOUT_MS = MANY === null ? 240_000 : 24 * 3_600_000;

/** The ordinary suite begins with this, and so with the same cases each time. */
const KEPT_SEED = 20_261_121;
/** The runner hears of us between two of these. */
const CASES_AT_ONCE = 1000;

/**
 * Runs the cases, prints how many and which took longest, and throws for the first that fails, with what is needed to run it
 * again: its seed and its number, and itself.
 */
export async function run<T>(campaign: Campaign<T>): Promise<void> {
  const { name, few, share } = campaign;
  const only = process.env['SIGWATCH_FUZZ_CASE'];
  const given = process.env['SIGWATCH_FUZZ_SEED'];
  const seed = given === undefined ? (MANY === null ? KEPT_SEED : randomInt(2 ** 31)) : Number(given);
  const cases = MANY === null ? few : Math.ceil(MANY * share);
  if (only !== undefined) {
    const { ms } = check(campaign, seed, Number(only), 1);
    console.log(`fuzz ${name}: case ${only} of seed ${seed} took ${ms.toFixed(1)} ms`);
    return;
  }
  console.log(`fuzz ${name}: seed ${seed}, ${cases} cases`);
  const began = process.hrtime.bigint();
  let slowest: Slowest = { ms: 0, number: 0 };
  for (let number = 0; number < cases; number += CASES_AT_ONCE) {
    const found = check(campaign, seed, number, Math.min(CASES_AT_ONCE, cases - number));
    slowest = found.ms > slowest.ms ? found : slowest;
    await setImmediate();
  }
  const seconds = Number(process.hrtime.bigint() - began) / 1e9;
  console.log(
    `fuzz ${name}: ${cases} cases in ${seconds.toFixed(0)} s; the slowest, case ${slowest.number}, took ${slowest.ms.toFixed(1)} ms`,
  );
}

interface Slowest {
  readonly ms: number;
  readonly number: number;
}

/** Examines `count` cases from `first` on, which do not reach over a multiple of {@link CASES_AT_ONCE}. */
function check<T>(campaign: Campaign<T>, seed: number, first: number, count: number): Slowest {
  const start = first - (first % CASES_AT_ONCE);
  let slowest: Slowest = { ms: 0, number: first };
  let number = first;
  const property = fc.property(campaign.inputs, (input) => {
    const began = process.hrtime.bigint();
    const fault = campaign.examine(input);
    const ms = Number(process.hrtime.bigint() - began) / 1e6;
    slowest = ms > slowest.ms ? { ms, number } : slowest;
    number += 1;
    if (fault !== null) {
      throw new Error(fault);
    }
  });
  const details = fc.check(property, {
    seed: seed + start,
    numRuns: count,
    ...(first > start || count === 1 ? { path: String(first - start) } : {}),
  });
  if (details.failed) {
    const [input] = details.counterexample ?? [];
    const at = first + Number(details.counterexamplePath?.split(':')[0] ?? 0) - (first > start ? first - start : 0);
    throw new Error(
      [
        `${campaign.name}, case ${at} of seed ${seed}: ${String(details.errorInstance)}`,
        `Again: SIGWATCH_FUZZ_SEED=${seed} SIGWATCH_FUZZ_CASE=${at}`,
        `Made smaller: ${input === undefined ? '' : campaign.show(input)}`,
      ].join('\n'),
      { cause: details.errorInstance },
    );
  }
  return slowest;
}

/** Numbers for a {@link Tape}, and which of `count` specimens they are for. */
export function tapes(count: number): fc.Arbitrary<{ readonly which: number; readonly numbers: readonly number[] }> {
  return fc.record({
    which: fc.nat(count - 1),
    numbers: fc.array(fc.nat(0x7fff_ffff), { minLength: 24, maxLength: 24 }),
  });
}
