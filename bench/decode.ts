import { randomBytes } from 'node:crypto';
import { decodeEntry } from '../src/entry/decode.ts';
import { createJudging } from '../src/judging.ts';
import type { Leaf } from '../src/log/log.ts';
import { judgeBatch } from '../src/monitor/judge-batch.ts';
import type { JudgeContext } from '../src/policy/standing.ts';
import type { Watch } from '../src/policy/watch.ts';
import { shippedTrust } from '../src/trust/tuf.ts';
import { createHostileEntries } from './hostile-entries.ts';
import { examine, leafOf, readBodies } from './mixture.ts';
import { rule, watchOf } from './watches.ts';

/** How much is measured. */
export interface DecodeLoad {
  /** Entries that nobody watches. */
  readonly entries: number;
  readonly hostile: number;
}

const SLOWEST = 5;

/**
 * Measures, on one core and without a network, what an entry costs that no watch selects: decoding, claims, selection; then the
 * slowest of many hostile entries, of each shape once. The entries are the recorded real ones where these are at hand, else the fixtures.
 */
export function measureDecoding({ entries, hostile }: DecodeLoad): void {
  const { name, bodies } = readBodies();
  const now = new Date();
  const context: JudgeContext = { ...createJudging(shippedTrust(), () => now), now };
  // What cannot be read is searched instead, and measured below.
  const readable = bodies.filter((body) => decodeEntry(body).ok);
  const digests = readable.filter((body) => body.includes('"kind":"hashedrekord"'));
  for (const [what, mixture, watches] of [
    [name, readable, 1],
    [`${name}, hashedrekord`, digests, 1],
    [name, readable, 100],
  ] as const) {
    const leaves = mixture.map((body, index) => leafOf(body, index));
    const watching = Array.from({ length: watches }, (_, place) => watchOf(`acme${place}`));
    examine(leaves, entries / 10, watching, context);
    const began = process.hrtime.bigint();
    const examined = examine(leaves, entries, watching, context);
    const rate = Math.round(examined / (Number(process.hrtime.bigint() - began) / 1e9));
    console.log(
      `decode  ${examined} entries (${what}), ${watches} watches, none selects: ${rate} entries/s on one core`,
    );
  }
  measureHostile(bodies, hostile, context);
}

function measureHostile(bodies: readonly Buffer[], count: number, context: JudgeContext): void {
  // The second asks for keys, so that these are looked for in what cannot be read.
  const watches = [watchOf('acme'), { ...watchOf('acme'), select: [[rule('key', 'cc'.repeat(32))]] as const }];
  const seed = Number(process.env['SIGWATCH_BENCH_SEED'] ?? randomBytes(4).readUInt32LE());
  const times: number[] = [];
  const slowest = new Map<string, { readonly leaf: Leaf; readonly ms: number }>();
  let bytes = 0;
  const began = process.hrtime.bigint();
  for (const { body, extra, shape } of createHostileEntries(bodies, count, seed)) {
    const leaf = { ...leafOf(body), ...(extra !== undefined && { extra }) };
    const ms = timeOf(leaf, watches, context);
    times.push(ms);
    bytes += body.length;
    if (ms > (slowest.get(shape)?.ms ?? 0)) {
      slowest.set(shape, { leaf, ms });
    }
  }
  const seconds = Number(process.hrtime.bigint() - began) / 1e9;
  times.sort((a, b) => a - b);
  console.log(
    `hostile ${count} entries (seed ${seed}), ${Math.round(bytes / 1e6)} MB in ${seconds.toFixed(1)} s: ` +
      `half below ${shown(times[Math.floor(count / 2)])}, 999 of 1,000 below ${shown(times[Math.floor(count * 0.999)])}`,
  );
  // Measured again: what else the process did the first time is no fault of the entry.
  const again = [...slowest].map(([shape, { leaf }]) => ({
    shape,
    size: leaf.data.length + (leaf.extra?.length ?? 0),
    ms: Math.min(...[1, 2, 3].map(() => timeOf(leaf, watches, context))),
  }));
  for (const { shape, size, ms } of again.sort((a, b) => b.ms - a.ms).slice(0, SLOWEST)) {
    console.log(`hostile slowest: ${shown(ms)} for ${size} bytes, ${shape}`);
  }
}

function timeOf(leaf: Leaf, watches: readonly Watch[], context: JudgeContext): number {
  const began = process.hrtime.bigint();
  judgeBatch('rekor-v1', [leaf], watches, context);
  return Number(process.hrtime.bigint() - began) / 1e6;
}

function shown(ms = 0): string {
  return `${ms.toFixed(ms < 1 ? 3 : 1)} ms`;
}
