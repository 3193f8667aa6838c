import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { isObject, type JsonObject } from '../../src/entry/json.ts';
import { realdata } from './realdata.ts';

/** An entry of a log with the DSSE payload that a bundle holds beside it. */
export interface RecordedEnvelope {
  /** Path below the recorded data. */
  readonly file: string;
  /** Canonical body. */
  readonly leaf: Buffer;
  readonly payload: Buffer;
  readonly payloadType: string;
}

/** Nothing that is a text of ours is larger. */
const MAX_FILE_BYTES = 4 * 1024 * 1024;

/** Every entry of every Sigstore bundle with an envelope in a folder, in the order of the file names. */
export function readRecordedEnvelopes(folder: string): readonly RecordedEnvelope[] {
  return filesIn(realdata(folder)).flatMap((file) =>
    jsonIn(file).flatMap((json) =>
      bundlesIn(json).flatMap((bundle) => envelopesOf(bundle, relative(realdata(''), file))),
    ),
  );
}

/** The objects in a file: one, or one a line; none in a file of something else. */
export function jsonIn(file: string): readonly unknown[] {
  const text = readFileSync(file);
  if (text.length > MAX_FILE_BYTES) {
    return [];
  }
  const parse = (part: string): readonly unknown[] => [JSON.parse(part) as unknown];
  try {
    return parse(text.toString());
  } catch {
    // Perhaps one a line.
  }
  try {
    return text
      .toString()
      .split('\n')
      .filter((line) => line.trim() !== '')
      .flatMap(parse);
  } catch {
    return [];
  }
}

function filesIn(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

/** Bundles stand alone, in lists, and inside the answers of registries. */
function bundlesIn(value: unknown): readonly JsonObject[] {
  if (Array.isArray(value)) {
    return value.flatMap(bundlesIn);
  }
  if (!isObject(value)) {
    return [];
  }
  return isObject(value['dsseEnvelope']) ? [value] : Object.values(value).flatMap(bundlesIn);
}

function envelopesOf({ dsseEnvelope, verificationMaterial }: JsonObject, file: string): readonly RecordedEnvelope[] {
  const { payload, payloadType } = isObject(dsseEnvelope) ? dsseEnvelope : {};
  const entries: unknown = isObject(verificationMaterial) ? verificationMaterial['tlogEntries'] : [];
  return (Array.isArray(entries) ? (entries as readonly unknown[]) : []).filter(isObject).flatMap((entry) => {
    const { canonicalizedBody: body } = entry;
    return typeof body === 'string' && typeof payload === 'string' && typeof payloadType === 'string'
      ? [{ file, leaf: Buffer.from(body, 'base64'), payload: Buffer.from(payload, 'base64'), payloadType }]
      : [];
  });
}
