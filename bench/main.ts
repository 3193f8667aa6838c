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
await run(process.argv.includes('--smoke') ? SMALL : FULL);
