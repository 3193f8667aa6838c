import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Config } from '../config/config.ts';
import { loadWithoutSecrets } from '../config/load.ts';
import { formatEvidence } from '../evidence/evidence-file.ts';
import type { NamedLog } from '../evidence/log-key.ts';
import { LogMisbehaved, LogUnavailable, type EntryEvidence, type Evidence } from '../log/log.ts';
import { findAlertLeaf } from '../store/alert-entry.ts';
import { findAlert, type StoredAlert } from '../store/alerts.ts';
import { findLog } from '../store/logs.ts';
import { Store } from '../store/store.ts';
import type { Hash } from '../tlog/hash.ts';
import { findIssuers } from '../trust/issuers.ts';
import type { TrustData } from '../trust/trusted-root.ts';
import { evidenceContent } from './evidence-content.ts';
import { fetchEntry } from './fetch-entry.ts';
import type { ExitStatus, Io } from './io.ts';
import { knownKeys } from './known-keys.ts';
import { offlineTrust } from './offline-trust.ts';
import { jsonLine, safe } from './print.ts';

export interface EvidenceOptions {
  /** The file to write; default: a new one in the current folder, named after the alert. */
  readonly out?: string | undefined;
  readonly json?: boolean | undefined;
}

/** Files of one alert beside one another. */
const MAX_FILES = 1000;

/**
 * `sigwatch evidence ID`: writes everything that proves an alert to a new file and prints its path. An entry whose proof is
 * not kept is asked of its log. 2 for an unknown id, or a file that cannot be written; 3 when the log does not give the
 * proof. Throws ConfigError.
 */
export async function evidenceCommand(
  configFile: string,
  id: string,
  options: EvidenceOptions,
  io: Pick<Io, 'stdout' | 'stderr' | 'env' | 'signal'>,
): Promise<ExitStatus> {
  const config = loadWithoutSecrets(configFile, io.env);
  const known = lookUp(config, id);
  if (known === null) {
    io.stderr(`Cannot write evidence of alert "${safe(id)}": there is none; see \`sigwatch alerts list\`\n`);
    return 2;
  }
  const { alert, log } = known;
  const trust = offlineTrust(config);
  let evidence: Evidence | EntryEvidence | null;
  try {
    evidence = alert.evidence ?? (await fetchMissing(known, config, trust, io.signal));
  } catch (error) {
    if (!(error instanceof LogUnavailable || error instanceof LogMisbehaved)) {
      throw error;
    }
    io.stderr(`${safe(error.message)}\nNo proof of this entry was kept when the alert was raised; try again later\n`);
    return 3;
  }
  const content = evidenceContent({
    alert,
    evidence,
    log,
    keys: log === null ? [] : knownKeys(log, config.logs, trust),
    issuersOf: (certificate) => findIssuers(certificate, trust.authorities),
    watches: config.watches,
  });
  const file = writeNew(formatEvidence(content), id, options.out);
  if (file === null) {
    const named = options.out ?? nameOf(id, MAX_FILES);
    io.stderr(`Cannot write evidence to "${safe(named)}": expected a new file in a folder that can be written\n`);
    return 2;
  }
  if (evidence === null) {
    io.stderr('Nothing of this alert can be proven to others: the file holds what is known of it\n');
  } else if (content.log?.public_keys.length === 0) {
    io.stderr(`No key of "${safe(content.log.origin)}" is configured or trusted any more: the file holds none\n`);
  }
  io.stdout(options.json === true ? `${jsonLine({ alert: id, file })}\n` : `${safe(file)}\n`);
  return 0;
}

interface KnownAlert {
  readonly alert: StoredAlert;
  readonly log: NamedLog | null;
  /** Of the entry that opened it. */
  readonly leafHash: Hash | null;
}

function lookUp({ database }: Config, id: string): KnownAlert | null {
  const store = Store.open(database, { readonly: true });
  try {
    const alert = findAlert(store, id);
    if (alert === null) {
      return null;
    }
    const type = alert.log === null ? undefined : findLog(store, alert.log)?.type;
    const log = alert.log === null || type === undefined ? null : { origin: alert.log, type };
    return { alert, log, leafHash: alert.index === null ? null : findAlertLeaf(store, id, alert.index) };
  } finally {
    store.close();
  }
}

/** Only an alert about an entry has evidence that can be had later. */
async function fetchMissing(
  { alert, log, leafHash }: KnownAlert,
  config: Config,
  trust: TrustData,
  signal: AbortSignal,
): Promise<EntryEvidence | null> {
  return alert.class !== 'identity' || alert.index === null || log === null
    ? null
    : await fetchEntry({ log, index: alert.index, hash: leafHash }, config, trust, signal);
}

/** Writes a file that was not there, and gives its path; null when that cannot be. */
function writeNew(text: string, id: string, out: string | undefined): string | null {
  const names = out === undefined ? Array.from({ length: MAX_FILES }, (_, place) => nameOf(id, place + 1)) : [out];
  for (const name of names) {
    try {
      writeFileSync(name, text, { flag: 'wx' });
      return resolve(name);
    } catch (error) {
      if (!(error instanceof Error && 'code' in error)) {
        throw error;
      }
      if (error.code !== 'EEXIST') {
        return null;
      }
    }
  }
  return null;
}

function nameOf(id: string, place: number): string {
  return place === 1 ? `sigwatch-evidence-${id}.json` : `sigwatch-evidence-${id}-${place}.json`;
}
