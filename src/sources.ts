import type { CustomLog, LogsConfig } from './config/config.ts';
import type { NonEmpty } from './lib/non-empty.ts';
import { isNonEmpty } from './lib/non-empty.ts';
import type { HttpClient } from './log/http.ts';
import type { LogSource, Start } from './log/log.ts';
import { createRekorV1Source } from './log/rekor-v1/reader.ts';
import { createRekorV2Source } from './log/rekor-v2/reader.ts';
import { noteKey } from './tlog/note.ts';
import type { TrustedLog } from './trust/trusted-root.ts';

/**
 * Every log to follow: the custom ones, and with `discover` those of the trust source. A custom log stands for the
 * trusted one of the same origin. `publicHttp` is held to the rate limit of the public Rekor v1 instances.
 */
export function createSources(
  logs: LogsConfig,
  trusted: readonly TrustedLog[],
  clients: { readonly http: HttpClient; readonly publicHttp: HttpClient },
): readonly LogSource[] {
  const taken = new Set(logs.custom.map(({ origin }) => origin));
  const discovered = logs.discover
    ? groupByOrigin(
        trusted.filter(({ origin }) => !taken.has(origin)),
        logs.start,
      )
    : [];
  return [...logs.custom, ...discovered].map((log) => createSource(log, clients));
}

function createSource(
  log: CustomLog,
  { http, publicHttp }: { readonly http: HttpClient; readonly publicHttp: HttpClient },
): LogSource {
  const { name, url, readPath, origin, start } = log;
  const [first, ...others] = log.publicKeys;
  const keys: NonEmpty<ReturnType<typeof noteKey>> = [
    noteKey(origin, first),
    ...others.map((spki) => noteKey(origin, spki)),
  ];
  switch (log.type) {
    case 'rekor-v1':
      return createRekorV1Source({ name, url, origin, keys, start }, isPublic(url) ? publicHttp : http);
    case 'rekor-v2':
      return createRekorV2Source({ name, url, readPath, origin, keys, start }, http);
  }
}

/** The trust source lists a log once for each key it has had: any of them may sign. */
function groupByOrigin(trusted: readonly TrustedLog[], start: Start): readonly CustomLog[] {
  const origins = [...new Set(trusted.map(({ origin }) => origin))];
  return origins.flatMap((origin) => {
    const same = trusted.filter((log) => log.origin === origin);
    const [log] = same;
    const publicKeys = same.map(({ spki }) => spki);
    if (log === undefined || !isNonEmpty(publicKeys)) {
      return [];
    }
    // Rekor v2 entries carry no time: where the start is a date, nothing of them may be missed, so all are read.
    const startOf = start instanceof Date && log.type === 'rekor-v2' ? 'genesis' : start;
    return [{ ...log, name: origin, publicKeys, start: startOf }];
  });
}

function isPublic(url: string): boolean {
  return /\.sigstore\.dev$|\.sigstage\.dev$/.test(new URL(url).hostname);
}
