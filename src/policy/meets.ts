import type { ClaimRule, Selector } from './watch.ts';

/** The values of one claim of a signer; empty when it is absent. */
export type ValuesOf = (claim: string) => readonly string[];

/** Whether a value meets any of a rule's patterns. */
export function meetsAny(rule: ClaimRule, value: string): boolean {
  return rule.patterns.some((pattern) => pattern.matches(value));
}

/** Whether any value of its claim meets a rule: a claim that is absent meets no pattern, not even a `not`. */
export function meetsRule(rule: ClaimRule, valuesOf: ValuesOf): boolean {
  return valuesOf(rule.claim).some((value) => meetsAny(rule, value));
}

/** Whether each rule of a selector is met. */
export function meetsSelector(selector: Selector, valuesOf: ValuesOf): boolean {
  return selector.every((rule) => meetsRule(rule, valuesOf));
}
