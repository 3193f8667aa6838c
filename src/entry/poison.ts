import { DerError, expectElement, formatOid, readElement, TAG, type Element } from './der.ts';

/** What makes a precertificate no certificate (RFC 6962 §3.1). */
const POISON = '1.3.6.1.4.1.11129.2.4.3';
/** Context tag of the extensions of a TBSCertificate (RFC 5280 §4.1). */
const EXTENSIONS = 0xa3;

/**
 * What the certificate is to hold that a precertificate announces: its TBSCertificate without the poison, which is what a
 * CT log holds of it (RFC 6962 §3.2). Null for a certificate that is no precertificate, and for bytes that are none.
 */
export function withoutPoison(precertificate: Buffer): Buffer | null {
  try {
    const certificate = expectElement(precertificate, 0, precertificate.length, TAG.sequence, 'certificate');
    const tbs = expectElement(precertificate, certificate.start, certificate.end, TAG.sequence, 'TBS certificate');
    return rebuild(precertificate, tbs);
  } catch (error) {
    if (error instanceof DerError) {
      return null;
    }
    throw error;
  }
}

/** DER has one spelling only, so what stays is copied and the lengths around it are made anew. */
function rebuild(der: Buffer, tbs: Element): Buffer | null {
  const parts = elementsOf(der, tbs);
  const wrapper = parts.at(-1);
  if (wrapper?.tag !== EXTENSIONS) {
    return null;
  }
  const list = expectElement(der, wrapper.start, wrapper.end, TAG.sequence, 'extensions');
  const extensions = elementsOf(der, list);
  const kept = extensions.filter((extension) => oidOf(der, extension) !== POISON);
  if (kept.length !== extensions.length - 1) {
    return null;
  }
  const before = der.subarray(tbs.start, wrapper.at);
  const extensionList = encode(TAG.sequence, Buffer.concat(kept.map(({ at, end }) => der.subarray(at, end))));
  return encode(TAG.sequence, Buffer.concat([before, encode(EXTENSIONS, extensionList)]));
}

function elementsOf(der: Buffer, parent: Element): readonly Element[] {
  const elements: Element[] = [];
  for (let at = parent.start; at < parent.end;) {
    const element = readElement(der, at, parent.end);
    elements.push(element);
    at = element.end;
  }
  return elements;
}

function oidOf(der: Buffer, extension: Element): string {
  const id = expectElement(der, extension.start, extension.end, TAG.oid, 'extension identifier');
  return formatOid(der.subarray(id.start, id.end));
}

function encode(tag: number, content: Buffer): Buffer {
  return Buffer.concat([Buffer.from([tag]), encodeLength(content.length), content]);
}

/** The shortest form (X.690 §10.1). */
function encodeLength(length: number): Buffer {
  const octets: number[] = [];
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) {
    octets.unshift(rest % 256);
  }
  return length < 0x80 ? Buffer.from([length]) : Buffer.from([0x80 + octets.length, ...octets]);
}
