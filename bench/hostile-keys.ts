import { hash } from 'node:crypto';
import { rsaKey } from './hostile-certificates.ts';
import { json, list, pem, rekord, wrap, type Shape, type Shaped } from './hostile-parts.ts';

const PRIMARY_KEY = 0xc6;
const SUBKEY = 0xce;
const USER_ID = 0xcd;
const EDGES = '-----BEGIN PGP PUBLIC KEY BLOCK-----\n\n-----END PGP PUBLIC KEY BLOCK-----\n';

/** Entries whose keys are PGP's, SSH's or TUF's. */
export const KEY_SHAPES: Readonly<Record<string, Shape>> = {
  'a PGP key of empty packets': (size) => pgp(Buffer.alloc(size / 3, Buffer.of(PRIMARY_KEY, 0))),
  'a PGP key of many subkeys': (size) => pgp(keyPacket(PRIMARY_KEY, 0), ...list(Math.min(990, size / 60), subkey)),
  'a PGP key of more packets than are read': (size) => pgp(keyPacket(PRIMARY_KEY, 0), ...list(size / 80, subkey)),
  'a PGP key of many names': (size) =>
    pgp(keyPacket(PRIMARY_KEY, 0), ...list(Math.min(1990, size / 20), (at) => namePacket(`<u${at}@acme.example>`))),
  'a PGP key of one long name': (size) => pgp(keyPacket(PRIMARY_KEY, 0), namePacket('<'.repeat(size / 3))),
  'a PGP key in many blocks': (size) => rekord('pgp', Buffer.from(EDGES.repeat(size / 100))),
  'a PGP key of empty lines': (size) => rekord('pgp', Buffer.from('\n'.repeat(size / 2))),
  'an SSH key of many addresses': (size) =>
    rekord('ssh', Buffer.from(`ssh-x AAAABXNzaC14 ${'<a@b> '.repeat(Math.min(size / 10, 10_000))}`)),
  'an SSH key of spaces': (size) => rekord('ssh', Buffer.from(`ssh-x${' '.repeat(Math.min(size / 2, 60_000))}`)),
  'TUF metadata of many keys': (size) => {
    const value = pem('PUBLIC KEY', rsaKey(256, Buffer.of(1, 0, 1))).toString();
    const key = { keytype: 'rsa', keyval: { public: value }, other: 'a'.repeat(size / 200) };
    const keys = Object.fromEntries(list(100, (at) => [String(at), { ...key, scheme: `s${at}` }]));
    return tuf({ _type: 'root' }, keys);
  },
  'TUF metadata of keys of many members': (size) => {
    const members = Object.fromEntries(list(Math.min(size / 1500, 990), (at) => [`m${at}`, at]));
    return tuf(
      { _type: 'root' },
      Object.fromEntries(list(100, (at) => [String(at), { ...members, scheme: `s${at}` }])),
    );
  },
  'TUF metadata of many targets': (size) => {
    const hashes = (at: number): object => ({ hashes: { sha256: hash('sha256', String(at)) } });
    const targets = Object.fromEntries(list(Math.min(size / 110, 990), (at) => [`t${at}`, hashes(at)]));
    return tuf({ _type: 'targets', targets }, { 0: { keyval: { public: '' } } });
  },
};

function pgp(...packets: readonly Buffer[]): Shaped {
  const [begin = '', , end = ''] = EDGES.split('\n');
  return rekord('pgp', Buffer.from(`${begin}\n\n${wrap(Buffer.concat(packets))}${end}\n`));
}

function keyPacket(tag: number, at: number): Buffer {
  const body = Buffer.alloc(40, 4);
  body.writeUInt32BE(at, 8);
  return Buffer.concat([Buffer.of(tag, body.length), body]);
}

function subkey(at: number): Buffer {
  return keyPacket(SUBKEY, at);
}

function namePacket(name: string): Buffer {
  const head = Buffer.of(USER_ID, 0xff, 0, 0, 0, 0);
  head.writeUInt32BE(name.length, 2);
  return Buffer.concat([head, Buffer.from(name)]);
}

function tuf(signed: object, keys: object): Shaped {
  const signatures = Object.keys(keys).map((keyid) => ({ keyid, sig: '00' }));
  return json('tuf', {
    metadata: { content: { signed, signatures } },
    root: { content: { signed: { keys, roles: {} } } },
  });
}
