import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { decodeEntry } from '../../src/entry/decode.ts';
import { readEntryFile } from '../../src/evidence/entry-file.ts';
import { leafHash } from '../../src/tlog/hash.ts';
import { bundleOf, type RecordedVerdict } from '../support/recorded-systems.ts';
import { ExplainStage } from '../support/explain-stage.ts';
import { hasRealdata, realdata } from '../support/realdata.ts';

const FOLDERS = [
  'bundles',
  'cosign-legacy',
  'dsse-with-cert',
  'extracted',
  'rekor-v1',
  'rekor-v2',
  'servers',
  'systems',
];
const KINDS = [
  'alpine',
  'cose',
  'dsse',
  'hashedrekord',
  'helm',
  'intoto',
  'jar',
  'rekord',
  'rfc3161',
  'rpm',
  'tuf',
].map((kind) => `${kind} 0.0.1`);
/** Databases and recorded tiles are no files that anybody explains. */
const MAX_BYTES = 16 * 1024 * 1024;

function* filesUnder(folder: string): Generator<string> {
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    const stats = statSync(path);
    if (stats.isDirectory()) {
      yield* filesUnder(path);
    } else if (stats.size <= MAX_BYTES) {
      yield path;
    }
  }
}

function textOf(path: string): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(path));
  } catch {
    return null;
  }
}

let stage: ExplainStage;

beforeEach(() => {
  stage = new ExplainStage();
});

afterEach(() => {
  stage.close();
});

describe.runIf(hasRealdata)('explain on every recorded file', () => {
  it('gives entries, or says why there is none', () => {
    const seen = new Map<string, number>();
    for (const path of FOLDERS.flatMap((folder) => [...filesUnder(realdata(folder))])) {
      const text = textOf(path);
      const parts = text === null ? [] : [...readEntryFile(text)];
      for (const part of parts) {
        const decoded = 'problem' in part ? null : decodeEntry(part.body);
        const what =
          decoded === null ? 'none' : decoded.ok ? `${decoded.entry.kind} ${decoded.entry.apiVersion}` : 'bad';
        seen.set(what, (seen.get(what) ?? 0) + 1);
        if ('problem' in part) {
          expect(part.problem).toMatch(/^Cannot (find an entry|read the entry|read to the end): /);
        }
      }
      expect(parts.length > 0 || text === null).toBe(true);
      // Nobody keeps a bundle with a log entry of which nothing is found.
      const isWithEntry = text !== null && /"(canonicalizedBody|SignedEntryTimestamp)" ?: ?"/.test(text);
      if (isWithEntry && !path.includes('apohara')) {
        expect([path, parts.some((part) => !('problem' in part))]).toEqual([path, true]);
      }
    }
    expect([...seen.keys()].sort()).toEqual(expect.arrayContaining(KINDS));
    console.log(`explained: ${[...seen].map(([what, count]) => `${what}: ${count}`).join(', ')}`);
  });

  it('gives the leaf hash that the log named an entry by', () => {
    const folder = realdata('servers/rekor-v1/entries');
    const named = readdirSync(folder).map((name) => {
      const text = readFileSync(join(folder, name), 'utf8');
      const [uuid = ''] = Object.keys(JSON.parse(text) as object);
      const [part] = readEntryFile(text);
      return [uuid.slice(-64), part !== undefined && 'body' in part ? leafHash(part.body).toString('hex') : null];
    });
    expect(named.map(([, hash]) => hash)).toEqual(named.map(([uuid]) => uuid));
    expect(named).toHaveLength(55);
  });
});

// Entries made through real servers with the systems' own identities, attacks among them, and what is to be made of each.
describe.runIf(hasRealdata)('explain --json on the recorded systems', () => {
  it.each([
    ['flux', 26],
    ['tekton', 29],
    ['aks', 27],
    ['argo-cd', 30],
  ])('%s: reaches every recorded verdict', async (system, count) => {
    const folder = realdata(`systems/${system}/recorded`);
    const yaml = readFileSync(realdata(`systems/${system}/watches.yaml`), 'utf8')
      .replaceAll('./recorded', folder)
      .replace(/^ +artifacts: .*\n/gm, '');
    stage.write('sigwatch.yaml', yaml);
    const expected = readFileSync(join(folder, 'expected.jsonl'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as RecordedVerdict);
    const v2 = bundleOf(folder);
    const files = expected.map(({ log, index }) =>
      log === 'v1'
        ? join(folder, `v1/entries/${String(index).padStart(3, '0')}.json`)
        : stage.write(`v2-${index}.json`, v2[index] ?? ''),
    );
    const lines = await stage.json(files);
    const found = lines.map(({ judgements }, place) => ({
      what: expected[place]?.what,
      judgements: judgements.map(({ watch, verdict, violations }) => ({
        watch,
        verdict,
        failing: violations.map(({ claim }) => claim).sort(),
      })),
    }));
    expect(found).toEqual(
      expected.map(({ what, judgements }) => ({
        what,
        judgements: judgements.map((judgement) => ({ ...judgement, failing: [...judgement.failing].sort() })),
      })),
    );
    expect(found).toHaveLength(count);
  });
});
