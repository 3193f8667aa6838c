import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createDemoAuthority, extension } from '../../src/demo/certificate-authority.ts';
import { bitString, element, octetString, oid, sequence, utf8String } from '../../src/demo/der-writer.ts';
import { parseCertificate } from '../../src/entry/certificate.ts';
import type { Certificate, Claims, Problems } from '../../src/entry/entry.ts';
import { judge } from '../../src/policy/judge.ts';
import { certified, contextOf, entryOf, watchOf } from '../policy/signers.ts';

const FULCIO = '1.3.6.1.4.1.57264.1';
const authority = createDemoAuthority({ name: 'test' });
const NAMES = '2.5.29.17';
const PURPOSES = '2.5.29.37';

/** What is said of an extension, beside the e-mail address that every certificate here has. */
function read(...extraExtensions: readonly Buffer[]): { readonly claims: Claims; readonly problems: Problems } {
  const { claims, problems } = certificateWith(...extraExtensions);
  const { subject, ...others } = claims;
  const names = subject?.slice(1) ?? [];
  return { claims: { ...others, ...(names.length > 0 && { subject: names }) }, problems };
}

function certificateWith(...extraExtensions: readonly Buffer[]): Certificate {
  return parseCertificate(authority.issue({ subject: 'a@example.com', claims: {}, extraExtensions }).certificate);
}

function fulcio(number: number, value: Buffer | string): Buffer {
  return extension(`${FULCIO}.${number}`, false, typeof value === 'string' ? utf8String(value) : value);
}

function old(number: number, text: string): Buffer {
  return extension(`${FULCIO}.${number}`, false, Buffer.from(text));
}

const NOT_ONE = 'it is not exactly one UTF8String';
const TWICE = 'it occurs more than once';

describe('a claim that is written wrongly', () => {
  it.each<[what: string, value: Buffer, readings: readonly string[], problem: string]>([
    ['a PrintableString', element(0x13, Buffer.from('push')), ['push'], NOT_ONE],
    ['an IA5String', element(0x16, Buffer.from('push')), ['push'], NOT_ONE],
    ['a BMPString', element(0x1e, Buffer.from('\0p\0u\0s\0h', 'latin1')), ['push'], NOT_ONE],
    ['a UniversalString', element(0x1c, Buffer.from('0000007000ffffff', 'hex')), ['p\ufffd'], NOT_ONE],
    ['a string in a string', octetString(utf8String('push')), ['\x0c\x04push'], NOT_ONE],
    ['a string in parts', element(0x2c, utf8String('pu'), utf8String('sh')), ['pu', 'sh', 'push'], NOT_ONE],
    ['strings in lists', sequence(sequence(utf8String('push'))), ['push'], NOT_ONE],
    ['plain text', Buffer.from('push'), ['push'], NOT_ONE],
    ['nothing', Buffer.alloc(0), [''], NOT_ONE],
    ['a byte too many', Buffer.concat([utf8String('push'), Buffer.of(0)]), ['push', 'push\0'], NOT_ONE],
    ['two strings', Buffer.concat([utf8String('a'), utf8String('b')]), ['a', 'a\x0c\x01b', 'b'], NOT_ONE],
    ['a length too large', Buffer.from('0c0970757368', 'hex'), ['push'], NOT_ONE],
    ['a length of two octets', Buffer.from('0c810470757368', 'hex'), ['push'], NOT_ONE],
    ['a length that is open', Buffer.from('0c8070757368', 'hex'), ['push'], NOT_ONE],
    ['a length beyond all bounds', Buffer.from('0cff70757368', 'hex'), [''], NOT_ONE],
    ['no UTF-8', element(0x0c, Buffer.from('70ff', 'hex')), ['p\ufffd'], 'it is not valid UTF-8'],
    ['an empty string', utf8String(''), [''], 'it is empty'],
  ])('keeps what may be meant by %s', (_, value, readings, problem) => {
    expect(read(fulcio(20, value))).toEqual({ claims: { trigger: readings }, problems: { trigger: problem } });
  });

  it('keeps all values of one that occurs twice, each once', () => {
    expect(read(fulcio(12, 'a'), fulcio(12, 'b'), fulcio(12, 'a'), fulcio(12, Buffer.from('c')))).toEqual({
      claims: { source_repository: ['a', 'b', 'c'] },
      problems: { source_repository: `${TWICE}; ${NOT_ONE}` },
    });
    expect(read(extension('1.2.3', false, Buffer.of(65)), extension('1.2.3', false, Buffer.of(66)))).toEqual({
      claims: { 'oid:1.2.3': ['A', 'B'] },
      problems: { 'oid:1.2.3': TWICE },
    });
  });

  it('names other extensions that occur twice', () => {
    const usage = extension('2.5.29.15', true, bitString(Buffer.of(0x80), 7));
    const policy = extension('2.5.29.100', false, Buffer.of(1));
    const access = extension('1.3.6.1.5.5.7.1.1', false, Buffer.of(1));
    expect(read(usage, policy, access)).toEqual({ claims: {}, problems: { 'oid:2.5.29.15': TWICE } });
    expect(read(policy, policy, access, access)).toEqual({
      claims: {},
      problems: { 'oid:2.5.29.100': TWICE, 'oid:1.3.6.1.5.5.7.1.1': TWICE },
    });
  });

  it('keeps a text with control characters as it is: no problem, and equal to nothing else', () => {
    expect(read(fulcio(12, 'https://github.com/acme/widget\0.evil'))).toEqual({
      claims: { source_repository: ['https://github.com/acme/widget\0.evil'] },
      problems: {},
    });
  });

  it('reads thousands of values in linear time, and forgets none', () => {
    const values = Array.from({ length: 9000 }, (_, index) => `v${index}`);
    const { claims, problems } = read(...values.map((value) => fulcio(12, value)));
    expect(claims['source_repository']).toEqual(values);
    expect(problems).toEqual({ source_repository: TWICE });
  });
});

