import { hash } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import { findFollowed, followAll, followHistory } from '../../src/store/followed-artifacts.ts';
import { countResigners, findPlace, noteResigner } from '../../src/store/resigners.ts';
import type { Store } from '../../src/store/store.ts';
import { openStore } from './temp-store.ts';

let store: Store;

beforeEach(() => {
  store = openStore();
});

const digest = (text: string): string => `sha256:${hash('sha256', text, 'hex')}`;
const PLACE = { watch: 'widget', log: 'log.test', index: 7, at: 1000 };

describe('findFollowed()', () => {
  it('finds what is followed among many, whatever its algorithm', () => {
    const sha512 = `sha512:${hash('sha512', 'widget', 'hex')}`;
    followAll(store, [digest('widget'), sha512], PLACE);
    followAll(store, [digest('widget')], { ...PLACE, watch: 'other', index: 8 });
    const asked = Array.from({ length: 10_000 }, (_, place) => digest(String(place)));
    expect(findFollowed(store, asked)).toEqual([]);
    const found = findFollowed(store, [...asked, digest('widget'), sha512, digest('widget')]);
    expect(found).toHaveLength(3);
    expect(found).toEqual(
      expect.arrayContaining([
        { artifact: digest('widget'), ...PLACE },
        { artifact: digest('widget'), ...PLACE, watch: 'other', index: 8 },
        { artifact: sha512, ...PLACE },
      ]),
    );
  });

  it('tells digests apart that begin alike, and what is no digest', () => {
    const [one, other] = [`sha256:${'ab'.repeat(32)}`, `sha256:${'ab'.repeat(31)}cd`];
    followAll(store, [one], PLACE);
    expect(findFollowed(store, [other])).toEqual([]);
    followAll(store, [other, 'anything', ''], { ...PLACE, index: 9 });
    expect(
      findFollowed(store, [other, one])
        .map(({ index }) => index)
        .sort(),
    ).toEqual([7, 9]);
    expect(findFollowed(store, ['anything']).map(({ artifact }) => artifact)).toEqual(['anything']);
  });

  it('keeps the entry that was first', () => {
    followAll(store, [digest('widget')], PLACE);
    followAll(store, [digest('widget')], { ...PLACE, index: 99 });
    expect(findFollowed(store, [digest('widget')])).toEqual([{ artifact: digest('widget'), ...PLACE }]);
  });

  it.each(['sha256', 'sha384', 'sha512'])('never follows the %s of nothing', (algorithm) => {
    const empty = `${algorithm}:${hash(algorithm, '', 'hex')}`;
    followAll(store, [empty], PLACE);
    expect(findFollowed(store, [empty])).toEqual([]);
  });
});

describe('followHistory()', () => {
  const following = [{ name: 'widget', artifacts: { follow: true, allow: [] } }];
  const insert = (count: number): void => {
    for (let place = 0; place < count; place += 1) {
      store
        .prepare(
          `INSERT INTO entries (id, log, idx, kind, api_version, integrated_time, observed_at, leaf_hash, artifacts, body)
           VALUES (@place, 'log.test', @place, 'hashedrekord', '0.0.1', 5000, 9000, zeroblob(32), @artifacts, x'00')`,
        )
        .run({ place, artifacts: JSON.stringify([digest(String(place)), digest('')]) });
      store
        .prepare(
          `INSERT INTO findings (entry, watch, signer_position, verdict, violations, signer)
           VALUES (@place, 'widget', 0, @verdict, '[]', @signer)`,
        )
        .run({
          place,
          verdict: place % 5 === 0 ? 'unexpected' : 'expected',
          signer: JSON.stringify({ type: 'certificate', signature: place % 5 === 1 ? 'not-checkable' : 'verified' }),
        });
    }
  };
  const count = (): number =>
    store.prepare<{ count: number }>('SELECT count(*) AS count FROM followed_artifacts').get()?.count ?? -1;

  it('follows all that expected signers signed with a signature that verified, however much it is, once', () => {
    insert(1250);
    followHistory(store, [{ name: 'widget', artifacts: null }], new Date(0));
    expect(count()).toBe(0);
    followHistory(store, following, new Date(0));
    expect(count()).toBe(750);
    expect(findFollowed(store, [digest('2')])).toEqual([
      { artifact: digest('2'), watch: 'widget', log: 'log.test', index: 2, at: 5000 },
    ]);
    store.prepare('DELETE FROM followed_artifacts').run();
    followHistory(store, following, new Date(0));
    expect(count()).toBe(0);
  });
});

describe('resigners', () => {
  it('are counted for each artifact of a watch, each once', () => {
    const one = { watch: 'widget', artifact: digest('widget'), identity: 'one' };
    const two = { ...one, identity: 'two' };
    for (const resigner of [one, one, two, { ...two, watch: 'other' }, one]) {
      noteResigner(store, resigner);
    }
    expect(countResigners(store, one)).toBe(2);
    noteResigner(store, { ...one, identity: 'key:one' });
    expect([countResigners(store, one), countResigners(store, { ...one, identity: 'key:two' })]).toEqual([2, 1]);
    expect([findPlace(store, one), findPlace(store, two), findPlace(store, { ...one, identity: 'three' })]).toEqual([
      0,
      1,
      null,
    ]);
  });
});
