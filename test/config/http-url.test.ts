import { describe, expect, it } from 'vitest';
import { isLoopback, isPlainHttpOffLoopback, parseHttpUrl } from '../../src/config/http-url.ts';

describe('parseHttpUrl()', () => {
  it.each([
    ['https://h', 'https://h'],
    ['https://h/', 'https://h'],
    ['http://127.0.0.1:3000/a/b//', 'http://127.0.0.1:3000/a/b'],
    ['HTTPS://h/x', 'HTTPS://h/x'],
    ['http://[::1]:1', 'http://[::1]:1'],
  ])('takes %s as %s', (text, expected) => {
    expect(parseHttpUrl(text)).toBe(expected);
  });

  it.each([
    '',
    'h',
    '//h',
    'ftp://h',
    'file:///x',
    'https:h',
    'https:///h',
    'https://h:99999',
    'https://h/\n',
    'https://h\\x',
    ' https://h',
    'https://u@h',
    'https://h#',
    'https://h/?',
    'javascript:alert(1)',
  ])('refuses %j', (text) => {
    expect(() => parseHttpUrl(text)).toThrow(SyntaxError);
  });
});

describe('isLoopback()', () => {
  it.each([
    ['localhost', true],
    ['LOCALHOST', true],
    ['a.localhost', true],
    ['127.0.0.1', true],
    ['127.1.2.3', true],
    ['::1', true],
    ['[::1]', true],
    ['127.0.0.1.evil.test', false],
    ['localhost.evil.test', false],
    ['10.0.0.1', false],
    ['::2', false],
  ])('says of %s: %s', (host, expected) => {
    expect(isLoopback(host)).toBe(expected);
  });
});

describe('isPlainHttpOffLoopback()', () => {
  it.each([
    ['http://h', true],
    ['https://h', false],
    ['http://localhost:1/x', false],
  ])('says of %s: %s', (url, expected) => {
    expect(isPlainHttpOffLoopback(url)).toBe(expected);
  });
});
