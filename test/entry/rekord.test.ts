import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeEntry } from '../../src/entry/decode.ts';
import { checkSignature } from '../../src/entry/signature.ts';
import { entryFixture, readEntry } from '../support/entry-fixtures.ts';

/** As GnuPG prints them. */
const RSA_KEYS = ['3b682c25572108a510270c67ff9fc7d1d18df03f', '4802fac10ef4b72586422458ca38fcccf5e74a0b'];
const RSA_ADDRESSES = ['rsa-second@peers.test', 'rsa-pgp@peers.test'];
const ED25519_KEY = 'c2fdebe2a60d9710b9cfec4f510b76bfbed5cab9';

/** By fixture: signer's type, fingerprint and further names, what the signature says. */
const EXPECTED = {
  'rekord-pgp-rsa': ['pgp', RSA_KEYS, 'not-checkable'],
  'rekord-pgp-ed25519': ['pgp', [ED25519_KEY], 'not-checkable'],
  'rekord-minisign': ['minisign', ['b0c574af35195806', spkiDigest('rekord-minisign', 10)], 'not-checkable'],
  'rekord-minisign-legacy': ['minisign', ['b0c574af35195806', spkiDigest('rekord-minisign', 10)], 'not-checkable'],
  // As ssh-keygen prints them.
  'rekord-ssh-ed25519': ['ssh', ['SHA256:htZ1c0rlH012oQC48Qmfn2MSu5YcjzriI3RWViEChwo'], 'not-checkable'],
  'rekord-ssh-rsa': ['ssh', ['SHA256:BxQW4HvTpIDnwIOp37Nne0D2V6qFl5+QJ03ReKXDuNM'], 'not-checkable'],
  'rekord-ssh-ecdsa': ['ssh', ['SHA256:SLer4otZuscDlXP7GClVOm6pYHyECmwOQQ+D39q2O6U'], 'not-checkable'],
  'rekord-x509-p256': ['public-key', [pemDigest('rekord-x509-p256')], 'verified'],
  // Plain Ed25519 is made over the artifact itself.
  'rekord-x509-ed25519': ['public-key', [pemDigest('rekord-x509-ed25519')], 'not-checkable'],
  'rekord-x509-certificate': [
    'certificate',
    ['edf75d30b8c2cf7981a29b99a68b2dfbdf0a3371cd9758aba82429d37088611f'],
    'verified',
  ],
  rpm: ['pgp', RSA_KEYS, 'not-checkable'],
  helm: ['pgp', RSA_KEYS, 'not-checkable'],
  alpine: ['public-key', [pemDigest('alpine')], 'not-checkable'],
} as const;
const NAMES = Object.keys(EXPECTED) as (keyof typeof EXPECTED)[];

describe.each(NAMES)('decodeEntry() of %s', (name) => {
  const body = entryFixture(name);
  const entry = readEntry(body);
  const [signer] = entry.signers;

  it('names its one signer', () => {
    const [type, keys, verdict] = EXPECTED[name];
    expect(entry.signers).toHaveLength(1);
    expect(signer).toMatchObject({ type, fingerprint: keys[0] });
    expect(signer?.claims['key']).toEqual(keys);
    expect(entry.signers.map((each) => checkSignature(entry, each))).toEqual([verdict]);
    expect(entry).toMatchObject({ kind: name.split('-', 1)[0], apiVersion: '0.0.1', payload: null, unread: false });
  });

  it('binds the hash that it records', () => {
    const digest = /"hash":\{"algorithm":"sha256","value":"([0-9a-f]{64})"\}/.exec(body.toString())?.[1] ?? '';
    expect(entry.artifacts).toEqual([`sha256:${digest}`]);
    const shouted = body.toString().replace(digest, digest.toUpperCase());
    expect(readEntry(Buffer.from(shouted)).artifacts).toEqual(entry.artifacts);
  });

  it('does not hold any more when a bit of signature or artifact is another', () => {
    if (EXPECTED[name][2] === 'verified' && signer !== undefined && entry.signedDigest !== null) {
      const signature = flipped(signer.signature ?? Buffer.alloc(0), -1);
      const signedDigest = { ...entry.signedDigest, value: flipped(entry.signedDigest.value, 0) };
      expect(checkSignature(entry, { ...signer, signature })).toBe('invalid');
      expect(checkSignature({ ...entry, signedDigest }, signer)).toBe('invalid');
    } else {
      expect(entry.signedDigest).toBeNull();
    }
  });

  it('is read, or has a foreseen problem, whatever byte is another', () => {
    fc.assert(
      fc.property(fc.nat(body.length - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
        const changed = Buffer.from(body);
        changed[at] = (changed[at] ?? 0) ^ flip;
        const decoded = decodeEntry(changed);
        expect(decoded.ok ? '' : decoded.problem).not.toMatch(/Error:/);
      }),
      { numRuns: 1000 },
    );
  });

  it('has a problem that names the place when anything is missing or of another type', () => {
    const paths = pathsOf((JSON.parse(body.toString()) as { spec: unknown }).spec);
    for (const path of paths.filter((each) => !/headers|pkginfo/.test(each))) {
      for (const value of [undefined, null, 5, '!', [], {}]) {
        const changed = JSON.parse(body.toString()) as { spec: Record<string, unknown> };
        put(changed.spec, path.split('.'), value);
        const decoded = decodeEntry(Buffer.from(JSON.stringify(changed)));
        if (!(path.endsWith('algorithm') && value === '!')) {
          expect({ path, value, problem: decoded.ok ? null : decoded.problem }).toMatchObject({
            problem: expect.stringMatching(/^Cannot read (spec|PEM)/) as string,
          });
        } else {
          // A digest of an algorithm that is not known is none, but the signer is still named.
          expect(decoded).toMatchObject({ ok: true, entry: { artifacts: [] } });
        }
      }
    }
  });
});

