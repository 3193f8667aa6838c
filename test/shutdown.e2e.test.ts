import { createRequire } from 'node:module';
import { describe, expect, it } from 'vitest';
import { logLines, stop, type Running } from './support/program.ts';
import { setStage, type Stage } from './support/stage.ts';
import { until } from './support/until.ts';
import { strangerEntries } from './support/workflow-entries.ts';

describe('sigwatch run, asked to end', () => {
  /** Where the daemon is when the signal comes: how it gets there, and how one sees that it is there. */
  interface Place {
    readonly prepare: (stage: Stage) => Readonly<Record<string, unknown>>;
    readonly reached: (stage: Stage, daemon: Running) => boolean;
    readonly args?: readonly string[];
    readonly env?: Readonly<Record<string, string>>;
  }
  const everywhere: Place = { prepare: () => ({}), reached: () => true };
  const hangs: Place['reached'] = ({ log }) => log.requests.length > 0;
  const saysUnavailable: Place['reached'] = (_, daemon) => says(daemon, 'log unavailable');

  const places: readonly (readonly [string, Place])[] = [
    [
      'before anything is loaded',
      {
        ...everywhere,
        // Tells when the program listens to the signal, which must be the first thing it does.
        env: { NODE_OPTIONS: '--require ./announce.cjs' },
        prepare: ({ bench }) => {
          const announce = `process.on('newListener', (name) => name === 'SIGTERM' && console.error('{"msg":"listens"}'));`;
          bench.write('announce.cjs', announce);
          return {};
        },
        reached: (_, daemon) => says(daemon, 'listens'),
      },
    ],
    [
      'while it catches up with 20,000 entries',
      {
        prepare: ({ log, authority }) => {
          const some = strangerEntries(authority, 4);
          log.append(Array.from({ length: 5_000 }, () => some).flat());
          return {};
        },
        reached: ({ log }) => log.countRequests(/^tile\/entries/) > 10,
      },
    ],
    [
      'while a log hangs',
      {
        prepare: ({ log }) => {
          log.hang();
          return {};
        },
        reached: hangs,
      },
    ],
    [
      'while it makes one pass over a log that hangs',
      {
        args: ['--once'],
        prepare: ({ log }) => {
          log.hang();
          return {};
        },
        reached: hangs,
      },
    ],
    [
      'while a log sends half an answer',
      {
        prepare: ({ log }) => {
          log.append([Buffer.from('{}')]);
          log.reset(/^tile/);
          return {};
        },
        reached: saysUnavailable,
      },
    ],
    [
      'while Slack hangs',
      {
        prepare: ({ slack }) => {
          slack.answer(() => 'hang');
          return {};
        },
        reached: ({ slack }) => slack.posts.length > 0,
      },
    ],
    [
      'while Slack fails again and again',
      {
        prepare: ({ slack }) => {
          slack.answer(() => ({ status: 500 }));
          return {};
        },
        reached: (_, daemon) => says(daemon, 'message not sent'),
      },
    ],
    [
      'while the mail server hangs before its greeting',
      {
        prepare: ({ mail }) => {
          mail.fail({ stage: 'connect', answer: 'hang' });
          return {};
        },
        reached: ({ mail }) => mail.connections() > 0,
      },
    ],
    [
      'while the mail server hangs with the mail in hand',
      {
        prepare: ({ mail }) => {
          mail.fail({ stage: 'data', answer: 'hang' });
          return {};
        },
        reached: ({ mail }) => mail.connections() > 0,
      },
    ],
    [
      'at its start, when the log cannot be reached',
      {
        // Port 9 of loopback, which nobody serves.
        prepare: (stage) => ({
          logs: { discover: false, custom: [stage.customLog(stage.log, 'gone', { url: 'http://127.0.0.1:9' })] },
        }),
        reached: saysUnavailable,
      },
    ],
    [
      'while it waits for as long as a log asked for',
      {
        prepare: ({ log }) => {
          log.failWith(503, { 'retry-after': '3600' });
          return {};
        },
        reached: saysUnavailable,
      },
    ],
    [
      'while the trust source hangs',
      {
        prepare: ({ bench, log }) => {
          log.hang();
          bench.write('root.json', publicGoodRoot());
          return { trust: { source: { tuf: log.url, root: './root.json' } } };
        },
        reached: hangs,
      },
    ],
    ['when there is nothing to do', { ...everywhere, reached: ({ log }) => log.countRequests(/checkpoint/) > 3 }],
  ];

  it.concurrent.for(places)('ends with 0 within five seconds %s', async ([, place], { onTestFinished }) => {
    const stage = await setStage();
    onTestFinished(() => stage.close());
    const { args = [], env = {} } = place;
    const config = stage.configure(place.prepare(stage));
    const daemon = stage.bench.start(['run', ...args, '--config', config], { env });
    await until('the daemon is there', () => place.reached(stage, daemon));
    const ended = await stop(daemon);
    expect(ended).toMatchObject({ status: 0, signal: null, stdout: '' });
    expect(ended.ms).toBeLessThan(5_000);
  });

  it.concurrent('ends likewise at SIGINT', async ({ onTestFinished }) => {
    const stage = await setStage();
    onTestFinished(() => stage.close());
    const daemon = stage.bench.start(['run', '--config', stage.configure()]);
    await until('the daemon runs', () => says(daemon, 'running'));
    expect(await stop(daemon, 'SIGINT')).toMatchObject({ status: 0, signal: null, stdout: '' });
  });

  it.concurrent('leaves a catch-up in its middle, and takes it up there', async ({ onTestFinished }) => {
    const stage = await setStage();
    onTestFinished(() => stage.close());
    const some = strangerEntries(stage.authority, 4);
    stage.log.append(Array.from({ length: 2_500 }, () => some).flat());
    const args = ['run', '--config', stage.configure()];
    const daemon = stage.bench.start(args);
    await until('some entries are read', () => (stage.status()?.logs[0]?.examined_size ?? 0) > 0);
    await stop(daemon);
    const left = stage.status()?.logs[0];
    expect(left).toMatchObject({ state: 'catching-up', verified_size: null, seen_size: 10_000 });
    expect(left?.examined_size).toBeLessThan(10_000);

    stage.log.requests.length = 0;
    expect(await stage.bench.run([...args, '--once'])).toMatchObject({ status: 0 });
    expect(stage.status()?.logs[0]).toMatchObject({
      state: 'verified',
      verified_size: 10_000,
      kinds: { hashedrekord: 10_000 },
    });
    // 10,000 entries are in 40 bundles; those that were read are not read again.
    expect(stage.log.countRequests(/^tile\/entries/)).toBe(40 - Math.floor((left?.examined_size ?? 0) / 256));
  });
});

function says(daemon: Running, message: string): boolean {
  return logLines(daemon).some(({ msg }) => msg === message);
}

/** The first root.json of the public-good instance: a TUF client asks its mirror for the next one. */
function publicGoodRoot(): Buffer {
  const seeds: unknown = createRequire(import.meta.url)('@sigstore/tuf/seeds.json');
  // Shape of the package's own file, pinned by its exact version.
  const { 'root.json': root } = (seeds as Readonly<Record<string, { readonly 'root.json': string }>>)[
    'https://tuf-repo-cdn.sigstore.dev'
  ] ?? { 'root.json': '' };
  return Buffer.from(root, 'base64');
}
