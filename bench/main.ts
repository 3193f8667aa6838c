import { run } from './tail.ts';

// --smoke: the same path with few entries, to see that it runs; its figures say nothing.
await run(
  process.argv.includes('--smoke')
    ? [
        { type: 'v2', entries: 2_000, oneIn: 100 },
        { type: 'v1', entries: 300, oneIn: 100 },
      ]
    : [
        { type: 'v2', entries: 20_000, oneIn: 1_000 },
        { type: 'v2', entries: 100_000, oneIn: 1_000 },
        { type: 'v2', entries: 100_000, oneIn: 50 },
        { type: 'v1', entries: 2_000, oneIn: 1_000 },
        { type: 'v1', entries: 20_000, oneIn: 1_000 },
      ],
);
