import { decodeBase64 } from './base64.ts';
import { artifactsOf, digestFromHex } from './digest.ts';
import { readSignatures } from './dsse.ts';
import { EntryError } from './entry-error.ts';
import type { EntryContent, SignedDigest } from './entry.ts';
import { describe, objectAt, type JsonObject } from './json.ts';
import { parseLoosePem } from './loose-pem.ts';
import { signerFromPem } from './signer.ts';

const ALPHABETS = /^[A-Za-z0-9+/_-]*={0,2}$/;

/**
 * intoto 0.0.1 of Rekor v1 (rekor pkg/types/intoto/v0.0.1): one verifier, and no signature. `content.hash` is that of the
 * envelope, which depends on how its JSON was written, and no artifact. Throws EntryError or DerError.
 */
export function readIntoto001(spec: JsonObject): EntryContent {
  const content = objectAt(spec, 'content', 'spec');
  const signer = signerFromPem(spec['publicKey'], null, 'spec.publicKey');
  const digest = payloadHashOf(content);
  return { signers: [signer], artifacts: artifactsOf(digest), signedDigest: null, payload: { digest, type: null } };
}

/**
 * intoto 0.0.2 of Rekor v1 (rekor pkg/types/intoto/v0.0.2). The client chose `content.hash` freely, and nobody compared it: it
 * is not looked at, nor is any key id. A key and a signature that stand together need not belong together: Rekor only asks
 * that each key verifies one of the signatures. Throws EntryError or DerError.
 */
export function readIntoto002(spec: JsonObject): EntryContent {
  const content = objectAt(spec, 'content', 'spec');
  const path = 'spec.content.envelope';
  const envelope = objectAt(content, 'envelope', 'spec.content');
  const signers = readSignatures(envelope, path, ({ sig, publicKey }, signaturePath) =>
    // Rekor keeps these PEM texts as they were sent.
    signerFromPem(publicKey, readSignature(sig, `${signaturePath}.sig`), `${signaturePath}.publicKey`, parseLoosePem),
  );
  const digest = payloadHashOf(content);
  const type = payloadTypeOf(envelope, path);
  return { signers, artifacts: artifactsOf(digest), signedDigest: null, payload: { digest, type } };
}

/** Null where there is none, as in the entries of the first servers. */
function payloadHashOf(content: JsonObject): SignedDigest | null {
  const isAbsent = content['payloadHash'] === undefined || content['payloadHash'] === null;
  return isAbsent ? null : digestFromHex(objectAt(content, 'payloadHash', 'spec.content'), 'spec.content.payloadHash');
}

function payloadTypeOf(envelope: JsonObject, path: string): string | null {
  const { payloadType = null } = envelope;
  if (payloadType !== null && typeof payloadType !== 'string') {
    throw new EntryError(`Cannot read ${path}.payloadType: found ${describe(payloadType)}, expected a string`);
  }
  return payloadType;
}

/**
 * The envelope's own text, which is base64 of either alphabet (DSSE 1.0), stands in the entry as base64 once more. Entries exist
 * where it does so once only.
 */
function readSignature(value: unknown, path: string): Buffer {
  const once = decodeBase64(value, path);
  const text = once.toString('latin1').replace(/[\r\n]/g, '');
  return ALPHABETS.test(text) ? Buffer.from(text, 'base64') : once;
}
