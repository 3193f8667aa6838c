import { z } from 'zod';
import { CLAIMS, COMPUTED_CLAIMS, isOidClaim } from '../policy/claims.ts';
import { compilePattern, compileRegexp, type PatternSource } from '../policy/pattern.ts';
import type { ClaimRule, Severity, Watch } from '../policy/watch.ts';
import { quote } from './key-path.ts';
import type { Machine } from './machine.ts';
import { nearest } from './nearest.ts';
import { attestationPlace } from './schema-attestations.ts';
import { name, nonEmptyList, strict, text } from './schema-parts.ts';

export const SEVERITIES = ['critical', 'high', 'medium', 'low'] as const satisfies readonly Severity[];

/** One item of `watches`. */
export function watchSchema(machine: Machine): z.ZodType<Watch> {
  return strict({
    name: name.describe('Stands in every alert and finding.'),
    description: text.optional(),
    select: nonEmptyList(claimMap('select'), 'a list of maps of claims').describe(
      'Which entries claim to be mine: OR between the items, AND inside one.',
    ),
    expect: z
      .union([z.literal('none'), claimMap('expect')], { error: 'expected a map of claims, or none' })
      .optional()
      .describe('What must then hold, all of it. none: nothing may ever sign here. Absent: only observe.'),
    mode: z.enum(['enforce', 'audit']).default('enforce').describe('audit: record, never alert.'),
    severity: z.enum(SEVERITIES).default('high'),
    notify: nonEmptyList(z.string(), 'names of channels').optional().describe('Channels instead of the routes.'),
    attestations: attestationPlace(machine)
      .optional()
      .describe('Where attestations lie that the log does not hold. Absent: nowhere else is asked.'),
  }).transform((watch) => ({
    name: watch.name,
    description: watch.description ?? null,
    select: watch.select,
    expect: watch.expect ?? null,
    mode: watch.mode,
    severity: watch.severity,
    notify: watch.notify ?? null,
    attestations: watch.attestations ?? null,
  }));
}

function claimMap(place: 'select' | 'expect'): z.ZodType<[ClaimRule, ...ClaimRule[]]> {
  return z.record(claimName(place), pattern).transform((map, context): [ClaimRule, ...ClaimRule[]] => {
    // Cannot throw: what does not compile was refused where it stands.
    const [first, ...others] = Object.entries(map).map(([claim, source]): ClaimRule => ({
      claim,
      patterns: [compilePattern(source, claim)],
    }));
    if (first === undefined) {
      const hint = place === 'expect' ? '; leave expect out to only observe' : '';
      context.issues.push({ code: 'custom', message: `expected at least one claim${hint}`, input: undefined });
      return z.NEVER;
    }
    return [first, ...others];
  });
}

function claimName(place: 'select' | 'expect'): z.ZodType<string, string> {
  const allowed = [...CLAIMS].filter((claim) => place === 'expect' || !COMPUTED_CLAIMS.has(claim));
  return z
    .string()
    .superRefine((claim, context) => {
      const message = claimFault(claim, place, allowed);
      if (message !== null) {
        context.addIssue({ code: 'custom', message });
      }
    })
    .meta({ anyOf: [{ enum: allowed }, { pattern: '^oid:[0-2](\\.(0|[1-9][0-9]*))+$' }] });
}

function claimFault(claim: string, place: 'select' | 'expect', allowed: readonly string[]): string | null {
  if (allowed.includes(claim) || isOidClaim(claim)) {
    return null;
  }
  if (place === 'select' && COMPUTED_CLAIMS.has(claim)) {
    return `the claim ${quote(claim)} is computed for signers that are selected: only expect may name it`;
  }
  if (claim.startsWith('oid:')) {
    return `Cannot parse claim ${quote(claim)}: expected oid: and an object identifier such as oid:1.3.6.1.4.1.57264.1.5`;
  }
  return `unknown claim ${quote(claim)}${nearest(claim, allowed)}; expected one of: ${allowed.join(', ')}, oid:1.2.3.4`;
}

/** A pattern as it is written; only its text is checked here, because what it means depends on the claim. */
const pattern: z.ZodType<PatternSource> = z.union(
  [
    z.string().superRefine((source, context) => {
      refuse(context, () => compilePattern(source, ''));
    }),
    strict({
      regexp: z.string().superRefine((source, context) => {
        refuse(context, () => compileRegexp(source));
      }),
    }).meta({ description: 'RE2 syntax, anchored at both ends.' }),
    strict({
      get not() {
        return pattern;
      },
    }).meta({ description: 'What must not match. A claim that is absent meets no pattern, not even this.' }),
    nonEmptyList(
      z.lazy(() => pattern),
      'patterns',
    ),
  ],
  {
    error: (issue) =>
      typeof issue.input === 'number' || typeof issue.input === 'boolean'
        ? `expected a string: write it in quotes ("${String(issue.input)}")`
        : 'expected a string, { regexp: "…" }, { not: … }, or a list of them',
  },
);

function refuse(context: z.RefinementCtx, compile: () => unknown): void {
  try {
    compile();
  } catch (error) {
    if (!(error instanceof SyntaxError)) {
      throw error;
    }
    context.addIssue({ code: 'custom', message: error.message });
  }
}
