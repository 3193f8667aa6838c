import { TlsReader } from '../lib/tls-reader.ts';
import { UNATTESTED } from './attestation.ts';
import { parseCertificate, parseTbsCertificate } from './certificate.ts';
import { DerError, readElement } from './der.ts';
import { EntryError } from './entry-error.ts';
import type { Certificate, DecodedEntry, ParsedEntry } from './entry.ts';
import { issuanceOf } from './issuance.ts';
import { withoutPoison } from './poison.ts';
import { certificateSigner } from './signer.ts';

/** The entries of RFC 6962 §3.1 by their LogEntryType. */
const KINDS: ReadonlyMap<number, 'certificate' | 'precertificate'> = new Map([
  [0, 'certificate'],
  [1, 'precertificate'],
]);
/** There is one version of MerkleTreeLeaf, and of it one type (RFC 6962 §3.4). */
const API_VERSION = 'v1';
const KEY_HASH_SIZE = 32;

/**
 * Reads what a leaf of a CT log says: one signer, whose claims are those of what was logged. `extra` is what came with it,
 * its precertificate first; since no tree holds that, it counts only where it fits the leaf. Never throws, whatever the bytes.
 */
export function decodeCtLeaf(leaf: Buffer, extra: Buffer | undefined): DecodedEntry {
  let kind: ParsedEntry['kind'] | null = null;
  try {
    const reader = new TlsReader(leaf, 'Merkle tree leaf');
    if (reader.number(1) !== 0 || reader.number(1) !== 0) {
      throw new EntryError(
        'Cannot read Merkle tree leaf: its version or type is unknown, expected v1, timestamped_entry',
      );
    }
    reader.bytes(8);
    const type = reader.number(2);
    kind = KINDS.get(type) ?? null;
    if (kind === null) {
      throw new EntryError(`Cannot read Merkle tree leaf: its entry is of type ${type}, expected 0 or 1`);
    }
    const entry = kind === 'certificate' ? readCertificate(reader) : readPrecertificate(reader, extra);
    // Extensions of the promise, not of the certificate: nothing in them is a claim.
    reader.opaque(2);
    reader.end();
    return { ok: true, entry: { kind, apiVersion: API_VERSION, ...entry } };
  } catch (error) {
    // Also what nobody foresaw: one entry must not end the reading of a log, and shows as a problem instead.
    const isForeseen = error instanceof EntryError || error instanceof DerError || error instanceof SyntaxError;
    const problem = isForeseen ? error.message : `Cannot read entry: ${String(error)}`;
    return { ok: false, kind, apiVersion: kind === null ? null : API_VERSION, problem };
  }
}

function readCertificate(reader: TlsReader) {
  const der = reader.opaque(3);
  const certificate = parseCertificate(der);
  return entryOf(certificate, issuanceOf(der, readElement(der, 0, der.length).start));
}

function readPrecertificate(reader: TlsReader, extra: Buffer | undefined) {
  const issuerKeyHash = reader.bytes(KEY_HASH_SIZE);
  const tbs = reader.opaque(3);
  const certificate = parseTbsCertificate(tbs);
  const announced = readAnnounced(extra);
  const holds = announced !== null && withoutPoison(announced)?.equals(tbs) === true;
  const precertificate = { issuerKeyHash, holds };
  return entryOf({ ...certificate, der: holds ? announced : tbs, precertificate }, issuanceOf(tbs, 0));
}

/** The precertificate that came with the leaf: what a reader put first into `extra`. */
function readAnnounced(extra: Buffer | undefined): Buffer | null {
  try {
    return extra === undefined ? null : new TlsReader(extra, 'what came with the leaf').opaque(3);
  } catch (error) {
    if (error instanceof SyntaxError) {
      return null;
    }
    throw error;
  }
}

function entryOf(certificate: Certificate, issuance: string): Omit<ParsedEntry, 'kind' | 'apiVersion'> {
  const signers = [certificateSigner(certificate, null)];
  return { signers, artifacts: [], signedDigest: null, payload: null, ...UNATTESTED, unread: false, issuance };
}
