import { hash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { element, integer, octetString, oid, sequence } from '../../src/demo/der-writer.ts';
import { decodeEntry } from '../../src/entry/decode.ts';
import { signedData } from '../support/signed-data.ts';

const NONE = { type: 'none', fingerprint: null, claims: {}, certificate: null, spki: null, signature: null };
const SHA256 = '2.16.840.1.101.3.4.2.1';
const TST_INFO = '1.2.840.113549.1.9.16.1.4';
const stamped = hash('sha256', 'stamped', 'buffer');

describe('decodeEntry() of an rfc3161', () => {
  it.each([
    ['sha256', SHA256],
    ['sha384', '2.16.840.1.101.3.4.2.2'],
    ['sha512', '2.16.840.1.101.3.4.2.3'],
  ])('names what was stamped by its %s, and nobody', (algorithm, id) => {
    const digest = hash(algorithm, 'stamped', 'buffer');
    expect(decode(response({ token: token(tstInfo(id, digest)) }))).toMatchObject({
      ok: true,
      entry: {
        signers: [NONE],
        artifacts: [`${algorithm}:${digest.toString('hex')}`],
        signedDigest: null,
        payload: null,
        unread: false,
      },
    });
  });

  it('reads a time-stamp that was granted with modifications', () => {
    expect(decode(response({ status: 1 }))).toMatchObject({ ok: true, entry: { signers: [NONE] } });
  });

  it('names no artifact by a digest that is not of SHA-2', () => {
    const sha1 = tstInfo('1.3.14.3.2.26', hash('sha1', 'stamped', 'buffer'));
    expect(decode(response({ token: token(sha1) }))).toMatchObject({ ok: true, entry: { artifacts: [] } });
  });

  it.each<[string, Buffer, string]>([
    ['a time-stamp that was refused', sequence(statusOf(2)), 'Cannot read time-stamp: it was not granted'],
    ['a status of two bytes', response({ status: 256 }), 'Cannot read time-stamp: it was not granted'],
    [
      'a token of something else',
      response({ token: token(tstInfo(SHA256, stamped), '1.2.840.113549.1.7.1') }),
      `Cannot read time-stamp: its content is of type 1.2.840.113549.1.7.1, expected ${TST_INFO}`,
    ],
    [
      'a token whose content is elsewhere',
      response({ token: signedData({ certificates: [], signers: [] }) }),
      `Cannot read time-stamp: its content is of type 1.2.840.113549.1.7.1, expected ${TST_INFO}`,
    ],
    [
      'a digest that is too short',
      response({ token: token(tstInfo(SHA256, stamped.subarray(1))) }),
      'Cannot read time-stamp: expected the 32 bytes of sha256',
    ],
    [
      'more than a digest in the imprint',
      response({ token: token(tstInfo(SHA256, stamped, integer(Buffer.of(1)))) }),
      'Cannot read imprint of a time-stamp: 3 unexpected bytes at its end',
    ],
    [
      'bytes after the end',
      Buffer.concat([response({}), Buffer.of(0)]),
      'Cannot read time-stamp response: 1 unexpected bytes at its end',
    ],
    ['nothing', Buffer.alloc(0), 'Cannot read DER at byte 0: the element reaches beyond byte 0'],
  ])('says what is wrong with %s', (_, tsr, problem) => {
    expect(decode(tsr)).toEqual({ ok: false, kind: 'rfc3161', apiVersion: '0.0.1', problem });
  });

  it('says what is wrong with an entry without a response', () => {
    expect(decodeEntry(Buffer.from('{"kind":"rfc3161","apiVersion":"0.0.1","spec":{}}'))).toMatchObject({
      problem: 'Cannot read spec.tsr: found nothing, expected an object',
    });
  });
});

function response(parts: { readonly status?: number; readonly token?: Buffer }): Buffer {
  return sequence(statusOf(parts.status ?? 0), parts.token ?? token(tstInfo(SHA256, stamped)));
}

function statusOf(status: number): Buffer {
  return sequence(integer(Buffer.of(status >> 8, status & 0xff)));
}

function token(info: Buffer, type = TST_INFO): Buffer {
  return signedData({ certificates: [], signers: [], content: { type, bytes: info } });
}

/** RFC 3161 §2.4.2, up to the serial number. */
function tstInfo(algorithm: string, digest: Buffer, ...more: readonly Buffer[]): Buffer {
  const imprint = sequence(sequence(oid(algorithm), element(0x05)), octetString(digest), ...more);
  return sequence(integer(Buffer.of(1)), oid('1.2.3.4.1'), imprint, integer(Buffer.of(7)));
}

function decode(tsr: Buffer): ReturnType<typeof decodeEntry> {
  const spec = { tsr: { content: tsr.toString('base64') } };
  return decodeEntry(Buffer.from(JSON.stringify({ kind: 'rfc3161', apiVersion: '0.0.1', spec })));
}
