import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

/** Starts a script of test/store in a process of its own. */
export function startScript(script: string, ...args: readonly string[]): ChildProcess {
  const path = join(import.meta.dirname, script);
  return spawn(process.execPath, ['--import', 'tsx', path, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
}

export interface ScriptResult {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the same script `count` times at once, to its end. */
export function runAll(count: number, script: string, ...args: readonly string[]): Promise<readonly ScriptResult[]> {
  return Promise.all(Array.from({ length: count }, () => finish(startScript(script, ...args))));
}

async function finish(child: ChildProcess): Promise<ScriptResult> {
  const { stdout, stderr } = child;
  if (stdout === null || stderr === null) {
    throw new Error('A script was started without pipes');
  }
  const [out, err] = await Promise.all([text(stdout), text(stderr), once(child, 'close')]);
  return { status: child.exitCode, stdout: out, stderr: err };
}
