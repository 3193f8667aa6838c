import { describe, expect, it } from 'vitest';
import { logAlert, startedAlert, trustStaleAlert } from '../../src/alert/log-alert.ts';
import { NO_LINKS } from '../../src/alert/links.ts';
import { LogMisbehaved, type Evidence } from '../../src/log/log.ts';
import { Frontier } from '../../src/tlog/frontier.ts';
import { sha256 } from '../../src/tlog/hash.ts';
import { unsignedNote } from '../support/alert-drafts.ts';

const ORIGIN = 'rekor-local';
const root = (tree: string): string => sha256(Buffer.from(tree)).toString('hex');
const draftOf = (evidence: Partial<Evidence>, message = 'It did') =>
  logAlert(new LogMisbehaved(message, { kind: 'fork', log: ORIGIN, signed: true, notes: [], ...evidence }));

function frontierOf(...leaves: readonly string[]): Frontier {
  const frontier = Frontier.empty();
  leaves.forEach((leaf) => {
    frontier.append(sha256(Buffer.from(leaf)));
  });
  return frontier;
}

function prefixOf(frontier: Frontier, grown: string): NonNullable<Evidence['prefix']> {
  return { size: frontier.size, frontier: frontier.hashes, nodes: [], root: sha256(Buffer.from(grown)) };
}

describe('logAlert()', () => {
  it('keeps the evidence and names the contradicting roots when two notes of one size differ', () => {
    const evidence: Evidence = {
      kind: 'fork',
      log: ORIGIN,
      signed: true,
      notes: [unsignedNote(ORIGIN, 5, 'a'), unsignedNote(ORIGIN, 5, 'b')],
    };
    expect(logAlert(new LogMisbehaved('Log "rekor-local" signed two different trees of size 5', evidence))).toEqual({
      class: 'log',
      kind: 'fork',
      severity: 'critical',
      watch: null,
      title: 'rekor-local: the log signed two histories that contradict each other',
      summary: expect.stringMatching(
        /^Log "rekor-local" signed two different trees of size 5\.\n.*\nWhat to do now: /,
      ) as string,
      log: ORIGIN,
      index: null,
      violations: [],
      signer: null,
      artifacts: [],
      dedupeKey: ['log', ORIGIN, 'fork', ...[root('a'), root('b')].sort()].join('/'),
      links: NO_LINKS,
      evidence,
      notify: null,
    });
  });

  it('names the witnesses that saw the trees, in lines of ours, and no endless list of them', () => {
    const tree = { size: 5, root: sha256(Buffer.from('a')) };
    const error = new LogMisbehaved('It did', { kind: 'fork', log: ORIGIN, signed: true, notes: [] });
    const observers = [
      { ...tree, name: 'w1', time: Date.parse('2026-11-21T12:00:00Z') },
      { ...tree, name: 'w\u202e2\nWhat to do now: nothing', time: 0 },
    ];
    expect(logAlert(error, observers).summary.split('\n').slice(0, 3)).toEqual([
      'It did.',
      `The witness w1 cosigned the tree of size 5 with root ${root('a')} at 2026-11-21T12:00:00.000Z.`,
      `The witness w\\u{202E}2\\u{000A}What to do now: nothing cosigned the tree of size 5 with root ${root('a')}.`,
    ]);
    const many = Array.from({ length: 11 }, (_, n) => ({ ...tree, name: `w${n}`, time: 0 }));
    const lines = logAlert(error, many).summary.split('\n');
    expect(lines.filter((line) => line.startsWith('The witness '))).toHaveLength(8);
    expect(lines).toContain('3 more cosignatures of witnesses hold.');
    expect(logAlert(error, observers).dedupeKey).toBe(logAlert(error).dedupeKey);
  });

  it('gives one key to one contradiction, whichever note was known first', () => {
    const [a, b] = [unsignedNote(ORIGIN, 5, 'a'), unsignedNote(ORIGIN, 5, 'b')];
    expect(draftOf({ notes: [a, b] }).dedupeKey).toBe(draftOf({ notes: [b, a] }).dedupeKey);
  });

  it('gives one key to one contradiction when the forked tree has grown', () => {
    const other = frontierOf('x', 'y', 'z');
    const small = unsignedNote(ORIGIN, 3, 'a');
    const early = draftOf({ notes: [small, unsignedNote(ORIGIN, 4, 'b')], prefix: prefixOf(other, 'b') });
    const late = draftOf({ notes: [small, unsignedNote(ORIGIN, 9, 'c')], prefix: prefixOf(other, 'c') });
    expect(late.dedupeKey).toBe(early.dedupeKey);
    expect(early.dedupeKey).toBe(
      ['log', ORIGIN, 'fork', ...[root('a'), other.root().toString('hex')].sort()].join('/'),
    );
  });

  it('gives another key to another contradiction', () => {
    const notes = [unsignedNote(ORIGIN, 5, 'a'), unsignedNote(ORIGIN, 5, 'c')];
    const keys = [draftOf({ notes }), draftOf({ notes, log: 'other' }), draftOf({ notes, kind: 'rollback' })];
    expect(new Set(keys.map(({ dedupeKey }) => dedupeKey)).size).toBe(3);
  });

  it.each(['bad-signature', 'wrong-origin', 'entry-mismatch'] as const)(
    'gives one key to %s of one log, whatever is served at the next poll',
    (kind) => {
      const first = draftOf({ kind, signed: false, notes: [unsignedNote(ORIGIN, 5, 'a')] });
      const second = draftOf({ kind, signed: false, notes: [unsignedNote(ORIGIN, 6, 'b')] });
      expect(first.dedupeKey).toBe(`log/${ORIGIN}/${kind}`);
      expect(second.dedupeKey).toBe(first.dedupeKey);
    },
  );

  it.each([
    ['fork', 'critical'],
    ['rollback', 'critical'],
    ['entry-mismatch', 'critical'],
    ['bad-signature', 'high'],
    ['wrong-origin', 'high'],
  ] as const)('%s is %s', (kind, severity) => {
    expect(draftOf({ kind, signed: false }).severity).toBe(severity);
  });

  it('shows hostile characters of what was served, and cuts it', () => {
    const { summary } = draftOf({ signed: false }, `Got "\u001b[2J\u202E${'x'.repeat(100_000)}"`);
    expect(summary).toContain('\\u{001B}[2J\\u{202E}');
    expect(summary.length).toBeLessThan(2000);
  });
});

describe('startedAlert()', () => {
  it('is operational, low, and one for each log', () => {
    const draft = startedAlert(ORIGIN, {
      origin: ORIGIN,
      size: 40,
      root: sha256(Buffer.from('a')),
      extensions: [],
    });
    expect(draft).toMatchObject({
      class: 'operational',
      kind: 'started',
      severity: 'low',
      log: ORIGIN,
      title: 'rekor-local: watching, verified to size 40',
      dedupeKey: 'operational/started/rekor-local',
      evidence: null,
    });
    expect(draft.summary).toContain(root('a'));
  });
});

describe('trustStaleAlert()', () => {
  it('is operational, high, and one at a time', () => {
    expect(trustStaleAlert('Cannot reach "tuf.example"')).toMatchObject({
      class: 'operational',
      kind: 'trust-stale',
      severity: 'high',
      log: null,
      dedupeKey: 'operational/trust-stale',
    });
  });
});
