import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { keyToPem, signerName } from '../../src/evidence/log-key.ts';
import { verifyEvidence, type Verification } from '../../src/evidence/verify-evidence.ts';
import type { EvidenceContent } from '../../src/evidence/evidence-file.ts';
import { leafHash, type Hash } from '../../src/tlog/hash.ts';
import { ReferenceTree } from '../tlog/reference-tree.ts';
import { ed25519Signer } from '../tlog/signed-note.ts';
import { contentOf, hex, ORIGIN, prefixOf, signer, signNote, type Content } from '../support/evidence-files.ts';

const tree = new ReferenceTree();
/** The same but for leaf 2. */
const other = new ReferenceTree({ leaf: (index) => (index === 2 ? leafHash(Buffer.from('other')) : tree.leaf(index)) });

const KEYS = [signer.key.spki];
const STRANGER = ed25519Signer(ORIGIN);
const FROZEN = 'Log frozen — Sat Nov 21 12:00:00 UTC 2026';

const verify = (content: Content, keys: readonly Buffer[] = KEYS): Verification =>
  verifyEvidence({ format: 'sigwatch evidence 1', ...content } satisfies EvidenceContent, { keys, chainOf: null });

const equalSizes = contentOf({ signed_notes: [signNote(5, tree.root(5)), signNote(5, other.root(5))] });
const largerFork = contentOf({
  signed_notes: [signNote(5, tree.root(5)), signNote(9, other.root(9))],
  prefix: prefixOf(other, 5, 9),
});
const grown = contentOf(
  { signed_notes: [signNote(5, tree.root(5), { extension: FROZEN }), signNote(9, tree.root(9))] },
  'frozen-log-grew',
);

