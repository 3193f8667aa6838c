import { generateKeyPairSync, hash, sign } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createDemoAuthority, toPem } from '../../src/demo/certificate-authority.ts';
import { decodeEntry } from '../../src/entry/decode.ts';
import type { ParsedEntry } from '../../src/entry/entry.ts';

const authority = createDemoAuthority({ name: 'test' });
const ours = authority.issue({ subject: 'release@acme.example', claims: {} });
const other = authority.issue({ subject: 'nobody@example.com', claims: {} });
const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const keyPem = keys.publicKey.export({ type: 'spki', format: 'pem' }).toString();
const payload = Buffer.from('{}');
const payloadHash = { algorithm: 'sha256', value: hash('sha256', payload) };
const artifact = `sha256:${payloadHash.value}`;
const digest = { algorithm: 'sha256', value: Buffer.from(payloadHash.value, 'hex') };
const signature = sign('sha256', payload, keys.privateKey);

describe('decodeEntry() of an intoto 0.0.1', () => {
  it('names the one signer, and the payload as the only artifact', () => {
    const content = { hash: { algorithm: 'sha256', value: 'a'.repeat(64) }, payloadHash };
    const entry = read('0.0.1', { content, publicKey: base64(toPem(ours.certificate)) });
    expect(entry).toMatchObject({
      signers: [{ type: 'certificate', claims: { subject: ['release@acme.example'] }, signature: null }],
      artifacts: [artifact],
      signedDigest: null,
      payload: { digest, type: null },
    });
  });

  it.each([[undefined], [null]])('reads an old one, whose payload hash is %s', (absent) => {
    const content = { hash: { algorithm: 'sha256', value: 'a'.repeat(64) }, payloadHash: absent };
    expect(read('0.0.1', { content, publicKey: base64(keyPem) })).toMatchObject({
      signers: [{ type: 'public-key' }],
      artifacts: [],
      payload: { digest: null, type: null },
    });
  });

  it.each<[string, Record<string, unknown>, string]>([
    ['no content', {}, 'Cannot read spec.content: found nothing, expected an object'],
    ['no key', { content: {} }, 'Cannot read spec.publicKey: found undefined, expected base64'],
    [
      'a payload hash that is text',
      { content: { payloadHash: 'x' }, publicKey: base64(keyPem) },
      'Cannot read spec.content.payloadHash: found a value of type string, expected an object',
    ],
    [
      'text before the certificate, which the server takes away',
      { content: {}, publicKey: base64(`x\n${keyPem}`) },
      'Cannot read PEM: text outside of its blocks',
    ],
  ])('says what is wrong with %s', (_, spec, problem) => {
    expect(decode('0.0.1', spec)).toMatchObject({ ok: false, kind: 'intoto', problem });
  });
});

describe('decodeEntry() of an intoto 0.0.2', () => {
  it('names every signer, with the signature that stands beside its key', () => {
    const entry = read('0.0.2', envelope([{ publicKey: toPem(ours.certificate) }, { publicKey: keyPem, keyid: 'k' }]));
    expect(entry).toMatchObject({
      signers: [
        { type: 'certificate', claims: { subject: ['release@acme.example'] }, signature },
        { type: 'public-key', fingerprint: fingerprintOf(keyPem), signature },
      ],
      artifacts: [artifact],
      payload: { digest, type: 'application/vnd.in-toto+json' },
    });
  });

  it('takes the first certificate of a chain with comments, as the server does', () => {
    const chain = ['a comment', toPem(ours.certificate), 'another\n', ...authority.chain.map(toPem), ''].join('\n');
    expect(read('0.0.2', envelope([{ publicKey: chain }])).signers).toMatchObject([
      { type: 'certificate', claims: { subject: ['release@acme.example'] } },
    ]);
  });

  it.each([
    ['a decoy that the server passes over', `#${toPem(other.certificate)}${toPem(ours.certificate)}`],
    ['a key and a certificate', keyPem + toPem(ours.certificate)],
    ['a certificate and a key', toPem(ours.certificate) + keyPem],
    ['two certificates in one block', twoInOne()],
    ['no block', 'MIIB'],
  ])('does not name anybody by %s', (_, publicKey) => {
    expect(decode('0.0.2', envelope([{ publicKey }]))).toMatchObject({ ok: false });
  });

  it('never looks at the hash that the client chose', () => {
    const spec = envelope([{ publicKey: keyPem }]);
    const content = { ...spec.content, hash: { algorithm: 'sha256', value: artifact } };
    expect(read('0.0.2', { content })).toEqual(read('0.0.2', spec));
  });

  it.each([
    ['base64 of the URL alphabet', Buffer.from(signature.toString('base64url'))],
    ['base64 in lines', Buffer.from(`${signature.toString('base64').replace(/(.{40})/g, '$1\n')}\r\n`)],
    ['the bytes themselves', signature],
  ])('reads a signature that is written as %s', (_, sig) => {
    const [signer] = read('0.0.2', envelope([{ publicKey: keyPem, sig: sig.toString('base64') }])).signers;
    expect(signer?.signature).toEqual(signature);
  });

  it.each<[string, Record<string, unknown>, string]>([
    ['no content', {}, 'Cannot read spec.content: found nothing, expected an object'],
    ['no envelope', { content: {} }, 'Cannot read spec.content.envelope: found nothing, expected an object'],
    [
      'no signatures',
      { content: { envelope: {} } },
      'Cannot read spec.content.envelope.signatures: found 0 signatures, expected 1 to 64',
    ],
    [
      '65 signatures',
      envelope(Array.from({ length: 65 }, () => ({ publicKey: keyPem }))),
      'Cannot read spec.content.envelope.signatures: found 65 signatures, expected 1 to 64',
    ],
    [
      'a signature without a key',
      { content: { envelope: { signatures: [{ sig: '' }] } } },
      'Cannot read spec.content.envelope.signatures[0].publicKey: found undefined, expected base64',
    ],
    [
      'a payload type that is a number',
      { content: { envelope: { ...envelope([{ publicKey: keyPem }]).content.envelope, payloadType: 1 } } },
      'Cannot read spec.content.envelope.payloadType: found a value of type number, expected a string',
    ],
  ])('says what is wrong with %s', (_, spec, problem) => {
    expect(decode('0.0.2', spec)).toEqual({ ok: false, kind: 'intoto', apiVersion: '0.0.2', problem });
  });
});

function envelope(
  signatures: readonly { readonly publicKey: string; readonly keyid?: string; readonly sig?: string }[],
) {
  const sig = base64(signature.toString('base64'));
  return {
    content: {
      envelope: {
        payloadType: 'application/vnd.in-toto+json',
        signatures: signatures.map((each) => ({ sig, ...each, publicKey: base64(each.publicKey) })),
      },
      payloadHash,
    },
  };
}

function twoInOne(): string {
  return toPem(Buffer.concat([other.certificate, ours.certificate]));
}

function decode(apiVersion: string, spec: unknown): ReturnType<typeof decodeEntry> {
  return decodeEntry(Buffer.from(JSON.stringify({ kind: 'intoto', apiVersion, spec })));
}

function read(apiVersion: string, spec: unknown): ParsedEntry {
  const decoded = decode(apiVersion, spec);
  if (!decoded.ok) {
    throw new Error(decoded.problem);
  }
  return decoded.entry;
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}

function fingerprintOf(pem: string): string {
  return hash('sha256', Buffer.from(pem.replace(/-----.*-----|\n/g, ''), 'base64'));
}
