import { rootCertificates } from 'node:tls';
import { Agent, EnvHttpProxyAgent, type Dispatcher } from 'undici';

/** The proxies to go through; an empty string where there is none. */
export interface ProxySettings {
  /** URL of the proxy for `http:`, and for `https:` where `https` is empty. */
  readonly http: string;
  /** URL of the proxy for `https:`. */
  readonly https: string;
  /** Hosts that are asked directly: names, with all below them, or `*`; separated by commas. */
  readonly noProxy: string;
}

/** Keeps connections alive, so many to each host. `ca`: PEM certificates that are trusted besides the usual ones. Throws TypeError for a proxy that is no URL. */
export function createDispatcher(connections: number, proxy: ProxySettings | null, ca: string | null): Dispatcher {
  const tls = ca === null ? {} : { ca: [...rootCertificates, ca] };
  // The deadline of the whole exchange is the caller's; undici's own ones for its parts are off.
  const options = { connections, headersTimeout: 0, bodyTimeout: 0, connect: tls };
  if (proxy === null) {
    return new Agent(options);
  }
  // All three are given, so that it does not read the environment itself.
  return new EnvHttpProxyAgent({
    ...options,
    requestTls: tls,
    proxyTls: tls,
    httpProxy: proxy.http,
    httpsProxy: proxy.https,
    noProxy: proxy.noProxy,
  });
}