describe('the purposes of a certificate', () => {
  const signing = sequence(oid('1.3.6.1.5.5.7.3.3'));
  const serving = sequence(oid('1.3.6.1.5.5.7.3.1'));

  it.each<[what: string, value: Buffer, codeSigning: boolean, problem: string]>([
    ['a second list that says so too', signing, true, TWICE],
    ['a second list that does not', serving, false, TWICE],
    ['no list', utf8String('x'), false, `${TWICE}; it is no list of purposes`],
    ['a list and more', Buffer.concat([signing, signing]), false, `${TWICE}; it is no list of purposes`],
    ['a list of something else', sequence(utf8String('x')), false, `${TWICE}; it is no list of purposes`],
  ])('must be code signing in each list: %s', (_, value, codeSigning, problem) => {
    const certificate = certificateWith(extension(PURPOSES, false, value));
    expect([certificate.codeSigning, certificate.problems]).toEqual([codeSigning, { 'oid:2.5.29.37': problem }]);
  });
});

describe('names that are written wrongly', () => {
  const named = (...names: readonly Buffer[]): Buffer => extension(NAMES, true, sequence(...names));
  const email = (text: string): Buffer => element(0x81, Buffer.from(text));
  const user = (...value: readonly Buffer[]): Buffer => element(0xa0, oid(`${FULCIO}.7`), ...value);

  it.each<[what: string, names: Buffer, readings: readonly string[], problem: string]>([
    ['a second list', named(email('b@example.com')), ['b@example.com'], ''],
    ['no UTF-8', named(element(0x81, Buffer.from([0xff]))), ['\ufffd'], 'it is not valid UTF-8'],
    ['an empty name', named(email('')), [''], 'a name is empty'],
    ['an unknown kind', named(element(0x89, Buffer.from('x'))), ['x'], 'a name is of an unknown kind'],
    ['a name in parts', named(element(0xa1, email('x'), email('y'))), ['x', 'y', 'xy'], 'a name is of an unknown kind'],
    ['a user name of another type', named(user(element(0xa0, octetString(Buffer.of(65))))), ['A'], NOT_ONE],
    ['an otherName without a value', named(element(0xa0, oid('1.2.3'))), [''], 'an otherName cannot be read'],
    [
      'an otherName and more',
      named(user(element(0xa0, utf8String('u')), utf8String('v'))),
      ['u', 'v'],
      'an otherName cannot be read',
    ],
    ['an otherName without a type', named(element(0xa0, utf8String('u'))), ['u'], 'an otherName cannot be read'],
    ['no list', extension(NAMES, true, utf8String('u')), ['u'], 'it is no list of names'],
    [
      'a list and more',
      extension(NAMES, true, Buffer.concat([sequence(email('u')), email('v')])),
      ['u', 'v'],
      'more follows the list of names',
    ],
    [
      'half a name',
      extension(NAMES, true, sequence(email('u'), Buffer.from('8109', 'hex'), Buffer.from('v'))),
      ['u', '\ufffd\tv'],
      'a name cannot be read',
    ],
  ])('keeps what may be meant by %s', (_, names, readings, problem) => {
    expect(read(names)).toEqual({
      claims: { subject: readings },
      problems: { subject: [TWICE, problem].filter((words) => words !== '').join('; ') },
    });
  });
});

