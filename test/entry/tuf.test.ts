import { generateKeyPairSync, hash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalJson } from '../../src/entry/canonical-json.ts';
import { decodeEntry } from '../../src/entry/decode.ts';
import { EntryError } from '../../src/entry/entry-error.ts';
import { tufKeyId, tufKeySpki } from '../../src/entry/tuf-key.ts';

interface Key {
  readonly keytype: string;
  readonly scheme: string;
  readonly keyval: { readonly public: string };
  readonly [more: string]: unknown;
}

const online = ed25519Key();
const offline = ed25519Key();
const foreign = ed25519Key();
const keys = { [idOf(online)]: online, [idOf(offline)]: offline };
const digests = { sha256: hash('sha256', 'widget'), sha512: hash('sha512', 'widget') };

describe('decodeEntry() of a tuf', () => {
  it('names the keys of the root that signed the metadata', () => {
    const decoded = decode(signedBy(online, foreign), rootOf(keys));
    expect(decoded).toMatchObject({ ok: true, entry: { artifacts: [], signedDigest: null, payload: null } });
    expect(signersOf(decoded)).toEqual([
      {
        type: 'tuf',
        fingerprint: idOf(online),
        claims: { key: [idOf(online)] },
        certificate: null,
        spki: tufKeySpki(online),
        signature: Buffer.of(0xab, 0xcd),
      },
    ]);
  });

  it('names the keys of the root role where the metadata names none of its keys', () => {
    const root = rootOf(keys, [idOf(offline), idOf(online), 'unknown']);
    expect(signersOf(decode(signedBy(foreign), root))).toMatchObject([
      { fingerprint: idOf(offline), signature: null },
      { fingerprint: idOf(online), signature: null },
    ]);
  });

  it('reads what the first servers embedded as objects', () => {
    const [metadata, root] = [signedBy(online), rootOf(keys)];
    const spec = { metadata: { content: metadata }, root: { content: root } };
    expect(signersOf(decodeSpec(spec))).toEqual(signersOf(decode(metadata, root)));
  });

  it('names a key by what it is, whatever id the root gives it', () => {
    const root = rootOf({ [idOf(online)]: foreign });
    const metadata = { signed: { _type: 'timestamp' }, signatures: [{ keyid: idOf(online), sig: 'zz' }] };
    expect(signersOf(decode(metadata, root))).toMatchObject([{ fingerprint: idOf(foreign), signature: null }]);
  });

  it('names a key once that has two ids', () => {
    const metadata = { signed: {}, signatures: ['a', 'b', 'a'].map((keyid) => ({ keyid, sig: 'abcd' })) };
    expect(signersOf(decode(metadata, rootOf({ a: online, b: online })))).toHaveLength(1);
  });

  it('lists the digests of targets', () => {
    const targets = {
      'widget.tgz': { length: 6, hashes: { ...digests, sha256: digests.sha256.toUpperCase(), md5: 'a' } },
      'again.tgz': { length: 6, hashes: digests },
      'odd.tgz': { length: 6, hashes: { sha256: 'x'.repeat(64), sha384: 'ab' } },
      'none.tgz': null,
    };
    const metadata = { ...signedBy(online), signed: { _type: 'targets', targets } };
    expect(decode(metadata, rootOf(keys))).toMatchObject({
      entry: { artifacts: [`sha256:${digests.sha256}`, `sha512:${digests.sha512}`] },
    });
  });

  it('reads 1,000 digests, and refuses to leave out the next', () => {
    const targets = (count: number) => ({
      ...signedBy(online),
      signed: {
        _type: 'targets',
        targets: Object.fromEntries(
          Array.from({ length: count }, (_, index) => [index, { hashes: { sha256: hash('sha256', `${index}`) } }]),
        ),
      },
    });
    expect(decode(targets(1000), rootOf(keys))).toMatchObject({ ok: true });
    expect(decode(targets(1001), rootOf(keys))).toMatchObject({
      problem: 'Cannot read metadata.signed.targets: they have more than 1000 digests',
    });
  });

  const good = signedBy(online);
  it.each<[string, unknown, unknown, string]>([
    [
      'no JSON',
      'x',
      rootOf(keys),
      'Cannot read spec.metadata.content: its JSON is a value of type string, expected an object',
    ],
    [
      'metadata without signatures',
      { signed: {} },
      rootOf(keys),
      'Cannot read metadata.signatures: found nothing, expected at most 100 in an array',
    ],
    [
      'metadata without content',
      { signatures: [] },
      rootOf(keys),
      'Cannot read metadata.signed: found nothing, expected an object',
    ],
    [
      '101 signatures',
      { signed: {}, signatures: Array(101).fill({}) },
      rootOf(keys),
      'Cannot read metadata.signatures: found 101 items, expected at most 100 in an array',
    ],
    ['a root without content', good, {}, 'Cannot read root.signed: found nothing, expected an object'],
    ['a root without keys', good, { signed: {} }, 'Cannot read root.signed.keys: found nothing, expected an object'],
    [
      'a root with other keys',
      signedBy(foreign),
      rootOf(keys, []),
      'Cannot name a signer of TUF metadata: its root has none of the keys that it names',
    ],
    [
      'a key that is text',
      good,
      rootOf({ [idOf(online)]: 'key' }),
      `Cannot read root.signed.keys.${idOf(online)}: found a value of type string, expected an object`,
    ],
    [
      'keys that are spelled in two ways',
      good,
      { signed: { keys, Keys: {}, roles: {} } },
      'Cannot read root.signed.keys: it is spelled in several ways',
    ],
    [
      'signatures that are spelled in two ways',
      { ...good, SIGNATURES: [] },
      rootOf(keys),
      'Cannot read metadata.signatures: it is spelled in several ways',
    ],
    [
      'a key with a fraction',
      good,
      rootOf({ [idOf(online)]: { ...online, keyval: { public: 0.5 } } }),
      'Cannot write canonical JSON: found a value of type number, expected an integer',
    ],
    [
      'targets that are a list',
      { ...good, signed: { _type: 'targets', targets: [] } },
      rootOf(keys),
      'Cannot read metadata.signed.targets: found an array, expected an object',
    ],
  ])('says what is wrong with %s', (_, metadata, root, problem) => {
    expect(decode(metadata, root)).toEqual({ ok: false, kind: 'tuf', apiVersion: '0.0.1', problem });
  });
});

