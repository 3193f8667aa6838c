import { EntryError } from './entry-error.ts';
import { isObject, objectAt, type JsonObject } from './json.ts';

/** More than a repository is likely to log here; an alert lists each. */
const MAX_ARTIFACTS = 1000;
const SIZES = { sha256: 64, sha384: 96, sha512: 128 } as const;

/**
 * The digests of all targets, where the metadata that was signed is that of targets (TUF specification §4.5); none for the
 * other roles. Metadata with more than 1,000 cannot be read: to leave some out would hide them from whoever watches one.
 * Digests of other algorithms are passed over. Throws EntryError.
 */
export function tufArtifacts(signed: JsonObject): readonly string[] {
  if (signed['_type'] !== 'targets') {
    return [];
  }
  const artifacts = new Set<string>();
  for (const target of Object.values(objectAt(signed, 'targets', 'metadata.signed'))) {
    const hashes = isObject(target) && isObject(target['hashes']) ? target['hashes'] : {};
    for (const algorithm of ['sha256', 'sha384', 'sha512'] as const) {
      const value = hashes[algorithm];
      if (typeof value === 'string' && value.length === SIZES[algorithm] && /^[0-9a-f]+$/i.test(value)) {
        artifacts.add(`${algorithm}:${value.toLowerCase()}`);
      }
    }
    if (artifacts.size > MAX_ARTIFACTS) {
      throw new EntryError(`Cannot read metadata.signed.targets: they have more than ${MAX_ARTIFACTS} digests`);
    }
  }
  return [...artifacts];
}
