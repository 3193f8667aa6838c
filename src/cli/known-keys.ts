import type { CustomLog, LogsConfig } from '../config/config.ts';
import type { NamedLog } from '../evidence/log-key.ts';
import type { TrustData } from '../trust/trusted-root.ts';

/**
 * The keys by which a log may sign (SubjectPublicKeyInfo, DER), as the configuration and the trust data know them, also
 * where it is not followed. A custom log stands for the trusted one of the same origin.
 */
export function knownKeys(
  log: NamedLog,
  { custom, override }: Pick<LogsConfig, 'custom' | 'override'>,
  trust: Pick<TrustData, 'logs' | 'ctLogs'>,
): readonly Buffer[] {
  const taken = new Set(custom.map(({ origin }) => origin));
  const trusted = [...trust.logs, ...trust.ctLogs]
    .filter(({ origin }) => !taken.has(origin))
    .map(({ type, origin, spki }) => ({ type, origin, publicKeys: [spki] }));
  return [...custom, ...trusted]
    .map((known): Pick<CustomLog, 'type' | 'origin'> & { readonly publicKeys: readonly Buffer[] } => ({
      ...known,
      ...override.get(known.origin),
    }))
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
