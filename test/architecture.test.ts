import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { findCycles, parseSource, readSources, type SourceFile, type SourceImport } from './support/source-imports.ts';

interface Rule {
  /** Folders and files of ours that may be imported, besides the folder itself. */
  readonly imports: readonly string[];
  /** Folders and files of ours of which only types may be imported. */
  readonly types?: readonly string[];
  /** Decides from its arguments alone: no builtin but `node:crypto`, no network, file, clock, timer or console. */
  readonly pure?: true;
}

const READERS = ['lib', 'tlog', 'entry', 'policy', 'trust', 'log', 'attestation', 'alert', 'store'];
const PARTS_OF_DAEMON = [
  'parts.ts',
  'telling.ts',
  'judging.ts',
  'sources.ts',
  'load-trust.ts',
  'trust-memory.ts',
  'trust-keeper.ts',
  'version.ts',
];
const EVERYTHING = [
  ...READERS,
  'evidence',
  'monitor',
  'config',
  'import',
  'cli',
  'demo',
  'daemon.ts',
  ...PARTS_OF_DAEMON,
];

/** Pure knows nothing, readers and store know the pure, monitor knows them all, only main knows the machine. */
const TABLE: Readonly<Record<string, Rule>> = {
  lib: { imports: [] },
  tlog: { imports: ['lib'], pure: true },
  entry: { imports: ['lib'], pure: true },
  policy: { imports: ['entry', 'lib'], pure: true },
  evidence: { imports: ['tlog', 'entry', 'lib', 'log/log.ts', 'log/rekor-v1/entry-timestamp.ts'], pure: true },
  trust: { imports: ['tlog', 'entry', 'lib'], types: ['policy/watch.ts', 'policy/standing.ts', 'log/log.ts'] },
  log: { imports: ['tlog', 'lib'], types: ['trust'] },
  attestation: { imports: ['entry', 'policy', 'log/log.ts', 'log/retry-after.ts', 'lib'], types: ['log/http.ts'] },
  alert: { imports: ['tlog', 'entry', 'policy', 'log/log.ts', 'lib'] },
  store: { imports: ['tlog', 'alert/alert.ts', 'log/log.ts', 'lib'], types: ['policy', 'entry'] },
  monitor: { imports: READERS },
  config: { imports: ['policy', 'trust', 'tlog', 'lib'], types: ['alert/channel.ts', 'alert/route.ts', 'log/log.ts'] },
  import: { imports: ['config', 'policy', 'lib', 'alert/escape.ts'], pure: true },
  demo: { imports: EVERYTHING.filter((layer) => layer !== 'cli') },
  cli: { imports: EVERYTHING },
  'daemon.ts': { imports: EVERYTHING },
  'parts.ts': { imports: EVERYTHING.filter((layer) => !['cli', 'demo', 'daemon.ts'].includes(layer)) },
  'telling.ts': { imports: ['alert', 'config', 'monitor', 'store'] },
  'judging.ts': { imports: ['entry', 'policy', 'trust'] },
  'sources.ts': { imports: [...READERS, 'config', 'monitor/followed-source.ts'] },
  'load-trust.ts': { imports: [...READERS, 'config'] },
  'trust-memory.ts': { imports: [...READERS, 'config'] },
  'trust-keeper.ts': { imports: [...READERS, 'config', 'judging.ts', 'load-trust.ts', 'trust-memory.ts'] },
  'version.ts': { imports: [] },
  'main.ts': { imports: ['cli'] },
};

/** Folders and files that may import a package: few know it, so that it can be replaced there. */
const PACKAGES: Readonly<Record<string, readonly string[]>> = {
  '@noble/curves': ['entry'],
  '@noble/post-quantum': ['tlog'],
  '@sigstore/protobuf-specs': ['trust'],
  '@sigstore/rekor-types': ['log'],
  '@sigstore/tuf': ['trust'],
  '@slack/webhook': ['alert'],
  'better-sqlite3': ['store'],
  commander: ['cli'],
  'node-cron': ['monitor', 'daemon.ts'],
  nodemailer: ['alert'],
  pino: ['cli'],
  re2js: ['policy'],
  'smtp-server': ['demo'],
  undici: ['log', 'alert'],
  yaml: ['config', 'import'],
  zod: ['config', 'log', 'evidence'],
};

/** Folders and files that may import types of a package, and nothing that runs. */
const PACKAGE_TYPES: Readonly<Record<string, readonly string[]>> = { pino: ['lib'] };

/** Ways out of a pure function that need no import. */
const IMPURE_NAMES = ['fetch', 'WebSocket', 'console', 'performance', 'new Date()', 'Date.now'].concat([
  'setTimeout',
  'setInterval',
  'setImmediate',
  'queueMicrotask',
]);

const sources = readSources('src');

describe('the import table', () => {
  it('has a row for every folder and file directly under src', () => {
    expect([...new Set(sources.map((source) => layerOf(source.path)))].sort()).toEqual(Object.keys(TABLE).sort());
  });

  it('allows every import of our own files', () => {
    expect(sources.flatMap(forbiddenImports)).toEqual([]);
  });

  it('keeps each package in its folder', () => {
    expect(sources.flatMap(misplacedPackages)).toEqual([]);
  });

  it('names every dependency of package.json', () => {
    const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as { dependencies: Record<string, string> };
    expect(Object.keys(PACKAGES).sort()).toEqual(Object.keys(manifest.dependencies).sort());
  });

  it('keeps pure folders pure', () => {
    expect(sources.flatMap(impurities)).toEqual([]);
  });

  it('leaves `process` to main.ts', () => {
    expect(sources.filter(usesProcess).map((source) => source.path)).toEqual(['main.ts']);
  });

  it('has no barrels: an import names the file that has the thing', () => {
    expect(sources.filter((source) => /(^|\/)index\.ts$/.test(source.path)).map((source) => source.path)).toEqual([]);
    expect(sources.flatMap((source) => source.reexports.map((file) => `${source.path} re-exports ${file}`))).toEqual(
      [],
    );
  });

  it('has no cycles among imports that run', () => {
    expect(findCycles(sources)).toEqual([]);
  });
});

