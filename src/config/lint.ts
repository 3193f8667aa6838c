import type { Route } from '../alert/route.ts';
import type { Config, LogOverride, LogsConfig } from './config.ts';
import type { ConfigProblem } from './config-error.ts';
import { isLoopback, isPlainHttpOffLoopback } from './http-url.ts';
import { quote, valueAt, type KeyPath } from './key-path.ts';
import { lintAttestations } from './lint-attestations.ts';
import { lintDetectors } from './lint-detectors.ts';
import { lintDuplicates } from './lint-duplicates.ts';
import { unusedByAll } from './lint-family.ts';
import { lintWatch } from './lint-watch.ts';
import { unknownOrigins } from './plan-log.ts';
import { surroundingsOf } from './surroundings.ts';
import type { ConfigSource } from './config-source.ts';

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
export function lintConfig(config: Config, source: ConfigSource): readonly ConfigWarning[] {
  const hints = [
    ...lintWatches(config),
    ...lintDuplicates(config.watches),
    ...lintAttestations(config.watches, source.value),
    ...lintTrust(config),
    ...lintLogs(config),
    ...lintChannels(config, source.value),
    ...lintRoutes(config),
  ];
  const warnings = unusedByAll(hints, config.watches.length, source).map(({ rule, path, message }) => {
    return { ...source.valuePlace(path), message, rule };
  });
  return inOrder(onceEach(warnings), source.valuePlace([]).file);
}

/** What watches take over from one place, or share as an alias, is wrong there, once. */
function onceEach(warnings: readonly ConfigWarning[]): readonly ConfigWarning[] {
  const told = new Set<string>();
  return warnings.filter(({ file, line, column, rule, message }) => {
    const key = JSON.stringify([file, line, column, rule, message]);
    const isNew = !told.has(key);
    told.add(key);
    return isNew;
  });
}

/** The main file first, then those that it includes. */
function inOrder(warnings: readonly ConfigWarning[], main: string): readonly ConfigWarning[] {
  const rank = ({ file }: ConfigWarning): string => (file === main ? '' : file);
  return [...warnings].sort(
    (a, b) =>
      (rank(a) < rank(b) ? -1 : rank(a) > rank(b) ? 1 : 0) ||
      (a.line ?? 0) - (b.line ?? 0) ||
      (a.column ?? 0) - (b.column ?? 0),
  );
}

function lintWatches(config: Config): readonly Hint[] {
  const { watches } = config;
  if (watches.length === 0) {
    return [
      { rule: 'no-watches', path: ['watches'], message: 'no watches: logs are verified, and nobody is told who signs' },
    ];
  }
  const surroundings = surroundingsOf(config);
  const { pollIntervalMs } = config.logs;
  return watches.flatMap((watch, index) => {
    const path = ['watches', index];
    return [...lintWatch(watch, path, surroundings), ...lintDetectors(watch, path, pollIntervalMs)];
  });
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

function lintLogs({ logs, trust }: Config): readonly Hint[] {
  return [
    ...logs.custom.flatMap((log, index) => lintLog(log, log.url, ['logs', 'custom', index])),
    ...[...logs.override].flatMap(([origin, override]) => {
      const known = logs.custom.find((log) => log.origin === origin);
      return lintLog(override, override.url ?? known?.url ?? null, ['logs', 'override', origin]);
    }),
    ...lintOrigins(logs, trust),
  ];
}

/** `url`: where the log is read at, if that is known. */
function lintLog(log: LogOverride, url: string | null, path: KeyPath): readonly Hint[] {
  const places = [
    ...(log.url === undefined ? [] : [{ key: 'url', at: log.url }]),
    ...(log.also ?? []).map((at) => ({ key: 'also', at })),
  ];
  const hints = places
    .filter(({ at }) => isPlainHttpOffLoopback(at))
    .map(({ key, at }) => ({ rule: 'plain-http-log', path: [...path, key], message: plainHttp(at) }));
  const same = (log.also ?? []).some((other) => other === url);
  const message =
    'the log is compared with itself: expected an address by which another server, or another way, is used';
  return same ? [...hints, { rule: 'same-vantage', path: [...path, 'also'], message }] : hints;
}

/** An override of a log that nobody knows. What a TUF repository will publish is not known here. */
function lintOrigins({ custom, discover, ct, override }: LogsConfig, { source }: Config['trust']): readonly Hint[] {
  if ((discover || ct) && source.kind !== 'none' && source.kind !== 'trusted-root') {
    return [];
  }
  const listed = source.kind === 'trusted-root' ? source.data : { logs: [], ctLogs: [] };
  const trusted = [...(discover ? listed.logs : []), ...(ct ? listed.ctLogs : [])];
  return unknownOrigins(override, [...custom, ...trusted]).map((origin) => ({
    rule: 'unknown-override',
    path: ['logs', 'override', origin],
    message: `no log of this configuration has the origin ${quote(origin)}: this override changes nothing`,
  }));
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
