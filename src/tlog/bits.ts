// Sizes and indexes reach 2^53−1, where `|`, `&` and `>>` (32 bits) are wrong: everything here divides instead.

/** True for the numbers that tree sizes and indexes can have here: whole, 0 … 2^53−1. */
export function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

/** How many bits of `value` are set. */
export function popcount(value: number): number {
  let count = 0;
  for (let rest = value; rest > 0; rest = Math.floor(rest / 2)) {
    count += rest % 2;
  }
  return count;
}

/** How many levels up two nodes of one level have the same ancestor: the bit length of `a XOR b`. */
export function levelsApart(a: number, b: number): number {
  let levels = 0;
  for (let [left, right] = [a, b]; left !== right; [left, right] = [Math.floor(left / 2), Math.floor(right / 2)]) {
    levels += 1;
  }
  return levels;
}

/** How many times `value` ≥ 1 can be halved without a rest. */
export function trailingZeros(value: number): number {
  let zeros = 0;
  for (let rest = value; rest % 2 === 0; rest /= 2) {
    zeros += 1;
  }
  return zeros;
}

/** Whether bit `position` of `value` is set. */
export function hasBit(value: number, position: number): boolean {
  return Math.floor(value / 2 ** position) % 2 === 1;
}