describe('old extensions that contradict the new ones', () => {
  const ISSUER = { now: 'https://new.example', before: 'https://old.example' };

  it('holds both issuers, and shows the old one by itself', () => {
    const claims = { issuer: [ISSUER.now, ISSUER.before], [`oid:${FULCIO}.1`]: [ISSUER.before] };
    const problems = { issuer: `oid:${FULCIO}.1 contradicts it` };
    expect(read(old(1, ISSUER.before), fulcio(8, ISSUER.now))).toEqual({ claims, problems });
    expect(read(fulcio(8, ISSUER.now), old(1, ISSUER.before))).toEqual({ claims, problems });
  });

  it('tells a first issuer that occurs twice, is empty, or is encoded', () => {
    expect(read(old(1, 'a'), old(1, 'b'))).toEqual({ claims: { issuer: ['a', 'b'] }, problems: { issuer: TWICE } });
    expect(read(old(1, ''))).toEqual({ claims: { issuer: [''] }, problems: { issuer: 'it is empty' } });
    expect(read(fulcio(1, 'https://a.example'))).toEqual({
      claims: { issuer: ['\x0c\x11https://a.example', 'https://a.example'] },
      problems: { issuer: 'it is an encoded string instead of plain text' },
    });
    expect(read(fulcio(8, 'a'), old(1, 'a'), old(1, 'a'))).toEqual({
      claims: { issuer: ['a'], [`oid:${FULCIO}.1`]: ['a'] },
      problems: { issuer: TWICE, [`oid:${FULCIO}.1`]: TWICE },
    });
  });

  it.each([
    [2, 20, 'trigger', 'push', 'pull_request_target'],
    [3, 13, 'source_digest', 'aa', 'bb'],
    [6, 14, 'source_ref', 'refs/heads/main', 'refs/heads/evil'],
  ])('holds both readings of .%i and .%i', (before, now, claim, one, other) => {
    const key = `oid:${FULCIO}.${before}`;
    expect(read(old(before, one), fulcio(now, one)).problems).toEqual({});
    expect(read(old(before, ''), fulcio(now, one)).problems).toEqual({});
    expect(read(old(before, one), fulcio(now, other))).toEqual({
      claims: { [key]: [one], [claim]: [other, one] },
      problems: { [claim]: `${key} contradicts it` },
    });
    expect(read(old(before, one), old(before, other), fulcio(now, other)).claims[claim]).toEqual([other, one]);
  });

  it.each<[path: string, url: string, ...further: string[]]>([
    ['acme/widget', 'https://github.com/acme/widget'],
    ['Acme/Widget', 'https://github.com/acme/widget'],
    ['acme/widget', 'https://git.example/Acme/widget'],
    ['', 'https://github.com/acme/widget'],
    ['acme/widget', 'https://github.com/evil/widget', 'https://github.com/acme/widget'],
    ['widget', 'https://github.com/acme/widget', 'https://github.com/widget'],
    [
      'acme/widget',
      'https://git.example/evil/acme/widget',
      'https://git.example/acme/widget',
      'https://github.com/acme/widget',
    ],
    ['acme/widget', 'acme/widget', 'https://github.com/acme/widget'],
  ])('compares %j of .5 with %j of .12', (path, url, ...further) => {
    const { claims, problems } = read(old(5, path), fulcio(12, url));
    expect(claims['source_repository']).toEqual([url, ...further]);
    expect(Object.keys(problems)).toEqual(further.length === 0 ? [] : ['source_repository']);
  });
});

