import { spawn } from 'node:child_process';
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

/** What `npm run build` makes: these tests start it as an operator does. */
const MAIN = resolve(import.meta.dirname, '../../dist/main.js');

/** A program that ran so long and did not end hangs. */
const LIMIT_MS = 45_000;

/** How a program ended: `status` is null when a signal killed it. */
export interface Ended {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** One line that pino wrote. */
export type LogLine = Readonly<Record<string, unknown>> & { readonly msg?: string };

export interface Running {
  readonly pid: number;
  /** What it wrote so far. */
  stdout(): string;
  stderr(): string;
  kill(signal: NodeJS.Signals): void;
  /** Goes away as the reader of one of its outputs, as `head` does when it has seen enough. */
  stopReading(output: 'stdout' | 'stderr'): void;
  readonly ended: Promise<Ended>;
}

export interface Surroundings {
  /** Instead of the bench's folder. */
  readonly cwd?: string;
  /** Besides PATH, which is all that it gets else. */
  readonly env?: Readonly<Record<string, string>>;
}

/** A temporary folder in which the built program is started, and all that was started in it. */
export class ProgramBench {
  readonly folder = realpathSync(mkdtempSync(join(tmpdir(), 'sigwatch-e2e-')));
  readonly #running = new Set<Running>();

  /** Absolute path of a file of this folder. */
  path(name: string): string {
    return join(this.folder, name);
  }

  /** Writes a file and gives its path. */
  write(name: string, content: string | Buffer, mode = 0o644): string {
    writeFileSync(this.path(name), content, { mode });
    return this.path(name);
  }

  start(args: readonly string[], surroundings: Surroundings = {}): Running {
    const running = startProgram(args, { cwd: this.folder, ...surroundings });
    this.#running.add(running);
    void running.ended.then(() => this.#running.delete(running));
    return running;
  }

  /** Runs the program to its end, which is awaited for at most 45 seconds. */
  async run(args: readonly string[], surroundings: Surroundings = {}): Promise<Ended> {
    const running = this.start(args, surroundings);
    const limit = setTimeout(() => {
      running.kill('SIGKILL');
    }, LIMIT_MS);
    const ended = await running.ended;
    clearTimeout(limit);
    return ended;
  }

  /** Runs a command that prints one JSON object a line. Throws when it does not. */
  async runJson(args: readonly string[], surroundings: Surroundings = {}): Promise<readonly unknown[]> {
    const { stdout } = await this.run(args, surroundings);
    return parseLines(stdout);
  }

  /** Kills what still runs, and removes the folder. */
  async close(): Promise<void> {
    const left = [...this.#running];
    for (const running of left) {
      running.kill('SIGKILL');
    }
    await Promise.all(left.map(({ ended }) => ended));
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Sends `signal`, and tells how the program ended and after how many milliseconds. */
export async function stop(running: Running, signal: NodeJS.Signals = 'SIGTERM'): Promise<Ended & { ms: number }> {
  const start = performance.now();
  running.kill(signal);
  const ended = await running.ended;
  return { ...ended, ms: performance.now() - start };
}

/** One JSON value a line. Throws SyntaxError for a line that is none. */
export function parseLines(text: string): readonly unknown[] {
  return text
    .split('\n')
    .slice(0, -1)
    .map((line): unknown => JSON.parse(line));
}

/** What pino wrote so far; a last line that is not complete is left out. */
export function logLines(running: Running): readonly LogLine[] {
  // Pino writes objects.
  return parseLines(running.stderr()) as readonly LogLine[];
}

function startProgram(args: readonly string[], { cwd, env }: Surroundings): Running {
  const child = spawn(process.execPath, [MAIN, ...args], {
    cwd,
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const written = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      written[name] += text;
    });
  }
  return {
    pid: child.pid ?? -1,
    stdout: () => written.stdout,
    stderr: () => written.stderr,
    kill: (signal) => {
      child.kill(signal);
    },
    stopReading: (output) => {
      child[output].destroy();
    },
    ended: new Promise((done, failed) => {
      child.once('error', failed);
      child.once('close', (status, signal) => {
        done({ status, signal, ...written });
      });
    }),
  };
}
