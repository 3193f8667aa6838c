import { isObject, type JsonObject } from '../entry/json.ts';
import { IN_TOTO_TYPE } from '../entry/pae.ts';

/** What may be the attestation of an entry. Nobody vouches for any of it. */
export interface Candidate {
  /** As it was signed. */
  readonly payload: Buffer;
  /** Null for a bare statement. */
  readonly payloadType: string | null;
  readonly signatures: readonly Buffer[];
  /** That of the signer which came with it, DER. */
  readonly certificate: Buffer | null;
}

/** So many signatures of one envelope, and so many attestations of one file or answer, are looked at. */
const MAX_SIGNATURES = 16;
const MAX_CANDIDATES = 10_000;

const STATEMENT = 'https://in-toto.io/Statement/';

/** As deep as a list of answers that list bundles nests them. */
const MAX_DEPTH = 6;

/**
 * The attestations in a text: a DSSE envelope, a Sigstore bundle, a provenance object of PyPI (PEP 740), a list of these, also as
 * `attestations[].bundle`, or a bare in-toto statement, whose bytes are then the payload; else each line that is one of them.
 * Throws SyntaxError where neither the text nor any line is JSON. What is JSON but no attestation is passed over.
 */
export function candidatesIn(text: Buffer): readonly Candidate[] {
  const whole = parse(text);
  if (whole !== undefined) {
    return candidatesOfText(text, whole);
  }
  const lines = linesOf(text);
  const values = lines.map(parse);
  if (values.every((value) => value === undefined)) {
    throw new SyntaxError('Cannot read attestations: expected JSON, or a line of JSON for each');
  }
  return values
    .flatMap((value, at) => (value === undefined ? [] : candidatesOfText(lines[at] ?? text, value)))
    .slice(0, MAX_CANDIDATES);
}

/** The same of JSON that is parsed already; a bare statement is none here, for its bytes are not known. */
export function candidatesOf(value: unknown): readonly Candidate[] {
  return walk(value, 0).slice(0, MAX_CANDIDATES);
}

function candidatesOfText(text: Buffer, value: unknown): readonly Candidate[] {
  // Whether the line break at its end was signed as well only the entry tells.
  const forms = text.length === trimmed(text).length ? [text] : [trimmed(text), text];
  return isStatement(value)
    ? forms.map((payload) => ({ payload, payloadType: null, signatures: [], certificate: null }))
    : candidatesOf(value);
}

function walk(value: unknown, depth: number): readonly Candidate[] {
  if (depth > MAX_DEPTH) {
    return [];
  }
  if (Array.isArray(value)) {
    return (value as readonly unknown[]).slice(0, MAX_CANDIDATES).flatMap((item) => walk(item, depth + 1));
  }
  if (!isObject(value)) {
    return [];
  }
  const { dsseEnvelope, attestations, attestation_bundles: publishers, bundle, envelope } = value;
  if (dsseEnvelope !== undefined) {
    return ofEnvelope(dsseEnvelope, certificateOfBundle(value['verificationMaterial']));
  }
  if (typeof value['payload'] === 'string') {
    return ofEnvelope(value, null);
  }
  if (isObject(envelope) && typeof envelope['statement'] === 'string') {
    return ofPypi(envelope, value['verification_material']);
  }
  return walk(attestations ?? publishers ?? bundle, depth + 1);
}

/** A DSSE envelope (DSSE 1.0). */
function ofEnvelope(envelope: unknown, certificate: Buffer | null): readonly Candidate[] {
  if (!isObject(envelope)) {
    return [];
  }
  const payload = bytesOf(envelope['payload']);
  const { payloadType, signatures } = envelope;
  if (payload === null || typeof payloadType !== 'string') {
    return [];
  }
  const list: readonly unknown[] = Array.isArray(signatures) ? signatures : [];
  const read = list.slice(0, MAX_SIGNATURES).map((item) => (isObject(item) ? bytesOf(item['sig']) : null));
  return [{ payload, payloadType, signatures: read.filter((bytes) => bytes !== null), certificate }];
}

/** An attestation of PyPI (PEP 740), in which the type of the payload goes without saying. */
function ofPypi(envelope: JsonObject, material: unknown): readonly Candidate[] {
  const payload = bytesOf(envelope['statement']);
  const signature = bytesOf(envelope['signature']);
  return payload === null
    ? []
    : [
        {
          payload,
          payloadType: IN_TOTO_TYPE,
          signatures: signature === null ? [] : [signature],
          certificate: isObject(material) ? bytesOf(material['certificate']) : null,
        },
      ];
}

/** Of a Sigstore bundle: alone since v0.3, before at the head of a chain (sigstore_bundle.proto, `VerificationMaterial`). */
function certificateOfBundle(material: unknown): Buffer | null {
  if (!isObject(material)) {
    return null;
  }
  const { certificate, x509CertificateChain: chain } = material;
  const list: unknown = isObject(chain) ? chain['certificates'] : undefined;
  const first: unknown = certificate ?? (Array.isArray(list) ? list[0] : undefined);
  return isObject(first) ? bytesOf(first['rawBytes']) : null;
}

function isStatement(value: unknown): boolean {
  return isObject(value) && typeof value['_type'] === 'string' && value['_type'].startsWith(STATEMENT);
}

/** DSSE allows base64 of either alphabet. What is none is as good as absent: it hashes to nothing that was logged. */
function bytesOf(value: unknown): Buffer | null {
  return typeof value === 'string' && /^[A-Za-z0-9+/_-]+={0,2}$/.test(value) ? Buffer.from(value, 'base64') : null;
}

/** Undefined for what is no JSON, which JSON cannot say. */
function parse(text: Buffer): unknown {
  try {
    return JSON.parse(text.toString('utf8')) as unknown;
  } catch {
    return undefined;
  }
}

/** The lines that are not empty. */
function linesOf(text: Buffer): readonly Buffer[] {
  const lines: Buffer[] = [];
  for (let from = 0; from < text.length;) {
    const end = text.indexOf(0x0a, from);
    const to = end === -1 ? text.length : end;
    const line = trimmed(text.subarray(from, to));
    if (line.length > 0) {
      lines.push(line);
    }
    from = to + 1;
  }
  return lines;
}

/** Without the white space that files end with, which nobody signs. */
function trimmed(text: Buffer): Buffer {
  const isSpace = (byte: number | undefined): boolean =>
    byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
  let [from, to] = [0, text.length];
  while (from < to && isSpace(text[from])) {
    from += 1;
  }
  while (to > from && isSpace(text[to - 1])) {
    to -= 1;
  }
  return text.subarray(from, to);
}
