import { existsSync } from 'node:fs';
import type { Config } from '../config/config.ts';
import { loadWithoutSecrets } from '../config/load.ts';
import type { NamedLog } from '../evidence/log-key.ts';
import { LogMisbehaved, LogUnavailable, type EntryEvidence, type Leaf, type LogType } from '../log/log.ts';
import { decodeLeaf } from '../monitor/judge-batch.ts';
import { findLog } from '../store/logs.ts';
import { findKeptProof, findLogsNamed, findStoredEntries, type StoredEntry } from '../store/stored-entry.ts';
import { Store } from '../store/store.ts';
import type { Hash } from '../tlog/hash.ts';
import type { TrustData } from '../trust/trusted-root.ts';
import { findProofFault } from './check-proof.ts';
import { createExplainer } from './create-explainer.ts';
import { explain, explanationJson, type Explanation } from './explanation.ts';
import { BeyondTree, fetchEntry } from './fetch-entry.ts';
import { findNamedLog } from './find-log.ts';
import type { ExitStatus, Io } from './io.ts';
import { knownKeys } from './known-keys.ts';
import { offlineTrust } from './offline-trust.ts';
import { pageFor, type Row } from './page.ts';
import { formatTime, jsonLine, safe } from './print.ts';
import { renderEntry } from './render-entry.ts';
import { proofJson, renderProof, renderRecorded } from './render-proof.ts';
import { createTimeCheck } from './signed-time.ts';

export interface EntryOptions {
  readonly json?: boolean | undefined;
}

type EntryIo = Pick<Io, 'stdout' | 'stderr' | 'columns' | 'terminal' | 'env' | 'signal'>;

/**
 * `sigwatch entry LOG INDEX`: one entry, decoded, with what was found in it when it was read, what the watches make of it now,
 * and its proof, for which the log is asked. 2 where LOG or INDEX mean no entry; 3 where the log does not prove it, when what is
 * known of it is printed all the same. Throws ConfigError and DatabaseError.
 */
export async function entryCommand(
  configFile: string,
  { log: name, index: position }: { readonly log: string; readonly index: string },
  options: EntryOptions,
  io: EntryIo,
  now: Date,
): Promise<ExitStatus> {
  const config = loadWithoutSecrets(configFile, io.env);
  const trust = offlineTrust(config);
  const told = (message: string): void => {
    io.stderr(`${safe(message)}\n`);
  };
  try {
    const index = parseIndex(position);
    const stored = readBeside(config, (store) => findLogsNamed(store, name)) ?? [];
    const log = await findNamedLog(name, stored, config, trust, io.signal);
    const known = readBeside(config, (store) => readKnown(store, log, index)) ?? NOTHING;
    const proof = await prove(log, index, known, { config, trust, told, signal: io.signal });
    const place = placeOf(log, index, known, proof);
    if (place !== null) {
      print(place, { config, trust, isJson: options.json === true }, io, now);
    }
    return proof === null ? 3 : 0;
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof LogUnavailable || error instanceof LogMisbehaved) {
      told(error.message);
      return error instanceof SyntaxError ? 2 : 3;
    }
    throw error;
  }
}

/** Throws SyntaxError. */
function parseIndex(text: string): number {
  const index = Number(text);
  if (!/^\d{1,16}$/.test(text) || !Number.isSafeInteger(index)) {
    throw new SyntaxError(`Cannot use index "${text.slice(0, 40)}": expected a number from 0 on`);
  }
  return index;
}

/** Null while no daemon made a database. */
function readBeside<T>({ database }: Config, read: (store: Store) => T): T | null {
  if (!existsSync(database)) {
    return null;
  }
  const store = Store.open(database, { readonly: true });
  try {
    return read(store);
  } finally {
    store.close();
  }
}

/** What the database knows. */
interface Known {
  readonly entries: readonly StoredEntry[];
  readonly kept: EntryEvidence | null;
  /** Entries that were ever verified to be in the log. */
  readonly size: number;
}

const NOTHING: Known = { entries: [], kept: null, size: 0 };

function readKnown(store: Store, { origin }: NamedLog, index: number): Known {
  return {
    entries: findStoredEntries(store, origin, index),
    kept: findKeptProof(store, origin, index),
    size: findLog(store, origin)?.position?.frontier.size ?? 0,
  };
}

interface Asking {
  readonly config: Config;
  readonly trust: TrustData;
  readonly told: (message: string) => void;
  readonly signal: AbortSignal;
}

/**
 * The proof that the log gives now, else the one that was kept with an alert; null, which is told, where there is neither.
 * Throws SyntaxError where the log ends before the entry.
 */
