import { generateKeyPairSync } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findMentions } from '../../src/policy/mentions.ts';
import type { PatternSource } from '../../src/policy/pattern.ts';
import type { Watch } from '../../src/policy/watch.ts';
import { sha256 } from '../../src/tlog/hash.ts';
import { entryFixture } from '../support/entry-fixtures.ts';
import { releaseWatch, rule } from '../support/monitor-rig.ts';

/** A selector as YAML writes it. */
type Selector = Readonly<Record<string, PatternSource>>;

function watchOf(...select: readonly [Selector, ...Selector[]]): Watch {
  const [first, ...others] = select.map((selector) => {
    const [one, ...more] = Object.entries(selector).map(([claim, source]) => rule(claim, source));
    return [one ?? rule('subject', 'x'), ...more] as const;
  });
  return releaseWatch({ select: [first ?? [rule('subject', 'x')], ...others] });
}

/** What of a watch is found, as it is written; null: nothing. */
function found(watch: Watch, data: string | Buffer, kind: string | null = null): unknown {
  const { mentions } = findMentions([watch], { kind, data: Buffer.from(data) });
  return mentions[0]?.written ?? null;
}

const DIGEST = sha256(Buffer.from('widget'));
const HEX = DIGEST.toString('hex');

describe('findMentions()', () => {
  it.each<[string, Selector, string]>([
    ['a repository with its host', { source_repository: 'acme/widget' }, 'https://github.com/acme/widget'],
    ['a repository without', { source_repository: 'https://github.com/acme/widget' }, 'from acme/widget!'],
    ['a repository in another case', { source_repository: 'Acme/Widget' }, 'ACME/WIDGET'],
    ['any repository of an owner', { source_repository: 'acme/*' }, 'https://github.com/ACME/new'],
    ['an owner', { source_owner: 'acme' }, 'repo:acme/x:ref:y'],
    ['a subject under a repository', { subject: 'https://github.com/acme/widget/**' }, 'repo:acme/widget:ref:x'],
    ['a workflow', { builder: 'acme/widget/.github/workflows/r.yml@refs/tags/v*' }, 'acme/widget/.github/workflows/r.yml@refs/tags/v1'], // prettier-ignore
    [
      'both ends of a pattern',
      { subject: 'https://github.com/acme/*/release.yml' },
      'github.com/acme/ and /release.yml',
    ],
    ['an address', { subject: 'release@acme.example' }, '<Release@Acme.example>'],
    ['any address of a domain', { key_subject: '*@acme.example' }, 'x@acme.example'],
    ['another host', { subject: 'https://gitlab.acme.example/**' }, 'gitlab.acme.example'],
    ['one of a list', { subject: ['nothing@acme.example', 'second@acme.example'] }, 'second@acme.example'],
    ['an expression', { subject: { regexp: String.raw`https://github\.com/acme/(a|b)[0-9]+/.*` } }, 'github.com/acme/'],
    ['a digest', { artifact: `sha256:${HEX}` }, HEX.toUpperCase()],
    ['the bytes of a digest', { artifact: `sha256:${HEX}` }, JSON.stringify({ value: DIGEST.toString('base64') })],
    ['a commit', { source_digest: HEX.slice(0, 40) }, `"sha1":"${HEX.slice(0, 40)}"`],
    [
      'the fingerprint of an SSH key',
      { key: `SHA256:${DIGEST.toString('base64').replace('=', '')}` },
      DIGEST.toString('base64'),
    ],
    ['a key id', { key: 'e7620f1842b4e81f' }, Buffer.from('1fe8b442180f62e7', 'hex').toString('base64')],
    ['the id of a repository', { source_repository_id: '123456' }, '{"id":"123456"}'],
    ['a statement about a package', { subject_name: 'pkg:npm/%40acme/widget@*' }, 'pkg:npm/%40acme/widget@1'],
    ['an old extension', { 'oid:1.3.6.1.4.1.57264.1.5': 'acme/widget' }, 'acme/widget'],
  ])('finds %s', (_, selector, text) => {
    const watch = watchOf(selector);
    expect(found(watch, text)).not.toBeNull();
    expect(found(watch, text.slice(0, 4))).toBeNull();
  });

  it('says what was found as the watch writes it', () => {
    const watch = watchOf({ subject: 'a@b.example' }, { source_repository: ['other/one', 'acme/widget'] });
    expect(findMentions([watch], { kind: null, data: Buffer.from('x acme/widget y') })).toEqual({
      mentions: [{ watch, claim: 'source_repository', written: 'acme/widget' }],
      complete: true,
    });
  });

  it.each<[string, Selector]>([
    ['all of GitHub', { subject: 'https://github.com/**' }],
    ['every workflow', { builder: '*/*/.github/workflows/*' }],
    ['every tag', { source_ref: 'refs/tags/v*' }],
    ['anything', { subject: '**' }],
    ['what is not there', { subject: { not: 'acme/widget' } }],
    ['something short', { subject: 'acme' }],
    [
      'what everybody has',
      { trigger: 'push', runner: 'github-hosted', visibility: 'public', environment: 'production' },
    ],
    ['an expression without a text', { subject: { regexp: '[a-z]+@.*' } }],
    ['every kind', { kind: '**' }],
  ])('has nothing to look for where a watch selects %s', (_, selector) => {
    const everything =
      'https://github.com/acme/widget/.github/workflows/release.yml@refs/tags/v1 push github-hosted public production a@b.example';
    expect(found(watchOf(selector), everything, 'dsse')).toBeNull();
  });

  it('does not take what many share for one of them, unless nothing else is selected', () => {
    const issuer = 'https://token.actions.githubusercontent.com';
    const both = watchOf({ issuer, source_repository: 'acme/widget', trigger: 'push' });
    expect([issuer, `${issuer} acme/widget`, 'acme/widget'].map((text) => found(both, text))).toEqual([
      null,
      'acme/widget',
      'acme/widget',
    ]);
    expect(found(watchOf({ issuer }), issuer)).toBe(issuer);
    const narrow = watchOf({ issuer, environment: 'production-eu' });
    expect([issuer, 'production-eu', `${issuer} production-eu`].map((text) => found(narrow, text))).toEqual([
      ...[null, null, issuer],
    ]);
  });

  it('knows a kind by its name, not by its letters', () => {
    const watch = watchOf({ kind: ['jar', 'acme-kind'] });
    expect(found(watch, 'jar acme-kind', 'dsse')).toBeNull();
    expect(found(watch, '', 'jar')).toBe('jar');
  });

  it('needs a number to be one', () => {
    const watch = watchOf({ source_owner_id: '4711999' });
    expect([found(watch, '"4711999"'), found(watch, '14711999')]).toEqual(['4711999', null]);
  });

  it('finds a key that shows itself, not its hash', () => {
    const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const spki = publicKey.export({ type: 'spki', format: 'der' });
    const pem = Buffer.from(publicKey.export({ type: 'spki', format: 'pem' }));
    const key = sha256(spki).toString('hex');
    const body = JSON.stringify({ spec: { publicKey: pem.toString('base64') } });
    expect(found(watchOf({ key }), body)).toBe(key);
    expect(found(watchOf({ key: HEX }), body)).toBeNull();
    const printed = key.toUpperCase().replace(/..(?!$)/g, '$&:');
    expect(found(watchOf({ key: printed }), body)).toBe(printed);
  });

  it.each<[string, string]>([
    ['primary key', '3b682c25572108a510270c67ff9fc7d1d18df03f'],
    ['subkey', '4802fac10ef4b72586422458ca38fcccf5e74a0b'],
  ])('finds a PGP key that shows itself, by its %s', (_, key) => {
    const { spec } = JSON.parse(entryFixture('rpm').toString()) as { spec: { publicKey: unknown } };
    const body = JSON.stringify({ spec: { key: spec.publicKey } });
    expect(body).not.toContain(key);
    expect(found(watchOf({ key }), body)).toBe(key);
    expect(found(watchOf({ key: key.toUpperCase().replace(/....(?!$)/g, '$& ') }), body)).not.toBeNull();
    expect(found(watchOf({ key: HEX.slice(0, 40) }), body)).toBeNull();
  });

  it('finds a text behind what only looks like thousands of keys', () => {
    const like = [Buffer.from('30820fff3013' + '06072a8648ce3d0201', 'hex'), Buffer.from('990fff04', 'hex')];
    for (const unit of like) {
      const bomb = Buffer.alloc(200_000, unit);
      const hidden = Buffer.from(
        `-----BEGIN X-----\n${Buffer.from('acme/widget').toString('base64')}\n-----END X-----\n`,
      );
      const data = Buffer.from(JSON.stringify({ a: bomb.toString('base64'), b: hidden.toString('base64') }));
      const watch = watchOf({ source_repository: 'acme/widget' }, { key: HEX });
      expect(findMentions([watch], { kind: null, data })).toMatchObject({
        mentions: [{ written: 'acme/widget' }],
        complete: false,
      });
    }
  });

  it('asks for each watch alone', () => {
    const names = ['acme/widget', 'acme/gadget', 'acme/wid'];
    const watches = names.map((name) => ({ ...watchOf({ source_repository: name }), name }));
    const { mentions } = findMentions(watches, { kind: null, data: Buffer.from('acme/widget') });
    expect(mentions.map(({ watch }) => watch.name)).toEqual(['acme/widget', 'acme/wid']);
  });

  it('finds of many watches what it finds of each alone', () => {
    const claims = ['subject', 'source_repository', 'source_owner', 'key', 'issuer', 'kind'] as const;
    const text = fc.constantFrom('acme/widget', 'acme/*', '*@acme.example', 'https://issuer.acme.example', 'cc'.repeat(32), 'dsse', 'acme-one*acme-two', 'widget-two'); // prettier-ignore
    const selector = fc.dictionary(fc.constantFrom(...claims), fc.oneof(text, fc.tuple(text, text)), { minKeys: 1, maxKeys: 2 }); // prettier-ignore
    const told = fc.constantFrom('github.com/acme/widget', 'x@acme.example', 'https://issuer.acme.example', 'cc'.repeat(32), 'acme-one', 'acme-two', 'widget-two', '"'); // prettier-ignore
    let found = 0;
    fc.assert(
      fc.property(
        fc.array(fc.tuple(selector, selector), { minLength: 1, maxLength: 20 }),
        fc.array(told, { maxLength: 4 }),
        fc.constantFrom(null, 'dsse', 'jar'),
        (selects, texts, kind) => {
          const watches = selects.map((select, at) => ({ ...watchOf(...select), name: String(at) }));
          const entry = { kind, data: Buffer.from(texts.join(' ')) };
          const { mentions } = findMentions(watches, entry);
          found += mentions.length;
          expect(mentions).toEqual(watches.flatMap((watch) => findMentions([watch], entry).mentions));
        },
      ),
      { numRuns: 300 },
    );
    expect(found).toBeGreaterThan(300);
  });

  it('finds its watch among a thousand', () => {
    const watches = Array.from({ length: 1000 }, (_, at) => ({
      ...watchOf({ source_repository: `acme/widget-${at}-x` }),
      name: String(at),
    }));
    const data = Buffer.from(JSON.stringify({ a: Buffer.from('acme/widget-123-x').toString('base64') }));
    expect(findMentions(watches, { kind: null, data }).mentions.map(({ watch }) => watch.name)).toEqual(['123']);
  });
});
