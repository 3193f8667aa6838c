import { DerError, expectElement, expectEnd, TAG } from '../entry/der.ts';
import { TlsReader } from '../lib/tls-reader.ts';
import type { Extension } from './certificate-parts.ts';

/** The extension that holds the list (RFC 6962 §3.3). */
export const SCT_LIST = '1.3.6.1.4.1.11129.2.4.2';

/** What a CT log promised: that it will show this certificate (RFC 6962 §3.2, SignedCertificateTimestamp). */
export interface SignedCertificateTimestamp {
  /** SHA-256 of the log's SubjectPublicKeyInfo. */
  readonly logId: Buffer;
  /** Unix milliseconds. */
  readonly timestamp: number;
  readonly extensions: Buffer;
  /** HashAlgorithm and SignatureAlgorithm of TLS (RFC 5246 §7.4.1.4.1). */
  readonly hash: number;
  readonly algorithm: number;
  readonly signature: Buffer;
}

/** Of the authorities that exist none asks more than five logs, and each promise takes a while to verify. */
const MAX_PROMISES = 16;
const WHAT = 'list of signed certificate timestamps';

/** Reads the promises that a certificate holds. Throws DerError or SyntaxError for what is no such list, also an empty one. */
export function readSctList({ value }: Pick<Extension, 'value'>): readonly SignedCertificateTimestamp[] {
  const octets = expectElement(value, 0, value.length, TAG.octetString, WHAT);
  expectEnd(octets.end, value.length, WHAT);
  const whole = new TlsReader(value.subarray(octets.start, octets.end), WHAT);
  const list = new TlsReader(whole.opaque(2), WHAT);
  whole.end();
  const promises: SignedCertificateTimestamp[] = [];
  while (!list.done) {
    promises.push(readSct(list.opaque(2)));
    if (promises.length > MAX_PROMISES) {
      throw new DerError(`Cannot read ${WHAT}: found more than ${MAX_PROMISES}`);
    }
  }
  if (promises.length === 0) {
    throw new DerError(`Cannot read ${WHAT}: it is empty, expected one or more`);
  }
  return promises;
}

function readSct(bytes: Buffer): SignedCertificateTimestamp {
  const reader = new TlsReader(bytes, 'signed certificate timestamp');
  const version = reader.number(1);
  if (version !== 0) {
    throw new DerError(`Cannot read signed certificate timestamp: its version is ${version}, expected 0 (v1)`);
  }
  const logId = reader.bytes(32);
  const timestamp = reader.long();
  const extensions = reader.opaque(2);
  const hash = reader.number(1);
  const algorithm = reader.number(1);
  const signature = reader.opaque(2);
  reader.end();
  return { logId, timestamp, extensions, hash, algorithm, signature };
}
