import { EntryError } from './entry-error.ts';
import { objectAt, type JsonObject } from './json.ts';

/** The members of a Rekor v2 `spec`, of which one is set (entry.proto, `Spec`); servers before 2.0.0 spelled them the second way. */
const MEMBERS = {
  hashedrekord: ['hashedRekordV002', 'hashedRekordV0_0_2'],
  dsse: ['dsseV002', 'dsseV0_0_2'],
} as const;
const ALL_MEMBERS = Object.values(MEMBERS).flat();

/** The record of `kind` in a Rekor v2 `spec`, and its path. Throws EntryError, also where a second record stands beside it. */
export function recordAt(
  spec: JsonObject,
  kind: keyof typeof MEMBERS,
): { readonly record: JsonObject; readonly path: string } {
  const found = ALL_MEMBERS.filter((member) => Object.hasOwn(spec, member));
  const [member = MEMBERS[kind][0]] = found;
  if (found.length > 1 || !MEMBERS[kind].some((name) => name === member)) {
    throw new EntryError(`Cannot read spec of a ${kind}: found ${found.join(' and ')}`);
  }
  return { record: objectAt(spec, member, 'spec'), path: `spec.${member}` };
}
