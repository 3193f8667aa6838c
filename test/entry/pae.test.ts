import { describe, expect, it } from 'vitest';
import { preAuthEncoding } from '../../src/entry/pae.ts';

describe('preAuthEncoding()', () => {
  it('is what the specification shows (DSSE 1.0, protocol)', () => {
    expect(preAuthEncoding('http://example.com/HelloWorld', Buffer.from('hello world')).toString()).toBe(
      'DSSEv1 29 http://example.com/HelloWorld 11 hello world',
    );
  });

  it('counts bytes, not characters', () => {
    expect(preAuthEncoding('ü', Buffer.from('ẞ')).toString()).toBe('DSSEv1 2 ü 3 ẞ');
  });

  it('takes nothing for something', () => {
    expect(preAuthEncoding('', Buffer.alloc(0)).toString()).toBe('DSSEv1 0  0 ');
  });
});
