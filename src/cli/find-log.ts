import type { Config } from '../config/config.ts';
import type { NamedLog } from '../evidence/log-key.ts';
import { createHttpClient } from '../log/http.ts';
import { createSources } from '../sources.ts';
import type { TrustData } from '../trust/trusted-root.ts';
import { isOf, knownLogs } from './known-keys.ts';

/** How long a server of Rekor v1 may take to list its shards, in milliseconds. */
const PATIENCE_MS = 30_000;

/**
 * The one log that an origin or a configured name means. `stored`: those that the database knows by it. A server of Rekor v1 of
 * which no shard is stored is asked for them. Throws SyntaxError, which names the candidates, where it means none or several;
 * ConfigError; LogUnavailable or LogMisbehaved.
 */
export async function findNamedLog(
  name: string,
  stored: readonly NamedLog[],
  config: Config,
  trust: TrustData,
  signal: AbortSignal,
): Promise<NamedLog> {
  if (stored.length > 0) {
    return onlyOne(name, stored, []);
  }
  // Of Rekor v1 the bare host names no log: its shards do.
  const known = knownLogs(config.logs, trust).find(
    (log) => isOf({ origin: name, type: log.type }, log) && (log.type !== 'rekor-v1' || log.origin !== name),
  );
  return known === undefined ? await askForShards(name, config, trust, signal) : { origin: name, type: known.type };
}

async function askForShards(name: string, config: Config, trust: TrustData, signal: AbortSignal): Promise<NamedLog> {
  const { proxy, ca } = config.network;
  const http = createHttpClient({ timeoutMs: PATIENCE_MS, proxy, ca });
  try {
    const sources = createSources(config.logs, trust, { http, publicHttp: http }).map(({ source }) => source);
    const named = sources.filter((source) => source.name === name || source.origin === name);
    const limited = AbortSignal.any([signal, AbortSignal.timeout(PATIENCE_MS)]);
    const served = await Promise.all(
      named.map(async (source): Promise<readonly NamedLog[]> => {
        return source.type === 'rekor-v1' ? await source.discover(limited) : [source];
      }),
    );
    const logs = served.flat().map(({ origin, type }) => ({ origin, type }));
    const others = sources.map((source) => source.name);
    return onlyOne(name, logs, others);
  } finally {
    await http.close();
  }
}

/** `others`: what may have been meant where nothing was found. */
function onlyOne(name: string, found: readonly NamedLog[], others: readonly string[]): NamedLog {
  const [log, another] = found;
  if (log !== undefined && another === undefined) {
    return log;
  }
  const shown = `"${name.slice(0, 100)}"`;
  if (log === undefined) {
    const such = others.length === 0 ? '' : `, such as ${listed(others)}`;
    throw new SyntaxError(`Cannot find log ${shown}: expected an origin or a name of the configuration${such}`);
  }
  const origins = listed(found.map(({ origin }) => origin));
  throw new SyntaxError(`Cannot tell which log ${shown} means: expected one of ${origins}`);
}

/** Names in a message. */
const MAX_NAMES = 20;

function listed(names: readonly string[]): string {
  const more = names.length > MAX_NAMES ? `, and ${names.length - MAX_NAMES} more` : '';
  const first = names.slice(0, MAX_NAMES).map((name) => `"${name}"`);
  return `${first.join(', ')}${more}`;
}