describe('the judge of a certificate that is written wrongly', () => {
  /** Ways to say `theirs` and, for those who read it otherwise, `ours`. */
  const evasions: Readonly<Record<string, (ours: string, theirs: string) => readonly Buffer[]>> = {
    'issuer twice': (ours, theirs) => [fulcio(8, theirs), fulcio(8, ours)],
    'issuer as PrintableString': (ours) => [fulcio(8, element(0x13, Buffer.from(ours)))],
    'issuer of .1 and of .8': (ours, theirs) => [old(1, ours), fulcio(8, theirs)],
    'issuer with more': (ours, theirs) => [fulcio(8, Buffer.concat([utf8String(ours), utf8String(theirs)]))],
    'source_repository twice': (ours, theirs) => [fulcio(12, theirs), fulcio(12, ours)],
    'source_repository with a byte more': (ours) => [fulcio(12, Buffer.concat([utf8String(ours), Buffer.of(0)]))],
    'source_ref of .6 and of .14': (ours, theirs) => [old(6, ours), fulcio(14, theirs)],
    'subject in a second list': (ours) => [extension(NAMES, true, sequence(element(0x86, Buffer.from(ours))))],
    'subject of an unknown kind': (ours) => [extension(NAMES, true, sequence(element(0x8a, Buffer.from(ours))))],
  };
  const text = fc
    .string({ unit: 'grapheme-ascii', minLength: 2, maxLength: 200 })
    .filter((value) => !/^\W*$/.test(value));

  it.each(Object.keys(evasions))('%s: selected by our value, and never as expected', (what) => {
    const claim = what.slice(0, what.indexOf(' '));
    fc.assert(
      fc.property(text, text, fc.boolean(), (ours, theirs, reversed) => {
        const extensions = evasions[what]?.(ours, theirs) ?? [];
        const { claims, problems } = certificateWith(...(reversed ? extensions.toReversed() : extensions));
        const signer = certified(claims);
        const entry = entryOf({ ...signer, certificate: signer.certificate && { ...signer.certificate, problems } });
        const exactly = { regexp: escape(ours) };
        const watches = [
          watchOf([{ [claim]: exactly }], { [claim]: exactly }, 'ours'),
          watchOf([{ [claim]: exactly }], { [claim]: { regexp: '(?s:.*)' } }, 'anything'),
        ];
        const verdicts = judge(entry, watches, contextOf()).map(({ watch, verdict }) => [watch, verdict]);
        const differ = ours !== theirs || !what.includes(' of ') || what.startsWith('subject');
        expect(verdicts).toEqual(
          differ
            ? [
                ['ours', 'unexpected'],
                ['anything', 'unexpected'],
              ]
            : [
                ['ours', 'expected'],
                ['anything', 'expected'],
              ],
        );
      }),
      { numRuns: 60 },
    );
  });
});

function escape(text: string): string {
  return text.replace(/[^A-Za-z0-9]/g, (letter) => `\\x{${letter.charCodeAt(0).toString(16)}}`);
}
