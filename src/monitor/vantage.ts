import { LogMisbehaved, LogUnavailable, type LogReader, type LogSource } from '../log/log.ts';
import type { SignedCheckpoint } from '../tlog/checkpoint.ts';

/** One log at another address than its own. */
export interface Vantage {
  readonly url: string;
  /** What it shows there now, its signature and origin checked. Throws LogUnavailable or LogMisbehaved. */
  look(signal: AbortSignal): Promise<Seen>;
}

/** A checkpoint, and the reader of the address that showed it: there its tree is to be had. */
export interface Seen {
  readonly reader: LogReader;
  readonly checkpoint: SignedCheckpoint;
}

/** The log `origin` as `source`, which may serve several, has it. The source is first asked at the first look. */
export function createVantage(source: LogSource, origin: string): Vantage {
  const { url } = source;
  let found: LogReader | null = null;
  return {
    url,
    async look(signal) {
      found ??= (await source.discover(signal)).find((reader) => reader.origin === origin) ?? null;
      if (found === null) {
        throw new LogUnavailable(`Cannot read checkpoint of "${origin}" from "${url}": this log is not served there`);
      }
      return { reader: found, checkpoint: await lookTwice(found, signal) };
    },
  };
}

/** The log's current checkpoint. What nobody signed may be a broken cache on the way: it counts only when it is there past every cache as well. */
export async function lookTwice(reader: LogReader, signal: AbortSignal): Promise<SignedCheckpoint> {
  try {
    return await reader.fetchCheckpoint(signal);
  } catch (error) {
    if (!(error instanceof LogMisbehaved)) {
      throw error;
    }
  }
  reader.fresh = true;
  try {
    return await reader.fetchCheckpoint(signal);
  } finally {
    reader.fresh = false;
  }
}
