import type { EntryEvidence } from '../log/log.ts';
import type { StoredEntry } from '../store/stored-entry.ts';
import { parseNote } from '../tlog/note.ts';
import { formatHeading, formatMarked, formatRows, type Page, type Row } from './page.ts';
import { formatTime } from './print.ts';

/** A proof as `entry --json` has it: hashes in lower-case hex, from the leaf up; the signed note verbatim. */
export interface ProofJson {
  readonly size: number;
  readonly root: string;
  readonly hashes: readonly string[];
  readonly checkpoint: string;
}

export function proofJson({ proof, checkpoint }: EntryEvidence): ProofJson {
  const { size, root, hashes } = proof;
  return { size, root: root.toString('hex'), hashes: hashes.map((hash) => hash.toString('hex')), checkpoint };
}

/** The way from the entry to a signed root; `evidence` is verified, or null where there is none. */
export function renderProof(evidence: EntryEvidence | null, page: Page): string {
  const heading = `\n${formatHeading('Proof', page)}`;
  if (evidence === null) {
    return `${heading}${formatMarked('doubt', 'none at hand: the log did not give it', page)}`;
  }
  const { log, leaf, proof, checkpoint } = evidence;
  const sentence = `entry ${leaf.index} is in the tree of size ${proof.size} whose root "${log}" signed`;
  // One letter's worth of a hash is enough to compare by eye: `--json` has them whole.
  const path = proof.hashes.map((hash) => hash.toString('hex').slice(0, SHOWN_DIGITS)).join(' ');
  const rows: readonly Row[] = [
    { label: 'root', value: proof.root.toString('hex') },
    { label: 'path', value: proof.hashes.length === 0 ? 'none: the tree is this entry alone' : path },
    ...parseNote(checkpoint).signatures.map(({ name, id }, place) => ({
      label: place === 0 ? 'signed by' : '',
      value: `${name} (key ${id.toString('hex')})`,
    })),
  ];
  return `${heading}${formatMarked('good', sentence, page)}${formatRows(rows, page, 4)}`;
}

const SHOWN_DIGITS = 16;

/** What was found in an entry when it was read. */
export function renderRecorded({ findings, observedAt }: StoredEntry, page: Page): string {
  const rows = findings.map(({ watch, signer, verdict, alert, resigned }): Row => {
    const of = signer === null ? '' : ` (signer ${signer})`;
    const why = resigned === null ? '' : ', not selected: signed an artifact that this watch follows';
    return { label: watch, value: `${verdict}${of}${why}${alert === null ? '' : `, alert ${alert}`}` };
  });
  const heading = `\n${formatHeading(`Recorded ${formatTime(observedAt)}`, page)}`;
  return rows.length === 0
    ? `${heading}${formatMarked('none', 'kept because it could not be read', page)}`
    : `${heading}${formatRows(rows, page)}`;
}
