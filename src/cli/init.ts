import { writeFileSync } from 'node:fs';
import { ConfigError } from '../config/config-error.ts';
import { watchArtifact } from './init-artifact.ts';
import { configText, type DraftedWatch } from './init-config.ts';
import { watchPerson } from './init-email.ts';
import { watchOrganisation, watchRepository } from './init-github.ts';
import { watchKey } from './init-key.ts';
import type { ExitStatus, Io } from './io.ts';
import { safe } from './print.ts';

/** What is watched: exactly one of these. */
interface InitSubject {
  /** Name of an organisation or user. */
  readonly githubOrg?: string | undefined;
  /** `OWNER/REPO`. */
  readonly githubRepo?: string | undefined;
  /** Address of a person. */
  readonly email?: string | undefined;
  /** Path of a public key. */
  readonly key?: string | undefined;
  /** Digest, or path of a file. */
  readonly artifact?: string | undefined;
}

export interface InitOptions extends InitSubject {
  /** Who vouches for `email`. */
  readonly issuer?: string | undefined;
  /** The file to write. */
  readonly file: string;
  /** Replace a file that is there already. */
  readonly force?: boolean | undefined;
}

const SUBJECTS: Readonly<Record<keyof InitSubject, string>> = {
  githubOrg: '--github-org NAME',
  githubRepo: '--github-repo OWNER/REPO',
  email: '--email ADDRESS',
  key: '--key FILE',
  artifact: '--artifact DIGEST-or-FILE',
};

/**
 * `sigwatch init`: writes a commented configuration to start from, which passes `check --strict`. 2 where not exactly one thing to watch is
 * given. Throws ConfigError, and writes nothing, for what cannot be watched, for a file that is there already (unless `force`), and
 * where it cannot write.
 */
export async function initCommand(options: InitOptions, io: Pick<Io, 'stdout' | 'stderr'>): Promise<ExitStatus> {
  const { file } = options;
  const wrong = findMisuse(options);
  if (wrong !== null) {
    io.stderr(`${wrong}\nExample: sigwatch init --github-repo acme/widget\n`);
    return 2;
  }
  const text = configText(await draft(options));
  try {
    writeFileSync(file, text, { flag: options.force === true ? 'w' : 'wx' });
  } catch (error) {
    throw failure(file, reasonOf(error), error);
  }
  io.stdout(`${safe(`Wrote ${file}: next, look at its comments and run \`sigwatch check --config ${file}\``)}\n`);
  return 0;
}

/** What is wrong with the options as a whole; null: nothing. */
function findMisuse(options: InitOptions): string | null {
  const all = Object.entries(SUBJECTS) as readonly [keyof InitSubject, string][];
  const given = all.filter(([name]) => options[name] !== undefined).map(([, usage]) => usage.split(' ', 1).join(''));
  const expected = `expected one of ${all.map(([, usage]) => usage).join(', ')}`;
  if (given.length === 0) {
    return `Cannot write a configuration: nothing to watch is named, ${expected}`;
  }
  if (given.length > 1) {
    return `Cannot write a configuration: ${given.join(' and ')} are given, ${expected}`;
  }
  return options.issuer !== undefined && options.email === undefined
    ? `Cannot write a configuration: --issuer says who vouches for an address, and ${given.join('')} is none; expected it beside --email`
    : null;
}

async function draft(options: InitOptions): Promise<DraftedWatch> {
  const { githubOrg, githubRepo, email, key, artifact = '' } = options;
  try {
    if (githubOrg !== undefined) {
      return watchOrganisation(githubOrg);
    }
    if (githubRepo !== undefined) {
      return watchRepository(githubRepo);
    }
    if (email !== undefined) {
      return watchPerson(email, options.issuer ?? null);
    }
    return key === undefined ? await watchArtifact(artifact) : watchKey(key);
  } catch (error) {
    if (!(error instanceof SyntaxError)) {
      throw error;
    }
    throw failure(options.file, error.message, error);
  }
}

function failure(file: string, message: string, cause?: unknown): ConfigError {
  return new ConfigError([{ file, line: null, column: null, path: '', message }], { cause });
}

function reasonOf(error: unknown): string {
  if (error instanceof Error && 'code' in error && error.code === 'EEXIST') {
    return 'Cannot write the configuration: the file exists already; name another one with --config, or replace it with --force';
  }
  return `Cannot write the configuration: ${error instanceof Error ? error.message : String(error)}`;
}
