import { decodeBase64 } from './base64.ts';
import { EntryError } from './entry-error.ts';
import type { EntryContent, Signer } from './entry.ts';
import { describe, isObject, objectAt, parseJsonObject, type JsonObject } from './json.ts';
import { tufArtifacts } from './tuf-artifacts.ts';
import { tufKeyId, tufKeySpki } from './tuf-key.ts';

/** More than any root has keys; each costs hashes. */
const MAX_KEYS = 100;
const HEX = /^(?:[0-9a-f]{2})+$/i;

/**
 * tuf 0.0.1 of Rekor v1 (rekor pkg/types/tuf/v0.0.1): TUF metadata and a root. Its signers are the keys of that root which the
 * metadata says have signed it; where it names none of them, those of the root's own role. Whoever submitted the entry
 * chose the root, so a key proves nothing but itself. Throws EntryError.
 */
export function readTuf001(spec: JsonObject): EntryContent {
  const metadata = readContent(spec, 'metadata');
  const root = memberAt(readContent(spec, 'root'), 'signed', 'root');
  const signers = readSigners(metadata, root);
  const artifacts = tufArtifacts(memberAt(metadata, 'signed', 'metadata'));
  return { signers, artifacts, signedDigest: null, payload: null };
}

/** Base64 of JSON; the first servers embedded the object itself. */
function readContent(spec: JsonObject, name: 'metadata' | 'root'): JsonObject {
  const { content } = objectAt(spec, name, 'spec');
  const path = `spec.${name}.content`;
  return isObject(content) ? content : parseJsonObject(decodeBase64(content, path), path);
}

function readSigners(metadata: JsonObject, root: JsonObject): readonly Signer[] {
  const keys = memberAt(root, 'keys', 'root.signed');
  const signatures = readSignatures(metadata);
  const signed = signersOf([...signatures.keys()], keys, signatures);
  const signers = signed.length > 0 ? signed : signersOf(readRootRole(root), keys, signatures);
  if (signers.length === 0) {
    throw new EntryError('Cannot name a signer of TUF metadata: its root has none of the keys that it names');
  }
  return signers;
}

/** Signatures by the id of their key, the first of each. */
function readSignatures(metadata: JsonObject): ReadonlyMap<string, Buffer | null> {
  const signatures = new Map<string, Buffer | null>();
  for (const signature of listAt(metadata, 'signatures', 'metadata')) {
    const { keyid, sig } = isObject(signature) ? signature : {};
    if (typeof keyid === 'string' && !signatures.has(keyid)) {
      signatures.set(keyid, typeof sig === 'string' && HEX.test(sig) ? Buffer.from(sig, 'hex') : null);
    }
  }
  return signatures;
}

function readRootRole(root: JsonObject): readonly string[] {
  const role = objectAt(memberAt(root, 'roles', 'root.signed'), 'root', 'root.signed.roles');
  return listAt(role, 'keyids', 'root.signed.roles.root').filter((id) => typeof id === 'string');
}

/** One for each key, however many ids it was given. */
function signersOf(
  ids: readonly string[],
  keys: JsonObject,
  signatures: ReadonlyMap<string, Buffer | null>,
): readonly Signer[] {
  const signers = new Map<string, Signer>();
  for (const stated of ids) {
    if (Object.hasOwn(keys, stated)) {
      const key = objectAt(keys, stated, 'root.signed.keys');
      const fingerprint = tufKeyId(stated, key);
      const signature = signatures.get(stated) ?? null;
      const claims = { key: [fingerprint] };
      signers.set(fingerprint, {
        type: 'tuf',
        fingerprint,
        claims,
        certificate: null,
        spki: tufKeySpki(key),
        signature,
      });
    }
  }
  return [...signers.values()];
}

/**
 * The object at `parent[name]`. Go matches the names of members without regard to case, so that beside another spelling nobody
 * knows which one Rekor read.
 */
function memberAt(parent: JsonObject, name: string, path: string): JsonObject {
  requireOneSpelling(parent, name, path);
  return objectAt(parent, name, path);
}

function listAt(parent: JsonObject, name: string, path: string): readonly unknown[] {
  requireOneSpelling(parent, name, path);
  const list: unknown = parent[name];
  // Array.isArray makes `any` of unknown.
  const items: readonly unknown[] | null = Array.isArray(list) ? list : null;
  if (items === null || items.length > MAX_KEYS) {
    const found = items === null ? describe(list) : `${items.length} items`;
    throw new EntryError(`Cannot read ${path}.${name}: found ${found}, expected at most ${MAX_KEYS} in an array`);
  }
  return items;
}

function requireOneSpelling(parent: JsonObject, name: string, path: string): void {
  if (Object.keys(parent).some((other) => other !== name && other.toLowerCase() === name)) {
    throw new EntryError(`Cannot read ${path}.${name}: it is spelled in several ways`);
  }
}
