import { QUOTED, signerSentence } from '../alert/describe-signer.ts';
import { violationSentence } from '../alert/describe-violation.ts';
import { CLAIMS } from '../policy/claims.ts';
import { isKnownLog, readHistory, type HistoryFilter, type HistoryLine } from '../store/history.ts';
import type { Store } from '../store/store.ts';
import { csvLine } from './csv.ts';
import { parseHistoryFilter, type HistoryFilterOptions } from './history-filter.ts';
import type { ExitStatus, Io } from './io.ts';
import { formatTime, jsonLine, safe } from './print.ts';

export interface HistoryOptions extends HistoryFilterOptions {
  /** How many findings at most; 0: all. */
  readonly limit?: string | undefined;
  readonly json?: boolean | undefined;
  readonly csv?: boolean | undefined;
}

const DEFAULT_LIMIT = '100';

/** `sigwatch history`: what the watches found, newest first. 2 for options that cannot be understood. */
export function historyCommand(
  store: Store,
  options: HistoryOptions,
  io: Pick<Io, 'stdout' | 'stderr'>,
  now: Date,
): ExitStatus {
  const request = parseRequest(store, options, now);
  if (typeof request === 'string') {
    io.stderr(`${safe(request)}\n`);
    return 2;
  }
  const { filter, limit, format } = request;
  if (format === formatCsv) {
    io.stdout(csvLine(CSV_COLUMNS));
  }
  let printed = 0;
  for (const line of readHistory(store, filter)) {
    if (printed === limit) {
      io.stderr(`There is more: these are the newest ${limit} (--limit 0 shows all)\n`);
      break;
    }
    io.stdout(format(line));
    printed += 1;
  }
  if (printed === 0) {
    io.stderr('Nothing was found that fits\n');
  }
  return 0;
}

interface Request {
  readonly filter: HistoryFilter;
  readonly limit: number;
  readonly format: (line: HistoryLine) => string;
}

/** Returns what is wrong with the options, if anything is. */
function parseRequest(store: Store, options: HistoryOptions, now: Date): Request | string {
  if (options.json === true && options.csv === true) {
    return 'Cannot print --json and --csv at once: expected one of them';
  }
  if (options.log !== undefined && !isKnownLog(store, options.log)) {
    return `Cannot find --log "${options.log.slice(0, 100)}": expected an origin or a name that \`sigwatch status\` shows`;
  }
  const format = options.json === true ? formatJson : options.csv === true ? formatCsv : formatForPeople;
  try {
    return { filter: parseHistoryFilter(options, now), limit: parseLimit(options.limit ?? DEFAULT_LIMIT), format };
  } catch (error) {
    if (error instanceof SyntaxError) {
      return error.message;
    }
    throw error;
  }
}

function parseLimit(text: string): number {
  if (!/^\d{1,15}$/.test(text)) {
    throw new SyntaxError(`Cannot use --limit "${text.slice(0, 40)}": expected a number, 0 for all`);
  }
  return text === '0' ? Infinity : Number(text);
}

function formatJson(line: HistoryLine): string {
  return `${jsonLine(line)}\n`;
}

/** What a signer has by a name of its own: claims, what is known of them, and what is wrong with them. */
const SIGNER_COLUMNS = [...[...CLAIMS].filter((claim) => !['key', 'artifact', 'kind'].includes(claim)), 'problem'];

const ENTRY_COLUMNS = [
  'log',
  'index',
  'global_index',
  'uuid',
  'kind',
  'api_version',
  'integrated_time',
  'observed_at',
  'leaf_hash',
  'watch',
  'verdict',
] as const;

const CSV_COLUMNS = [
  ...ENTRY_COLUMNS,
  'violations',
  'type',
  'chain',
  'fingerprint',
  ...SIGNER_COLUMNS,
  'artifacts',
  'alert',
  'resigned',
];

/** The columns of v_history: nested values as JSON text. */
function formatCsv(line: HistoryLine): string {
  const { signer } = line;
  return csvLine([
    ...ENTRY_COLUMNS.map((column) => line[column]),
    jsonLine(line.violations),
    signer.type,
    signer.chain,
    signer.fingerprint,
    ...SIGNER_COLUMNS.map((claim) => {
      const value = signer[claim] ?? null;
      return value === null || typeof value === 'string' ? value : jsonLine(value);
    }),
    jsonLine(line.artifacts),
    line.alert,
    line.resigned ?? null,
  ]);
}

/** A few lines for each finding: what and when, who, what did not hold, and where to find it. */
function formatForPeople(line: HistoryLine): string {
  const { signer, index, kind, api_version: version, alert } = line;
  const chain =
    signer.chain === null || signer.chain === 'trusted' ? [] : [`Its certificate chain is ${signer.chain}.`];
  const signature = signer['signature'] === 'invalid' ? ['Its signature does not verify.'] : [];
  const details = [
    [describeSigner(line), ...chain, ...signature].join(' '),
    ...line.violations.map((violation) => violationSentence(violation, QUOTED)),
    safe(`${line.log}, index ${index} (${`${kind} ${version}`.trim()})${alert === null ? '' : `, alert ${alert}`}`),
  ];
  const head = `${formatTime(new Date(line.observed_at))}  ${line.verdict.padEnd(12)}  ${safe(line.watch)}`;
  return [head, ...details.map((detail) => `  ${detail}`), ''].join('\n');
}

function describeSigner({ verdict, signer, resigned }: HistoryLine): string {
  if (resigned !== undefined) {
    return `${signerSentence(signer)} Not selected by this watch: signed ${safe(resigned)}, which it follows.`;
  }
  return verdict === 'unparsable' ? 'It cannot be read, and holds what this watch selects.' : signerSentence(signer);
}
