import type { DraftedClaim, Profile } from './suggest.ts';

/** So many are listed. */
const MAX_GROUPS = 10;

/** Claims by which signers are told apart, the first that they have. */
const IDENTITIES = ['builder', 'subject', 'key'];

/** Signers with one workflow, address or key. */
export interface SignerGroup {
  readonly claim: string;
  /** What they have in common: of a workflow its address without the ref. */
  readonly identity: string;
  readonly count: number;
  /** Of the claims in which the groups differ, what this one has: patterns as JSON, or nothing. */
  readonly differs: readonly { readonly claim: string; readonly patterns: readonly string[] }[];
}

/**
 * The groups of signers, where an `expect` with one list for each claim would let a signer of one group do what only another group
 * does; else none.
 */
export function groupsOf(profiles: readonly Profile[], claims: readonly DraftedClaim[]): readonly SignerGroup[] {
  const groups = new Map<string, Profile[]>();
  for (const profile of profiles) {
    const key = JSON.stringify(identityOf(profile));
    groups.set(key, [...(groups.get(key) ?? []), profile]);
  }
  if (groups.size < 2 || groups.size > MAX_GROUPS) {
    return [];
  }
  const all = [...groups.values()];
  const differing = claims
    .map(({ claim }) => claim)
    .filter((claim) => !OF_IDENTITY.has(claim))
    .filter((claim) => new Set(all.map((group) => JSON.stringify(patternsOf(group, claim)))).size > 1);
  return differing.length === 0
    ? []
    : all
        .map((group) => ({
          // Never undefined: a group has a profile.
          ...identityOf(group[0] as Profile),
          count: group.reduce((sum, { count }) => sum + count, 0),
          differs: differing.map((claim) => ({ claim, patterns: patternsOf(group, claim) })),
        }))
        .sort((a, b) => b.count - a.count);
}

/** They hold the workflow itself, so that they differ whenever there are two. */
const OF_IDENTITY: ReadonlySet<string> = new Set(['builder', 'subject', 'key', 'workflow', 'slsa_builder', 'sct']);

function identityOf({ patterns }: Profile): { readonly claim: string; readonly identity: string } {
  const claim = IDENTITIES.find((name) => patterns.has(name)) ?? 'key';
  const source: unknown = JSON.parse(patterns.get(claim)?.[0] ?? '""');
  const text = typeof source === 'string' ? source : JSON.stringify(source);
  return { claim, identity: text.replace(/@refs\/.*$/, '') };
}

function patternsOf(group: readonly Profile[], claim: string): readonly string[] {
  return [...new Set(group.flatMap(({ patterns }) => patterns.get(claim) ?? []))].sort();
}
