import { generateKeyPairSync } from 'node:crypto';
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigError, formatProblem } from '../../src/config/config-error.ts';
import { loadConfig } from '../../src/config/load.ts';

const FIXTURES = join(import.meta.dirname, '..', 'fixtures', 'config');

/** A temporary folder with keys, a CA chain and secrets that configurations may name. */
export interface ConfigFolder {
  readonly path: string;
  /** Writes a file and gives its path. */
  write(name: string, content: string | Buffer): string;
  remove(): void;
}

export function createConfigFolder(): ConfigFolder {
  const path = mkdtempSync(join(tmpdir(), 'sigwatch-config-'));
  const write = (name: string, content: string | Buffer): string => {
    writeFileSync(join(path, name), content);
    return join(path, name);
  };
  const ed25519 = generateKeyPairSync('ed25519');
  const spki = { type: 'spki', format: 'pem' } as const;
  write('ed25519.pub', ed25519.publicKey.export(spki));
  write('ed25519.key', ed25519.privateKey.export({ type: 'pkcs8', format: 'pem' }));
  write('p256.pub', generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export(spki));
  write('p384.pub', generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey.export(spki));
  copyFileSync(join(FIXTURES, 'ca-chain.pem'), join(path, 'ca.pem'));
  return {
    path,
    write,
    remove: () => {
      rmSync(path, { recursive: true });
    },
  };
}

/** The problems of a configuration as lines without its path; empty when it loads. */
export function problemsOf(folder: ConfigFolder, yaml: string | Buffer, env: Record<string, string> = {}): string[] {
  const file = folder.write('sigwatch.yaml', yaml);
  try {
    loadConfig(file, env);
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) {
      throw error;
    }
    return error.problems.map((problem) => formatProblem({ ...problem, file: 'f' }).replaceAll(folder.path, 'DIR'));
  }
}
