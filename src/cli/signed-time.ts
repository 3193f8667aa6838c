import type { LogsConfig } from '../config/config.ts';
import type { EntryPromise } from '../evidence/entry-forms.ts';
import { logKey } from '../evidence/log-key.ts';
import { verifyEntryTimestamp } from '../log/rekor-v1/entry-timestamp.ts';
import { sha256 } from '../tlog/hash.ts';
import type { NoteKey } from '../tlog/note.ts';
import type { TrustData } from '../trust/trusted-root.ts';
import { knownLogs } from './known-keys.ts';

/**
 * Prepares the question when a log of Rekor v1 took an entry: Unix seconds where a key that is known from elsewhere signed the
 * promise, null for every other promise.
 */
export function createTimeCheck(
  config: Pick<LogsConfig, 'custom' | 'override'>,
  trust: Pick<TrustData, 'logs' | 'ctLogs'>,
): (promise: EntryPromise | null) => number | null {
  const keys = new Map(
    knownLogs(config, trust)
      .filter(({ type }) => type === 'rekor-v1')
      .flatMap((log) =>
        log.publicKeys.map((spki): readonly [string, NoteKey] => [sha256(spki).toString('hex'), logKey(log, spki)]),
      ),
  );
  return (promise) => {
    // The key is named by its hash (rekor openapi.yaml, logID), which is signed as well.
    const key = promise === null ? undefined : keys.get(promise.logId);
    return promise !== null && key !== undefined && verifyEntryTimestamp(promise, [key])
      ? promise.integratedTime
      : null;
  };
}
