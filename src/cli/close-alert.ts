import { closeByHand } from '../store/alert-changes.ts';
import { findAlert } from '../store/alerts.ts';
import { findLog } from '../store/logs.ts';
import type { Store } from '../store/store.ts';
import type { ExitStatus, Io } from './io.ts';
import { safe } from './print.ts';

/** Options of `sigwatch alerts close`, as they were written. */
export interface CloseOptions {
  readonly by?: string | undefined;
  readonly note?: string | undefined;
}

/** Who closed it and why is read by people. */
const MAX_TEXT = 2000;

/**
 * `sigwatch alerts close ID`: it is told no more, until it happens again. 2 where there is no such alert, or where it holds a log, about which
 * `logs resume` decides.
 */
export function closeAlertCommand(
  store: Store,
  id: string,
  { by, note }: CloseOptions,
  io: Pick<Io, 'stdout' | 'stderr'>,
  now: Date,
): ExitStatus {
  const alert = findAlert(store, id);
  const problem =
    alert === null
      ? 'there is none; `sigwatch alerts list` shows them'
      : alert.log !== null && findLog(store, alert.log)?.stoppedBy === id
        ? `it holds a log: \`sigwatch logs resume ${alert.log}\` goes on with that`
        : [by, note].some((text) => text !== undefined && text.length > MAX_TEXT)
          ? `expected --by and --note of at most ${MAX_TEXT} characters`
          : null;
  if (alert === null || problem !== null) {
    io.stderr(`${safe(`Cannot close alert "${id.slice(0, 40)}": ${problem ?? ''}`)}\n`);
    return 2;
  }
  closeByHand(store, id, { by: by ?? null, note: note ?? null }, now);
  const was = alert.state === 'closed' ? 'was closed already' : 'closed: it opens again if it happens again';
  io.stdout(`${safe(`${id} ${was} (${alert.title})`)}\n`);
  return 0;
}
