import { run } from './tail.ts';

const smoke = process.argv.includes('--smoke');
// --smoke: the same path with few entries, to see that it runs; its figures say nothing.
await run(smoke ? { v2: [2_000], v1: [500], smoke } : { v2: [20_000, 100_000], v1: [2_000, 5_000], smoke });
