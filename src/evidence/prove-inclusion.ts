import { X509Certificate } from 'node:crypto';
import { decodeEntry } from '../entry/decode.ts';
import { decodeCtLeaf } from '../entry/ct-leaf.ts';
import type { Certificate, DecodedEntry } from '../entry/entry.ts';
import type { NonEmpty } from '../lib/non-empty.ts';
import { verifyEntryTimestamp } from '../log/rekor-v1/entry-timestamp.ts';
import { openCheckpoint, parseSize, type SignedCheckpoint } from '../tlog/checkpoint.ts';
import { leafHash, parseHash } from '../tlog/hash.ts';
import type { NoteKey } from '../tlog/note.ts';
import { verifyInclusion } from '../tlog/proof.ts';
import type { EvidenceEntry, InclusionProofJson, LogEntryJson } from './evidence-file.ts';
import { logId, type NamedLog } from './log-key.ts';
import { certificatesIn, kindOf } from './log-entry.ts';

/** Whether a certificate chains to a trusted authority, in words; null where nothing is known to ask. */
export type ChainOf = ((certificate: Certificate) => string) | null;

/**
 * What an entry's evidence proves, in words. `extra`: what came with a CT leaf, which counts where it fits the leaf. Throws
 * SyntaxError or CheckpointRefused where anything of it does not hold.
 */
export function proveInclusion(
  entry: EvidenceEntry,
  extra: Buffer | undefined,
  log: NamedLog,
  keys: NonEmpty<NoteKey>,
  chainOf: ChainOf,
): readonly string[] {
  if ('ct_entry' in entry !== (log.type === 'ct')) {
    throw new SyntaxError(`Cannot use the entry: it is of another type of log than "${log.origin}"`);
  }
  const certificates = (entry.x509_certificate_chain?.certificates ?? []).map(({ rawBytes }) =>
    Buffer.from(rawBytes, 'base64'),
  );
  if ('ct_entry' in entry) {
    const leaf = Buffer.from(entry.ct_entry.leafInput, 'base64');
    const place = provePlace(leaf, entry.ct_entry.inclusionProof, log, keys);
    return [place, ...proveCertificates(certificates, decodeCtLeaf(leaf, extra), chainOf)];
  }
  const logEntry = entry.transparency_log_entry;
  const body = Buffer.from(logEntry.canonicalizedBody, 'base64');
  const place = provePlace(body, logEntry.inclusionProof, log, keys);
  requireKind(logEntry, body);
  const promise = log.type === 'rekor-v1' ? provePromise(logEntry, keys) : requireNoPromise(logEntry);
  requireLogId(logEntry, log, keys);
  return [place, ...promise, ...proveCertificates(certificates, decodeEntry(body), chainOf)];
}

function provePlace(leaf: Buffer, proof: InclusionProofJson, log: NamedLog, keys: NonEmpty<NoteKey>): string {
  const checkpoint: SignedCheckpoint = openCheckpoint(proof.checkpoint.envelope, { origin: log.origin, keys });
  const { size, root } = checkpoint;
  if (parseSize(proof.treeSize) !== size || !parseHash(proof.rootHash, 'base64').equals(root)) {
    throw new SyntaxError(`Cannot use a proof of size ${proof.treeSize}: its checkpoint signs another tree`);
  }
  const index = parseSize(proof.logIndex);
  const hashes = proof.hashes.map((hash) => parseHash(hash, 'base64'));
  if (!verifyInclusion({ index, size, leaf: leafHash(leaf), proof: hashes, root })) {
    throw new SyntaxError(
      `Cannot use the proof of entry ${index}: it does not lead to the root signed for size ${size}`,
    );
  }
  return (
    `entry ${index} of "${log.origin}" is these ${leaf.length} bytes (leaf hash ${leafHash(leaf).toString('hex')}): ` +
    `they are in the tree of size ${size} that the log signed (root ${root.toString('hex')})`
  );
}

function requireKind({ kindVersion }: LogEntryJson, body: Buffer): void {
  const { kind, version } = kindOf(body);
  if (kindVersion.kind !== kind || kindVersion.version !== version) {
    throw new SyntaxError(`Cannot use an entry named "${kindVersion.kind}": its body says "${kind}" ${version}`);
  }
}

