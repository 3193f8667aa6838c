import { decodeBase64 } from './base64.ts';
import { expectElement, expectEnd, formatOid, TAG } from './der.ts';
import { artifactsOf } from './digest.ts';
import { EntryError } from './entry-error.ts';
import type { EntryContent, SignedDigest, Signer } from './entry.ts';
import { objectAt, type JsonObject } from './json.ts';
import { readContentInfo } from './pkcs7.ts';

/** `granted` and `grantedWithMods` (RFC 3161 §2.4.2): only these come with a token. */
const GRANTED: readonly number[] = [0, 1];
const TST_INFO = '1.2.840.113549.1.9.16.1.4';
const ALGORITHMS = new Map<string, readonly [SignedDigest['algorithm'], number]>([
  ['2.16.840.1.101.3.4.2.1', ['sha256', 32]],
  ['2.16.840.1.101.3.4.2.2', ['sha384', 48]],
  ['2.16.840.1.101.3.4.2.3', ['sha512', 64]],
]);

/** A time-stamping authority vouches for a time, not for what it stamps: nobody is named. */
const NOBODY: Signer = {
  type: 'none',
  fingerprint: null,
  claims: {},
  certificate: null,
  spki: null,
  signature: null,
};

/**
 * rfc3161 0.0.1 of Rekor v1 (rekor pkg/types/rfc3161/v0.0.1): a time-stamp response. The artifact is what was stamped, as its
 * digest: none where that is not of SHA-2. Throws EntryError or DerError.
 */
export function readRfc3161001(spec: JsonObject): EntryContent {
  const { content } = objectAt(spec, 'tsr', 'spec');
  const token = readToken(decodeBase64(content, 'spec.tsr.content'));
  return { signers: [NOBODY], artifacts: artifactsOf(readImprint(token)), signedDigest: null, payload: null };
}

/** The TSTInfo of a TimeStampResp (RFC 3161 §2.4.2). */
function readToken(der: Buffer): Buffer {
  const response = expectElement(der, 0, der.length, TAG.sequence, 'time-stamp response');
  expectEnd(response.end, der.length, 'time-stamp response');
  const statusInfo = expectElement(der, response.start, response.end, TAG.sequence, 'status of a time-stamp');
  const status = expectElement(der, statusInfo.start, statusInfo.end, TAG.integer, 'status of a time-stamp');
  const code = status.end - status.start === 1 ? der[status.start] : undefined;
  if (code === undefined || !GRANTED.includes(code)) {
    throw new EntryError('Cannot read time-stamp: it was not granted');
  }
  const info = expectElement(der, statusInfo.end, response.end, TAG.sequence, 'time-stamp token');
  expectEnd(info.end, response.end, 'time-stamp response');
  const { contentType, content } = readContentInfo(der, info);
  if (contentType !== TST_INFO || content === null) {
    throw new EntryError(`Cannot read time-stamp: its content is of type ${contentType}, expected ${TST_INFO}`);
  }
  return content;
}

/** RFC 3161 §2.4.2: version, policy, and then what was stamped. */
function readImprint(token: Buffer): SignedDigest | null {
  const info = expectElement(token, 0, token.length, TAG.sequence, 'time-stamp');
  expectEnd(info.end, token.length, 'time-stamp');
  const version = expectElement(token, info.start, info.end, TAG.integer, 'version of a time-stamp');
  const policy = expectElement(token, version.end, info.end, TAG.oid, 'policy of a time-stamp');
  const imprint = expectElement(token, policy.end, info.end, TAG.sequence, 'imprint of a time-stamp');
  const algorithm = expectElement(token, imprint.start, imprint.end, TAG.sequence, 'algorithm of a time-stamp');
  const id = expectElement(token, algorithm.start, algorithm.end, TAG.oid, 'algorithm of a time-stamp');
  const hashed = expectElement(token, algorithm.end, imprint.end, TAG.octetString, 'digest of a time-stamp');
  expectEnd(hashed.end, imprint.end, 'imprint of a time-stamp');
  const known = ALGORITHMS.get(formatOid(token.subarray(id.start, id.end)));
  if (known === undefined) {
    return null;
  }
  const [name, size] = known;
  if (hashed.end - hashed.start !== size) {
    throw new EntryError(`Cannot read time-stamp: expected the ${size} bytes of ${name}`);
  }
  return { algorithm: name, value: token.subarray(hashed.start, hashed.end) };
}
