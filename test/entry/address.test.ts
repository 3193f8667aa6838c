import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addressesIn } from '../../src/entry/address.ts';

describe('addressesIn()', () => {
  it.each([
    ['Acme Release <release@example.com>', ['release@example.com']],
    ['release@example.com', ['release@example.com']],
    [' release@example.com\n', ['release@example.com']],
    ['<release@example.com>', ['release@example.com']],
    ['Acme (old <key>) <Release@Example.com>', ['Release@Example.com']],
    ['"Acme" <a+b/c@sub.example.com>', ['a+b/c@sub.example.com']],
    ['Müller <müller@exämple.com>', ['müller@exämple.com']],
    ['one <a@example.com> two <b@example.com>', ['a@example.com', 'b@example.com']],
  ])('finds in %j', (name, addresses) => {
    expect([...addressesIn(name)]).toEqual(addresses);
  });

  it.each([
    '',
    'Acme',
    'host42',
    'release@example.com (at work)',
    '@example.com',
    'release@',
    'Acme <release>',
    'Acme <re lease@example.com>',
    'Acme <release@exam\u0000ple.com> <release@exam\nple.com'.slice(7),
    `<${'a'.repeat(250)}@example.com>`,
  ])('finds none in %j', (name) => {
    expect([...addressesIn(name)]).toEqual([]);
  });

  it('gives only parts of the name, each with one @ before its domain and nothing blank', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom('<', '>', '@', 'a', '.', ' ', 'é', '\n')), (parts) => {
        const name = parts.join('');
        for (const address of addressesIn(name)) {
          expect(name).toContain(address);
          expect(address).toMatch(/^[^\s<>]+@[^\s<>@]+$/);
        }
      }),
    );
  });

  it('gets through a megabyte of brackets', () => {
    for (const hostile of ['<', '<a@', '<>', '@', '<a@b']) {
      expect([...addressesIn(hostile.repeat(2 ** 20 / hostile.length))]).toEqual([]);
    }
  });
});
