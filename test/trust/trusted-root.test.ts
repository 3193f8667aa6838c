import { X509Certificate } from 'node:crypto';
import { createPublicKey, generateKeyPairSync, hash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { createDemoAuthority } from '../../src/demo/certificate-authority.ts';
import { parseTrustedRoot } from '../../src/trust/trusted-root.ts';
import { hasRealdata, realdata } from '../support/realdata.ts';

const MEDIA_TYPE = 'application/vnd.dev.sigstore.trustedroot+json;version=0.1';
const authority = createDemoAuthority({ name: 'test' });
const spki = generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'der' });
const ecdsa = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ type: 'spki', format: 'der' });

describe('parseTrustedRoot()', () => {
  it('reads logs of both kinds, and authorities', () => {
    const json = trustedRoot({
      tlogs: [
        tlog({ baseUrl: 'https://rekor.example', ...keyed(ecdsa), logId: hashOf(ecdsa) }),
        tlog({ baseUrl: 'http://log.example:3003/' }),
      ],
      certificateAuthorities: [certificateAuthority()],
    });
    const validity = { validFrom: new Date('2025-01-01T00:00:00Z'), validTo: new Date('2026-01-01T00:00:00.5Z') };
    const log = { readPath: '/api/v2', spki, ...validity };
    expect(parseTrustedRoot(json)).toEqual({
      authorities: [{ name: 'https://fulcio.example', chain: authority.chain, ...validity }],
      logs: [
        { ...log, type: 'rekor-v1', origin: 'rekor.example', url: 'https://rekor.example', spki: ecdsa },
        { ...log, type: 'rekor-v2', origin: 'log.example:3003', url: 'http://log.example:3003' },
      ],
      ctLogs: [],
      goodUntil: null,
      skipped: [],
    });
  });

  it('takes a log with an Ed25519 key for one of Rekor v2, also by the ID that one of Rekor v1 would have', () => {
    const { logs } = parseTrustedRoot(trustedRoot({ tlogs: [tlog({ logId: hashOf(spki) })] }));
    expect(logs.map(({ type }) => type)).toEqual(['rekor-v2']);
  });

  it('takes a missing start and a missing end as open', () => {
    const publicKey = { rawBytes: spki.toString('base64'), validFor: {} };
    const open = [tlog({ publicKey }), tlog({ publicKey: { ...publicKey, validFor: undefined } })];
    expect(parseTrustedRoot(trustedRoot({ tlogs: open })).logs).toMatchObject([
      { validFrom: null, validTo: null },
      { validFrom: null, validTo: null },
    ]);
  });

  it.each([
    ['another hash', tlog({ hashAlgorithm: 'SHA2_512' }), 'its tree is not made with SHA-256'],
    ['no hash', tlog({ hashAlgorithm: undefined }), 'its tree is not made with SHA-256'],
    ['no URL', tlog({ baseUrl: 'log' }), 'its baseUrl is no http(s) URL'],
    ['a URL of another kind', tlog({ baseUrl: 'file:///etc' }), 'its baseUrl is no http(s) URL'],
    ['no key', tlog({ publicKey: undefined }), 'it has no public key'],
    ['a start that is no time', tlog(keyed(spki, { start: 'soon' })), 'its validity is not given in times of RFC 3339'],
    ['no log ID', tlog({ logId: undefined }), 'it has no log ID'],
    [
      'a key that signs no notes',
      tlog(keyed(rsaKey())),
      'Cannot use the rsa key of "log.example": expected Ed25519 or ECDSA on P-256',
    ],
  ])('leaves out a log with %s and says so', (_, log, why) => {
    const { logs, skipped } = parseTrustedRoot(trustedRoot({ tlogs: [log, tlog()] }));
    expect(logs).toHaveLength(1);
    expect(skipped).toEqual([{ what: `log "${String(log['baseUrl'])}"`, why }]);
  });

  it('reads CT logs of RFC 6962 and of static-ct, with the key that one has without its algorithm', () => {
    const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey;
    const bare = rsa.export({ type: 'pkcs1', format: 'der' });
    const ctlogs = [
      tlog({ baseUrl: 'https://ct.example/2022/', ...keyed(ecdsa) }),
      tlog({ baseUrl: 'https://log2026.ct.example', ...keyed(ecdsa), logId: undefined }),
      tlog({ baseUrl: 'https://ct.example/test', ...keyed(bare) }),
    ];
    const validity = { validFrom: new Date('2025-01-01T00:00:00Z'), validTo: new Date('2026-01-01T00:00:00.5Z') };
    const log = { type: 'ct', readPath: '', spki: ecdsa, ...validity };
    expect(parseTrustedRoot(trustedRoot({ ctlogs }))).toEqual({
      authorities: [],
      logs: [],
      ctLogs: [
        { ...log, origin: 'ct.example/2022', url: 'https://ct.example/2022' },
        { ...log, origin: 'log2026.ct.example', url: 'https://log2026.ct.example' },
        {
          ...log,
          origin: 'ct.example/test',
          url: 'https://ct.example/test',
          spki: rsa.export({ type: 'spki', format: 'der' }),
        },
      ],
      goodUntil: null,
      skipped: [],
    });
  });

  it.each([
    ['another hash', tlog({ hashAlgorithm: 'SHA2_512' }), 'its tree is not made with SHA-256'],
    ['no URL', tlog({ baseUrl: 'log' }), 'its baseUrl is no http(s) URL'],
    ['no key', tlog({ publicKey: undefined }), 'it has no public key'],
    [
      'a key that signs no tree heads',
      tlog(keyed(spki)),
      'Cannot use the ed25519 key of "log.example": expected ECDSA on P-256 or RSA',
    ],
    [
      'a name that no signature line can hold',
      tlog({ baseUrl: 'https://log.example/a+b', ...keyed(ecdsa) }),
      'Cannot use "log.example/a+b" as the name of a key: expected neither white space nor a plus sign',
    ],
  ])('leaves out a CT log with %s and says so', (_, log, why) => {
    const { ctLogs, skipped } = parseTrustedRoot(
      trustedRoot({ ctlogs: [log, tlog({ baseUrl: 'https://ct.example', ...keyed(ecdsa) })] }),
    );
    expect(ctLogs.map(({ origin }) => origin)).toEqual(['ct.example']);
    expect(skipped).toEqual([{ what: `CT log "${String(log['baseUrl'])}"`, why }]);
  });

  it.each([
    ['no certificates', { certificates: [] }, 'it has no certificates'],
    [
      'a certificate that is none',
      { certificates: [{ rawBytes: 'AAAA' }] },
      'Cannot use authority "https://fulcio.example": certificate 1 of 1: it cannot be read, expected X.509 in DER',
    ],
  ])('leaves out an authority with %s and says so', (_, certChain, why) => {
    const certificateAuthorities = [certificateAuthority({ certChain }), certificateAuthority()];
    const { authorities, skipped } = parseTrustedRoot(trustedRoot({ certificateAuthorities }));
    expect(authorities).toHaveLength(1);
    expect(skipped).toEqual([{ what: 'certificate authority "https://fulcio.example"', why }]);
  });

  it.each([
    ['no JSON', '{', 'Cannot parse trusted root: expected JSON'],
    [
      'an array',
      '[]',
      'Cannot parse trusted root of media type "(none)": expected application/vnd.dev.sigstore.trustedroot+json',
    ],
    [
      'null',
      'null',
      'Cannot parse trusted root of media type "(none)": expected application/vnd.dev.sigstore.trustedroot+json',
    ],
    [
      'a bundle',
      '{"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json"}',
      'Cannot parse trusted root of media type "application/vnd.dev.sigstore.bundle.v0.3+json": expected application/vnd.dev.sigstore.trustedroot+json',
    ],
  ])('refuses %s', (_, json, message) => {
    expect(() => parseTrustedRoot(json)).toThrow(new SyntaxError(message));
  });

  it('refuses values of the wrong type', () => {
    expect(() => parseTrustedRoot(trustedRoot({ tlogs: [tlog({ hashAlgorithm: 'MD5' })] }))).toThrow(SyntaxError);
    expect(() => parseTrustedRoot(trustedRoot({ tlogs: [tlog({ publicKey: { rawBytes: 7 } })] }))).toThrow(SyntaxError);
    expect(() => parseTrustedRoot(trustedRoot({ tlogs: [null] }))).toThrow(SyntaxError);
  });
});