async function prove(log: NamedLog, index: number, known: Known, asking: Asking): Promise<EntryEvidence | null> {
  const { config, trust, told, signal } = asking;
  const keys = knownKeys(log, config.logs, trust);
  const isKnown = ({ leaf }: EntryEvidence): boolean =>
    known.entries.length === 0 || known.entries.some(({ leafHash }) => leafHash.equals(leaf.hash));
  try {
    const proof = await fetchEntry({ log, index, hash: null }, config, trust, signal);
    const fault = findProofFault(proof, log, keys);
    if (fault === null && isKnown(proof)) {
      return proof;
    }
    told(
      `Cannot prove entry ${index} of "${log.origin}": ${fault ?? 'the log shows another one now than it did before'}`,
    );
  } catch (error) {
    if (error instanceof BeyondTree && known.entries.length === 0 && index >= known.size) {
      const { size } = error;
      const message = `Cannot show entry ${index} of "${log.origin}": its tree has ${size} entries`;
      throw new SyntaxError(size === 0 ? message : `${message}, expected an index up to ${size - 1}`, { cause: error });
    }
    if (!(error instanceof LogUnavailable || error instanceof LogMisbehaved)) {
      throw error;
    }
    told(error.message);
  }
  const { kept } = known;
  if (kept !== null && isKnown(kept) && findProofFault(kept, log, keys) === null) {
    told('The proof shown is the one that was kept with an alert');
    return kept;
  }
  return null;
}

/** An entry in its log. */
interface Place {
  readonly log: NamedLog;
  readonly leaf: Pick<Leaf, 'index' | 'data' | 'extra' | 'integratedTime' | 'globalIndex' | 'uuid'> & {
    readonly hash: Hash;
  };
  /** As it is in the database; null where it is not. */
  readonly stored: StoredEntry | null;
  readonly proof: EntryEvidence | null;
}

/** Null where the entry is neither kept nor proven. */
function placeOf(log: NamedLog, index: number, { entries }: Known, proof: EntryEvidence | null): Place | null {
  if (proof !== null) {
    const stored = entries.find(({ leafHash }) => leafHash.equals(proof.leaf.hash)) ?? null;
    return { log, leaf: proof.leaf, stored, proof };
  }
  const [stored] = entries;
  if (stored === undefined) {
    return null;
  }
  const { body, extra, leafHash, integratedTime, globalIndex, uuid } = stored;
  const leaf = { index, data: body, hash: leafHash, integratedTime, globalIndex, uuid, ...(extra && { extra }) };
  return { log, leaf, stored, proof };
}

interface Means {
  readonly config: Config;
  readonly trust: TrustData;
  readonly isJson: boolean;
}

function print(place: Place, { config, trust, isJson }: Means, io: EntryIo, now: Date): void {
  const { log, leaf, stored, proof } = place;
  const explainer = createExplainer(config.watches, trust, now);
  const explanation = explain(
    decodeLeaf(log.type, leaf),
    {
      body: leaf.data,
      leafHash: leaf.hash,
      signedTime: signedTimeOf(place, createTimeCheck(config.logs, trust)),
      cameWithAttestation: log.type === 'rekor-v1' && leaf.extra !== undefined,
    },
    explainer,
  );
  if (isJson) {
    io.stdout(`${jsonLine(toJson(place, explanation))}\n`);
    return;
  }
  const page = pageFor(io);
  const title = `Entry ${leaf.index} of ${log.origin}`;
  io.stdout(
    [
      renderEntry(title, rowsOf(place, explanation, log.type), explanation, explainer, page),
      stored === null ? '' : renderRecorded(stored, page),
      renderProof(proof, page),
    ].join(''),
  );
}

/** As the proof shows it, else as it was checked when the entry was read. */
function signedTimeOf({ leaf, proof, stored }: Place, check: ReturnType<typeof createTimeCheck>): number | null {
  const { integratedTime, globalIndex } = leaf;
  const { logId = null, timestamp = null } = proof ?? {};
  if (timestamp !== null && logId !== null && integratedTime !== null && globalIndex !== null) {
    return check({ encodedBody: leaf.data.toString('base64'), integratedTime, logId, globalIndex, timestamp });
  }
  return stored?.isTimeSigned === true ? stored.integratedTime : null;
}

function rowsOf({ leaf, stored }: Place, { signedTime }: Explanation, type: LogType): readonly Row[] {
  const { globalIndex, uuid } = leaf;
  const integrated = toDate(leaf.integratedTime);
  return [
    ...(globalIndex === null ? [] : [{ label: 'index', value: `${globalIndex} over all shards of the log` }]),
    ...(uuid === null ? [] : [{ label: 'uuid', value: uuid }]),
    ...(integrated === null || signedTime !== null
      ? []
      : [{ label: 'time', value: `${formatTime(integrated)}${type === 'ct' ? ', in the leaf' : ', not signed'}` }]),
    ...(stored === null ? [] : [{ label: 'observed', value: formatTime(stored.observedAt) }]),
  ];
}

function toJson({ log, leaf, stored, proof }: Place, explanation: Explanation): unknown {
  return {
    log: log.origin,
    index: leaf.index,
    global_index: leaf.globalIndex,
    uuid: leaf.uuid,
    integrated_time: toDate(leaf.integratedTime)?.toISOString() ?? null,
    file: null,
    ...explanationJson(explanation),
    recorded: stored && {
      observed_at: stored.observedAt.toISOString(),
      judgements: stored.findings.map((one) => ({ ...one })),
    },
    proof: proof && proofJson(proof),
  };
}

/** Null for what is no time. */
function toDate(seconds: number | null): Date | null {
  const date = seconds === null ? null : new Date(seconds * 1000);
  return date === null || Number.isNaN(date.getTime()) || date.getUTCFullYear() > 9999 ? null : date;
}