describe('verifyEvidence() on a contradiction', () => {
  it('proves two signed roots of one size', () => {
    expect(verify(equalSizes)).toEqual({
      isProven: true,
      proven: [
        `"log.test" signed the root ${tree.root(5).toString('hex')} for size 5`,
        `"log.test" signed the root ${other.root(5).toString('hex')} for size 5`,
        `"log.test" contradicts itself: it signed two different trees of size 5: one with root ${tree.root(5).toString('hex')}, one with root ${other.root(5).toString('hex')}`,
      ],
      reported: [
        'alert k3v9x0m2qa about "log.test", first seen 2026-11-21T12:00:00.000Z: fork (critical), "log.test: the log signed two histories"',
      ],
      problems: [],
    });
  });

  it('proves a larger tree that has another prefix, in either order', () => {
    const { proven, isProven } = verify(largerFork);
    expect(isProven).toBe(true);
    expect(proven.at(-1)).toBe(
      `"log.test" contradicts itself: it signed a tree of size 9 whose first 5 entries have the root ${other.root(5).toString('hex')}, ` +
        `and for size 5 it signed the root ${tree.root(5).toString('hex')}`,
    );
    expect(verify({ ...largerFork, signed_notes: largerFork.signed_notes.toReversed() }).isProven).toBe(true);
  });

  it('says once what the log signed twice', () => {
    const note = signNote(5, tree.root(5));
    const { isProven, proven } = verify(contentOf({ signed_notes: [note, note] }, 'entry-mismatch'));
    expect([isProven, proven]).toEqual([
      false,
      [`"log.test" signed the root ${tree.root(5).toString('hex')} for size 5`],
    ]);
  });

  it.each([
    [12, 'entry 11 was asked for in vain'],
    [13, 'the entries from 11 to 12 were asked for in vain'],
  ])('reports what was not served (up to %d)', (to, sentence) => {
    const content = contentOf({}, 'entries-withheld');
    const unserved = { from: 11, to, answer: 'status 404' };
    expect(verify({ ...content, reported: { ...content.reported, unserved } }).reported).toContain(sentence);
  });

  it.each([
    [[], 'by the watch "widget" the signer is unverifiable'],
    [['runner'], 'by the watch "widget" the signer is unverifiable; 1 of its claims fails'],
    [['runner', 'issuer'], 'by the watch "widget" the signer is unverifiable; 2 of its claims fail'],
  ])('reports the verdict, and how many claims fail: %j', (claims, sentence) => {
    const content = contentOf();
    const violations = claims.map((claim) => ({ claim, expected: 'a', found: 'b' }));
    const watch = { name: 'widget', description: null };
    const reported = { ...content.reported, watch, verdict: 'unverifiable', violations } as const;
    expect(verify({ ...content, reported }).reported).toContain(sentence);
  });

  it('proves that a log grew which had signed that it ended', () => {
    const { proven, isProven } = verify(grown);
    expect(isProven).toBe(true);
    expect(proven.at(-1)).toContain(`it signed that it had ended with size 5 ("${FROZEN}")`);
  });

  it.each([
    ['the same note twice', { signed_notes: [signNote(5, tree.root(5)), signNote(5, tree.root(5))] }],
    ['two sizes without nodes', { signed_notes: [signNote(5, tree.root(5)), signNote(9, other.root(9))] }],
    [
      'two sizes of one tree',
      { signed_notes: [signNote(5, tree.root(5)), signNote(9, tree.root(9))], prefix: prefixOf(tree, 5, 9) },
    ],
    ['one note', { signed_notes: [signNote(5, tree.root(5))] }],
    ['no note', {}],
    ['three notes', { signed_notes: [5, 6, 7].map((size) => signNote(size, tree.root(size))) }],
    [
      'a log that ended and showed a smaller tree',
      { signed_notes: [signNote(5, tree.root(5)), signNote(9, tree.root(9), { extension: FROZEN })] },
    ],
    [
      'a frozen checkpoint republished',
      { signed_notes: [signNote(5, tree.root(5)), signNote(5, tree.root(5), { extension: FROZEN })] },
    ],
    ['a tree of no entries', { signed_notes: [signNote(0, tree.root(0)), signNote(5, tree.root(5))] }],
  ])('does not prove %s', (_, parts) => {
    const { isProven, problems } = verify(contentOf(parts));
    expect([isProven, problems.length]).toEqual([false, 1]);
  });

  it('does not prove growth after the end where only an unsigned list says that it ended', () => {
    const origin = `${ORIGIN} - 4711`;
    const notes = [signNote(5, tree.root(5), { extension: FROZEN, origin }), signNote(9, tree.root(9), { origin })];
    const log = { origin, type: 'rekor-v1' as const, public_keys: [] };
    expect(signerName(log)).toBe(ORIGIN);
    expect(verify({ ...grown, log, signed_notes: notes })).toMatchObject({
      isProven: false,
      problems: ['the notes that the log signed do not contradict each other by what is here'],
    });
  });

  it.each([
    ['nodes of another size', { ...prefixOf(other, 4, 9) }, /^Cannot use nodes of the first 4 entries/],
    ['nodes of another tree', prefixOf(tree, 5, 9), /^Cannot use the nodes: they do not make the root/],
    ['a node too few', { ...prefixOf(other, 5, 9), nodes: [] }, /^Cannot use 0 hashes right of a prefix/],
    ['a frontier too short', { ...prefixOf(other, 5, 9), frontier: [] }, /^Cannot make a frontier/],
  ])('does not prove a fork by %s', (_, prefix, problem) => {
    expect(verify({ ...largerFork, prefix })).toMatchObject({
      isProven: false,
      proven: [],
      problems: [expect.stringMatching(problem)],
    });
  });

  it.each(['entry-mismatch', 'bad-signature', 'wrong-origin', 'entries-withheld', 'witness-missing'])(
    'does not prove %s, but says what is signed and what is only reported',
    (kind) => {
      const served = { url: 'http://127.0.0.1:1/tile/0/000', sha256: '00'.repeat(32), excerpt: '…' };
      const content = contentOf({ signed_notes: [signNote(5, tree.root(5))] }, kind);
      expect(verify({ ...content, reported: { ...content.reported, served } })).toEqual({
        isProven: false,
        proven: [`"log.test" signed the root ${tree.root(5).toString('hex')} for size 5`],
        reported: [
          expect.stringContaining(`: ${kind} (critical)`),
          `"${served.url}" served bytes with the SHA-256 ${served.sha256}: nobody signed that`,
        ],
        problems: ['nothing in it is signed that the log could not honestly have signed'],
      });
    },
  );
});

describe('verifyEvidence() and keys', () => {
  it('proves nothing with the file alone', () => {
    expect(verify(equalSizes, [])).toMatchObject({
      isProven: false,
      proven: [],
      problems: [
        'Cannot prove anything about "log.test" with the file alone: expected a key of this log from elsewhere',
      ],
    });
  });

  it('says that a key in the file differs from the known one', () => {
    expect(verify(equalSizes, [STRANGER.key.spki])).toMatchObject({
      isProven: false,
      proven: [],
      problems: ['Cannot believe the file\'s key of "log.test": it differs from the key that is known from elsewhere'],
    });
    const both = [keyToPem(signer.key.spki), keyToPem(STRANGER.key.spki)];
    const log = { origin: ORIGIN, type: 'rekor-v2' as const, public_keys: both };
    expect(verify({ ...equalSizes, log }).isProven).toBe(false);
    expect(verify({ ...equalSizes, log }, [STRANGER.key.spki, signer.key.spki]).isProven).toBe(true);
  });

  it('needs no key in the file', () => {
    const log = { origin: ORIGIN, type: 'rekor-v2' as const, public_keys: [] };
    expect(verify({ ...equalSizes, log }).isProven).toBe(true);
    expect(verify({ ...equalSizes, log }, [STRANGER.key.spki]).isProven).toBe(false);
  });

  it.each([
    ['a key that is none', { origin: ORIGIN, type: 'rekor-v2', public_keys: ['no key'] }],
    ['another origin', { origin: 'other.test', type: 'rekor-v2', public_keys: [] }],
    ['another type of log', { origin: ORIGIN, type: 'ct', public_keys: [] }],
    ['no log', null],
  ] as const)('proves nothing about %s', (_, log) => {
    const { isProven, proven } = verify({ ...equalSizes, log: log && { ...log, public_keys: [...log.public_keys] } });
    expect([isProven, proven]).toEqual([false, []]);
  });

  it('proves nothing by notes that somebody else signed, or for another origin', () => {
    const text = `${ORIGIN}\n5\n${other.root(5).toString('base64')}\n`;
    const foreign = `${text}\n${STRANGER.line(text)}`;
    const misnamed = signNote(5, other.root(5), { origin: 'other.test' });
    for (const second of [foreign, misnamed, `${text}\n`, text, '']) {
      expect(verify({ ...equalSizes, signed_notes: [signNote(5, tree.root(5)), second] })).toMatchObject({
        isProven: false,
        proven: [],
      });
    }
  });
});