describe('tufKeyId()', () => {
  const custom = { ...online, 'x-tuf-on-ci-keyowner': '@acme' };
  const withAlgorithms = { ...online, keyid_hash_algorithms: ['sha256', 'sha512'] };
  it.each([
    ['the hash of the whole object', hash('sha256', canonicalJson(custom)), custom],
    ['the hash of what every key has', idOf(online), custom],
    ['the hash of that and the algorithms', hash('sha256', canonicalJson(withAlgorithms)), withAlgorithms],
    ['the hash without the algorithms', idOf(online), withAlgorithms],
  ])('keeps a stated id that is %s', (_, stated, key) => {
    expect(tufKeyId(stated, key)).toBe(stated);
  });

  it('computes the id where another is stated', () => {
    expect(tufKeyId('acme', custom)).toBe(idOf(online));
    expect(tufKeyId('acme', withAlgorithms)).toBe(hash('sha256', canonicalJson(withAlgorithms)));
  });
});

describe('tufKeySpki()', () => {
  const p256 = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey;
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey;
  const point = p256.export({ type: 'spki', format: 'der' }).subarray(-65).toString('hex');
  it.each([
    ['Ed25519 in hex', generateKeyPairSync('ed25519').publicKey, undefined],
    ['P-256 in PEM', p256, p256.export({ type: 'spki', format: 'pem' }).toString()],
    ['P-256 in hex', p256, point],
    ['RSA in PEM', rsa, rsa.export({ type: 'spki', format: 'pem' }).toString()],
    ['RSA in PEM of PKCS #1', rsa, rsa.export({ type: 'pkcs1', format: 'pem' }).toString()],
  ])('reads %s', (_, key, written) => {
    const spki = key.export({ type: 'spki', format: 'der' });
    expect(tufKeySpki({ keyval: { public: written ?? spki.subarray(-32).toString('hex') } })).toEqual(spki);
  });

  it.each([
    ['no key value', {}],
    ['a number', { keyval: { public: 7 } }],
    ['hex of another length', { keyval: { public: 'ab' } }],
    ['a broken PEM', { keyval: { public: '-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----' } }],
    ['a PEM without end', { keyval: { public: `-----BEGIN PUBLIC KEY-----${'A'.repeat(9000)}` } }],
  ])('finds none in %s', (_, key) => {
    expect(tufKeySpki(key)).toBeNull();
  });
});