describe.runIf(hasRealdata)('parseTrustedRoot() on real files', () => {
  it.each([
    [
      'trust/sigstore__root-signing/targets/trusted_root.json',
      [1, 2],
      ['rekor-v1 rekor.sigstore.dev', 'rekor-v2 log2025-1.rekor.sigstore.dev'],
    ],
    [
      'trust/sigstore__root-signing-staging/targets/trusted_root.json',
      [2, 2],
      [
        'rekor-v1 rekor.sigstage.dev',
        'rekor-v2 log2025-alpha1.rekor.sigstage.dev',
        'rekor-v2 log2025-alpha2.rekor.sigstage.dev',
        'rekor-v2 log2025-alpha3.rekor.sigstage.dev',
        'rekor-v2 log2026-1.us-east4.rekor.sigstage.dev',
      ],
    ],
    ['servers/rekor-v2/trusted_root.json', [2], ['rekor-v2 rekor-local']],
  ])('finds the logs and authorities of %s', (file, chains, logs) => {
    const data = parseTrustedRoot(readFileSync(realdata(file), 'utf8'));
    expect(data.authorities.map(({ chain }) => chain.length)).toEqual(chains);
    expect(data.logs.map(({ type, origin }) => `${type} ${origin}`)).toEqual(logs);
    expect(data.skipped).toEqual([]);
  });

  it.each([
    [
      'trust/sigstore__root-signing/targets/trusted_root.json',
      ['ec https://ctfe.sigstore.dev/test', 'ec https://ctfe.sigstore.dev/2022'],
    ],
    [
      'trust/sigstore__root-signing-staging/targets/trusted_root.json',
      [
        'rsa https://ctfe.sigstage.dev/test',
        'ec https://ctfe.sigstage.dev/2022',
        'ec https://ctfe.sigstage.dev/2022-2',
        'ec https://log2026-1.ctfe.sigstage.dev',
        'ec https://log2026-1.us-east4.ctfe.sigstage.dev',
      ],
    ],
  ])('finds the CT logs of %s', (file, logs) => {
    const { ctLogs } = parseTrustedRoot(readFileSync(realdata(file), 'utf8'));
    const kindOf = (key: Buffer) => createPublicKey({ key, type: 'spki', format: 'der' }).asymmetricKeyType ?? '';
    expect(ctLogs.map(({ spki: key, url }) => `${kindOf(key)} ${url}`)).toEqual(logs);
    expect(ctLogs.map(({ origin }) => `https://${origin}`)).toEqual(ctLogs.map(({ url }) => url));
    expect(ctLogs.every(({ type, readPath }) => type === 'ct' && readPath === '')).toBe(true);
  });

  it('reads the authority of 2023 whose chain was published root first', () => {
    const file = 'trust/sigstore__root-signing/history/2023-01-25-e53aafb3-trusted_root.json';
    const { authorities, skipped } = parseTrustedRoot(readFileSync(realdata(file), 'utf8'));
    const subjects = authorities.map(({ chain }) => chain.map((der) => new X509Certificate(der).subject));
    expect(skipped).toEqual([]);
    expect(subjects.map((chain) => chain.length)).toEqual([1, 2]);
    expect(subjects[1]?.[0]).toContain('CN=sigstore-intermediate');
  });

  it('refuses the file of another media type', () => {
    const file = 'trust/sigstore__sigstore-python/test/assets/trusted_root/trustedroot.badtype.json';
    expect(() => parseTrustedRoot(readFileSync(realdata(file), 'utf8'))).toThrow(SyntaxError);
  });
});

type Json = Readonly<Record<string, unknown>>;

function trustedRoot(members: Json): string {
  return JSON.stringify({ mediaType: MEDIA_TYPE, ...members });
}

function tlog(members: Json = {}): Json {
  return { baseUrl: 'https://log.example', hashAlgorithm: 'SHA2_256', ...keyed(spki), ...members };
}

function keyed(key: Buffer, validFor: Json = VALID_FOR): Json {
  return {
    publicKey: { rawBytes: key.toString('base64'), keyDetails: 'PKIX_ED25519', validFor },
    logId: { keyId: hash('sha256', 'not the key', 'base64') },
  };
}

function hashOf(key: Buffer): Json {
  return { keyId: hash('sha256', key, 'base64') };
}

function rsaKey(): Buffer {
  return generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({ type: 'spki', format: 'der' });
}

function certificateAuthority(members: Json = {}): Json {
  const certificates = authority.chain.map((der) => ({ rawBytes: der.toString('base64') }));
  return { uri: 'https://fulcio.example', certChain: { certificates }, validFor: VALID_FOR, ...members };
}

const VALID_FOR = { start: '2025-01-01T00:00:00Z', end: '2026-01-01T00:00:00.500Z' };
