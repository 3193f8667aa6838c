import { generateKeyPairSync, hash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { decodeEntry } from '../../src/entry/decode.ts';

const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const publicKey = Buffer.from(keys.publicKey.export({ type: 'spki', format: 'pem' })).toString('base64');
const fingerprint = hash('sha256', keys.publicKey.export({ type: 'spki', format: 'der' }));
const payloadHash = { algorithm: 'sha256', value: hash('sha256', 'payload') };
const envelopeHash = { algorithm: 'sha256', value: hash('sha256', 'message') };

describe('decodeEntry() of a cose', () => {
  it('names the signer, and the payload as the only artifact', () => {
    expect(decode({ publicKey, data: { payloadHash, envelopeHash } })).toMatchObject({
      ok: true,
      entry: {
        signers: [{ type: 'public-key', fingerprint, signature: null }],
        artifacts: [`sha256:${payloadHash.value}`],
        signedDigest: null,
        payload: { digest: { algorithm: 'sha256', value: Buffer.from(payloadHash.value, 'hex') }, type: null },
      },
    });
  });

  it.each<[string, Record<string, unknown>, string]>([
    ['no key', { data: { payloadHash } }, 'Cannot read spec.publicKey: found undefined, expected base64'],
    ['no hashes', { publicKey }, 'Cannot read spec.data: found nothing, expected an object'],
    [
      'the hash of the message only',
      { publicKey, data: { envelopeHash } },
      'Cannot read spec.data.payloadHash: found nothing, expected an object',
    ],
    [
      'a hash that is too short',
      { publicKey, data: { payloadHash: { algorithm: 'sha256', value: 'ab' } } },
      'Cannot read spec.data.payloadHash: expected the 32 bytes of sha256',
    ],
  ])('says what is wrong with %s', (_, spec, problem) => {
    expect(decode(spec)).toEqual({ ok: false, kind: 'cose', apiVersion: '0.0.1', problem });
  });
});

function decode(spec: Record<string, unknown>): ReturnType<typeof decodeEntry> {
  return decodeEntry(Buffer.from(JSON.stringify({ kind: 'cose', apiVersion: '0.0.1', spec })));
}
