import { lintConfig } from '../../src/config/lint.ts';
import { loadWithSource } from '../../src/config/load.ts';
import type { ConfigFolder } from './config-folder.ts';

/** Each warning of a configuration without its place: `RULE PATH`, the path from the only watch on, where there is one. */
export function rulesOf(folder: ConfigFolder, yaml: string, env: Record<string, string> = {}): string[] {
  return messagesOf(folder, yaml, env).map(([rule, path]) => `${rule} ${path}`);
}

/** The same with the message. */
export function messagesOf(
  folder: ConfigFolder,
  yaml: string,
  env: Record<string, string> = {},
): (readonly [rule: string, path: string, message: string])[] {
  const file = folder.write('sigwatch.yaml', yaml);
  const { config, source } = loadWithSource(file, env);
  return lintConfig(config, source).map(({ rule, path, message }) => [
    rule,
    path.replace(/^watches\[0\]\./, ''),
    message,
  ]);
}

/** A configuration with one watch that selects this and expects that. */
export function watch(select: string, expect = '', more = ''): string {
  const expectation = expect === '' ? '' : `\n  expect: ${expect === 'none' ? expect : `{ ${expect} }`}`;
  return `version: 1\nwatches:\n- name: w\n  select: [${select}]${expectation}\n${more}`;
}
