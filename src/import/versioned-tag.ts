import { escapeRegexp } from './patterns.ts';

const NUMBER = '(?:0|[1-9][0-9]*)';
const SUFFIX = '(?:-[0-9A-Za-z.-]+)?(?:\\+[0-9A-Za-z.-]+)?';
const VERSION =
  /^v(0|[1-9][0-9]*)(?:\.(0|[1-9][0-9]*)(?:\.(0|[1-9][0-9]*)(?:-([0-9A-Za-z.-]+))?(?:\+[0-9A-Za-z-]+)?)?)?$/;

/**
 * An expression for the tags that slsa-verifier takes for a version (verifiers/utils/source_tag.go): parts that are not given may be
 * anything, and parts that a tag leaves out are 0. Null for what is no version.
 */
export function versionedTag(version: string): string | null {
  const [, major, minor, patch, preRelease] = VERSION.exec(version) ?? [];
  if (major === undefined) {
    return null;
  }
  const ofPatch = patch === undefined ? `${NUMBER}${SUFFIX}` : patchRegexp(patch, preRelease);
  const mayEndAtMinor = patch === undefined || (patch === '0' && preRelease === undefined);
  const ofMinor = `\\.${minor ?? NUMBER}${part(`\\.${ofPatch}`, mayEndAtMinor)}`;
  return `v${major}${part(ofMinor, mayEndAtMinor && (minor === undefined || minor === '0'))}`;
}

function part(regexp: string, mayLack: boolean): string {
  return mayLack ? `(?:${regexp})?` : regexp;
}

/** slsa-verifier compares a pre-release only up to its first dot, and builds not at all. */
function patchRegexp(patch: string, preRelease: string | undefined): string {
  const first = preRelease?.split('.')[0];
  const ofPreRelease = first === undefined ? '' : `-${escapeRegexp(first)}(?:\\.[0-9A-Za-z.-]+)?`;
  return `${patch}${ofPreRelease}(?:\\+[0-9A-Za-z.-]+)?`;
}
