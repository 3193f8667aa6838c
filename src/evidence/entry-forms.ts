import type { ServedAttestation } from '../entry/attestation.ts';
import { isObject, type JsonObject } from '../entry/json.ts';
import { IN_TOTO_TYPE } from '../entry/pae.ts';

/** An entry as a file holds it. Nothing about it is proven. */
export interface EntryInFile {
  readonly type: 'rekor' | 'ct';
  /** The bytes that the log hashed. */
  readonly body: Buffer;
  /** What came with a CT leaf. */
  readonly extra?: Buffer;
  /** Rekor v1's word on when it took the entry; null where there is none. */
  readonly promise: EntryPromise | null;
  /** What stands beside the entry as what was signed; null where nothing does. */
  readonly attestation: ServedAttestation | null;
}

/** A place where an entry was looked for in vain. */
export interface FaultInFile {
  readonly problem: string;
}

/** What Rekor v1 signs beside a body. Whether it did is not checked yet. */
export interface EntryPromise {
  /** Base64, as it was signed. */
  readonly encodedBody: string;
  /** Unix seconds. */
  readonly integratedTime: number;
  /** SHA-256 of the log's key, hex. */
  readonly logId: string;
  /** Over all shards. */
  readonly globalIndex: number;
  readonly timestamp: Buffer;
}

/** What stands around an entry and speaks of it. */
export interface Beside {
  readonly payload: ServedAttestation | null;
  /** Of a CT leaf. */
  readonly extra: Buffer | null;
}

export const NOTHING: Beside = { payload: null, extra: null };

/** What an object holds beside its log entries, else what was around it. */
export function readBeside(value: JsonObject, around: Beside): Beside {
  const envelope = member(value, 'dsseEnvelope', 'dsse_envelope') ?? member(value, 'envelope');
  if (isObject(envelope)) {
    return { ...around, payload: payloadOf(envelope) };
  }
  // Evidence of our own: what came with the entry, which of Rekor v1 is the attestation.
  const { reported } = value;
  const extra = isObject(reported) ? reported['extra_data'] : undefined;
  return typeof extra === 'string' ? { payload: storedPayload(extra), extra: fromBase64(extra) } : around;
}

function payloadOf(envelope: JsonObject): ServedAttestation | null {
  // PyPI leaves the type out, since it is always this one (PEP 740).
  const type = member(envelope, 'payloadType', 'payload_type') ?? ('statement' in envelope ? IN_TOTO_TYPE : null);
  const payload = member(envelope, 'payload') ?? member(envelope, 'statement');
  return typeof payload === 'string'
    ? { payload: fromBase64(payload), payloadType: typeof type === 'string' ? type : null }
    : null;
}

/** The entry that an object is, in any of the forms that a log or a client gives it; null where it is none. */
export function readLogEntry(value: JsonObject, { payload, extra }: Beside): EntryInFile | FaultInFile | null {
  const { leafInput, Payload: legacy, body } = value;
  if (typeof leafInput === 'string') {
    const leaf = { type: 'ct', body: fromBase64(leafInput), promise: null, attestation: null } as const;
    return extra === null ? leaf : { ...leaf, extra };
  }
  if (isObject(legacy)) {
    return servedEntry(legacy, value['SignedEntryTimestamp'], payload);
  }
  if (typeof body === 'string' && ('logIndex' in value || 'logID' in value)) {
    const { verification, attestation } = value;
    const timestamp = isObject(verification) ? verification['signedEntryTimestamp'] : value['signedEntryTimestamp'];
    const stored = isObject(attestation) ? attestation['data'] : undefined;
    return servedEntry(value, timestamp, typeof stored === 'string' ? storedPayload(stored) : payload);
  }
  return transparencyLogEntry(value, payload);
}

/** As Rekor v1 stores it, where nobody says of what type it is. */
function storedPayload(stored: string): ServedAttestation {
  return { payload: fromBase64(stored), payloadType: null };
}

/** An entry of an answer of Rekor v1 (rekor openapi.yaml, LogEntry), or of cosign's first bundle. */
function servedEntry(
  { body, integratedTime, logID, logIndex }: JsonObject,
  timestamp: unknown,
  attestation: ServedAttestation | null,
): EntryInFile | FaultInFile {
  return typeof body === 'string'
    ? entryOf(body, { integratedTime, logId: logID, globalIndex: logIndex, timestamp }, attestation)
    : { problem: 'Cannot read the entry: it holds no body' };
}

/** TransparencyLogEntry in the JSON of protobuf, which may be spelled either way (sigstore protobuf-specs, sigstore_rekor.proto). */
function transparencyLogEntry(
  value: JsonObject,
  attestation: ServedAttestation | null,
): EntryInFile | FaultInFile | null {
  const body = member(value, 'canonicalizedBody', 'canonicalized_body');
  const [id, promise] = [member(value, 'logId', 'log_id'), member(value, 'inclusionPromise', 'inclusion_promise')];
  if (typeof body !== 'string' || body === '') {
    const isEntry = isObject(id) && member(value, 'logIndex', 'log_index') !== undefined;
    return isEntry
      ? { problem: 'Cannot read the entry: it holds no canonicalizedBody, so what the log hashed is not known' }
      : null;
  }
  const keyId = isObject(id) ? member(id, 'keyId', 'key_id') : undefined;
  const said = {
    integratedTime: toNumber(member(value, 'integratedTime', 'integrated_time')),
    logId: typeof keyId === 'string' ? fromBase64(keyId).toString('hex') : undefined,
    globalIndex: toNumber(member(value, 'logIndex', 'log_index')),
    timestamp: isObject(promise) ? member(promise, 'signedEntryTimestamp', 'signed_entry_timestamp') : undefined,
  };
  return entryOf(body, said, attestation);
}

function entryOf(
  encoded: string,
  { integratedTime, logId, globalIndex, timestamp }: Readonly<Record<keyof Omit<EntryPromise, 'encodedBody'>, unknown>>,
  attestation: ServedAttestation | null,
): EntryInFile | FaultInFile {
  const body = fromBase64(encoded);
  const encodedBody = body.toString('base64');
  if (withoutSpelling(encodedBody) !== withoutSpelling(encoded)) {
    return { problem: 'Cannot read the entry: its body is not base64' };
  }
  const isWhole =
    isCount(integratedTime) && isCount(globalIndex) && typeof logId === 'string' && typeof timestamp === 'string';
  const promise = isWhole
    ? { encodedBody, integratedTime, logId, globalIndex, timestamp: fromBase64(timestamp) }
    : null;
  return { type: 'rekor', body, promise, attestation };
}

/** Protobuf's JSON takes either alphabet, with padding or without. */
function withoutSpelling(base64: string): string {
  return base64
    .replaceAll('-', '+')
    .replaceAll('_', '/')
    .replace(/={1,2}$/, '');
}

function fromBase64(text: string): Buffer {
  return Buffer.from(text, 'base64');
}

/** 64-bit numbers are strings in protobuf's JSON. */
function toNumber(value: unknown): unknown {
  return typeof value === 'string' && /^\d{1,16}$/.test(value) ? Number(value) : value;
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function member(value: JsonObject, name: string, otherName = name): unknown {
  return Object.hasOwn(value, name) ? value[name] : Object.hasOwn(value, otherName) ? value[otherName] : undefined;
}
