import type { LogsConfig } from '../config/config.ts';
import type { NamedLog } from '../evidence/log-key.ts';
import type { TrustData } from '../trust/trusted-root.ts';

/** A log with the keys by which it may sign (SubjectPublicKeyInfo, DER). */
export interface KnownLog extends NamedLog {
  readonly publicKeys: readonly Buffer[];
}

/**
 * Every log that the configuration and the trust data know, also where it is not followed; Rekor v1 by its server. A custom log
 * stands for the trusted one of the same origin.
 */
export function knownLogs(
  { custom, override }: Pick<LogsConfig, 'custom' | 'override'>,
  trust: Pick<TrustData, 'logs' | 'ctLogs'>,
): readonly KnownLog[] {
  const taken = new Set(custom.map(({ origin }) => origin));
  const trusted = [...trust.logs, ...trust.ctLogs]
    .filter(({ origin }) => !taken.has(origin))
    .map(({ type, origin, spki }) => ({ type, origin, publicKeys: [spki] }));
  return [...custom, ...trusted].map((known: KnownLog) => {
    const { type, origin, publicKeys } = { ...known, ...override.get(known.origin) };
    return { type, origin, publicKeys };
  });
}

/** The keys by which a log may sign (SubjectPublicKeyInfo, DER), as {@link knownLogs} knows them. */
export function knownKeys(
  log: NamedLog,
  config: Pick<LogsConfig, 'custom' | 'override'>,
  trust: Pick<TrustData, 'logs' | 'ctLogs'>,
): readonly Buffer[] {
  return knownLogs(config, trust)
    .filter((known) => isOf(log, known))
    .flatMap(({ publicKeys }) => publicKeys);
}

/** Of Rekor v1 the whole server is known; its shards are named after it (rekor pkg/util/checkpoint.go). */
export function isOf(log: NamedLog, known: NamedLog): boolean {
  return (
    log.type === known.type &&
    (log.origin === known.origin || (log.type === 'rekor-v1' && log.origin.replace(/ - \d+$/, '') === known.origin))
  );
}
