import { hash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { realdata } from './realdata.ts';

/** One line of derived/CERTS.tsv with the certificate that it describes. */
export interface RealCertificate {
  /** First 16 hex digits of the certificate's SHA-256. */
  readonly id: string;
  /** Where it was recorded, relative to the real data. */
  readonly file: string;
  readonly der: Buffer;
  /** Issuer, from .8 or .1; null when there is neither. */
  readonly issuer: string | null;
  readonly sanKind: string;
  readonly notBefore: Date;
}

/** Every certificate of derived/CERTS.tsv that can be found again in the file it came from. */
export function readRealCertificates(): readonly RealCertificate[] {
  const [, ...lines] = readFileSync(realdata('derived/CERTS.tsv'), 'utf8').trimEnd().split('\n');
  const found = new Map<string, ReadonlyMap<string, Buffer>>();
  return lines.flatMap((line) => {
    const [id = '', file = '', issuer = '', , , sanKind = '', , , , , notBefore = ''] = line.split('\t');
    const certificates = found.get(file) ?? findCertificates(readFileSync(realdata(file), 'utf8'), 3);
    found.set(file, certificates);
    const der = certificates.get(id);
    return der === undefined
      ? []
      : [{ id, file, der, issuer: issuer === '' ? null : issuer, sanKind, notBefore: new Date(notBefore) }];
  });
}

/** DER in base64, alone or in PEM, in a text or in base64 inside of it, by the first 16 hex digits of its SHA-256. */
function findCertificates(text: string, depth: number): Map<string, Buffer> {
  const found = new Map<string, Buffer>();
  // A PEM text inside JSON has its line breaks as two characters.
  for (const [run] of text.replaceAll('\\n', '\n').matchAll(/[A-Za-z0-9+/\n]{200,}=*/g)) {
    const bytes = Buffer.from(run, 'base64');
    const der = bytes[0] === 0x30 && bytes[1] === 0x82 ? bytes.subarray(0, bytes.readUInt16BE(2) + 4) : bytes;
    found.set(hash('sha256', der).slice(0, 16), der);
    if (depth > 0 && der === bytes) {
      for (const [id, inner] of findCertificates(bytes.toString('latin1'), depth - 1)) {
        found.set(id, inner);
      }
    }
  }
  return found;
}
