import { X509Certificate } from 'node:crypto';
import { z } from 'zod';
import type { NetworkConfig, ProxyConfig } from './config.ts';
import type { Machine } from './machine.ts';
import { converted, fileContent, strict } from './schema-parts.ts';

const MAX_BUNDLE = 4 * 1024 * 1024;

const CERTIFICATE = /-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----[^-]*-----END (?:TRUSTED |X509 )?CERTIFICATE-----/g;

/** The section `network`. */
export function networkSchema(machine: Machine): z.ZodType<NetworkConfig, object> {
  return strict({
    proxy: converted(z.enum(['env', 'none']), (proxy) => (proxy === 'env' ? proxyOf(machine) : null))
      .prefault('env')
      .describe('env: as HTTP_PROXY, HTTPS_PROXY and NO_PROXY say. none: no proxy.'),
    ca_bundle: z
      .union([z.null(), fileContent(machine, 'CA bundle', MAX_BUNDLE, parseBundle)], {
        error: 'expected the path of a PEM file, or null',
      })
      .default(null)
      .describe('PEM file of certificates that a TLS server may chain to besides those of the system.'),
  }).transform(({ proxy, ca_bundle: ca }) => ({ proxy, ca }));
}

/** What the environment says, by the names that curl reads; those in lower case go first. Null where it names no proxy. Throws SyntaxError. */
function proxyOf({ env }: Machine): ProxyConfig | null {
  const read = (name: string): string => (env[name.toLowerCase()] ?? env[name] ?? '').trim();
  const [http, https] = ['HTTP_PROXY', 'HTTPS_PROXY'].map((name) => proxyUrl(name, read(name)));
  return http === undefined || https === undefined || (http === '' && https === '')
    ? null
    : { http, https, noProxy: read('NO_PROXY') };
}

/** `proxy.example:3128` is common, and means http. */
function proxyUrl(name: string, value: string): string {
  const url = value === '' || value.includes('://') ? value : `http://${value}`;
  if (url !== '' && !/^https?:$/.test(URL.canParse(url) ? new URL(url).protocol : '')) {
    // Not shown: it may hold a password.
    throw new SyntaxError(`Cannot use ${name} of the environment as a proxy: expected http://HOST:PORT`);
  }
  return url;
}

/** The certificates of a PEM file, each of which can be read. Throws SyntaxError. */
function parseBundle(pem: string, file: string): string {
  const blocks = pem.match(CERTIFICATE) ?? [];
  if (blocks.length === 0) {
    throw new SyntaxError(`Cannot take "${file}" as a CA bundle: it holds no certificate, expected PEM`);
  }
  blocks.forEach((block, position) => {
    try {
      new X509Certificate(block);
    } catch (error) {
      throw new SyntaxError(`Cannot take "${file}" as a CA bundle: certificate ${position + 1} is broken`, {
        cause: error,
      });
    }
  });
  return blocks.join('\n');
}
