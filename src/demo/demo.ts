import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '../lib/clock.ts';
import { setStage, signed, strangers, WATCH, type Stage } from './demo-stage.ts';
import { readDemo, type DemoView } from './read-demo.ts';

/** What the demo needs of the program around it. */
export interface DemoDeps {
  readonly print: (text: string) => void;
  readonly clock: Clock;
  /** Executable and arguments that start this program. */
  readonly self: readonly [string, ...string[]];
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Milliseconds between scenes, so that a person can follow. */
  readonly paceMs: number;
  /** Leave everything running until the signal. */
  readonly keep: boolean;
}

/** A scene did not come about in time; its message says which. */
export class DemoFailed extends Error {
  override readonly name = 'DemoFailed';
}

/**
 * The whole product on loopback: a real signed log, certificates of a CA made on the spot, a Slack-compatible receiver
 * and an SMTP server; the real daemon as a child process; a release, an attack, a forked log, and what was told.
 * Throws DemoFailed when a scene does not come about.
 */
export async function runDemo(deps: DemoDeps, signal: AbortSignal): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'sigwatch-demo-'));
  const stage = await setStage(folder);
  const daemon = startDaemon(stage.configFile, deps);
  try {
    await play(stage, daemon, deps, signal);
    if (deps.keep) {
      deps.print(`\nStill running. Look around:  sigwatch status --config ${stage.configFile}\nCtrl-C ends it.`);
      await aborted(signal);
    }
  } catch (error) {
    // Who asked the demo to end wants no explanation why it did not go on.
    if (!signal.aborted) {
      throw error;
    }
  } finally {
    await daemon.stop();
    await Promise.all([stage.log.close(), stage.slack.close(), stage.mail.close()]);
    rmSync(folder, { recursive: true, force: true });
  }
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) {
    await once(signal, 'abort');
  }
}

interface Daemon {
  readonly child: ChildProcess;
  readonly stderr: () => string;
  stop(): Promise<number | null>;
}

function startDaemon(configFile: string, deps: DemoDeps): Daemon {
  const [command, ...args] = deps.self;
  const child = spawn(command, [...args, 'run', '--config', configFile], {
    stdio: ['ignore', 'ignore', 'pipe'],
    // A supervisor of ours is none of the daemon that plays here.
    env: { ...deps.env, STATE_DIRECTORY: undefined, NOTIFY_SOCKET: undefined },
  });
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => {
    stderr = (stderr + chunk.toString()).slice(-20_000);
  });
  const ended = new Promise<number | null>((resolve) => {
    child.on('close', resolve);
  });
  return {
    child,
    stderr: () => stderr,
    stop() {
      child.kill('SIGTERM');
      return ended;
    },
  };
}

async function play(stage: Stage, daemon: Daemon, deps: DemoDeps, signal: AbortSignal): Promise<void> {
  const { log, slack, mail } = stage;
  const title = (text: string): void => {
    deps.print(`\n── ${text} ${'─'.repeat(Math.max(2, 74 - text.length))}`);
  };
  const tell = async (text: string): Promise<void> => {
    deps.print(`${text.trimEnd()}\n`);
    await deps.clock.sleep(deps.paceMs, signal);
    signal.throwIfAborted();
  };
  const scene = async (heading: string, text: string): Promise<void> => {
    title(heading);
    await tell(text);
  };
  const until = <T>(what: string, look: () => T | null): Promise<T> => waitFor(what, look, daemon, deps, signal);
  const view = (): DemoView | null => readDemo(stage.database);

  log.append(strangers(stage, 40));
  await scene(
    '1. A log, and a monitor',
    `A signed Rekor v2 log runs on ${log.url}; 40 strangers have signed there.\nThe monitor was started with this watch:\n\n${indent(WATCH)}`,
  );
  const begun = await until('the monitor verified the log', () => verifiedAt(view(), log.size));
  await scene(
    '   What the monitor did',
    `It read ${begun.size} entries, hashed them all, and met the signed root:\n\n    ${begun.root}\n\n` +
      'It said so once, because a monitor never begins in silence:\n\n' +
      indent(await until('the first Slack message', () => slack.texts()[0] ?? null)),
  );

  const posts = slack.texts().length;
  log.append([signed(stage, 'refs/tags/v1.4.0')]);
  await until('the release was judged', () => verifiedAt(view(), log.size));
  await scene(
    '2. The real workflow signs a release',
    `Entry ${log.size - 1}: release.yml at refs/tags/v1.4.0 → ${view()?.verdicts.get(log.size - 1) ?? '?'}.\nNobody was told: ${slack.texts().length - posts} new messages. A quiet channel is one people read.`,
  );

  log.append([signed(stage, 'refs/heads/hotfix-7f3a')]);
  title("3. An attacker's branch runs its own copy of release.yml");
  const attack = await until('the Slack message about the attack', () => slack.texts()[posts] ?? null);
  const letter = await until('the mail about the attack', () => mail.mails().find(mentions('hotfix-7f3a')) ?? null);
  await tell(
    `The certificate is real: right owner, right repository, right workflow file. Only the ref is wrong.\n\nThe Slack message that was sent:\n\n${indent(attack)}`,
  );
  await scene('   The mail that was sent', indent(letter.text));

  log.fork(3);
  title('4. The log itself lies');
  const alarm = await until('the alert about the fork', () => slack.texts()[posts + 1] ?? null);
  await tell(`Entry 3 was replaced and the tree signed anew. The Slack message that was sent:\n\n${indent(alarm)}`);
  const evidence = await until('the evidence of the fork', () => view()?.fork ?? null);
  await scene(
    '   The evidence',
    'Both notes carry a valid signature of the log, have the same size and another root:\nproof that the log shows two histories.\n\n' +
      evidence.notes.map(indent).join('\n') +
      `\nalert ${evidence.id}: ${evidence.title}\nThe monitor stays at the last proven position and follows no further until a person decides.`,
  );

  title('Now yours');
  deps.print(
    [
      'sigwatch init --github-org YOUR-ORG     writes a sigwatch.yaml',
      'sigwatch check                          says what is wrong in it',
      'sigwatch run                            watches',
    ]
      .map((line) => `    ${line}`)
      .join('\n'),
  );
}

/** Waits until `look` sees something. A daemon that ended, or 20 seconds, fail the scene. */
async function waitFor<T>(
  what: string,
  look: () => T | null,
  daemon: Daemon,
  deps: DemoDeps,
  signal: AbortSignal,
): Promise<T> {
  for (let tries = 0; tries < 200 && !signal.aborted; tries++) {
    const seen = look();
    if (seen !== null) {
      return seen;
    }
    if (daemon.child.exitCode !== null) {
      break;
    }
    await deps.clock.sleep(100, signal);
  }
  throw new DemoFailed(`Cannot go on with the demo: waited in vain until ${what}.\n${daemon.stderr()}`);
}

function verifiedAt(view: DemoView | null, size: number): { size: number; root: string } | null {
  return view?.verified?.size === size ? view.verified : null;
}

function mentions(text: string): (mail: { readonly text: string }) => boolean {
  return (mail) => mail.text.includes(text);
}

function indent(text: string): string {
  return text.replace(/^(?=.)/gm, '    ');
}
