import type { KeyObject } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { importCommand } from '../../src/cli/import.ts';
import type { ExitStatus } from '../../src/cli/io.ts';
import { loadConfig } from '../../src/config/load.ts';
import type { CertificateRequest, IssuedClaims } from '../../src/demo/certificate-authority.ts';
import { hashedRekordV2 } from '../../src/demo/entries.ts';
import { oid, octetString, sequence } from '../../src/demo/der-writer.ts';
import { decodeEntry } from '../../src/entry/decode.ts';
import { judge } from '../../src/policy/judge.ts';
import type { Watch } from '../../src/policy/watch.ts';
import { captureIo } from '../cli/captured-io.ts';
import { contextOf } from '../policy/signers.ts';
import { authority, NOW } from '../support/actors.ts';

const FIXTURES = 'test/fixtures/import';

export interface Imported {
  readonly status: ExitStatus;
  readonly out: string;
  readonly err: string;
  /** Of the configuration that was printed; none where nothing was. */
  readonly watches: readonly Watch[];
}

/** What `sigwatch import` makes of files in the folder of fixtures, loaded as `sigwatch check` loads it. */
export async function importFixtures(...names: readonly string[]): Promise<Imported> {
  return run(
    names.map((name) => `${FIXTURES}/${name}`),
    '',
  );
}

/** The same of a text on standard input. */
export async function importText(text: string | Buffer): Promise<Imported> {
  return run(['-'], text);
}

async function run(files: readonly string[], stdin: string | Buffer): Promise<Imported> {
  const io = captureIo(80, stdin);
  const status = await importCommand(files, io);
  return { status, out: io.out(), err: io.err(), watches: io.out() === '' ? [] : load(io.out()) };
}

function load(yaml: string): readonly Watch[] {
  const folder = mkdtempSync(join(tmpdir(), 'sigwatch-import-'));
  try {
    writeFileSync(join(folder, 'sigwatch.yaml'), yaml);
    return loadConfig(join(folder, 'sigwatch.yaml'), {}).watches;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** What a configuration makes of one signature: of several watches all must agree. */
export type Outcome = 'accepted' | 'refused' | 'observed' | 'not selected';

/** What the watches make of the only signer of an entry. Throws where they contradict each other. */
export function outcomeOf(watches: readonly Watch[], entry: Buffer): Outcome {
  const decoded = decodeEntry(entry);
  if (!decoded.ok) {
    throw new Error(`Cannot read an entry of this test: ${decoded.problem}`);
  }
  const verdicts = new Set(judge(decoded.entry, watches, contextOf({ now: NOW })).map(({ verdict }) => verdict));
  const [verdict, another] = verdicts;
  if (another !== undefined) {
    throw new Error(`Cannot say what is made of an entry: ${[...verdicts].join(' and ')}`);
  }
  const outcome = verdict === undefined ? 'not selected' : OUTCOMES[verdict];
  if (outcome === undefined) {
    throw new Error(`Cannot expect the verdict ${verdict ?? ''} here`);
  }
  return outcome;
}

const OUTCOMES: Readonly<Record<string, Outcome>> = {
  expected: 'accepted',
  unexpected: 'refused',
  observed: 'observed',
};

const ACTIONS = 'https://token.actions.githubusercontent.com';

/** How a run of a workflow differs from a push to main. */
export interface Run {
  readonly ref?: string;
  /** The file below `.github/workflows/`. */
  readonly file?: string;
  /** Of whom the workflow is, where it is reused by `repository`. */
  readonly builder?: string;
  readonly builderRef?: string;
  readonly claims?: IssuedClaims;
}

/** The entry of a workflow on GitHub: `repository` is built. */
export function workflow(
  repository: string,
  { ref = 'refs/heads/main', file = 'release.yml', builder = repository, builderRef = ref, claims = {} }: Run = {},
): Buffer {
  const subject = `https://github.com/${builder}/.github/workflows/${file}@${builderRef}`;
  const source = `https://github.com/${repository}`;
  return certified({
    subject,
    claims: {
      issuer: ACTIONS,
      builder: subject,
      runner: 'github-hosted',
      source_repository: source,
      source_ref: ref,
      source_owner: source.split('/').slice(0, 4).join('/'),
      workflow: `${source}/.github/workflows/release.yml@${ref}`,
      trigger: 'push',
      ...claims,
    },
    extraExtensions: [sequence(oid('1.3.6.1.4.1.57264.1.5'), octetString(Buffer.from(repository)))],
  });
}

/** The entry of somebody, or of something, that an issuer vouches for. */
export function somebody(subject: string, issuer: string, claims: IssuedClaims = {}): Buffer {
  return certified({ subject, claims: { issuer, ...claims } });
}

function certified(request: CertificateRequest): Buffer {
  return hashedRekordV2({ ...authority.issue({ notBefore: NOW, ...request }), artifact: Buffer.from('widget') });
}

/** The entry of a bare key. */
export function keyed(privateKey: KeyObject): Buffer {
  return hashedRekordV2({ privateKey, artifact: Buffer.from('widget') });
}
