import { z } from 'zod';
import { CLAIMS, COMPUTED_CLAIMS, isOidClaim, MAX_OID_CLAIM, OID_CLAIM } from '../policy/claims.ts';
import { compilePattern, compileRegexp, MAX_PATTERN, type PatternSource } from '../policy/pattern.ts';
import type { ClaimRule } from '../policy/watch.ts';
import { CLAIM_WORDS } from './claim-words.ts';
import { quote } from './key-path.ts';
import { nearest } from './nearest.ts';
import { nonEmptyList, strict } from './schema-parts.ts';

/** Where claims are named: `expect` may also name those that are computed for signers that are selected. */
type ClaimPlace = 'select' | 'expect';

/** Beside a reference no other word counts in draft-07. */
const PATTERN_REF = [{ $ref: '#/definitions/pattern' }];

/** A pattern as it is written; only its text is checked here, because what it means depends on the claim. */
const pattern: z.ZodType<PatternSource> = z
  .union(
    [
      z
        .string()
        .meta({ maxLength: MAX_PATTERN })
        .superRefine((source, context) => {
          refuse(context, () => compilePattern(source, ''));
        }),
      strict({
        regexp: z
          .string()
          .meta({ maxLength: MAX_PATTERN })
          .superRefine((source, context) => {
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
  )
  .meta({ id: 'pattern' });

function claimMap(place: ClaimPlace): z.ZodType<[ClaimRule, ...ClaimRule[]]> {
  return z
    .record(claimName(place), pattern)
    .meta({ id: place, minProperties: 1, ...claimProperties(place) })
    .transform((map, context): [ClaimRule, ...ClaimRule[]] => {
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

/** What a signer may meet: claims and their patterns, at least one. */
export const selector = claimMap('select');

/** What must hold: likewise, also of claims that are computed. */
export const expectation = claimMap('expect');

/** The name of a claim by which signers may be selected. */
export const selectClaim = claimName('select');

function claimName(place: ClaimPlace): z.ZodType<string, string> {
  const allowed = claimsOf(place);
  return z
    .string()
    .superRefine((claim, context) => {
      const message = claimFault(claim, place, allowed);
      if (message !== null) {
        context.addIssue({ code: 'custom', message });
      }
    })
    .meta({ anyOf: [{ enum: allowed }, { pattern: OID_CLAIM.source, maxLength: MAX_OID_CLAIM }] });
}

function claimsOf(place: ClaimPlace): readonly string[] {
  return [...CLAIMS].filter((claim) => place === 'expect' || !COMPUTED_CLAIMS.has(claim));
}

/** The same for editors, which complete names that stand under `properties` and show what each means. */
function claimProperties(place: ClaimPlace): object {
  const named = claimsOf(place).map((claim) => [claim, { description: CLAIM_WORDS[claim], allOf: PATTERN_REF }]);
  return { properties: Object.fromEntries(named) as object };
}

function claimFault(claim: string, place: ClaimPlace, allowed: readonly string[]): string | null {
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
