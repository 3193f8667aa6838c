import type { AlertKind } from '../alert/alert.ts';
import { decodeCtLeaf } from '../entry/ct-leaf.ts';
import { decodeEntry } from '../entry/decode.ts';
import type { EvidenceContent } from '../evidence/evidence-file.ts';
import { certificatesIn, formatEntry } from '../evidence/log-entry.ts';
import { keyToPem, logId, logKey, signerName, type NamedLog } from '../evidence/log-key.ts';
import type { EntryEvidence, Evidence } from '../log/log.ts';
import type { Watch } from '../policy/watch.ts';
import type { StoredAlert } from '../store/alerts.ts';
import { sha256 } from '../tlog/hash.ts';
import { parseNote, verifyNote } from '../tlog/note.ts';

/** What is known besides the alert itself. */
export interface EvidenceParts {
  readonly alert: StoredAlert;
  /** The alert's own evidence, or an entry's that was fetched just now. */
  readonly evidence: Evidence | EntryEvidence | null;
  /** Null where the alert is about no log, or about one that is not known any more. */
  readonly log: NamedLog | null;
  /** SubjectPublicKeyInfo, DER, of the keys by which the log may sign. */
  readonly keys: readonly Buffer[];
  /** Who issued a certificate: DER, one by the next. */
  readonly issuersOf: (certificate: Buffer) => readonly Buffer[];
  readonly watches: readonly Watch[];
}

/** What an evidence file says of an alert: what can be proven by the log's key, and apart from it what is only our report. */
export function evidenceContent(parts: EvidenceParts): Omit<EvidenceContent, 'format'> {
  const { evidence, log, keys } = parts;
  const contradiction = evidence === null || evidence.kind === 'inclusion' ? null : evidence;
  const entry = evidence?.kind === 'inclusion' ? evidence : null;
  const signing = log === null ? [] : keysThatSigned(log, keys, contradiction?.notes ?? [entry?.checkpoint ?? '']);
  return {
    log: log === null ? null : { origin: log.origin, type: log.type, public_keys: signing.map(keyToPem) },
    signed_notes: [...(contradiction?.notes ?? [])],
    prefix: contradiction?.prefix === undefined ? null : formatPrefix(contradiction.prefix),
    entry:
      entry === null || log === null
        ? null
        : formatEntry(entry, keyIdOf(entry, log, signing), certificatesOf(entry, parts)),
    reported: report(parts, contradiction, entry),
  };
}

function report(
  { alert, watches }: EvidenceParts,
  contradiction: Evidence | null,
  entry: EntryEvidence | null,
): EvidenceContent['reported'] {
  const { id, class: alertClass, kind, severity, title, summary, firstSeen, watch, violations, signer } = alert;
  const description = watches.find(({ name }) => name === watch)?.description ?? null;
  return {
    alert: { id, class: alertClass, kind, severity, title, summary, first_seen: firstSeen.toISOString() },
    watch: watch === null ? null : { name: watch, description },
    verdict: signer === null ? null : verdictOf(kind),
    violations: violations.map(({ claim, expected, found }) => ({ claim, expected, found })),
    signer,
    extra_data: entry?.leaf.extra?.toString('base64') ?? null,
    served: contradiction?.served ?? null,
    unserved: contradiction?.unserved ?? null,
  };
}

/** An alert about a signer is named by the verdict on it, but for one about somebody whom the watch does not select. */
function verdictOf(kind: AlertKind): string | null {
  // What is new or too much says nothing of the verdict.
  return kind === 'artifact-resigned' ? 'observed' : kind === 'first-seen' || kind === 'burst' ? null : kind;
}

function formatPrefix({ size, frontier, nodes }: NonNullable<Evidence['prefix']>): EvidenceContent['prefix'] {
  return { size, frontier: frontier.map(toHex), nodes: nodes.map(toHex) };
}

function toHex(hash: Buffer): string {
  return hash.toString('hex');
}

/** Of the keys that the log may sign by, those that signed any of the notes; all of them where nothing is signed. */
function keysThatSigned(log: NamedLog, keys: readonly Buffer[], notes: readonly string[]): readonly Buffer[] {
  const signing = keys.filter((spki) => notes.some((note) => isSignedBy(log, spki, note)));
  return signing.length > 0 ? signing : keys;
}

function isSignedBy(log: NamedLog, spki: Buffer, note: string): boolean {
  try {
    return verifyNote(parseNote(note), [logKey(log, spki)]) === 'verified';
  } catch (error) {
    if (error instanceof SyntaxError) {
      return false;
    }
    throw error;
  }
}

/** Of a log whose key is not known any more, as far as its signature names it. */
function keyIdOf(entry: EntryEvidence, log: NamedLog, [spki]: readonly Buffer[]): Buffer {
  if (entry.logId !== null) {
    return Buffer.from(entry.logId, 'hex');
  }
  const named = parseNote(entry.checkpoint).signatures.find(({ name }) => name === signerName(log));
  return spki === undefined ? (named?.id ?? Buffer.alloc(0)) : logId(log, spki);
}

/** The certificate of the signer that the alert is about, then those that issued it; null where it signed with a bare key. */
function certificatesOf({ type, leaf }: EntryEvidence, { alert, issuersOf }: EvidenceParts): readonly Buffer[] | null {
  const decoded = type === 'ct' ? decodeCtLeaf(leaf.data, leaf.extra) : decodeEntry(leaf.data);
  const certificate = certificatesIn(decoded).find(({ spki }) => fingerprintOf(spki) === alert.signer?.fingerprint);
  return certificate === undefined ? null : [certificate.der, ...issuersOf(certificate.der)];
}

function fingerprintOf(spki: Buffer): string {
  return sha256(spki).toString('hex');
}