describe('verifyEvidence() on an honest log', () => {
  const sizes = fc.tuple(fc.integer({ min: 1, max: 130 }), fc.integer({ min: 1, max: 130 }));
  const nodes = fc.array(fc.nat(500), { maxLength: 12 });
  /** Hashes that somebody has who read the whole log. */
  const pool: readonly Hash[] = Array.from({ length: 130 }, (_, index) => index).flatMap((index) => [
    tree.leaf(index),
    tree.root(index + 1),
    ...tree.inclusion(index, 130),
  ]);
  const pick = (places: readonly number[]): Hash[] => places.map((place) => pool[place % pool.length] as Hash);

  it('is never framed, whatever nodes are put beside what it signed', () => {
    fc.assert(
      fc.property(sizes, nodes, nodes, fc.integer({ min: 0, max: 131 }), ([a, b], left, right, size) => {
        const prefix = { size, frontier: hex(pick(left)), nodes: hex(pick(right)) };
        expect(verify(honestNotes(a, b, prefix)).isProven).toBe(false);
      }),
      { numRuns: 300 },
    );
  });

  it('is never framed by its own nodes with some of them exchanged', () => {
    fc.assert(
      fc.property(sizes, fc.array(fc.tuple(fc.nat(20), fc.nat(500)), { maxLength: 4 }), ([a, b], changes) => {
        const [small, large] = [Math.min(a, b), Math.max(a, b)];
        const honest = prefixOf(tree, small, large);
        const all = [...honest.frontier, ...honest.nodes];
        for (const [at, place] of changes) {
          all[at % all.length] = hex(pick([place]))[0] ?? '';
        }
        const prefix = { ...honest, frontier: all.splice(0, honest.frontier.length), nodes: all };
        expect(verify(honestNotes(a, b, prefix)).isProven).toBe(false);
      }),
      { numRuns: 300 },
    );
  });

  function honestNotes(a: number, b: number, prefix: Content['prefix']): Content {
    return contentOf({ signed_notes: [signNote(a, tree.root(a)), signNote(b, tree.root(b))], prefix });
  }
});

describe('verifyEvidence() on altered evidence whose digest was made anew', () => {
  it.each([
    ['equal sizes', equalSizes],
    ['a larger fork', largerFork],
    ['growth after the end', grown],
  ])('proves nothing of %s with any byte changed of what is signed', (_, content) => {
    const proven: string[] = [];
    for (const [which, note] of content.signed_notes.entries()) {
      for (let at = 0; at < note.length; at++) {
        const changed = note.slice(0, at) + String.fromCharCode(note.charCodeAt(at) ^ 1) + note.slice(at + 1);
        const altered = { ...content, signed_notes: content.signed_notes.with(which, changed) };
        proven.push(...(verify(altered).isProven ? [`note ${which}, byte ${at}`] : []));
      }
    }
    expect(proven).toEqual([]);
  });

  it('proves nothing of a larger fork with any digit changed of its nodes', () => {
    const prefix = largerFork.prefix ?? prefixOf(other, 5, 9);
    const proven: string[] = [];
    for (const part of ['frontier', 'nodes'] as const) {
      for (const [which, hash] of prefix[part].entries()) {
        for (let at = 0; at < hash.length; at++) {
          const digit = ((parseInt(hash.charAt(at), 16) + 1) % 16).toString(16);
          const list = prefix[part].with(which, hash.slice(0, at) + digit + hash.slice(at + 1));
          const altered = { ...largerFork, prefix: { ...prefix, [part]: list } };
          proven.push(...(verify(altered).isProven ? [`${part} ${which}, digit ${at}`] : []));
        }
      }
    }
    expect(proven).toEqual([]);
  });
});
