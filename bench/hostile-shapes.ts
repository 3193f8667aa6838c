import { CERTIFICATE_SHAPES, P256_KEY } from './hostile-certificates.ts';
import { KEY_SHAPES } from './hostile-keys.ts';
import { digest, hashedRekord, json, list, text, type Shape, type Shaped } from './hostile-parts.ts';
import { STATEMENT_SHAPES } from './hostile-statements.ts';

const UNKNOWN: Readonly<Record<string, (size: number) => string>> = {
  'that nests base64': (size) => {
    let inner = 'github.com/elsewhere '.repeat(size / 100);
    while (inner.length < size / 2) {
      inner = JSON.stringify({ inner: Buffer.from(inner).toString('base64') });
    }
    return Buffer.from(inner).toString('base64');
  },
  'of many short runs': (size) => 'QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVo= '.repeat(size / 40),
  'of base64 and spaces': (size) => 'Q U J D '.repeat(size / 8),
  'of backslashes': (size) => '\\'.repeat(size / 2),
  'of NULs': (size) => Buffer.alloc(size / 2).toString('base64'),
  'of keys': (size) => Buffer.concat(list(size / 130, () => P256_KEY)).toString('base64'),
  'of what almost stands there': (size) => 'acme/widge '.repeat(size / 11),
};

/** Shapes that cost a careless reader more than their size, by name. */
export const SHAPES: Readonly<Record<string, Shape>> = {
  'brackets nested to the end': (size) => text('['.repeat(size)),
  'objects nested in objects': (size) => text('{"a":'.repeat(size / 5)),
  'objects nested as deep as is looked at': () => text(`${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}`),
  'one long string': (size) => json('hashedrekord', 'a'.repeat(size)),
  'many keys': (size) => json('dsse', Object.fromEntries(list(size / 12, (at) => [`k${at}`, 0]))),
  'many signatures': (size) =>
    json('dsse', {
      payloadHash: digest(Buffer.alloc(0)),
      signatures: list(size / 100, () => ({ signature: 'AAAA', verifier: 'LS0tLS1CRUdJTiA=' })),
    }),
  'a PEM text without an end': (size) => hashedRekord(Buffer.from('-----BEGIN CERTIFICATE-----\n'.repeat(size / 40))),
  'a PEM text of many lines': (size) => loosePem('\n'.repeat(size / 3)),
  'a PEM text of many blocks': (size) =>
    loosePem('-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----\n'.repeat(size / 100)),
  ...CERTIFICATE_SHAPES,
  ...STATEMENT_SHAPES,
  ...KEY_SHAPES,
  ...Object.fromEntries(
    Object.entries(UNKNOWN).map(([name, make]) => [
      `an unknown kind ${name}`,
      (size: number) => json('unheard-of', make(size), '9.9.9'),
    ]),
  ),
};

/** In an entry of intoto 0.0.2, where such a text stands as it was sent. */
function loosePem(pem: string): Shaped {
  const signatures = [{ sig: 'AAAA', publicKey: Buffer.from(pem).toString('base64') }];
  return json('intoto', { content: { envelope: { signatures } } }, '0.0.2');
}
