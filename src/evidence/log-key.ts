import { createPublicKey } from 'node:crypto';
import type { LogType } from '../log/log.ts';
import { sha256 } from '../tlog/hash.ts';
import { noteKey, type NoteKey } from '../tlog/note.ts';
import { treeHeadKey } from '../tlog/tree-head.ts';

/** What names a log in evidence. */
export interface NamedLog {
  readonly origin: string;
  readonly type: LogType;
}

/** The name under which a log signs: its origin, but the shards of a Rekor v1 server sign under its host (rekor pkg/util/checkpoint.go). */
export function signerName({ origin, type }: NamedLog): string {
  return type === 'rekor-v1' ? origin.replace(/ - \d+$/, '') : origin;
}

/** The key by which the log signs, given its SubjectPublicKeyInfo. Throws SyntaxError for a key that this type of log cannot have. */
export function logKey(log: NamedLog, spki: Buffer): NoteKey {
  return log.type === 'ct' ? treeHeadKey(signerName(log), spki) : noteKey(signerName(log), spki);
}

/**
 * How Sigstore names the log (sigstore protobuf-specs, LogId): by the hash of its key or, Rekor v2 with Ed25519, by what the
 * note's key ID is cut from.
 */
export function logId(log: NamedLog, spki: Buffer): Buffer {
  const isEd25519 = createPublicKey({ key: spki, format: 'der', type: 'spki' }).asymmetricKeyType === 'ed25519';
  const material =
    log.type === 'rekor-v2' && isEd25519
      ? Buffer.concat([Buffer.from(`${signerName(log)}\n\x01`), spki.subarray(-32)])
      : spki;
  return Buffer.from(sha256(material));
}

/** The one spelling of a key in PEM. */
export function keyToPem(spki: Buffer): string {
  const lines = spki.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN PUBLIC KEY-----\n${lines.join('\n')}\n-----END PUBLIC KEY-----\n`;
}