describe('the kinds with PGP keys', () => {
  it('name the addresses that the key gives itself', () => {
    const addresses = ['rekord-pgp-rsa', 'rpm', 'helm'].map(
      (name) => readEntry(entryFixture(name)).signers[0]?.claims['key_subject'],
    );
    expect(addresses).toEqual([RSA_ADDRESSES, RSA_ADDRESSES, RSA_ADDRESSES]);
  });

  it('give the signature bytes where the entry records them', () => {
    const signatures = ['rekord-pgp-rsa', 'helm', 'rpm', 'alpine'].map(
      (name) => readEntry(entryFixture(name)).signers[0]?.signature,
    );
    expect(signatures.map((each) => each?.toString('latin1', 0, 27) ?? null)).toEqual([
      '-----BEGIN PGP SIGNATURE---',
      '-----BEGIN PGP SIGNATURE---',
      null,
      null,
    ]);
  });
});

describe('rekord', () => {
  it('keeps a format apart from others: no key is taken for one of another', () => {
    const formats = ['pgp', 'minisign', 'ssh', 'x509'];
    const outcomes = ['rekord-pgp-rsa', 'rekord-minisign', 'rekord-ssh-rsa', 'rekord-x509-p256'].map((name) =>
      formats.map((format) => {
        const text = entryFixture(name)
          .toString()
          .replace(/"format":"[a-z0-9]+"/, `"format":"${format}"`);
        return decodeEntry(Buffer.from(text)).ok;
      }),
    );
    expect(outcomes).toEqual(formats.map((_, row) => formats.map((__, column) => row === column)));
  });

  it('says which formats there are', () => {
    const text = entryFixture('rekord-pgp-rsa').toString().replace('"format":"pgp"', '"format":"tuf"');
    expect(decodeEntry(Buffer.from(text))).toMatchObject({
      ok: false,
      kind: 'rekord',
      problem: 'Cannot read spec.signature.format: expected pgp, minisign, ssh, x509',
    });
  });

  it('takes no digest but one of SHA-256 for what was signed', () => {
    for (const name of ['rekord-x509-p256', 'rekord-x509-ed25519']) {
      const digest = `"algorithm":"sha512","value":"${'ab'.repeat(64)}"`;
      const text = entryFixture(name)
        .toString()
        .replace(/"algorithm":"sha256","value":"[0-9a-f]+"/, digest);
      const entry = readEntry(Buffer.from(text));
      expect(entry).toMatchObject({ artifacts: [`sha512:${'ab'.repeat(64)}`], signedDigest: null });
    }
  });

  it('verifies what a key of P-384 signed with SHA-256, as Rekor has it', () => {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-384' });
    const artifact = Buffer.from('artifact');
    const pem = publicKey.export({ format: 'pem', type: 'spki' });
    const content = { content: sign('sha256', artifact, privateKey).toString('base64'), format: 'x509' };
    const spec = {
      data: { hash: { algorithm: 'sha256', value: sha256(artifact) } },
      signature: { ...content, publicKey: { content: Buffer.from(pem).toString('base64') } },
    };
    const entry = readEntry(Buffer.from(JSON.stringify({ apiVersion: '0.0.1', kind: 'rekord', spec })));
    expect(entry.signers.map((signer) => checkSignature(entry, signer))).toEqual(['verified']);
  });
});

/** SHA-256 of the SubjectPublicKeyInfo, read without the code under test: PEM in base64. */
function pemDigest(name: string): string {
  const pem = keyFile(name).toString();
  return sha256(Buffer.from(pem.split('\n').slice(1, -2).join(''), 'base64'));
}

function spkiDigest(name: string, at: number): string {
  const key = Buffer.from(keyFile(name).toString(), 'base64').subarray(at);
  return sha256(Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), key]));
}

function keyFile(name: string): Buffer {
  const content = /"publicKey":\{"content":"([^"]+)"/.exec(entryFixture(name).toString())?.[1] ?? '';
  return Buffer.from(content, 'base64');
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function flipped(bytes: Buffer, at: number): Buffer {
  const copy = Buffer.from(bytes);
  const position = at < 0 ? copy.length + at : at;
  copy[position] = (copy[position] ?? 0) ^ 1;
  return copy;
}

/** The paths of all members, deep ones too. */
function pathsOf(value: unknown): string[] {
  return typeof value === 'object' && value !== null
    ? Object.entries(value).flatMap(([name, inner]) => [name, ...pathsOf(inner).map((path) => `${name}.${path}`)])
    : [];
}

function put(parent: Record<string, unknown>, [name = '', ...rest]: readonly string[], value: unknown): void {
  if (rest.length === 0) {
    parent[name] = value;
  } else {
    put(parent[name] as Record<string, unknown>, rest, value);
  }
}
