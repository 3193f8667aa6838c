import type { EvidenceContent } from '../../src/evidence/evidence-file.ts';
import { keyToPem } from '../../src/evidence/log-key.ts';
import type { Hash } from '../../src/tlog/hash.ts';
import type { ReferenceTree } from '../tlog/reference-tree.ts';
import { ed25519Signer, formatNote } from '../tlog/signed-note.ts';

/** What is put into a file: the format is added when it is written. */
export type Content = Omit<EvidenceContent, 'format'>;

export const ORIGIN = 'log.test';

/** The key of the log that the evidence is about. */
export const signer = ed25519Signer(ORIGIN);

/** A signed checkpoint. */
export function signNote(size: number, root: Hash, options: { extension?: string; origin?: string } = {}): string {
  const { extension, origin = ORIGIN } = options;
  const text = `${origin}\n${size}\n${root.toString('base64')}\n${extension === undefined ? '' : `${extension}\n`}`;
  return formatNote(text, signer.line(text));
}

export const hex = (hashes: readonly Hash[]): string[] => hashes.map((hash) => hash.toString('hex'));

/** The nodes that show the first `size` leaves of a tree of `treeSize`. */
export function prefixOf(tree: ReferenceTree, size: number, treeSize: number): NonNullable<Content['prefix']> {
  return { size, frontier: hex(tree.frontier(size)), nodes: hex(tree.rightOf(size - 1, treeSize)) };
}

/** Evidence about the log. What is named here stands instead of nothing. */
export function contentOf(parts: Partial<Content> = {}, kind = 'fork'): Content {
  return {
    log: { origin: ORIGIN, type: 'rekor-v2', public_keys: [keyToPem(signer.key.spki)] },
    signed_notes: [],
    prefix: null,
    entry: null,
    reported: {
      alert: {
        id: 'k3v9x0m2qa',
        class: 'log',
        kind,
        severity: 'critical',
        title: 'log.test: the log signed two histories',
        summary: 'Two trees.\nWhat to do now: look.',
        first_seen: '2026-11-21T12:00:00.000Z',
      },
      watch: null,
      verdict: null,
      violations: [],
      signer: null,
      extra_data: null,
      served: null,
      unserved: null,
    },
    ...parts,
  };
}
