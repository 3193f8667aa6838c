import { DerError, expectElement, formatOid, TAG, type Element } from './der.ts';
import { EXTENSIONS, locateTbs } from './tbs.ts';

/**
 * The TBSCertificate of a certificate without its extension `id`, as RFC 6962 §3.2 has it signed and logged. Null where
 * the certificate does not have that extension exactly once, and for bytes that are no certificate.
 */
export function tbsWithout(certificate: Buffer, id: string): Buffer | null {
  try {
    const outer = expectElement(certificate, 0, certificate.length, TAG.sequence, 'certificate');
    return rebuild(certificate, outer, id);
  } catch (error) {
    if (error instanceof DerError) {
      return null;
    }
    throw error;
  }
}

/** DER has one spelling only, so what stays is copied and the lengths around it are made anew. */
function rebuild(der: Buffer, certificate: Element, id: string): Buffer | null {
  const { tbs, wrapper, extensions } = locateTbs(der, certificate.start, certificate.end);
  const kept = extensions.filter((extension) => oidOf(der, extension) !== id);
  if (wrapper === null || kept.length !== extensions.length - 1) {
    return null;
  }
  const before = der.subarray(tbs.start, wrapper.at);
  const extensionList = encode(TAG.sequence, Buffer.concat(kept.map(({ at, end }) => der.subarray(at, end))));
  return encode(TAG.sequence, Buffer.concat([before, encode(EXTENSIONS, extensionList)]));
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
