import { fork, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import Database from 'better-sqlite3';
import type { Served } from './log-server.ts';

/** What is read in one run. */
export interface Load {
  readonly type: 'v1' | 'v2';
  readonly entries: number;
  /** One entry in so many meets the watch: its chain and signature are checked, and it is stored. */
  readonly oneIn: number;
}

interface Figures {
  readonly seconds: number;
  readonly peakMegabytes: number;
}

/** Measures entries per second from HTTP to verdict, and the peak memory, of the built program against a log in another process. */
export async function run(loads: readonly Load[]): Promise<void> {
  for (const load of loads) {
    const { seconds, peakMegabytes } = await measure(load);
    const rate = Math.round(load.entries / seconds);
    const { type, entries, oneIn } = load;
    console.log(
      `rekor-${type}  ${entries} entries, one in ${oneIn} watched: ${seconds} s, ${rate} entries/s, peak ${peakMegabytes} MB`,
    );
  }
}

async function measure({ type, entries, oneIn }: Load): Promise<Figures> {
  const folder = mkdtempSync(join(tmpdir(), 'sigwatch-bench-'));
  const server = fork(
    fileURLToPath(new URL('log-server.ts', import.meta.url)),
    [type, String(entries), String(oneIn)],
    {
      execArgv: ['--import', 'tsx'],
    },
  );
  try {
    const served = await new Promise<Served>((resolve, reject) => {
      server.once('message', (message) => {
        resolve(message as Served);
      });
      server.once('exit', () => {
        reject(new Error('Cannot run the benchmark: its server ended'));
      });
    });
    const config = writeConfig(folder, type, served);
    // The whole process, its start included.
    const begun = process.hrtime.bigint();
    const peakMegabytes = await runOnce(config);
    const seconds = Number(process.hrtime.bigint() - begun) / 1e9;
    requireJudged(join(folder, 'data', 'sigwatch.db'), entries);
    return { seconds: Math.round(seconds * 100) / 100, peakMegabytes };
  } finally {
    server.kill();
    rmSync(folder, { recursive: true, force: true });
  }
}

function writeConfig(folder: string, type: 'v1' | 'v2', served: Served): string {
  writeFileSync(join(folder, 'ca.pem'), served.chainPem);
  writeFileSync(join(folder, 'log.pub'), served.publicKeyPem);
  const file = join(folder, 'sigwatch.yaml');
  writeFileSync(
    file,
    `version: 1
trust: { source: none, certificate_authorities: [{ name: bench, chain: ca.pem }] }
logs:
  discover: false
  custom:
    - { name: bench, type: rekor-${type}, url: "${served.url}", origin: bench.log, public_key: log.pub, start: genesis }
watches:
  - name: acme
    select: [{ source_repository: acme/* }]
    expect: { source_ref: refs/tags/v*, runner: github-hosted }
`,
  );
  return file;
}

/** Runs one pass and returns the peak of its resident memory in MB, as the kernel counted it. */
async function runOnce(config: string): Promise<number> {
  const main = fileURLToPath(new URL('../dist/main.js', import.meta.url));
  const child = spawn(process.execPath, [main, 'run', '--once', '--config', config], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let peak = 0;
  const sample = setInterval(() => {
    peak = Math.max(peak, highWaterMark(child.pid));
  }, 20);
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => {
    stderr = (stderr + chunk.toString()).slice(-2_000);
  });
  const status = await new Promise<number | null>((resolve) => {
    child.once('close', resolve);
  });
  clearInterval(sample);
  if (status !== 0) {
    throw new Error(`Cannot run the benchmark: sigwatch ended with ${status}\n${stderr}`);
  }
  return Math.round(peak / 1024);
}

/** VmHWM of a process in KiB (proc(5)); 0 where the system has none. */
function highWaterMark(pid: number | undefined): number {
  try {
    const text = readFileSync(`/proc/${pid}/status`, 'utf8');
    return Number(/VmHWM:\s+(\d+)/.exec(text)?.[1] ?? 0);
  } catch {
    return 0;
  }
}

/** A figure of a run that did not do the work would be none. */
function requireJudged(database: string, entries: number): void {
  const db = new Database(database, { readonly: true });
  const verified = db.prepare('SELECT verified_size FROM v_logs').pluck().get();
  const findings = db.prepare("SELECT count(*) FROM v_history WHERE verdict = 'expected'").pluck().get();
  db.close();
  if (verified !== entries || findings === 0) {
    throw new Error(`Cannot use the benchmark: verified ${String(verified)} of ${entries} entries`);
  }
}