describe('the check itself', () => {
  it('finds an import against the table, however it is written', () => {
    const source = parseSource(
      'log/rekor-v2/reader.ts',
      `import { judge } from '../../policy/judge.ts';
       import { type TrustData } from '../../trust/trusted-root.ts';
       import type { TrustedLog } from '../../trust/trusted-root.ts';
       import { getJson } from '../http.ts';
       export { Store } from '../../store/store.ts';
       export type Alert = import('../../alert/alert.ts').Alert;
       export const later = () => import('../../../dist/main.js');`,
    );
    expect(forbiddenImports(source)).toEqual([
      'log/rekor-v2/reader.ts imports policy/judge.ts',
      'log/rekor-v2/reader.ts imports trust/trusted-root.ts',
      'log/rekor-v2/reader.ts imports store/store.ts',
      'log/rekor-v2/reader.ts imports type of alert/alert.ts',
      'log/rekor-v2/reader.ts imports ../dist/main.js',
    ]);
    expect(source.reexports).toEqual(['store/store.ts']);
  });

  it('finds a package outside its folder and one that nobody listed', () => {
    const source = parseSource(
      'lib/logger.ts',
      `import { p256 } from '@noble/curves/nist.js';
       import type { Logger } from 'pino';
       import { pino } from 'pino';
       import pad from 'left-pad';
       const name = 'undici';
       await import(name);`,
    );
    expect(misplacedPackages(source)).toEqual([
      'lib/logger.ts imports @noble/curves',
      'lib/logger.ts imports pino',
      'lib/logger.ts imports left-pad',
      'lib/logger.ts imports (computed: name)',
    ]);
  });

  it('finds what a pure file must not touch, and nothing else', () => {
    const source = parseSource(
      'entry/decode.ts',
      `import { createHash } from 'node:crypto';
       import { readFileSync } from 'fs';
       export const at = (client: { fetch(): Date }, time: number) => [client.fetch(), new Date(time), { console: 1 }];
       export const now = () => [Date.now(), new Date(), globalThis.fetch, fetch];`,
    );
    expect(impurities(source)).toEqual([
      'entry/decode.ts imports node:fs',
      'entry/decode.ts uses fetch',
      'entry/decode.ts uses new Date()',
      'entry/decode.ts uses Date.now',
    ]);
    expect(impurities({ ...source, path: 'log/http.ts' })).toEqual([]);
  });

  it('finds `process` as a global, as a property of it and as a module', () => {
    expect(usesProcess(parseSource('cli/run.ts', 'export const home = process.env;'))).toBe(true);
    expect(usesProcess(parseSource('cli/run.ts', 'export const home = globalThis.process;'))).toBe(true);
    expect(usesProcess(parseSource('cli/run.ts', `import { env } from 'node:process';`))).toBe(true);
    expect(usesProcess(parseSource('cli/run.ts', 'export const start = (child: any) => child.process;'))).toBe(false);
  });

  it('finds a cycle once, and none where only types go round', () => {
    const a = parseSource('tlog/a.ts', `import { b } from './b.ts';`);
    const b = parseSource('tlog/b.ts', `import { c } from './c.ts';`);
    expect(findCycles([a, b, parseSource('tlog/c.ts', `import { a } from './a.ts';`)])).toEqual([
      'tlog/a.ts → tlog/b.ts → tlog/c.ts → tlog/a.ts',
    ]);
    expect(findCycles([a, b, parseSource('tlog/c.ts', `import type { A } from './a.ts';`)])).toEqual([]);
  });
});

function forbiddenImports(source: SourceFile): string[] {
  const layer = layerOf(source.path);
  const rule = TABLE[layer] ?? { imports: [] };
  return source.imports
    .filter((item) => item.kind === 'ours' && layerOf(item.target) !== layer && !covers(rule.imports, item.target))
    .filter((item) => !(item.typeOnly && covers(rule.types ?? [], item.target)))
    .map((item) => complaint(source, item));
}

function misplacedPackages(source: SourceFile): string[] {
  return source.imports
    .filter((item) => item.kind === 'package' && !covers(PACKAGES[item.target] ?? [], source.path))
    .filter((item) => !(item.typeOnly && covers(PACKAGE_TYPES[item.target] ?? [], source.path)))
    .map((item) => complaint(source, item));
}

function impurities(source: SourceFile): string[] {
  const pure = TABLE[layerOf(source.path)]?.pure ?? false;
  const builtins = source.imports.filter((item) => item.kind === 'node' && item.target !== 'node:crypto');
  const names = IMPURE_NAMES.filter((name) => source.names.has(name)).map((name) => `${source.path} uses ${name}`);
  return pure ? [...builtins.map((item) => complaint(source, item)), ...names] : [];
}

function usesProcess(source: SourceFile): boolean {
  return source.names.has('process') || source.imports.some((item) => item.target === 'node:process');
}

/** The row of the table that a file belongs to: its folder directly under src, or the file itself. */
function layerOf(path: string): string {
  return path.split('/', 1)[0] ?? path;
}

/** Whether a file is, or lies in, one of `places`. */
function covers(places: readonly string[], path: string): boolean {
  return places.some((place) => path === place || path.startsWith(`${place}/`));
}

function complaint(source: SourceFile, item: SourceImport): string {
  return `${source.path} imports ${item.typeOnly ? 'type of ' : ''}${item.target}`;
}
