import { z } from 'zod';
import type { LogType } from '../log/log.ts';
import { sha256 } from '../tlog/hash.ts';
import { formatJson, parseJson } from './json-text.ts';

/** Names this format and its version; a change of either is another format. */
const FORMAT = 'sigwatch evidence 1';

/** No tree below 2^63 has longer paths (RFC 6962 §2.1.1). */
const MAX_HASHES = 64;
const MAX_NOTES = 16;
const MAX_NOTE = 64 * 1024;

const count = z.int().nonnegative();
const hex = z.string().regex(/^[0-9a-f]{64}$/, 'expected 32 bytes in lower-case hex');
const base64 = z.string().refine((text) => Buffer.from(text, 'base64').toString('base64') === text, 'expected base64');
/** 64-bit numbers are strings in protobuf's JSON. */
const decimal = z.string().regex(/^(0|[1-9]\d{0,15})$/, 'expected a decimal number as a string');
const note = z.string().max(MAX_NOTE);
const type = z.enum(['rekor-v1', 'rekor-v2', 'ct'] satisfies LogType[]);

const inclusionProof = z.strictObject({
  logIndex: decimal,
  rootHash: base64,
  treeSize: decimal,
  hashes: z.array(base64).max(MAX_HASHES),
  checkpoint: z.strictObject({ envelope: note }),
});

/** TransparencyLogEntry in the JSON of protobuf (sigstore protobuf-specs, sigstore_rekor.proto). */
const transparencyLogEntry = z.strictObject({
  logIndex: decimal,
  logId: z.strictObject({ keyId: base64 }),
  kindVersion: z.strictObject({ kind: z.string(), version: z.string() }),
  integratedTime: decimal,
  inclusionPromise: z.strictObject({ signedEntryTimestamp: base64 }).optional(),
  inclusionProof,
  canonicalizedBody: base64,
});

/** The signer's certificate, then those that issued it; null where it signed with a bare key. */
const x509CertificateChain = z
  .strictObject({ certificates: z.array(z.strictObject({ rawBytes: base64 })).max(16) })
  .nullable();

const entry = z.union([
  z.strictObject({ transparency_log_entry: transparencyLogEntry, x509_certificate_chain: x509CertificateChain }),
  z.strictObject({
    /** `leafInput`: MerkleTreeLeaf as it is hashed (RFC 6962 §3.4). */
    ct_entry: z.strictObject({ leafInput: base64, inclusionProof }),
    x509_certificate_chain: x509CertificateChain,
  }),
]);

const contentSchema = z.strictObject({
  format: z.literal(FORMAT),
  /** Null where the alert is about no log. `public_keys`: PEM, those that signed what stands here. */
  log: z.strictObject({ origin: z.string(), type, public_keys: z.array(z.string()).max(MAX_NOTES) }).nullable(),
  /** Verbatim; what was known first stands first. */
  signed_notes: z.array(note).max(MAX_NOTES),
  /** Nodes that make the root of the larger note and give, for its first `size` leaves, another root than the smaller note signs. */
  prefix: z
    .strictObject({ size: count, frontier: z.array(hex).max(MAX_HASHES), nodes: z.array(hex).max(MAX_HASHES) })
    .nullable(),
  entry: entry.nullable(),
  /** Our own word: nobody signed it. */
  reported: z.strictObject({
    alert: z.strictObject({
      id: z.string(),
      class: z.string(),
      kind: z.string(),
      severity: z.string(),
      title: z.string(),
      summary: z.string(),
      first_seen: z.string(),
    }),
    watch: z.strictObject({ name: z.string(), description: z.string().nullable() }).nullable(),
    verdict: z.string().nullable(),
    violations: z.array(z.strictObject({ claim: z.string(), expected: z.unknown(), found: z.unknown() })),
    signer: z.record(z.string(), z.unknown()).nullable(),
    /** What came with a CT leaf without being hashed into the tree. */
    extra_data: base64.nullable(),
    served: z.strictObject({ url: z.string(), sha256: z.string(), excerpt: z.string() }).nullable(),
    /** Entries that were asked for in vain, from ≤ index < to, and what came instead. */
    unserved: z.strictObject({ from: count, to: count, answer: z.string() }).nullable(),
  }),
});

const fileSchema = contentSchema.extend({ digest: z.string() });

/** What an evidence file says, but for its digest. */
export type EvidenceContent = z.infer<typeof contentSchema>;
export type EvidenceEntry = z.infer<typeof entry>;
export type LogEntryJson = z.infer<typeof transparencyLogEntry>;
export type InclusionProofJson = z.infer<typeof inclusionProof>;

/** The text of an evidence file. There is one text for one content, and its digest shows an accidental change of it. */
export function formatEvidence(content: Omit<EvidenceContent, 'format'>): string {
  // In the order of the schema, whatever that of `content` is.
  const ordered = contentSchema.parse({ ...content, format: FORMAT });
  return `${formatJson({ ...ordered, digest: digestOf(ordered) })}\n`;
}

/** Takes back what {@link formatEvidence} gave. Throws SyntaxError for any other text, also one that differs in a byte. */
export function parseEvidence(text: string): EvidenceContent {
  const parsed = fileSchema.safeParse(refuseUnless(() => parseJson(text)));
  if (!parsed.success) {
    // Never empty where parsing failed.
    const { path = [], message = 'unexpected shape' } = parsed.error.issues[0] ?? {};
    throw refused(`${path.map(String).join('.').slice(0, 200)}: ${message.slice(0, 200)}`);
  }
  const { digest, ...content } = parsed.data;
  if (digest !== digestOf(content)) {
    throw refused('its digest does not fit what it holds: it was changed after it was written');
  }
  if (formatEvidence(content) !== text) {
    throw refused('it is spelled otherwise than it was written');
  }
  return content;
}

function digestOf(content: EvidenceContent): string {
  return `sha256:${sha256(Buffer.from(formatJson(content))).toString('hex')}`;
}

function refuseUnless<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw error instanceof SyntaxError ? refused(error.message, error) : error;
  }
}

function refused(why: string, cause?: unknown): SyntaxError {
  return new SyntaxError(`Cannot accept the evidence: ${why}; expected a file as \`sigwatch evidence\` writes it`, {
    cause,
  });
}
