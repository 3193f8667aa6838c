import type { AttestationPlace, BurstRule, ClaimRule, Watch } from './watch.ts';

/** From the longest on: what a configuration would be written in. */
const UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
] as const;

/**
 * A watch as canonical JSON, with the keys of the configuration: two watches have the same one exactly if they say the same,
 * in whatever order their claims are written. Secrets are left out, and so is what the configuration does not say: a later
 * version with more keys gives the same one. Pure.
 */
export function watchDefinition(watch: Watch): string {
  const { name, description, select, expect, mode, severity, notify, attestations, artifacts } = watch;
  return JSON.stringify({
    name,
    ...(description !== null && { description }),
    select: select.map(claimMap),
    ...(expect !== null && { expect: expect === 'none' ? 'none' : claimMap(expect) }),
    mode,
    severity,
    ...(notify !== null && { notify }),
    ...(attestations !== null && { attestations: place(attestations) }),
    ...(watch.firstSeen.length > 0 && { first_seen: [...watch.firstSeen].sort() }),
    ...(watch.burst !== null && { burst: burstRule(watch.burst) }),
    ...(watch.cadenceMs !== null && { cadence: durationText(watch.cadenceMs) }),
    ...(artifacts !== null && {
      artifacts: {
        follow: artifacts.follow,
        ...(artifacts.allow.length > 0 && { allow: artifacts.allow.map(claimMap) }),
      },
    }),
  });
}

function claimMap(rules: readonly ClaimRule[]): Readonly<Record<string, unknown>> {
  const claims = rules.map(({ claim, patterns: [first, ...others] }): [string, unknown] => [
    claim,
    others.length === 0 ? first.source : [first, ...others].map(({ source }) => source),
  ]);
  // By code units, which is the same on every machine.
  return Object.fromEntries(claims.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
}

function place(attestations: AttestationPlace): unknown {
  return attestations.kind === 'github' ? { github: true, url: attestations.url } : { directory: attestations.path };
}

function burstRule({ perMs, over }: BurstRule): unknown {
  return { per: durationText(perMs), over };
}

function durationText(ms: number): string {
  const [unit, length] = UNITS.find(([, size]) => ms > 0 && ms % size === 0) ?? ['ms', 1];
  return `${ms / length}${unit}`;
}
