import type { Route } from '../alert/route.ts';
import type { Config } from './config.ts';
import type { ConfigProblem } from './config-error.ts';
import { isLoopback, isPlainHttpOffLoopback } from './http-url.ts';
import { formatPath, quote, valueAt, type KeyPath } from './key-path.ts';
import { lintWatch } from './lint-watch.ts';
import type { YamlSource } from './yaml-positions.ts';

/** Something that is allowed and probably not meant. */
export interface ConfigWarning extends ConfigProblem {
  readonly rule: string;
}

/** A warning without its place. */
export interface Hint {
  readonly rule: string;
  readonly path: KeyPath;
  readonly message: string;
}

/** Looks at a configuration that loads for what its author will not have meant; `source` is where it was read from. In the order of the file. */
export function lintConfig(config: Config, source: YamlSource): readonly ConfigWarning[] {
  const hints = [
    ...lintWatches(config),
    ...lintTrust(config),
    ...lintLogs(config),
    ...lintChannels(config, source.value),
    ...lintRoutes(config),
  ];
  const warnings = hints.map(({ rule, path, message }) => {
    return { file: config.file, ...source.valuePlace(path), path: formatPath(path), message, rule };
  });
  return warnings.sort((a, b) => a.line - b.line || a.column - b.column);
}

function lintWatches({ watches }: Config): readonly Hint[] {
  if (watches.length === 0) {
    return [
      { rule: 'no-watches', path: ['watches'], message: 'no watches: logs are verified, and nobody is told who signs' },
    ];
  }
  return watches.flatMap((watch, index) => lintWatch(watch, ['watches', index]));
}

function lintTrust({ trust, watches }: Config): readonly Hint[] {
  const hints: Hint[] = [];
  if (trust.source.kind === 'tuf' && isPlainHttpOffLoopback(trust.source.url)) {
    hints.push({ rule: 'plain-http-trust', path: ['trust', 'source', 'tuf'], message: plainHttp(trust.source.url) });
  }
  const byKeyOnly = watches.every((watch) => watch.select.every((rules) => rules.some(({ claim }) => claim === 'key')));
  if (trust.source.kind === 'none' && trust.authorities.length === 0 && !byKeyOnly) {
    hints.push({
      rule: 'no-authorities',
      path: ['trust'],
      message:
        'source none without certificate_authorities trusts no CA: every certificate that is selected will be forged',
    });
  }
  return hints;
}

function lintLogs({ logs }: Config): readonly Hint[] {
  return logs.custom.flatMap(({ url }, index) =>
    isPlainHttpOffLoopback(url)
      ? [{ rule: 'plain-http-log', path: ['logs', 'custom', index, 'url'], message: plainHttp(url) }]
      : [],
  );
}

function plainHttp(url: string): string {
  return `${quote(url)} is not encrypted: whoever is on the way can hold answers back; use https`;
}

function lintChannels({ notify, watches }: Config, raw: unknown): readonly Hint[] {
  const channels = [...(notify?.channels ?? [])];
  const routes = notify?.routes ?? [];
  const named = new Set([...routes.flatMap(({ to }) => to), ...watches.flatMap((watch) => watch.notify ?? [])]);
  return channels.flatMap(([name, channel]) => {
    const path: KeyPath = ['notify', 'channels', name];
    const hints: Hint[] = [];
    if (routes.length > 0 && !named.has(name)) {
      const left = routes.some(takesAll) ? 'nothing is ever sent to it' : 'it gets only alerts that meet no route';
      hints.push({
        rule: 'unused-channel',
        path,
        message: `no route and no watch names channel ${quote(name)}: ${left}`,
      });
    }
    for (const key of [
      [...path, 'webhook_url'],
      [...path, 'smtp', 'password'],
    ]) {
      if (typeof valueAt(raw, key) === 'string') {
        const message =
          'a secret in the file itself is read by everyone who reads the file; use { env: NAME } or { file: PATH }';
        hints.push({ rule: 'literal-secret', path: key, message });
      }
    }
    if (channel.type === 'slack' && isPlainHttpOffLoopback(channel.webhookUrl)) {
      const message = 'the webhook is not encrypted: its secret and every alert can be read on the way; use https';
      hints.push({ rule: 'plain-http-channel', path: [...path, 'webhook_url'], message });
    }
    if (channel.type === 'email' && channel.smtp.password !== null && mayTravelInClear(channel.smtp)) {
      const message = `with tls: ${channel.smtp.tls} the password may be sent unencrypted; use required or implicit`;
      hints.push({ rule: 'password-in-clear', path: [...path, 'smtp'], message });
    }
    return hints;
  });
}

function mayTravelInClear(smtp: { readonly host: string; readonly tls: string }): boolean {
  return !isLoopback(smtp.host) && (smtp.tls === 'none' || smtp.tls === 'opportunistic');
}

function lintRoutes({ notify }: Config): readonly Hint[] {
  const routes = notify?.routes ?? [];
  const last = routes.findIndex((route) => takesAll(route) && !route.continue);
  return routes.flatMap((_, index) =>
    last !== -1 && index > last
      ? [
          {
            rule: 'unreachable-route',
            path: ['notify', 'routes', index],
            message: `routes[${last}] takes every alert and does not continue: this route is never looked at`,
          },
        ]
      : [],
  );
}

function takesAll(route: Route): boolean {
  return route.class === null && route.severity === null && route.watch === null && route.kind === null;
}
