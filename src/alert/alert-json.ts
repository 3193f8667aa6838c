import type { Violation } from '../policy/watch.ts';
import type { Alert, AlertLinks, SignerSummary } from './alert.ts';

/** An alert as operators' programs read it (contract: `alerts list --json`). Hostile text stays as it was signed. */
export interface AlertJson {
  readonly id: string;
  readonly class: string;
  readonly kind: string;
  readonly severity: string;
  readonly state: string;
  readonly watch: string | null;
  readonly title: string;
  readonly summary: string;
  readonly log: string | null;
  readonly index: number | null;
  readonly last_index: number | null;
  readonly violations: readonly Violation[];
  readonly signer: SignerSummary | null;
  readonly artifacts: readonly string[];
  readonly occurrences: number;
  /** RFC 3339 UTC. */
  readonly first_seen: string;
  readonly last_seen: string;
  readonly dedupe_key: string;
  readonly links: AlertLinks;
}

/** Names an alert's parts as the contract does. */
export function alertJson(alert: Alert): AlertJson {
  return {
    id: alert.id,
    class: alert.class,
    kind: alert.kind,
    severity: alert.severity,
    state: alert.state,
    watch: alert.watch,
    title: alert.title,
    summary: alert.summary,
    log: alert.log,
    index: alert.index,
    last_index: alert.lastIndex,
    violations: alert.violations,
    signer: alert.signer,
    artifacts: alert.artifacts,
    occurrences: alert.occurrences,
    first_seen: alert.firstSeen.toISOString(),
    last_seen: alert.lastSeen.toISOString(),
    dedupe_key: alert.dedupeKey,
    links: alert.links,
  };
}