describe('canonicalJson()', () => {
  it('orders members by their bytes and escapes quotes and backslashes only', () => {
    expect(canonicalJson({ b: [true, null, -1], 'a!': 'x\n', a: '"\\', '\u{10000}': 1, '\uffff': 2 })).toBe(
      '{"a":"\\"\\\\","a!":"x\n","b":[true,null,-1],"\uffff":2,"\u{10000}":1}',
    );
  });

  it('writes what JSON.stringify() writes where nothing needs to be ordered or escaped', () => {
    const plain = fc.letrec<{ value: unknown }>((tie) => ({
      value: fc.oneof(
        { maxDepth: 5 },
        fc.integer(),
        fc.boolean(),
        fc.constant(null),
        fc.stringMatching(/^[ !#-[\]-~]*$/),
        fc.array(tie('value')),
      ),
    })).value;
    fc.assert(fc.property(plain, (value) => canonicalJson(value) === JSON.stringify(value)));
  });

  it('refuses what has no canonical form', () => {
    const deep = Array.from({ length: 30 }).reduce((inner: unknown) => [inner], 0);
    expect(() => canonicalJson(deep)).toThrow(EntryError);
    const wide = Object.fromEntries(Array.from({ length: 1001 }, (_, index) => [index, 0]));
    expect(() => canonicalJson(wide)).toThrow('of 1001 members: expected at most 1000');
    expect(() => canonicalJson(2 ** 60)).toThrow(EntryError);
    expect(() => canonicalJson(undefined)).toThrow(EntryError);
  });
});

function ed25519Key(): Key {
  const spki = generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'der' });
  return { keytype: 'ed25519', scheme: 'ed25519', keyval: { public: spki.subarray(-32).toString('hex') } };
}

/** By the definition, for a key whose members need no escaping. */
function idOf({ keytype, keyval, scheme }: Key): string {
  return hash('sha256', JSON.stringify({ keytype, keyval, scheme }));
}

function signedBy(...signers: readonly Key[]) {
  return {
    signed: { _type: 'timestamp', version: 1 },
    signatures: signers.map((key) => ({ keyid: idOf(key), sig: 'abcd' })),
  };
}

function rootOf(listed: Readonly<Record<string, unknown>>, rootKeys: readonly string[] = Object.keys(listed)) {
  return {
    signed: { _type: 'root', keys: listed, roles: { root: { keyids: rootKeys, threshold: 1 } } },
    signatures: [],
  };
}

function decode(metadata: unknown, root: unknown): ReturnType<typeof decodeEntry> {
  return decodeSpec({ metadata: { content: base64(metadata) }, root: { content: base64(root) } });
}

function decodeSpec(spec: unknown): ReturnType<typeof decodeEntry> {
  return decodeEntry(Buffer.from(JSON.stringify({ kind: 'tuf', apiVersion: '0.0.1', spec })));
}

function signersOf(decoded: ReturnType<typeof decodeEntry>) {
  return decoded.ok ? decoded.entry.signers : [];
}

function base64(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64');
}
