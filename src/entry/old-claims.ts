import type { ClaimDraft } from './claim-draft.ts';
import { addPlainText } from './claim-text.ts';
import { readText, type DerText, type Range } from './der.ts';
import { FIRST_ISSUER, FULCIO_OID } from './fulcio-oids.ts';

const GITHUB = 'https://github.com/';

/** Old extensions of GitHub, and the claims that say the same since 2023 (fulcio docs/oid-info.md). */
const REPLACED: readonly (readonly [old: string, claim: string])[] = [
  [`oid:${FULCIO_OID}.2`, 'trigger'],
  [`oid:${FULCIO_OID}.3`, 'source_digest'],
  [`oid:${FULCIO_OID}.6`, 'source_ref'],
];
const OLD_REPOSITORY = `oid:${FULCIO_OID}.5`;

/**
 * Takes the issuer from the extensions .1, which lie at `places`, where there is no .8. Where both are there and differ, the
 * claim stands for both, for some verifiers still read the old one; .1 then shows by itself as well.
 */
export function addFirstIssuers(draft: ClaimDraft, der: DerText, places: readonly Range[]): void {
  const issuers = draft.claims['issuer'];
  const [first] = places;
  if (first === undefined || (places.length === 1 && issuers?.length === 1 && issuers[0] === textAt(der, first))) {
    return;
  }
  const claims = issuers === undefined ? ['issuer'] : ['issuer', FIRST_ISSUER];
  if (issuers !== undefined && places.some((place) => textAt(der, place) !== issuers[0])) {
    draft.blame('issuer', `${FIRST_ISSUER} contradicts it`);
  }
  for (const claim of claims) {
    places.forEach((place) => {
      addPlainText(draft, claim, der, place);
    });
    if (places.length > 1) {
      draft.blame(claim, 'it occurs more than once');
    }
    if (draft.claims[claim]?.includes('') === true) {
      draft.blame(claim, 'it is empty');
    }
  }
}

/** Where an old extension contradicts the claim that replaced it, the claim stands for both: some verifiers still read the old one. */
export function compareOldClaims(draft: ClaimDraft): void {
  const { claims } = draft;
  for (const [old, claim] of REPLACED) {
    const before = claims[old];
    const now = claims[claim];
    if (before !== undefined && now !== undefined && !isSame(before, now)) {
      contradict(draft, claim, old, before);
    }
  }
  const before = claims[OLD_REPOSITORY];
  const now = claims['source_repository'];
  if (before !== undefined && now !== undefined && !isSameRepository(before, now)) {
    // GitHub's own verifiers put its host before it whatever the new one says.
    const hosts = [...new Set([hostOf(now[0] ?? ''), GITHUB])];
    const urls = hosts.flatMap((host) => before.map((path) => host + path));
    contradict(draft, 'source_repository', OLD_REPOSITORY, urls);
  }
}

function contradict(draft: ClaimDraft, claim: string, old: string, readings: readonly string[]): void {
  draft.blame(claim, `${old} contradicts it`);
  readings.forEach((reading) => {
    draft.add(claim, reading);
  });
}

function textAt(der: DerText, { start, end }: Range): string | null {
  return readText(der, start, end);
}

function isSame(before: readonly string[], now: readonly string[]): boolean {
  return before.length === 1 && now.length === 1 && (before[0] === now[0] || before[0] === '');
}

/** The old one is `owner/repo`, the new one its URL, of whatever host. */
function isSameRepository(before: readonly string[], now: readonly string[]): boolean {
  const [path = ''] = before;
  const [url = ''] = now;
  if (before.length > 1 || now.length > 1) {
    return false;
  }
  // Nearly always the first: no text is made for it.
  const isUrl = url.length === GITHUB.length + path.length && url.startsWith(GITHUB) && url.endsWith(path);
  return isUrl || path === '' || foldCase(url) === foldCase(hostOf(url) + path);
}

/** `https://HOST/` of a URL; GitHub's for what is none. */
function hostOf(url: string): string {
  return /^https?:\/\/[^/]+\//i.exec(url)?.[0] ?? GITHUB;
}

function foldCase(text: string): string {
  return text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}
