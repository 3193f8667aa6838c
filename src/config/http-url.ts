import { quote } from './key-path.ts';

/** What a URL must look like, as far as an expression can say: for a JSON Schema. Whether its host and port are good shows when it is parsed. */
export const HTTP_URL_FORM = {
  pattern: '^[Hh][Tt][Tt][Pp][Ss]?://[^/\\s\\\\?#][^\\s\\\\?#]*$',
  maxLength: 2000,
} as const;

/** Takes an http or https URL without credentials, query and fragment; its last slashes are dropped. Throws SyntaxError. */
export function parseHttpUrl(text: string): string {
  const fault = faultOf(text);
  if (fault !== null) {
    throw new SyntaxError(`Cannot use ${quote(text)} as a URL: ${fault}`);
  }
  return text.replace(/(?<!\/)\/+$/, '');
}

/** As {@link parseHttpUrl}, for a URL that is a secret: the message does not show it. Throws SyntaxError. */
export function parseSecretUrl(text: string): string {
  const fault = faultOf(text);
  if (fault !== null) {
    throw new SyntaxError(`Cannot use the secret as a URL: ${fault}`);
  }
  return text;
}

/** Whether an http URL leaves this machine in clear text. */
export function isPlainHttpOffLoopback(url: string): boolean {
  const { protocol, hostname } = new URL(url);
  return protocol === 'http:' && !isLoopback(hostname);
}

/** True for names and addresses that mean this machine (RFC 6761 §6.3, RFC 1122 §3.2.1.3, RFC 4291 §2.5.3). */
export function isLoopback(host: string): boolean {
  const name = host.toLowerCase().replace(/^\[(.*)\]$/, '$1');
  return (
    name === 'localhost' ||
    name.endsWith('.localhost') ||
    name === '::1' ||
    /^127\.(?:[0-9]{1,3})\.(?:[0-9]{1,3})\.(?:[0-9]{1,3})$/.test(name)
  );
}

function faultOf(text: string): string | null {
  // The URL parser silently drops tabs and newlines and turns backslashes: what it would repair is refused.
  const url = /[\s\\]/.test(text) || text.length > HTTP_URL_FORM.maxLength ? null : parse(text);
  if (url === null || !/^https?:\/\/[^/]/i.test(text)) {
    return 'expected http://HOST/PATH or https://HOST/PATH';
  }
  if (text.includes('?') || text.includes('#')) {
    return 'expected neither a query nor a fragment';
  }
  return url.username === '' && url.password === '' ? null : 'expected no user name and no password in it';
}

function parse(text: string): URL | null {
  try {
    return new URL(text);
  } catch {
    return null;
  }
}
