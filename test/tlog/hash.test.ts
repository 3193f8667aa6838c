import { describe, expect, it } from 'vitest';
import { EMPTY_ROOT, leafHash, nodeHash, parseHash, sha256, toHash } from '../../src/tlog/hash.ts';

describe('hashes of RFC 6962 §2.1', () => {
  it('leafHash() and nodeHash() prefix what they hash', () => {
    expect(leafHash(Buffer.from('a'))).toEqual(sha256(Buffer.from('\x00a')));
    expect(nodeHash(EMPTY_ROOT, EMPTY_ROOT)).toEqual(sha256(Buffer.concat([Buffer.from([1]), EMPTY_ROOT, EMPTY_ROOT])));
    expect(EMPTY_ROOT.toString('hex')).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
  });
});

describe('toHash()', () => {
  it('takes 32 bytes and refuses any other length', () => {
    expect(toHash(new Uint8Array(EMPTY_ROOT))).toEqual(EMPTY_ROOT);
    expect(() => toHash(Buffer.alloc(31))).toThrow(SyntaxError);
    expect(() => toHash(Buffer.alloc(33))).toThrow(SyntaxError);
  });
});

describe('parseHash()', () => {
  it.each(['hex', 'base64'] as const)('reads what was written in %s', (encoding) => {
    expect(parseHash(EMPTY_ROOT.toString(encoding), encoding)).toEqual(EMPTY_ROOT);
  });

  it.each([
    ['upper case', EMPTY_ROOT.toString('hex').toUpperCase(), 'hex'],
    ['31 bytes', EMPTY_ROOT.toString('hex').slice(2), 'hex'],
    ['a space', ` ${EMPTY_ROOT.toString('base64')}`, 'base64'],
    ['no padding', EMPTY_ROOT.toString('base64').replace('=', ''), 'base64'],
    ['the URL alphabet', Buffer.alloc(32, 0xff).toString('base64url') + '=', 'base64'],
    ['trailing bits that are set', EMPTY_ROOT.toString('base64').replace('U=', 'V='), 'base64'],
  ] as const)('refuses %s', (_, text, encoding) => {
    expect(() => parseHash(text, encoding)).toThrow(SyntaxError);
  });
});
