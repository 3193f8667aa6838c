import type { Claims } from '../../src/entry/entry.ts';
import type { Sighting } from '../../src/monitor/detect.ts';
import type { Watch } from '../../src/policy/watch.ts';
import { ENTRY, makeJudgement, makeSigner, makeWatch, releaseClaims } from './alert-drafts.ts';

/** What of a sighting differs from an expected release of acme/widget; `claims` are those that differ, undefined for none. */
export interface SightingParts extends Partial<Omit<Sighting, 'watch'>> {
  readonly watch?: Partial<Watch>;
  readonly claims?: Readonly<Record<string, readonly string[]>>;
  readonly without?: string;
}

/** A trusted signer whom a watch sees for the first time. */
export function sightingOf({ watch, claims, without, ...differing }: SightingParts = {}): Sighting {
  const all = { ...releaseClaims('refs/tags/v1'), ...claims };
  const present: Claims = Object.fromEntries(Object.entries(all).filter(([name]) => name !== without));
  return {
    watch: makeWatch(watch),
    judgement: makeJudgement({ verdict: 'expected' }),
    entry: ENTRY,
    signer: makeSigner(present),
    log: 'log.example',
    index: 0,
    globalIndex: null,
    at: 0,
    isWhenSeen: false,
    ...differing,
  };
}
