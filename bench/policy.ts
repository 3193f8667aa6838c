import { decodeEntry } from '../src/entry/decode.ts';
import { createJudging } from '../src/judging.ts';
import type { JudgeContext } from '../src/policy/standing.ts';
import type { Selector, Watch } from '../src/policy/watch.ts';
import { shippedTrust } from '../src/trust/tuf.ts';
import { examine, leafOf, readBodies } from './mixture.ts';
import { rule, watchOf } from './watches.ts';

/** How many entries are measured for each number of watches, in one round. */
export interface PolicyLoad {
  readonly entries: number;
  readonly rounds: number;
}

const COUNTS = [1, 100, 1_000, 10_000];
const SELECTED = 50;

/**
 * Measures what an entry costs, decoding included, by the number of watches: where none selects it, and where one more watch selects
 * every fiftieth; then the same of entries that cannot be read. All within one process, in rounds by turns, of which the best counts,
 * so that the ratios hold on a busy machine too.
 */
export function measurePolicy(load: PolicyLoad): void {
  const { name, bodies } = readBodies();
  const now = new Date();
  const context: JudgeContext = { ...createJudging(shippedTrust(), () => now), now };
  const readable = bodies.filter((body) => decodeEntry(body).ok);
  const short = readable.filter((body) => body.includes('"kind":"hashedrekord"'));
  const cut = bodies.map((body) => body.subarray(0, body.length - 1));
  const few = { ...load, entries: load.entries / 10 };
  compare(`${name}, none selects`, readable, [], load, context);
  compare(`${name}, hashedrekord, none selects`, short, [], load, context);
  compare(`${name}, one selects every ${SELECTED}th`, readable, [someOf(readable)], few, context);
  compare(`${name}, unreadable, none selects`, cut, [], few, context);
}

function compare(
  what: string,
  bodies: readonly Buffer[],
  more: readonly Watch[],
  { entries, rounds }: PolicyLoad,
  context: JudgeContext,
): void {
  const leaves = bodies.map((body, index) => leafOf(body, index));
  const lists = COUNTS.map((count) => [...watchesOf(count), ...more]);
  const prepared = lists.map((watches) => msOf(() => examine(leaves.slice(0, 1), 1, watches, context)));
  const best = lists.map(() => Infinity);
  for (let round = 0; round <= rounds; round++) {
    for (const [at, watches] of lists.entries()) {
      let examined = 0;
      const ms = msOf(() => (examined = examine(leaves, entries, watches, context)));
      // The first round is there to warm up.
      best[at] = round === 0 ? Infinity : Math.min(best[at] ?? Infinity, ms / examined);
    }
  }
  for (const [at, { length }] of lists.entries()) {
    const [each = NaN, one = NaN] = [best[at], best[0]];
    console.log(
      `policy  ${length} watches (${what}): ${Math.round(1000 / each)} entries/s on one core, ` +
        `${(each / one).toFixed(2)} times the cost of ${lists[0]?.length ?? 0}; prepared in ${prepared[at]?.toFixed(0) ?? ''} ms`,
    );
  }
}

/** As people write them, by turns: of a repository, a workflow, an address, a key, an expression, an artifact. */
function watchesOf(count: number): readonly Watch[] {
  return Array.from({ length: count }, (_, place) => watchOf(`acme${place}`, SELECTS[place % SELECTS.length]?.(place)));
}

const ISSUER = rule('issuer', 'https://token.actions.githubusercontent.com');

const SELECTS: readonly ((place: number) => readonly [Selector, ...Selector[]] | undefined)[] = [
  () => undefined,
  (place) => [[ISSUER, rule('builder', `acme${place}/*/.github/workflows/release.yml@**`)]],
  (place) => [[rule('issuer', 'https://accounts.google.com'), rule('subject', `*@acme${place}.example`)]],
  (place) => [
    [rule('key', place.toString(16).padStart(64, '0'))],
    [rule('key_subject', `release@acme${place}.example`)],
  ],
  (place) => [[rule('subject', { regexp: String.raw`https://github\.com/acme${place}/(widget|gadget)/.*` })]],
  (place) => [[rule('kind', 'hashedrekord'), rule('artifact', `sha256:${place.toString(16).padStart(64, '0')}`)]],
  (place) => [[rule('source_owner', `acme${place}`), rule('trigger', { not: 'pull_request' })]],
];

/** A watch of what one in fifty of the bodies is about, and no other. */
function someOf(bodies: readonly Buffer[]): Watch {
  const artifacts = bodies.map((body) => {
    const decoded = decodeEntry(body);
    return decoded.ok ? decoded.entry.artifacts : [];
  });
  const all = artifacts.flat();
  const own = artifacts.flatMap(([first, ...more]) =>
    first !== undefined && more.length === 0 && all.indexOf(first) === all.lastIndexOf(first) ? [first] : [],
  );
  const [first = '', ...others] = own.slice(0, Math.ceil(bodies.length / SELECTED));
  return watchOf('chosen', [[rule('artifact', [first, ...others])]]);
}

/** Of the processor, in milliseconds: what else the machine does at the same time counts for nothing. */
function msOf(work: () => void): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}
