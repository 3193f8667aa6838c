import type { NonEmpty } from '../../lib/non-empty.ts';
import { SingleFlight } from '../../lib/single-flight.ts';
import { parseNote, type NoteKey } from '../../tlog/note.ts';
import { MAX_CHECKPOINT_BYTES } from '../checkpoint-evidence.ts';
import type { HttpClient } from '../http.ts';
import { LogUnavailable, type LogReader, type LogSource, type Start } from '../log.ts';
import { createApi } from './api.ts';
import { EitherReader } from './either-reader.ts';
import { Rfc6962Reader } from './rfc6962-reader.ts';
import { StaticCtReader } from './static-reader.ts';
import { createStaticResources } from './static-resources.ts';

export interface CtOptions {
  readonly name: string;
  /** Base URL: `checkpoint` or `ct/v1/get-sth` lies below it. */
  readonly url: string;
  /** Of a static-ct log the first line of its checkpoints; of one of RFC 6962 its URL without scheme and last slash. */
  readonly origin: string;
  /** Of `treeHeadKey`, named like `origin`. */
  readonly keys: NonEmpty<NoteKey>;
  readonly start: Start;
}

/** What a server says that has no file of this name. */
const ABSENT = [400, 403, 404, 405, 410, 501];

/**
 * A Certificate Transparency log: a source of exactly one tree. Which of the two interfaces it has is found at the first
 * discovery that reaches it, and settled by the first checkpoint that the log signed: c2sp.org/static-ct-api where it serves
 * a checkpoint, else RFC 6962.
 */
export function createCtSource(options: CtOptions, http: HttpClient): LogSource {
  const { name, url, origin, start } = options;
  const base = url.replace(/\/+$/, '');
  const finding = new SingleFlight<LogReader>();
  let reader: LogReader | null = null;

  async function findReader(fresh: boolean, signal: AbortSignal): Promise<LogReader> {
    const request = { url: `${base}/checkpoint`, maxBytes: MAX_CHECKPOINT_BYTES, accept: ABSENT, fresh };
    const answer = await http.fetch(request, signal);
    if (answer.status === 200 && isNote(answer.body)) {
      return new StaticCtReader(options, createStaticResources(base, http));
    }
    const api = createApi(base, http);
    try {
      await api.treeHead(fresh, signal);
    } catch (error) {
      if (!(error instanceof LogUnavailable)) {
        throw error;
      }
      const found = answer.status === 200 ? 'no signed note' : `status ${answer.status}`;
      throw new LogUnavailable(`Cannot find a CT log at "${url}": "${answer.url}" gives ${found}; ${error.message}`, {
        cause: error,
        retryAfterMs: error.retryAfterMs,
      });
    }
    return new Rfc6962Reader(options, api);
  }

  return {
    name,
    type: 'ct',
    url,
    origin,
    start,
    async discover(signal) {
      reader ??= await finding.run(
        '',
        signal,
        async () => new EitherReader(await findReader(false, signal), findReader),
      );
      return [reader];
    },
  };
}

/** Many servers give a page of theirs for every path. */
function isNote(body: Buffer): boolean {
  try {
    parseNote(body.toString());
    return true;
  } catch (error) {
    if (error instanceof SyntaxError) {
      return false;
    }
    throw error;
  }
}
