import { generateKeyPairSync, hash, sign } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createDemoAuthority, toPem } from '../../src/demo/certificate-authority.ts';
import { dsseV1, dsseV2, hashedRekordV1, hashedRekordV2 } from '../../src/demo/entries.ts';
import { parseCertificate } from '../../src/entry/certificate.ts';
import { decodeEntry, FORMATS } from '../../src/entry/decode.ts';
import { isForeseen, pathsOf, replaced, type JsonPath } from '../support/entry-mutations.ts';

const authority = createDemoAuthority({ name: 'test' });
const issued = authority.issue({ subject: 'a@example.com', claims: { issuer: 'https://issuer.example' } });
const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const artifact = Buffer.from('artifact');
const sha256 = hash('sha256', artifact);

const certificate = parseCertificate(issued.certificate);
const certificateSigner = {
  type: 'certificate',
  fingerprint: hash('sha256', certificate.spki),
  claims: { ...certificate.claims, key: [hash('sha256', certificate.spki)] },
  certificate,
  spki: certificate.spki,
  signature: expect.any(Buffer) as Buffer,
};
const spki = keys.publicKey.export({ type: 'spki', format: 'der' });
const keySigner = {
  type: 'public-key',
  fingerprint: hash('sha256', spki),
  claims: { key: [hash('sha256', spki)] },
  certificate: null,
  spki,
  signature: expect.any(Buffer) as Buffer,
};

/** What an entry of a known kind has beside its content. */
const READ = { claims: {}, attestation: null, attestationProblem: null, unread: false };

const both = [issued, { privateKey: keys.privateKey }];
const leaves = {
  'hashedrekord 0.0.1': hashedRekordV1({ ...issued, artifact }),
  'hashedrekord 0.0.2': hashedRekordV2({ ...issued, artifact }),
  'dsse 0.0.1': dsseV1({ signers: both, payload: artifact }),
  'dsse 0.0.2': dsseV2({ signers: both, payload: artifact }),
};

