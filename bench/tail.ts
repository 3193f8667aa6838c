import { fork, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import Database from 'better-sqlite3';
import { startConnectProxy } from './connect-proxy.ts';
import type { Asked, Served } from './log-server.ts';

/** What is read in one run. */
export interface Load {
  readonly type: 'v1' | 'v2';
  readonly entries: number;
  /** One entry in so many meets the watch: its chain and signature are checked, and it is stored. */
  readonly oneIn: number;
  /** Added to every answer of the server. */
  readonly delayMs: number;
  /** As at a public instance of Rekor v1: at the rate that is kept there by default. */
  readonly limited?: true;
}

interface Figures {
  readonly seconds: number;
  readonly peakMegabytes: number;
  readonly asked: Asked;
}

/** Requests a minute that are sent to a public instance of Rekor v1, and that it allows: they do not arrive as evenly as they are sent. */
const OUR_LIMIT = 900;
const PUBLIC_LIMIT = 975;

/** Measures entries per second from HTTP to verdict, and the peak memory, of the built program against a log in another process. */
export async function run(loads: readonly Load[]): Promise<void> {
  for (const load of loads) {
    const { seconds, peakMegabytes, asked } = await measure(load);
    const rate = Math.round(load.entries / seconds);
    const { type, entries, oneIn, delayMs, limited = false } = load;
    const share = Math.round((asked.mostInAMinute / OUR_LIMIT) * 1000) / 10;
    console.log(
      [
        `rekor-${type}  ${entries} entries, one in ${oneIn} watched, +${delayMs} ms${limited ? ', public limit' : ''}:`,
        `${seconds} s, ${rate} entries/s, peak ${peakMegabytes} MB, ${asked.requests} requests,`,
        `at most ${asked.mostInAMinute} in a minute${limited ? ` (${share} % of ${OUR_LIMIT})` : ''}`,
      ].join(' '),
    );
    if (limited && asked.mostInAMinute > PUBLIC_LIMIT) {
      throw new Error(`Cannot use the benchmark: more than ${PUBLIC_LIMIT} requests were sent in a minute`);
    }
  }
}

async function measure({ type, entries, oneIn, delayMs, limited }: Load): Promise<Figures> {
  const folder = mkdtempSync(join(tmpdir(), 'sigwatch-bench-'));
  const host = limited === true ? 'bench.sigstore.dev' : 'bench.log';
  const server = fork(
    fileURLToPath(new URL('log-server.ts', import.meta.url)),
    [type, host, ...[entries, oneIn, delayMs].map(String)],
    { execArgv: ['--import', 'tsx'] },
  );
  const proxy = await startConnectProxy();
  try {
    const served = await new Promise<Served>((resolve, reject) => {
      server.once('message', (message) => {
        resolve(message as Served);
      });
      server.once('exit', () => {
        reject(new Error('Cannot run the benchmark: its server ended'));
      });
    });
    // By a name that is held to the limit, and which the proxy alone knows.
    const url = limited === true ? served.url.replace('127.0.0.1', host) : served.url;
    const config = writeConfig(folder, type, host, { ...served, url }, limited === true);
    // The whole process, its start included.
    const begun = process.hrtime.bigint();
    const peakMegabytes = await runOnce(config, { http_proxy: proxy.url, no_proxy: '' });
    const seconds = Number(process.hrtime.bigint() - begun) / 1e9;
    requireJudged(join(folder, 'data', 'sigwatch.db'), entries);
    return { seconds: Math.round(seconds * 100) / 100, peakMegabytes, asked: await ask(server) };
  } finally {
    server.kill();
    await proxy.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function ask(server: ChildProcess): Promise<Asked> {
  server.send('how much?');
  const [asked] = (await once(server, 'message')) as [Asked];
  return asked;
}

function writeConfig(folder: string, type: 'v1' | 'v2', origin: string, served: Served, proxied: boolean): string {
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
    - { name: bench, type: rekor-${type}, url: "${served.url}", origin: ${origin}, public_key: log.pub, start: genesis }
network: { proxy: ${proxied ? 'env' : 'none'} }
watches:
  - name: acme
    select: [{ source_repository: acme/* }]
    expect: { source_ref: refs/tags/v*, runner: github-hosted }
`,
  );
  return file;
}

/** Runs one pass and returns the peak of its resident memory in MB, as the kernel counted it. */
async function runOnce(config: string, env: NodeJS.ProcessEnv): Promise<number> {
  const main = fileURLToPath(new URL('../dist/main.js', import.meta.url));
  const child = spawn(process.execPath, [main, 'run', '--once', '--config', config], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, ...env },
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
