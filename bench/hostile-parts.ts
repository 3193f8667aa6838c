import { hash } from 'node:crypto';

/** A body made to cost, and what comes beside it. */
export interface Shaped {
  readonly body: Buffer;
  readonly extra?: Buffer;
}

/** Makes a shape of about so many bytes. */
export type Shape = (size: number) => Shaped;

/** The watch of the benchmark selects it: so such an entry is also judged. */
export const WATCHED = 'https://github.com/acme/widget';

export function text(body: string): Shaped {
  return { body: Buffer.from(body) };
}

export function json(kind: string, spec: unknown, apiVersion = '0.0.1'): Shaped {
  return text(JSON.stringify({ apiVersion, kind, spec }));
}

export function list<T>(length: number, make: (at: number) => T): T[] {
  return Array.from({ length: Math.floor(length) }, (_, at) => make(at));
}

/** As entries of Rekor v1 have it. */
export function digest(bytes: Buffer): unknown {
  return { algorithm: 'sha256', value: hash('sha256', bytes) };
}

export function hashedRekord(verifier: Buffer): Shaped {
  const signature = { content: 'MAYCAQECAQE=', publicKey: { content: verifier.toString('base64') } };
  return json('hashedrekord', { data: { hash: digest(Buffer.alloc(0)) }, signature });
}

export function rekord(format: string, key: Buffer): Shaped {
  const signature = { format, content: 'AAAA', publicKey: { content: key.toString('base64') } };
  return json('rekord', { data: { hash: digest(Buffer.alloc(0)) }, signature });
}

export function pem(label: string, der: Buffer): Buffer {
  return Buffer.from(`-----BEGIN ${label}-----\n${wrap(der)}-----END ${label}-----\n`);
}

/** Base64 in lines. */
export function wrap(der: Buffer): string {
  return `${der.toString('base64').replace(/.{64}/g, '$&\n')}\n`;
}
