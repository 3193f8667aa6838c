import { loadWithoutSecrets } from '../config/load.ts';
import { readSmallFile } from '../config/read-small-file.ts';
import type { Config } from '../config/config.ts';
import { withAttestation } from '../entry/attestation.ts';
import { decodeCtLeaf } from '../entry/ct-leaf.ts';
import { decodeEntry } from '../entry/decode.ts';
import type { DecodedEntry } from '../entry/entry.ts';
import { readEntryFile, type FilePart } from '../evidence/entry-file.ts';
import type { EntryInFile } from '../evidence/entry-forms.ts';
import { leafHash } from '../tlog/hash.ts';
import type { TrustData } from '../trust/trusted-root.ts';
import { shippedTrust } from '../trust/tuf.ts';
import { createExplainer, type TrustedExplainer } from './create-explainer.ts';
import {
  emptyJson,
  explain,
  explanationJson,
  isFinding,
  type Explanation,
  type ExplanationJson,
} from './explanation.ts';
import { lookForConfig } from './find-config.ts';
import type { ExitStatus, Io } from './io.ts';
import { offlineTrust } from './offline-trust.ts';
import { formatHeading, formatMarked, pageFor, type Page } from './page.ts';
import { jsonLine, safe } from './print.ts';
import { readStdin } from './read-stdin.ts';
import { renderEntry } from './render-entry.ts';
import { createTimeCheck } from './signed-time.ts';

export interface ExplainOptions {
  readonly config?: string | undefined;
  readonly json?: boolean | undefined;
}

/** Bytes of a file: an entry of Rekor v1 has some megabytes. */
const MAX_FILE = 64 * 1024 * 1024;
const TOO_LARGE = `Cannot read entry "-": it is larger than ${MAX_FILE} bytes`;

type ExplainIo = Pick<Io, 'stdout' | 'stderr' | 'columns' | 'terminal' | 'stdin' | 'env'>;

/**
 * `sigwatch explain FILE…`: what the entries of files say, and what each watch makes of them, without network. 1 where a watch
 * finds something unexpected or forged, or a file cannot be read as an entry; before that 2 for a file that is not there. Throws
 * ConfigError for a configuration that is there and cannot be used.
 */
export async function explainCommand(
  files: readonly string[],
  options: ExplainOptions,
  io: ExplainIo,
  now: Date,
): Promise<ExitStatus> {
  const known = open(options.config, io, now);
  const page = pageFor(io);
  let [isMissing, isFound, isFirst] = [false, false, true];
  for (const file of files) {
    const text = await readText(file, io);
    if (text === null) {
      isMissing = true;
      continue;
    }
    for (const { part, count } of numbered(typeof text === 'string' ? readEntryFile(text) : [text])) {
      const explained = explainPart(part, known);
      isFound ||= 'problem' in explained || isFinding(explained);
      const place = { file, ...(count !== null && { part: count }) };
      io.stdout(
        options.json === true
          ? `${jsonLine({ ...place, ...toJson(explained) })}\n`
          : `${isFirst ? '' : '\n'}${toText(place, explained, known, page)}`,
      );
      isFirst = false;
    }
  }
  return isMissing ? 2 : isFound ? 1 : 0;
}

interface Known extends TrustedExplainer {
  readonly timeOf: ReturnType<typeof createTimeCheck>;
}

function open(option: string | undefined, io: Pick<Io, 'stderr' | 'env'>, now: Date): Known {
  const file = lookForConfig(option, io.env);
  if (file === null) {
    io.stderr('No configuration found: explained by the trust of the public-good instance, and by no watch\n');
    return prepare([], NO_LOGS, shippedTrust(), now);
  }
  const config = loadWithoutSecrets(file, io.env);
  return prepare(config.watches, config.logs, offlineTrust(config), now);
}

const NO_LOGS: Pick<Config['logs'], 'custom' | 'override'> = { custom: [], override: new Map() };

function prepare(watches: Config['watches'], logs: typeof NO_LOGS, trust: TrustData, now: Date): Known {
  return { ...createExplainer(watches, trust, now), timeOf: createTimeCheck(logs, trust) };
}

/** The text of a file; why it holds none; null where it cannot be read, which is said. */
async function readText(file: string, io: Pick<Io, 'stderr' | 'stdin'>): Promise<string | FilePart | null> {
  let bytes: Buffer;
  try {
    bytes = file === '-' ? await readStdin(io, MAX_FILE, TOO_LARGE) : readSmallFile(file, MAX_FILE, 'entry');
  } catch (error) {
    if (error instanceof SyntaxError) {
      io.stderr(`${safe(error.message)}\n`);
      return null;
    }
    throw error;
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return { problem: 'Cannot find an entry: the file is not UTF-8' };
  }
}

/** Each part with its position, which is null for the only one of its file. */
function* numbered(
  parts: Iterable<FilePart>,
): Generator<{ readonly part: FilePart; readonly count: number | null }, void> {
  let waiting: FilePart | null = null;
  let count = 0;
  for (const part of parts) {
    if (waiting !== null) {
      yield { part: waiting, count };
      count += 1;
    }
    waiting = part;
  }
  if (waiting !== null) {
    yield { part: waiting, count: count === 0 ? null : count };
  }
}

interface NoEntry {
  readonly problem: string;
}

function explainPart(part: FilePart, known: Known): Explanation | NoEntry {
  if ('problem' in part) {
    return part;
  }
  const about = {
    body: part.body,
    leafHash: leafHash(part.body),
    signedTime: known.timeOf(part.promise),
    cameWithAttestation: part.attestation !== null,
  };
  return explain(decode(part), about, known);
}

function decode({ type, body, extra, attestation }: EntryInFile): DecodedEntry {
  if (type === 'ct') {
    return decodeCtLeaf(body, extra);
  }
  const decoded = decodeEntry(body);
  return decoded.ok && attestation !== null
    ? { ok: true, entry: withAttestation(decoded.entry, attestation) }
    : decoded;
}

function toJson(explained: Explanation | NoEntry): ExplanationJson {
  return 'problem' in explained ? emptyJson(explained.problem) : explanationJson(explained);
}

function toText(
  { file, part }: { readonly file: string; readonly part?: number },
  explained: Explanation | NoEntry,
  known: Known,
  page: Page,
): string {
  const name = file === '-' ? 'standard input' : file;
  const title = part === undefined ? name : `${name}, part ${part}`;
  return 'problem' in explained
    ? `${formatHeading(title, page)}${formatMarked('bad', explained.problem, page)}`
    : renderEntry(title, [], explained, known, page);
}
