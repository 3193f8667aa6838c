import { defineConfig } from 'vitest/config';

/** Against live servers: see CONTRIBUTING.md. */
export default defineConfig({
  test: {
    include: ['test/interop/**/*.interop.ts'],
    testTimeout: 300_000,
    hookTimeout: 300_000,
    pool: 'forks',
    // One server at a time: they may be limited by address.
    fileParallelism: false,
  },
});
