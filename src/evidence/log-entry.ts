import { decodeEntry } from '../entry/decode.ts';
import type { Certificate, DecodedEntry } from '../entry/entry.ts';
import type { EntryEvidence } from '../log/log.ts';
import type { EvidenceEntry, InclusionProofJson, LogEntryJson } from './evidence-file.ts';

/**
 * An entry and its proof as a TransparencyLogEntry, or as a leaf of a CT log. `keyId`: how Sigstore names the log.
 * `certificates`: the signer's, then those that issued it; null where it has none.
 */
export function formatEntry(
  evidence: EntryEvidence,
  keyId: Buffer,
  certificates: readonly Buffer[] | null,
): EvidenceEntry {
  const chain = certificates && { certificates: certificates.map((der) => ({ rawBytes: der.toString('base64') })) };
  return evidence.type === 'ct'
    ? {
        ct_entry: { leafInput: evidence.leaf.data.toString('base64'), inclusionProof: formatProof(evidence) },
        x509_certificate_chain: chain,
      }
    : { transparency_log_entry: formatLogEntry(evidence, keyId), x509_certificate_chain: chain };
}

function formatLogEntry(evidence: EntryEvidence, keyId: Buffer): LogEntryJson {
  const { leaf, timestamp } = evidence;
  return {
    // Rekor v1 counts over all its shards here, and within the tree in the proof.
    logIndex: String(leaf.globalIndex ?? leaf.index),
    logId: { keyId: keyId.toString('base64') },
    kindVersion: kindOf(leaf.data),
    integratedTime: String(leaf.integratedTime ?? 0),
    ...(timestamp && { inclusionPromise: { signedEntryTimestamp: timestamp.toString('base64') } }),
    inclusionProof: formatProof(evidence),
    canonicalizedBody: leaf.data.toString('base64'),
  };
}

/** As the body itself names them; empty where it does not. */
export function kindOf(body: Buffer): { kind: string; version: string } {
  const decoded = decodeEntry(body);
  const { kind, apiVersion } = decoded.ok ? decoded.entry : decoded;
  return { kind: kind ?? '', version: apiVersion ?? '' };
}

/** The certificates that an entry holds, or what was announced of one and signed: a bare TBSCertificate is none. */
export function certificatesIn(decoded: DecodedEntry): readonly Certificate[] {
  const signers = decoded.ok ? decoded.entry.signers : [];
  return signers.flatMap(({ certificate }) =>
    certificate === null || certificate.precertificate?.holds === false ? [] : [certificate],
  );
}

function formatProof({ leaf, proof, checkpoint }: EntryEvidence): InclusionProofJson {
  return {
    logIndex: String(leaf.index),
    rootHash: proof.root.toString('base64'),
    treeSize: String(proof.size),
    hashes: proof.hashes.map((hash) => hash.toString('base64')),
    checkpoint: { envelope: checkpoint },
  };
}
