import { createHash } from 'node:crypto';
import type { ParsedEntry, Signer } from '../entry/entry.ts';
import { findViolation } from './judge.ts';
import { meetsAny } from './meets.ts';
import type { Standing } from './standing.ts';
import type { ArtifactsRule, ClaimRule, Resigned } from './watch.ts';

/** Whether a signer is who it says: nothing costs less than a certificate of one's own making. */
export function isGenuine({ chain, signature }: Pick<Standing, 'chain' | 'signature'>): boolean {
  return (chain === 'trusted' || chain === null) && signature !== 'invalid';
}

/**
 * Whether a rule lets this signer sign the followed `artifact`. As with `expect` every value of a claim must meet, so that nobody is
 * let through by one of several names; and only who is genuine is anybody's known re-signer.
 */
export function isAllowed(
  { allow }: ArtifactsRule,
  artifact: string,
  entry: ParsedEntry,
  signer: Signer,
  standing: Standing,
): boolean {
  const meets = (rule: ClaimRule): boolean =>
    rule.claim === 'artifact' ? meetsAny(rule, artifact) : findViolation(rule, entry, signer, standing).length === 0;
  return isGenuine(standing) && allow.some((selector) => selector.every(meets));
}

/**
 * What of a signer stays the same from one signature to the next, hashed: issuer and subjects, without the ref that a workflow ran at;
 * of a bare key its fingerprint. Which of both it is stands before it: `certificate:` or `key:`.
 */
export function identityOf({ certificate, fingerprint, claims }: Signer): string {
  const identity =
    certificate === null
      ? [fingerprint]
      : [claims['issuer']?.[0] ?? null, [...(claims['subject'] ?? [])].map(withoutRef).sort()];
  // Hashed, because a certificate may hold a megabyte of subject.
  const hash = createHash('sha256').update(JSON.stringify(identity)).digest('hex');
  return `${certificate === null ? 'key' : 'certificate'}:${hash}`;
}

/** `…/release.yml@refs/tags/v1.2.3`: each release has its own. */
function withoutRef(subject: string): string {
  const at = subject.indexOf('@refs/');
  return at === -1 || !subject.includes('://') ? subject : subject.slice(0, at);
}

/** So many others may sign an artifact before it is taken for nobody's in particular; bare keys, of which anybody can make many, are counted apart. */
export const MOST_RESIGNERS = 10;

/** Whether it is one of those that make a crowd: who is not genuine costs nothing, and who imitates is told in any case. */
export function countsAsResigner({ imitates }: Pick<Resigned, 'imitates'>, standing: Standing): boolean {
  return imitates === null && isGenuine(standing);
}
