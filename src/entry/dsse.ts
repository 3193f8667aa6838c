import { decodeBase64 } from './base64.ts';
import { artifactsOf, digestFromBase64, digestFromHex } from './digest.ts';
import { EntryError } from './entry-error.ts';
import type { EntryContent, Signer } from './entry.ts';
import { describe, isObject, objectAt, type JsonObject } from './json.ts';
import { recordAt } from './record.ts';
import { signerFromPem, signerFromVerifier } from './signer.ts';

/** Servers allow 10; a log of a private instance may hold more. */
const MAX_SIGNATURES = 64;

/**
 * dsse 0.0.1 of Rekor v1 (rekor pkg/types/dsse/v0.0.1). The artifact is the payload; the hash of the envelope, which depends on
 * how its JSON was written, is none. Throws EntryError or DerError.
 */
export function readDsse001(spec: JsonObject): EntryContent {
  const signers = readSignatures(spec, 'spec', ({ signature, verifier }, path) =>
    signerFromPem(verifier, decodeBase64(signature, `${path}.signature`), `${path}.verifier`),
  );
  const digest = digestFromHex(objectAt(spec, 'payloadHash', 'spec'), 'spec.payloadHash');
  return { signers, artifacts: artifactsOf(digest), signedDigest: null, payload: { digest, type: null } };
}

/** dsse 0.0.2 of Rekor v2 before its version 2.3 (rekor-tiles pkg/types/dsse). Throws EntryError or DerError. */
export function readDsse002(spec: JsonObject): EntryContent {
  const { record, path } = recordAt(spec, 'dsse');
  const signers = readSignatures(record, path, (signature, signaturePath) =>
    signerFromVerifier(signature, decodeBase64(signature['content'], `${signaturePath}.content`), signaturePath),
  );
  const digest = digestFromBase64(objectAt(record, 'payloadHash', path), `${path}.payloadHash`);
  return { signers, artifacts: artifactsOf(digest), signedDigest: null, payload: { digest, type: null } };
}

/** Reads every item of `parent.signatures`, of which there must be at least one. Throws EntryError, and what `read` throws. */
export function readSignatures(
  parent: JsonObject,
  parentPath: string,
  read: (signature: JsonObject, path: string) => Signer,
): readonly Signer[] {
  const path = `${parentPath}.signatures`;
  // Array.isArray makes `any` of unknown.
  const signatures: unknown = parent['signatures'];
  const list: readonly unknown[] = Array.isArray(signatures) ? signatures : [];
  if (list.length === 0 || list.length > MAX_SIGNATURES) {
    throw new EntryError(`Cannot read ${path}: found ${list.length} signatures, expected 1 to ${MAX_SIGNATURES}`);
  }
  return list.map((signature, index) => {
    if (!isObject(signature)) {
      throw new EntryError(`Cannot read ${path}[${index}]: found ${describe(signature)}, expected an object`);
    }
    return read(signature, `${path}[${index}]`);
  });
}