describe('decodeEntry()', () => {
  it.each([
    ['0.0.1', leaves['hashedrekord 0.0.1']],
    ['0.0.2', leaves['hashedrekord 0.0.2']],
  ])('reads a hashedrekord %s signed with a certificate', (apiVersion, leaf) => {
    expect(decodeEntry(leaf)).toEqual({
      ok: true,
      entry: {
        kind: 'hashedrekord',
        apiVersion,
        signers: [certificateSigner],
        artifacts: [`sha256:${sha256}`],
        signedDigest: { algorithm: 'sha256', value: Buffer.from(sha256, 'hex') },
        payload: null,
        ...READ,
      },
    });
  });

  it.each([
    ['0.0.1', hashedRekordV1({ privateKey: keys.privateKey, artifact })],
    ['0.0.2', hashedRekordV2({ privateKey: keys.privateKey, artifact })],
  ])('reads a hashedrekord %s signed with a bare key', (_, leaf) => {
    expect(decodeEntry(leaf)).toMatchObject({ ok: true, entry: { signers: [keySigner] } });
  });

  it.each([
    ['0.0.1', leaves['dsse 0.0.1']],
    ['0.0.2', leaves['dsse 0.0.2']],
  ])('reads every signer of a dsse %s, and its payload as the only artifact', (apiVersion, leaf) => {
    expect(decodeEntry(leaf)).toEqual({
      ok: true,
      entry: {
        kind: 'dsse',
        apiVersion,
        signers: [certificateSigner, keySigner],
        artifacts: [`sha256:${sha256}`],
        signedDigest: null,
        payload: { digest: { algorithm: 'sha256', value: Buffer.from(sha256, 'hex') }, type: null },
        ...READ,
      },
    });
  });

  it('reads a digest in upper case, and of SHA-384 and SHA-512', () => {
    const upper = { algorithm: 'sha256', value: sha256.toUpperCase() };
    const sha512 = { algorithm: 'sha512', value: hash('sha512', artifact) };
    const sha384 = { algorithm: 'SHA2_384', digest: hash('sha384', artifact, 'base64') };
    expect([
      artifactsOf(edit('hashedrekord 0.0.1', ['spec', 'data', 'hash'], upper)),
      artifactsOf(edit('hashedrekord 0.0.1', ['spec', 'data', 'hash'], sha512)),
      artifactsOf(edit('hashedrekord 0.0.2', ['spec', 'hashedRekordV002', 'data'], sha384)),
    ]).toEqual([[`sha256:${sha256}`], [`sha512:${sha512.value}`], [`sha384:${hash('sha384', artifact)}`]]);
  });

  it('names the signer also where the digest is of an algorithm that it does not know', () => {
    const data = { algorithm: 'SHA3_256', digest: Buffer.alloc(32).toString('base64') };
    expect(decodeEntry(edit('hashedrekord 0.0.2', ['spec', 'hashedRekordV002', 'data'], data))).toMatchObject({
      ok: true,
      entry: { signers: [certificateSigner], artifacts: [], signedDigest: null },
    });
  });

  it('reads the first certificate of a chain, and an RSA key in the form of PKCS #1', () => {
    const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const chain = [issued.certificate, ...authority.chain].map(toPem).join('\n');
    const pkcs1 = rsa.publicKey.export({ type: 'pkcs1', format: 'pem' }).toString();
    expect(decodeEntry(withPem(chain))).toMatchObject({ ok: true, entry: { signers: [certificateSigner] } });
    expect(decodeEntry(withPem(pkcs1))).toMatchObject({
      ok: true,
      entry: { signers: [{ type: 'public-key', spki: rsa.publicKey.export({ type: 'spki', format: 'der' }) }] },
    });
  });

  it('reads what servers before 2.0.0 spelled differently', () => {
    const early = leaves['hashedrekord 0.0.2'].toString().replace('hashedRekordV002', 'hashedRekordV0_0_2');
    expect(decodeEntry(Buffer.from(early))).toEqual(decodeEntry(leaves['hashedrekord 0.0.2']));
  });

  it.each([
    ['intoto', '0.0.3'],
    ['hashedrekord', '0.0.3'],
    ['dsse', '1.0.0'],
    ['constructor', '__proto__'],
  ])('keeps an entry of the unknown kind %s %s without reading it', (kind, apiVersion) => {
    expect(decodeEntry(Buffer.from(JSON.stringify({ kind, apiVersion, spec: { any: 'thing' } })))).toEqual({
      ok: true,
      entry: {
        kind,
        apiVersion,
        signers: [],
        artifacts: [],
        signedDigest: null,
        payload: null,
        ...READ,
        unread: true,
      },
    });
  });

  it.each<[string, Buffer, string]>([
    ['no bytes', Buffer.alloc(0), 'Cannot read entry: it is not JSON in UTF-8'],
    ['half an object', leaves['dsse 0.0.1'].subarray(0, 700), 'Cannot read entry: it is not JSON in UTF-8'],
    ['bytes that are no UTF-8', Buffer.from('{"kind":"\xff"}', 'latin1'), 'Cannot read entry: it is not JSON in UTF-8'],
    ['a byte order mark', Buffer.from('\ufeff{}'), 'Cannot read entry: it is not JSON in UTF-8'],
    ['an array', Buffer.from('[]'), 'Cannot read entry: its JSON is an array, expected an object'],
    ['null', Buffer.from('null'), 'Cannot read entry: its JSON is null, expected an object'],
    ['no kind', Buffer.from('{"apiVersion":"0.0.1"}'), 'Cannot read kind: expected a text of at most 64 characters'],
    ['no version', Buffer.from('{"kind":"a"}'), 'Cannot read apiVersion: expected a text of at most 64 characters'],
    [
      'a kind that is no text',
      Buffer.from('{"kind":1,"apiVersion":"1"}'),
      'Cannot read kind: expected a text of at most 64 characters',
    ],
    [
      'a kind without end',
      Buffer.from(`{"kind":"${'a'.repeat(65)}"}`),
      'Cannot read kind: expected a text of at most 64 characters',
    ],
    [
      'more than 8 MiB',
      Buffer.alloc(8 * 1024 * 1024 + 1, ' '),
      'Cannot read entry of 8388609 bytes: expected at most 8388608',
    ],
    [
      'brackets without end',
      Buffer.alloc(1024 * 1024, '['),
      'Cannot read entry: its JSON is nested deeper than 100 levels',
    ],
  ])('cannot read %s', (_, leaf, problem) => {
    expect(decodeEntry(leaf)).toMatchObject({ ok: false, problem });
  });

  it('counts brackets in strings as text, however they are quoted', () => {
    const text = '["\\"[\\\\'.repeat(40_000);
    const leaf = Buffer.from(JSON.stringify({ kind: 'a', apiVersion: 'b', text }));
    expect(decodeEntry(leaf)).toMatchObject({ ok: true, entry: { kind: 'a' } });
  });

  const V1 = ['spec', 'signature'];
  const V2 = ['spec', 'hashedRekordV002', 'signature'];
  const V2_PATH = 'spec.hashedRekordV002.signature';
  it.each<[string, Buffer, string]>([
    ['no spec', edit('dsse 0.0.1', ['spec'], undefined), 'Cannot read entry.spec: found nothing, expected an object'],
    [
      'a spec that is text',
      edit('dsse 0.0.1', ['spec'], 'x'),
      'Cannot read entry.spec: found a value of type string, expected an object',
    ],
    [
      'a dsse that is a hashedrekord',
      edit('hashedrekord 0.0.2', ['kind'], 'dsse'),
      'Cannot read spec of a dsse: found hashedRekordV002',
    ],
    [
      'a hashedrekord that is a dsse',
      edit('dsse 0.0.2', ['kind'], 'hashedrekord'),
      'Cannot read spec of a hashedrekord: found dsseV002',
    ],
    [
      'both at once',
      edit('hashedrekord 0.0.2', ['spec', 'dsseV002'], {}),
      'Cannot read spec of a hashedrekord: found hashedRekordV002 and dsseV002',
    ],
    [
      'a v1 dsse that is a hashedrekord',
      edit('hashedrekord 0.0.1', ['kind'], 'dsse'),
      'Cannot read spec.signatures: found 0 signatures, expected 1 to 64',
    ],
    [
      'a v1 hashedrekord that is a dsse',
      edit('dsse 0.0.1', ['kind'], 'hashedrekord'),
      'Cannot read spec.data: found nothing, expected an object',
    ],
    [
      'a signature that is no base64',
      edit('hashedrekord 0.0.1', [...V1, 'content'], 'MEQ!'),
      'Cannot read spec.signature.content: it is not padded standard base64',
    ],
    [
      'a signature that is a number',
      edit('hashedrekord 0.0.1', [...V1, 'content'], 7),
      'Cannot read spec.signature.content: found number, expected base64',
    ],
    [
      'no signature',
      edit('hashedrekord 0.0.2', [...V2, 'content'], undefined),
      `Cannot read ${V2_PATH}.content: found undefined, expected base64`,
    ],
    [
      'no verifier',
      edit('hashedrekord 0.0.2', [...V2, 'verifier'], undefined),
      `Cannot read ${V2_PATH}.verifier: found nothing, expected an object`,
    ],
    [
      'neither certificate nor key',
      edit('hashedrekord 0.0.2', [...V2, 'verifier'], { publicKey: null }),
      `Cannot read ${V2_PATH}.verifier: it has neither of x509Certificate and publicKey`,
    ],
    [
      'both certificate and key',
      edit('hashedrekord 0.0.2', [...V2, 'verifier', 'publicKey'], {}),
      `Cannot read ${V2_PATH}.verifier: it has both of x509Certificate and publicKey`,
    ],
    [
      'a broken certificate',
      edit('hashedrekord 0.0.2', [...V2, 'verifier', 'x509Certificate', 'rawBytes'], 'MAA='),
      'Cannot read DER at byte 2: the element reaches beyond byte 2',
    ],
    [
      'a broken key',
      edit('hashedrekord 0.0.2', [...V2, 'verifier'], { publicKey: { rawBytes: 'MAA=' } }),
      'Cannot read DER at byte 2: the element reaches beyond byte 2',
    ],
    [
      'a digest that is too short',
      edit('hashedrekord 0.0.2', ['spec', 'hashedRekordV002', 'data', 'digest'], 'AAAA'),
      'Cannot read spec.hashedRekordV002.data: expected the 32 bytes of sha256',
    ],
    [
      'a digest that is no hex',
      edit('hashedrekord 0.0.1', ['spec', 'data', 'hash', 'value'], 'x'.repeat(64)),
      'Cannot read spec.data.hash: expected the 32 bytes of sha256',
    ],
    [
      'a digest and more',
      edit('hashedrekord 0.0.1', ['spec', 'data', 'hash', 'value'], `${sha256}x`),
      'Cannot read spec.data.hash: expected the 32 bytes of sha256',
    ],
    [
      'no digest',
      edit('dsse 0.0.1', ['spec', 'payloadHash'], undefined),
      'Cannot read spec.payloadHash: found nothing, expected an object',
    ],
    [
      'a signature that is none',
      edit('dsse 0.0.1', ['spec', 'signatures'], [null]),
      'Cannot read spec.signatures[0]: found null, expected an object',
    ],
    [
      '65 signatures',
      edit('dsse 0.0.2', ['spec', 'dsseV002', 'signatures'], Array(65).fill({})),
      'Cannot read spec.dsseV002.signatures: found 65 signatures, expected 1 to 64',
    ],
    ['text before PEM', withPem(`x\n${toPem(issued.certificate)}`), 'Cannot read PEM: text outside of its blocks'],
    ['PEM without end', withPem(toPem(issued.certificate).slice(0, -5)), 'Cannot read PEM: a block has no end'],
    [
      'PEM that is empty',
      withPem('\n'),
      'Cannot read spec.signature.publicKey.content: expected PEM of one public key, or of certificates only',
    ],
    [
      'PEM of something else',
      withPem(toPem(issued.certificate).replaceAll('CERTIFICATE', 'X509 CRL')),
      'Cannot read spec.signature.publicKey.content: expected PEM of one public key, or of certificates only',
    ],
    [
      'PEM of certificate and key',
      withPem(toPem(issued.certificate) + pemOf(spki)),
      'Cannot read spec.signature.publicKey.content: expected PEM of one public key, or of certificates only',
    ],
    ['PEM of 11 certificates', withPem(toPem(issued.certificate).repeat(11)), 'Cannot read PEM of more than 10 blocks'],
    [
      'PEM of a broken RSA key',
      withPem(pemOf(Buffer.from('3000', 'hex'), 'RSA PUBLIC KEY')),
      'Cannot read spec.signature.publicKey.content: its RSA public key is broken',
    ],
  ])('says what is wrong with %s', (_, leaf, problem) => {
    const { kind, apiVersion } = JSON.parse(leaf.toString()) as { kind: string; apiVersion: string };
    expect(decodeEntry(leaf)).toEqual({ ok: false, kind, apiVersion, problem });
  });

  it('has an outcome for any bytes', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => isForeseen(decodeEntry(Buffer.from(bytes)))));
  });

  it('has an outcome for any JSON under a known kind', () => {
    fc.assert(
      fc.property(fc.constantFrom(...FORMATS.keys()), fc.jsonValue(), (format, spec) => {
        const [kind, apiVersion] = format.split(' ');
        return isForeseen(decodeEntry(Buffer.from(JSON.stringify({ kind, apiVersion, spec }))));
      }),
    );
  });

  it('has an outcome for real shapes with any one value exchanged', () => {
    const places = Object.values(leaves).flatMap((leaf) => {
      const body: unknown = JSON.parse(leaf.toString());
      return pathsOf(body).map((path) => ({ body, path }));
    });
    fc.assert(
      fc.property(
        fc.constantFrom(...places),
        fc.oneof(fc.jsonValue(), fc.base64String({ maxLength: 80 })),
        ({ body, path }, value) => isForeseen(decodeEntry(Buffer.from(JSON.stringify(replaced(body, path, value))))),
      ),
      { numRuns: 5000 },
    );
  });
});

function edit(format: keyof typeof leaves, path: JsonPath, value: unknown): Buffer {
  return Buffer.from(JSON.stringify(replaced(JSON.parse(leaves[format].toString()), path, value)));
}

function withPem(pem: string): Buffer {
  const content = Buffer.from(pem).toString('base64');
  const signed = sign('sha256', artifact, keys.privateKey).toString('base64');
  return edit('hashedrekord 0.0.1', ['spec', 'signature'], { content: signed, publicKey: { content } });
}

function pemOf(der: Buffer, label = 'PUBLIC KEY'): string {
  return `-----BEGIN ${label}-----\n${der.toString('base64')}\n-----END ${label}-----\n`;
}

function artifactsOf(leaf: Buffer): readonly string[] {
  const decoded = decodeEntry(leaf);
  return decoded.ok ? decoded.entry.artifacts : [decoded.problem];
}