/** Rekor v1's signed entry timestamp is all that vouches for the time and the index over all shards. */
function provePromise(entry: LogEntryJson, keys: NonEmpty<NoteKey>): readonly string[] {
  const { inclusionPromise, canonicalizedBody, logId: id } = entry;
  const [integratedTime, globalIndex] = [parseSize(entry.integratedTime), parseSize(entry.logIndex)];
  const holds =
    inclusionPromise !== undefined &&
    verifyEntryTimestamp(
      {
        encodedBody: canonicalizedBody,
        integratedTime,
        logId: Buffer.from(id.keyId, 'base64').toString('hex'),
        globalIndex,
        timestamp: Buffer.from(inclusionPromise.signedEntryTimestamp, 'base64'),
      },
      keys,
    );
  if (!holds) {
    throw new SyntaxError(`Cannot use the entry's time and index ${globalIndex}: the log did not sign them`);
  }
  return [
    `the log signed that it took it in at ${formatTime(integratedTime)} as number ${globalIndex} over all its shards`,
  ];
}

/** Entries of Rekor v2 have no time, and one index. */
function requireNoPromise({
  inclusionPromise,
  integratedTime,
  logIndex,
  inclusionProof,
}: LogEntryJson): readonly string[] {
  if (inclusionPromise !== undefined || integratedTime !== '0' || logIndex !== inclusionProof.logIndex) {
    throw new SyntaxError('Cannot use an entry of Rekor v2 with a time, a promise or a second index: expected none');
  }
  return [];
}

/** Where the key was not known to whoever wrote the file, as far as the note names it. */
function requireLogId({ logId: named }: LogEntryJson, log: NamedLog, keys: NonEmpty<NoteKey>): void {
  const id = Buffer.from(named.keyId, 'base64');
  if (!keys.some((key) => logId(log, key.spki).equals(id) || key.id.equals(id))) {
    throw new SyntaxError(
      `Cannot use an entry that names its log "${named.keyId}": no key of "${log.origin}" has that ID`,
    );
  }
}

/** The first must be one that the entry itself holds, and each next one must have issued the one before. */
function proveCertificates(chain: readonly Buffer[], decoded: DecodedEntry, chainOf: ChainOf): readonly string[] {
  const [own, ...issuers] = chain;
  if (own === undefined) {
    return [];
  }
  const certificate = certificatesIn(decoded).find(({ der }) => der.equals(own));
  if (certificate === undefined) {
    throw new SyntaxError('Cannot use the certificate chain: the entry does not hold its first certificate');
  }
  const last = issuers.reduce((issued, issuer) => requireIssued(issued, issuer), own);
  if (isRoot(last)) {
    requireIssued(last, last);
  }
  const { subject = [], issuer = [] } = certificate.claims;
  const who = `the entry holds a certificate of ${quoted(subject)}, whose identity was given by ${quoted(issuer)}`;
  return chainOf === null ? [who] : [who, `that certificate ${chainOf(certificate)}`];
}

/** Whether it names itself as its issuer. */
function isRoot(der: Buffer): boolean {
  const { subject, issuer } = readCertificate(der);
  return subject === issuer;
}

function requireIssued(issued: Buffer, issuer: Buffer): Buffer {
  const [below, above] = [readCertificate(issued), readCertificate(issuer)];
  if (!(below.checkIssued(above) && below.verify(above.publicKey))) {
    throw new SyntaxError('Cannot use the certificate chain: a certificate was not issued by the next one');
  }
  return issuer;
}

function readCertificate(der: Buffer): X509Certificate {
  try {
    const certificate = new X509Certificate(der);
    // The parser does not mind what follows a certificate.
    if (certificate.raw.equals(der)) {
      return certificate;
    }
  } catch (cause) {
    throw new SyntaxError('Cannot use the certificate chain: a certificate of it is broken', { cause });
  }
  throw new SyntaxError('Cannot use the certificate chain: something follows a certificate of it');
}

function quoted(values: readonly string[]): string {
  return values.length === 0 ? 'nobody named' : values.map((value) => `"${value}"`).join(', ');
}

/** A time beyond what a Date holds is said as the number it is. */
function formatTime(seconds: number): string {
  const time = new Date(seconds * 1000);
  return Number.isNaN(time.getTime()) ? `${seconds} s after 1970` : time.toISOString();
}
