import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { checkCommand } from '../../src/cli/check.ts';
import { loadConfig } from '../../src/config/load.ts';
import { EXAMPLES, exampleNames } from '../support/examples.ts';
import { NEVER } from '../support/monitor-rig.ts';

const NAMES = [
  'aks-kyverno',
  'argo-cd',
  'flux',
  'key-only',
  'nothing-signs-here',
  'npm',
  'personal-email',
  'pypi',
  'tekton-chains',
];

describe('config/examples', () => {
  it('holds these', () => {
    expect(exampleNames()).toEqual(NAMES);
  });

  it.each(NAMES)('%s.yaml passes check --strict as it lies there, without anything set up', async (name) => {
    const file = join(EXAMPLES, `${name}.yaml`);
    const printed: string[] = [];
    const print = (text: string): void => void printed.push(text);
    const io = { stdout: print, stderr: print, signal: NEVER };
    const status = await checkCommand(file, {}, io, { json: false, online: false, strict: true });
    expect([status, printed]).toEqual([0, [`${file} is good\n`]]);
  });

  it.each(NAMES)('%s.yaml follows the public logs and says what each of its watches is for', (name) => {
    const config = loadConfig(join(EXAMPLES, `${name}.yaml`), {});
    expect(config.trust.source.kind).toBe('public-good');
    expect(config.logs.discover).toBe(true);
    expect(config.logs.custom).toEqual([]);
    expect(config.watches.filter(({ description }) => description === null)).toEqual([]);
    expect(config.watches.length).toBeGreaterThan(1);
  });

  it('teaches every detector and extends', () => {
    const watches = NAMES.flatMap((name) => loadConfig(join(EXAMPLES, `${name}.yaml`), {}).watches);
    const taught = {
      firstSeen: watches.filter(({ firstSeen }) => firstSeen.length > 0).length,
      fixedBurst: watches.filter(({ burst }) => typeof burst?.over === 'number').length,
      usualBurst: watches.filter(({ burst }) => burst?.over === 'auto').length,
      cadence: watches.filter(({ cadenceMs }) => cadenceMs !== null).length,
      follow: watches.filter(({ artifacts }) => artifacts?.follow === true).length,
      allow: watches.filter(({ artifacts }) => (artifacts?.allow.length ?? 0) > 0).length,
      attestations: watches.filter(({ attestations }) => attestations !== null).length,
      nothing: watches.filter(({ expect: expected }) => expected === 'none').length,
      observing: watches.filter(({ expect: expected }) => expected === null).length,
      audit: watches.filter(({ mode }) => mode === 'audit').length,
      extending: NAMES.filter((name) => /^ +extends: /m.test(textOf(name))).length,
    };
    expect(Object.entries(taught).filter(([, count]) => count === 0)).toEqual([]);
  });
});

function textOf(name: string): string {
  return readFileSync(join(EXAMPLES, `${name}.yaml`), 'utf8');
}
