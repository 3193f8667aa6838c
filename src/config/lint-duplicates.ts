import type { ClaimRule, Watch } from '../policy/watch.ts';
import { quote } from './key-path.ts';
import type { Hint } from './lint.ts';

/**
 * Watches that select the same and judge the same claims: what fails there is told twice. One that only tries a rule out (`mode: audit`)
 * or observes, or judges other claims, is meant to stand beside.
 */
export function lintDuplicates(watches: readonly Watch[]): readonly Hint[] {
  const first = new Map<string, Watch[]>();
  return watches.flatMap((watch, index): readonly Hint[] => {
    if (watch.mode === 'audit' || watch.expect === null) {
      return [];
    }
    const key = keyOf(watch.select);
    const earlier = first.get(key) ?? [];
    first.set(key, [...earlier, watch]);
    const twin = earlier.find((other) => judgeTheSame(other, watch));
    return twin === undefined
      ? []
      : [
          {
            rule: 'duplicate-watch',
            path: ['watches', index, 'name'],
            message: `watch ${quote(twin.name)} selects the same and judges the same claims: what fails is told twice; make one of them, or set "mode: audit" in one`,
          },
        ];
  });
}

function judgeTheSame({ expect: one }: Watch, { expect: other }: Watch): boolean {
  if (one === null || other === null || one === 'none' || other === 'none') {
    return one === other;
  }
  const texts = new Set(one.map(textOf));
  return other.some((rule) => texts.has(textOf(rule)));
}

/** The items of a `select`, in whatever order they and their claims stand. */
function keyOf(select: Watch['select']): string {
  return JSON.stringify(select.map((rules) => JSON.stringify(rules.map(textOf).sort())).sort());
}

function textOf({ claim, patterns }: ClaimRule): string {
  return JSON.stringify([claim, patterns.map(({ source }) => source)]);
}
