import type { Statement } from './entry.ts';
import { isObject, parseJsonObject, type JsonObject } from './json.ts';
import { provenanceClaims } from './provenance.ts';
import { listed, objectsIn, reach, strings } from './statement-values.ts';

/** in-toto attestation spec, v0.1 and v1: for what is read here both are laid out alike. */
const TYPES: ReadonlySet<unknown> = new Set(['https://in-toto.io/Statement/v0.1', 'https://in-toto.io/Statement/v1']);

/** Hex digits of a digest by the name of its algorithm (in-toto attestation spec, DigestSet). */
const HEX_LENGTHS = { sha256: 64, sha384: 96, sha512: 128 } as const;

/**
 * Reads an in-toto statement: what it says it is about, and of SLSA provenance who built that from what. Values are verbatim; a
 * field of another type than it should have is absent. Null for bytes that are no such statement. Never throws.
 */
export function parseStatement(payload: Buffer): Statement | null {
  const statement = parseJson(payload);
  if (statement === null || !TYPES.has(statement['_type'])) {
    return null;
  }
  const subjects = objectsIn(reach(statement, 'subject'));
  const predicateTypes = strings(reach(statement, 'predicateType'));
  const predicates = reach(statement, 'predicate').filter(isObject);
  const provenance = provenanceClaims(predicateTypes, predicates);
  return {
    claims: claimsOf([
      ['predicate_type', predicateTypes],
      ['subject_name', subjects.flatMap((subject) => strings(reach(subject, 'name')))],
      ...provenance.flatMap((claims) => Object.entries(claims)),
    ]),
    subjects: [...new Set(subjects.flatMap(digestsOf))],
  };
}

function parseJson(payload: Buffer): JsonObject | null {
  try {
    return parseJsonObject(payload);
  } catch {
    return null;
  }
}

/** All values by claim. An absent claim has no key. */
function claimsOf(found: readonly (readonly [string, readonly string[]])[]): Statement['claims'] {
  const claims = new Map<string, string[]>();
  for (const [claim, values] of found) {
    const all = claims.get(claim) ?? [];
    for (const value of values) {
      all.push(value);
      claims.set(claim, all);
    }
  }
  return Object.fromEntries([...claims].map(([claim, values]) => [claim, listed(values)]));
}

function digestsOf(subject: JsonObject): readonly string[] {
  return Object.entries(HEX_LENGTHS).flatMap(([algorithm, length]) =>
    strings(reach(subject, 'digest').map((digest) => (isObject(digest) ? digest[algorithm] : null)))
      .filter((value) => value.length === length && /^[0-9a-f]+$/i.test(value))
      .map((value) => `${algorithm}:${value.toLowerCase()}`),
  );
}
