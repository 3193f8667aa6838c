import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Leaf } from '../src/log/log.ts';
import { judgeBatch } from '../src/monitor/judge-batch.ts';
import type { JudgeContext } from '../src/policy/standing.ts';
import type { Watch } from '../src/policy/watch.ts';
import { leafHash } from '../src/tlog/hash.ts';

/** As many as one bundle of Rekor v2 holds. */
const BATCH = 256;

/** The recorded real bodies where these are at hand, else the fixtures; and what they are called. */
export function readBodies(): { readonly name: string; readonly bodies: readonly Buffer[] } {
  const recorded = resolve(process.env['SIGWATCH_REALDATA'] ?? '../shared/realdata', 'derived/entries.jsonl');
  if (existsSync(recorded)) {
    const lines = readFileSync(recorded, 'utf8').trimEnd().split('\n');
    const bodies = lines.map((line) => {
      const { canonicalizedBody } = JSON.parse(line) as { readonly canonicalizedBody: string };
      return Buffer.from(canonicalizedBody, 'base64');
    });
    return { name: 'recorded', bodies };
  }
  const folder = new URL('../test/fixtures/entries/', import.meta.url).pathname;
  const files = readdirSync(folder).filter((file) => file.endsWith('.json'));
  return { name: 'fixtures', bodies: files.map((file) => readFileSync(join(folder, file))) };
}

export function leafOf(data: Buffer, index = 0): Leaf {
  return { index, data, hash: leafHash(data), integratedTime: null, globalIndex: null, uuid: null };
}

/** Examines the leaves again and again, at least `count` in all; returns how many it were. */
export function examine(
  leaves: readonly Leaf[],
  count: number,
  watches: readonly Watch[],
  context: JudgeContext,
): number {
  let examined = 0;
  while (examined < count) {
    const start = examined % leaves.length;
    const batch = leaves.slice(start, start + BATCH);
    judgeBatch('rekor-v1', batch, watches, context);
    examined += batch.length;
  }
  return examined;
}
