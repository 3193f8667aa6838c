import { measureDecoding } from './decode.ts';
import { measurePolicy } from './policy.ts';
import { run, type Load } from './tail.ts';

const SMALL: readonly Load[] = [
  { type: 'v2', entries: 2_000, oneIn: 100, delayMs: 0 },
  { type: 'v2', entries: 2_000, oneIn: 100, delayMs: 50 },
  { type: 'v1', entries: 300, oneIn: 100, delayMs: 0 },
  { type: 'v1', entries: 300, oneIn: 100, delayMs: 50, limited: true },
];

const FULL: readonly Load[] = [
  { type: 'v2', entries: 20_000, oneIn: 1_000, delayMs: 0 },
  { type: 'v2', entries: 100_000, oneIn: 50, delayMs: 0 },
  { type: 'v2', entries: 200_000, oneIn: 1_000, delayMs: 0 },
  { type: 'v2', entries: 200_000, oneIn: 1_000, delayMs: 50 },
  { type: 'v1', entries: 2_000, oneIn: 1_000, delayMs: 0 },
  { type: 'v1', entries: 20_000, oneIn: 1_000, delayMs: 0 },
  { type: 'v1', entries: 20_000, oneIn: 1_000, delayMs: 50 },
  { type: 'v1', entries: 20_000, oneIn: 1_000, delayMs: 50, limited: true },
];

// --smoke: the same path with few entries, to see that it runs; its figures say nothing.
const smoke = process.argv.includes('--smoke');
measureDecoding(smoke ? { entries: 2_000, hostile: 4_000 } : { entries: 300_000, hostile: 1_000_000 });
measurePolicy(smoke ? { entries: 500, rounds: 1 } : { entries: 20_000, rounds: 5 });
await run(smoke ? SMALL : FULL);
