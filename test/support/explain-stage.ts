import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { explainCommand, type ExplainOptions } from '../../src/cli/explain.ts';
import type { ExitStatus } from '../../src/cli/io.ts';
import { captureIo } from '../cli/captured-io.ts';

/** After everything that was recorded, so that no recorded certificate begins in the future. */
export const LATER = new Date('2027-01-01T00:00:00Z');

/** A recorded answer of Rekor v1; see test/fixtures/explain/README.md. */
export function recorded(name: string): string {
  return readFileSync(`test/fixtures/explain/${name}`, 'utf8');
}

/** The leaf of a recorded answer. */
export function bodyOf(name: string): Buffer {
  return Buffer.from(answerOf(name).body, 'base64');
}

/** The only entry of a recorded answer. */
export function answerOf(name: string): RecordedAnswer {
  const [answer] = Object.values(JSON.parse(recorded(name)) as Record<string, RecordedAnswer>);
  if (answer === undefined) {
    throw new Error(`Cannot find an entry in "${name}"`);
  }
  return answer;
}

export interface RecordedAnswer {
  readonly body: string;
  readonly integratedTime: number;
  readonly logID: string;
  readonly logIndex: number;
  readonly attestation?: { readonly data: string };
  readonly verification: { readonly signedEntryTimestamp: string };
}

export interface Explained {
  readonly status: ExitStatus;
  readonly out: string;
  readonly err: string;
}

/** A folder with files to explain and a configuration that trusts the recorded authority and log. */
export class ExplainStage {
  readonly folder = mkdtempSync(join(tmpdir(), 'sigwatch-explain-'));

  constructor() {
    for (const name of ['ca.pem', 'log.pub', 'log-2.pub']) {
      this.write(name, recorded(name));
    }
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  write(name: string, content: string | Buffer): string {
    writeFileSync(this.path(name), content);
    return this.path(name);
  }

  /** Writes the configuration, and gives its path. */
  configure(watches: readonly unknown[]): string {
    const config = {
      version: 1,
      trust: { source: 'none', certificate_authorities: [{ name: 'test-ca', chain: './ca.pem' }] },
      logs: {
        discover: false,
        custom: [
          {
            name: 'test-log',
            type: 'rekor-v1',
            url: 'http://127.0.0.1:9',
            origin: 'rekor.peers.test',
            public_key: ['./log.pub', './log-2.pub'],
          },
        ],
      },
      watches,
    };
    return this.write('sigwatch.yaml', JSON.stringify(config));
  }

  async explain(
    files: readonly string[],
    options: ExplainOptions = {},
    machine: { readonly stdin?: string; readonly terminal?: boolean; readonly env?: Record<string, string> } = {},
  ): Promise<Explained> {
    const io = captureIo(80, machine.stdin);
    const env = { SIGWATCH_CONFIG: this.path('sigwatch.yaml'), ...machine.env };
    const terminal = machine.terminal ?? false;
    const status = await explainCommand(files, options, { ...io, terminal, env }, LATER);
    return { status, out: io.out(), err: io.err() };
  }

  /** The lines of `--json`. */
  async json(files: readonly string[], stdin?: string): Promise<readonly ExplainedLine[]> {
    const { out } = await this.explain(files, { json: true }, stdin === undefined ? {} : { stdin });
    return out
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as ExplainedLine);
  }

  close(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** One line of `explain --json`. */
export interface ExplainedLine {
  readonly file: string;
  readonly part?: number;
  readonly kind: string | null;
  readonly api_version: string | null;
  readonly leaf_hash: string | null;
  readonly artifacts: readonly string[];
  readonly problem: string | null;
  readonly signers: readonly Readonly<Record<string, unknown>>[];
  readonly judgements: readonly {
    readonly watch: string;
    readonly signer: number | null;
    readonly verdict: string;
    readonly violations: readonly { readonly claim: string; readonly expected: unknown; readonly found: unknown }[];
  }[];
  readonly attestation: { readonly state: string; readonly problem: string | null } | null;
  readonly unread: boolean;
}
