import { DerError } from './der.ts';
import { readAlpine001 } from './alpine.ts';
import { readCose001 } from './cose.ts';
import { readDsse001, readDsse002 } from './dsse.ts';
import { EntryError } from './entry-error.ts';
import { UNATTESTED } from './attestation.ts';
import type { DecodedEntry, EntryContent } from './entry.ts';
import { readHashedRekord001, readHashedRekord002 } from './hashedrekord.ts';
import { readHelm001 } from './helm.ts';
import { readIntoto001, readIntoto002 } from './intoto.ts';
import { readJar001 } from './jar.ts';
import { objectAt, parseJsonObject, type JsonObject } from './json.ts';
import { readRekord001 } from './rekord.ts';
import { readRfc3161001 } from './rfc3161.ts';
import { readRpm001 } from './rpm.ts';
import { readTuf001 } from './tuf.ts';

/** Rekor v1 takes bodies of some megabytes; v2's bundles hold 64 KiB at most. */
const MAX_LEAF_BYTES = 8 * 1024 * 1024;
/** A name longer than this is none: names are counted and shown. */
const MAX_NAME_LENGTH = 64;

/** The formats that are read, by kind and version. */
export const FORMATS: ReadonlyMap<string, (spec: JsonObject) => EntryContent> = new Map([
  ['hashedrekord 0.0.1', readHashedRekord001],
  ['hashedrekord 0.0.2', readHashedRekord002],
  ['dsse 0.0.1', readDsse001],
  ['dsse 0.0.2', readDsse002],
  ['rekord 0.0.1', readRekord001],
  ['rpm 0.0.1', readRpm001],
  ['alpine 0.0.1', readAlpine001],
  ['helm 0.0.1', readHelm001],
  ['intoto 0.0.1', readIntoto001],
  ['intoto 0.0.2', readIntoto002],
  ['cose 0.0.1', readCose001],
  ['jar 0.0.1', readJar001],
  ['rfc3161 0.0.1', readRfc3161001],
  ['tuf 0.0.1', readTuf001],
]);

/**
 * Reads what a leaf of Rekor v1 or v2 says. An entry of another kind or version has no signers and no artifacts; one
 * that cannot be read has its problem. Never throws, whatever the bytes.
 */
export function decodeEntry(leaf: Buffer): DecodedEntry {
  let kind: string | null = null;
  let apiVersion: string | null = null;
  try {
    if (leaf.length > MAX_LEAF_BYTES) {
      throw new EntryError(`Cannot read entry of ${leaf.length} bytes: expected at most ${MAX_LEAF_BYTES}`);
    }
    const body = parseJsonObject(leaf);
    kind = readName(body['kind']);
    apiVersion = readName(body['apiVersion']);
    if (kind === null || apiVersion === null) {
      const missing = kind === null ? 'kind' : 'apiVersion';
      throw new EntryError(`Cannot read ${missing}: expected a text of at most ${MAX_NAME_LENGTH} characters`);
    }
    const read = FORMATS.get(`${kind} ${apiVersion}`);
    const content = read === undefined ? NOTHING : read(objectAt(body, 'spec', 'entry'));
    // Named one by one: to spread them costs as much as all that was read.
    const { signers, artifacts, signedDigest, payload } = content;
    const { claims, attestation, attestationProblem } = UNATTESTED;
    const unread = read === undefined;
    return {
      ok: true,
      // prettier-ignore
      entry: { kind, apiVersion, signers, artifacts, signedDigest, payload, claims, attestation, attestationProblem, unread },
    };
  } catch (error) {
    // Also what nobody foresaw: one entry must not end the reading of a log, and shows as a problem instead.
    const isForeseen = error instanceof EntryError || error instanceof DerError;
    return { ok: false, kind, apiVersion, problem: isForeseen ? error.message : `Cannot read entry: ${String(error)}` };
  }
}

const NOTHING: EntryContent = { signers: [], artifacts: [], signedDigest: null, payload: null };

function readName(value: unknown): string | null {
  return typeof value === 'string' && value !== '' && value.length <= MAX_NAME_LENGTH ? value : null;
}
