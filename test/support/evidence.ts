import { expect } from 'vitest';
import type { EntryEvidence, Evidence } from '../../src/log/log.ts';
import { openCheckpoint, type SignedCheckpoint } from '../../src/tlog/checkpoint.ts';
import { Frontier } from '../../src/tlog/frontier.ts';
import type { NoteKey } from '../../src/tlog/note.ts';
import { rootFromPrefix } from '../../src/tlog/prefix.ts';

/** What evidence is checked with: nothing of the monitor but the name and the keys of the log. */
export interface Accused {
  readonly origin: string;
  readonly keys: readonly [NoteKey, ...NoteKey[]];
}

/** Requires that two signed notes of one size and different roots are there, and gives their size. */
export function provesEqualSizes(kept: Evidence | EntryEvidence | null, log: Accused): number {
  const evidence = asContradiction(kept);
  expect(evidence).toMatchObject({ log: log.origin, signed: true });
  expect(evidence).not.toHaveProperty('prefix');
  const [one, other] = openNotes(evidence, log);
  expect(one.size).toBe(other.size);
  expect(one.root.equals(other.root)).toBe(false);
  return one.size;
}

/**
 * Requires that the nodes make the root that the last note signs, and for its first leaves another root than the first
 * note signs. Gives both sizes, the smaller first.
 */
export function provesPrefix(kept: Evidence | EntryEvidence | null, log: Accused): readonly [number, number] {
  const evidence = asContradiction(kept);
  expect(evidence).toMatchObject({ log: log.origin, signed: true });
  const [small, large] = openNotes(evidence, log);
  // What is missing fails below.
  const { size, frontier, nodes, root } = evidence?.prefix as NonNullable<Evidence['prefix']>;
  const prefix = Frontier.from(size, frontier);
  expect(size).toBe(small.size);
  expect(small.size).toBeLessThan(large.size);
  expect(rootFromPrefix(prefix, large.size, nodes).equals(large.root)).toBe(true);
  expect(root.equals(large.root)).toBe(true);
  expect(prefix.root().equals(small.root)).toBe(false);
  return [small.size, large.size];
}

/** Whatever is none fails the expectations that follow. */
function asContradiction(kept: Evidence | EntryEvidence | null): Evidence | null {
  return kept?.kind === 'inclusion' ? null : kept;
}

function openNotes(evidence: Evidence | null, log: Accused): readonly [SignedCheckpoint, SignedCheckpoint] {
  expect(evidence?.notes).toHaveLength(2);
  const [first = '', second = ''] = evidence?.notes ?? [];
  return [openCheckpoint(first, log), openCheckpoint(second, log)];
}
