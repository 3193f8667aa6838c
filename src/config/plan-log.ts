import type { NonEmpty } from '../lib/non-empty.ts';
import { CheckpointRefused, openCheckpoint, parseCheckpoint, type SignedCheckpoint } from '../tlog/checkpoint.ts';
import { noteKey, parseNote, type NoteKey } from '../tlog/note.ts';
import { treeHeadKey, withoutForeignLines } from '../tlog/tree-head.ts';
import type { CustomLog, LogOverride, LogsConfig, PinnedNote, ShardSettings } from './config.ts';
import { hostOfShard } from './schema-log-parts.ts';
import { NO_TIMES } from './schema-start.ts';

/** A log as it is to be followed: what is configured or known of it, and over that what `logs.override` says. */
export interface PlannedLog extends CustomLog {
  /** Any of them may sign. */
  readonly keys: NonEmpty<NoteKey>;
  readonly pinned: SignedCheckpoint | null;
  /** What is asked of single shards (Rekor v1), by their origins. */
  readonly shards: ReadonlyMap<string, PlannedShard>;
}

export interface PlannedShard extends ShardSettings {
  readonly pinned?: SignedCheckpoint;
}

/** What one key of a log says cannot be. */
export class PlanFault extends Error {
  override readonly name = 'PlanFault';
  /** Of the override that says it; null: the custom log itself does. */
  readonly origin: string | null;
  /** As it is written in the file. */
  readonly key: string;

  constructor(message: string, origin: string | null, key: string, options?: ErrorOptions) {
    super(message, options);
    this.origin = origin;
    this.key = key;
  }
}

/** Puts together what is said of one log, reads its keys, and opens its pinned checkpoints with them. Throws {@link PlanFault}. */
export function planLog(log: CustomLog, overrides: LogsConfig['override']): PlannedLog {
  const override: LogOverride = overrides.get(log.origin) ?? {};
  const planned: CustomLog = { ...log, ...override };
  if (planned.type === 'rekor-v2' && override.start instanceof Date) {
    throw new PlanFault(NO_TIMES, log.origin, 'start');
  }
  if (planned.type !== 'rekor-v2' && override.readPath !== undefined) {
    throw new PlanFault('"read_path" is for rekor-v2 only', log.origin, 'read_path');
  }
  const keys = readKeys(planned, override.publicKeys === undefined ? null : log.origin);
  const by = override.checkpoint === undefined ? null : log.origin;
  const pinned = planned.checkpoint === undefined ? null : openPinned(planned.checkpoint, planned, keys, by);
  return { ...planned, keys, pinned, shards: planShards(planned, keys, log.origin, overrides) };
}

/** The origins of `overrides` that no log of `logs` has: they mean nothing yet. */
export function unknownOrigins(
  overrides: LogsConfig['override'],
  logs: readonly Pick<CustomLog, 'type' | 'origin'>[],
): readonly string[] {
  const origins = new Set(logs.map(({ origin }) => origin));
  const hosts = new Set(logs.filter(({ type }) => type === 'rekor-v1').map(({ origin }) => origin));
  return [...overrides.keys()].filter((key) => {
    const host = hostOfShard(key);
    return host === null ? !origins.has(key) : !hosts.has(host);
  });
}

function readKeys(log: CustomLog, by: string | null): NonEmpty<NoteKey> {
  const read = log.type === 'ct' ? treeHeadKey : noteKey;
  const [first, ...others] = log.publicKeys;
  try {
    return [read(log.origin, first), ...others.map((spki) => read(log.origin, spki))];
  } catch (error) {
    throw error instanceof SyntaxError ? new PlanFault(error.message, by, 'public_key', { cause: error }) : error;
  }
}

/** `shard`: the origin that it must have; else it may be of any shard of the log. */
function openPinned(
  { file, note }: PinnedNote,
  log: Pick<CustomLog, 'type' | 'origin'>,
  keys: NonEmpty<NoteKey>,
  by: string | null,
  shard?: string,
): SignedCheckpoint {
  try {
    const { origin } = parseCheckpoint(parseNote(note).text);
    const anyShard = log.type === 'rekor-v1' && hostOfShard(origin) === log.origin ? origin : log.origin;
    const text = log.type === 'ct' ? withoutForeignLines(note, keys) : note;
    return openCheckpoint(text, { origin: shard ?? anyShard, keys });
  } catch (error) {
    if (!(error instanceof CheckpointRefused || error instanceof SyntaxError)) {
      throw error;
    }
    throw new PlanFault(`Cannot use "${file}" as a pinned checkpoint: ${error.message}`, by, 'checkpoint', {
      cause: error,
    });
  }
}

function planShards(
  log: CustomLog,
  keys: NonEmpty<NoteKey>,
  host: string,
  overrides: LogsConfig['override'],
): ReadonlyMap<string, PlannedShard> {
  const ofShards = log.type === 'rekor-v1' ? [...overrides].filter(([key]) => hostOfShard(key) === host) : [];
  return new Map(
    ofShards.map(([key, settings]) => {
      // An override may say that the host part of the log's checkpoints is another one than it is known by.
      const origin = `${log.origin}${key.slice(host.length)}`;
      const { checkpoint } = settings;
      const pinned = checkpoint && { pinned: openPinned(checkpoint, log, keys, key, origin) };
      return [origin, { ...settings, ...pinned }];
    }),
  );
}
