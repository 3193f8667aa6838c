import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { configJsonSchema } from '../../src/config/json-schema.ts';
import { lintConfig } from '../../src/config/lint.ts';
import { loadConfig, loadWithSource } from '../../src/config/load.ts';
import { CLAIMS } from '../../src/policy/claims.ts';
import { hasRealdata, realdata } from '../support/realdata.ts';
import { createConfigFolder, problemsOf, type ConfigFolder } from './config-folder.ts';

const CONFIG = join(import.meta.dirname, '..', '..', 'config');

let folder: ConfigFolder;

beforeAll(() => {
  folder = createConfigFolder();
  const copies = [
    ['acme-fulcio.pem', 'ca.pem'],
    ['acme-rekor.pub', 'ed25519.pub'],
    ['acme-rekor-old-1.pub', 'p256.pub'],
    ['acme-rekor-old-2.pub', 'ed25519.pub'],
    ['acme-ct.pub', 'p256.pub'],
  ] as const;
  for (const [name, original] of copies) {
    folder.write(name, readFileSync(join(folder.path, original)));
  }
  folder.write('smtp-password', 'hunter2\n');
  folder.write('witness-policy.txt', 'quorum none\n');
  mkdirSync(join(folder.path, 'watches'));
  const gizmo = '{ name: gizmo, extends: github-release, select: [{ source_repository: acme/gizmo }] }';
  folder.write('watches/gizmo.yaml', `watches: [${gizmo}]`);
});

afterAll(() => {
  folder.remove();
});

describe('config/sigwatch.example.yaml', () => {
  const example = readFileSync(join(CONFIG, 'sigwatch.example.yaml'), 'utf8');

  it('loads, without a warning', () => {
    const file = folder.write('example.yaml', example);
    const { config, source } = loadWithSource(file, { SLACK_WEBHOOK_URL: 'https://hooks.slack.test/x' });
    expect(lintConfig(config, source)).toEqual([]);
    expect([config.logs.custom.length, config.watches.length, config.notify?.channels.size]).toEqual([3, 4, 2]);
  });

  it('says what the defaults are', () => {
    const kept = (value: object): string => JSON.stringify(value);
    const env = { SLACK_WEBHOOK_URL: 'https://hooks.slack.test/x' };
    const written = loadConfig(folder.write('example.yaml', example), env);
    const silent = loadConfig(folder.write('example.yaml', 'version: 1\nnotify: {}'), env);
    expect(kept({ ...written, ...varying, notify: times(written) })).toBe(
      kept({ ...silent, ...varying, notify: times(silent) }),
    );
  });

  it('names every key that the schema has', () => {
    // Claims are keys too; of those the rare ones are only mentioned.
    const isNamed = (key: string): boolean => example.includes(CLAIMS.has(key) ? key : `${key}:`);
    expect([...keysOf(configJsonSchema())].filter((key) => !isNamed(key))).toEqual([]);
  });
});

describe('config/sigwatch.schema.json', () => {
  it('is what config/make-schema.ts makes now', () => {
    const stored: unknown = JSON.parse(readFileSync(join(CONFIG, 'sigwatch.schema.json'), 'utf8'));
    expect(stored).toEqual(JSON.parse(JSON.stringify(configJsonSchema())));
  });
});

describe.runIf(hasRealdata)('the recorded systems', () => {
  it.each([
    ['flux', 4],
    ['tekton', 4],
    ['aks', 7],
    ['argo-cd', 5],
  ])('%s: the configuration loads', (system, watches) => {
    const path = realdata(`systems/${system}/watches.yaml`);
    const yaml = readFileSync(path, 'utf8').replaceAll('./recorded', realdata(`systems/${system}/recorded`));
    expect(problemsOf(folder, yaml)).toEqual([]);
    expect(loadConfig(join(folder.path, 'sigwatch.yaml'), {}).watches).toHaveLength(watches);
  });
});

/** What the example sets to show it, not because it is the default. */
const varying = { file: null, trust: null, logs: null, watches: null };

function times({ notify }: ReturnType<typeof loadConfig>): object {
  return { groupWaitMs: notify?.groupWaitMs, repeatIntervalMs: notify?.repeatIntervalMs };
}

/** Every name under `properties`, at any depth. */
function keysOf(schema: unknown): Set<string> {
  const keys = new Set<string>();
  const visit = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) {
      return;
    }
    if ('properties' in value && typeof value.properties === 'object') {
      Object.keys(value.properties ?? {}).forEach((key) => keys.add(key));
    }
    Object.values(value).forEach(visit);
  };
  visit(schema);
  return keys;
}
