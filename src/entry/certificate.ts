import { NO_PROBLEMS } from './claim-draft.ts';
import { DerError, expectElement, expectEnd, expectSpki, readElement, TAG, type DerText, type Element } from './der.ts';
import type { Certificate } from './entry.ts';
import { readExtensions, type Extensions } from './extensions.ts';

/** Far above every real certificate (a Fulcio leaf has 2 KB, a post-quantum signature 50 KB). */
const MAX_CERTIFICATE_BYTES = 256 * 1024;

/** Context tags of the optional parts of TBSCertificate (RFC 5280 §4.1). */
const VERSION = 0xa0;
const ISSUER_ID = 0x81;
const SUBJECT_ID = 0x82;
const EXTENSIONS = 0xa3;

/**
 * Reads the parts of an X.509 certificate that are looked at. Nothing is verified. Runs for every entry of a log, so it
 * walks the bytes once. Throws DerError for everything that is not exactly one certificate.
 */
export function parseCertificate(der: Buffer): Certificate {
  const source = readBounded(der);
  const certificate = expectElement(der, 0, der.length, TAG.sequence, 'certificate');
  expectEnd(certificate.end, der.length, 'certificate');
  const tbs = expectElement(der, certificate.start, certificate.end, TAG.sequence, 'TBS certificate');
  const algorithm = expectElement(der, tbs.end, certificate.end, TAG.sequence, 'signature algorithm');
  const signature = expectElement(der, algorithm.end, certificate.end, TAG.bitString, 'signature of the certificate');
  expectEnd(signature.end, certificate.end, 'certificate');
  return readTbs(source, tbs);
}

/**
 * Reads the same parts of what was to be signed, a TBSCertificate: it becomes the `der`. Throws DerError for everything
 * that is not exactly one.
 */
export function parseTbsCertificate(der: Buffer): Certificate {
  const tbs = expectElement(der, 0, der.length, TAG.sequence, 'TBS certificate');
  expectEnd(tbs.end, der.length, 'TBS certificate');
  return readTbs(readBounded(der), tbs);
}

function readBounded(der: Buffer): DerText {
  if (der.length > MAX_CERTIFICATE_BYTES) {
    throw new DerError(`Cannot read certificate of ${der.length} bytes: expected at most ${MAX_CERTIFICATE_BYTES}`);
  }
  return { bytes: der, chars: der.toString('latin1') };
}

/** RFC 5280 §4.1: version, serial number, algorithm, issuer, validity, subject, key, two optional identifiers, extensions. */
function readTbs(source: DerText, tbs: Element): Certificate {
  const { bytes } = source;
  const { end } = tbs;
  const first = readElement(bytes, tbs.start, end);
  const serial = expectElement(bytes, first.tag === VERSION ? first.end : tbs.start, end, TAG.integer, 'serial number');
  const algorithm = expectElement(bytes, serial.end, end, TAG.sequence, 'signature algorithm');
  const issuer = expectElement(bytes, algorithm.end, end, TAG.sequence, 'issuer');
  const validity = expectElement(bytes, issuer.end, end, TAG.sequence, 'validity');
  const notBefore = readElement(bytes, validity.start, validity.end);
  const notAfter = readElement(bytes, notBefore.end, validity.end);
  expectEnd(notAfter.end, validity.end, 'validity');
  const subject = expectElement(bytes, validity.end, end, TAG.sequence, 'subject');
  const spki = expectSpki(bytes, subject.end, end);
  const { claims, problems, codeSigning } = readOptionalParts(source, spki.end, end);
  return {
    der: bytes,
    spki: bytes.subarray(spki.at, spki.end),
    notBefore: readTime(source, notBefore),
    notAfter: readTime(source, notAfter),
    codeSigning,
    claims,
    problems,
  };
}

function readOptionalParts(source: DerText, start: number, end: number): Extensions {
  let at = start;
  for (const tag of [ISSUER_ID, SUBJECT_ID]) {
    const part = at < end ? readElement(source.bytes, at, end) : null;
    at = part?.tag === tag ? part.end : at;
  }
  if (at === end) {
    return { claims: {}, problems: NO_PROBLEMS, codeSigning: false };
  }
  const wrapper = expectElement(source.bytes, at, end, EXTENSIONS, 'extensions');
  expectEnd(wrapper.end, end, 'TBS certificate');
  const list = expectElement(source.bytes, wrapper.start, wrapper.end, TAG.sequence, 'extensions');
  expectEnd(list.end, wrapper.end, 'extensions');
  return readExtensions(source, list.start, list.end);
}

/** Unix milliseconds of `YYMMDDHHMMSSZ` or `YYYYMMDDHHMMSSZ`, the only forms allowed (RFC 5280 §4.1.2.5). */
function readTime({ bytes, chars }: DerText, { tag, at, start, end }: Element): number {
  const yearDigits = tag === TAG.utcTime ? 2 : 4;
  const isTime = tag === TAG.utcTime || tag === TAG.generalizedTime;
  if (!isTime || end - start !== yearDigits + 11 || chars[end - 1] !== 'Z') {
    throw new DerError(`Cannot read time at byte ${at}: expected UTC with seconds, in the form of RFC 5280`);
  }
  const rest = start + yearDigits;
  const written = readDigits(bytes, start, rest);
  const year = tag === TAG.utcTime ? written + (written < 50 ? 2000 : 1900) : written;
  const month = readDigits(bytes, rest, rest + 2);
  const day = readDigits(bytes, rest + 2, rest + 4);
  const hour = readDigits(bytes, rest + 4, rest + 6);
  const minute = readDigits(bytes, rest + 6, rest + 8);
  const second = readDigits(bytes, rest + 8, rest + 10);
  const time = Date.UTC(year, month - 1, day, hour, minute, second);
  // Date.UTC carries a day that its month does not have over to the next one.
  const isDate = year >= 1900 && month >= 1 && month <= 12 && day >= 1 && new Date(time).getUTCDate() === day;
  if (!isDate || hour > 23 || minute > 59 || second > 59) {
    throw new DerError(`Cannot read time at byte ${at}: "${chars.slice(start, end)}" is no date`);
  }
  return time;
}

function readDigits(bytes: Buffer, start: number, end: number): number {
  let number = 0;
  for (let at = start; at < end; at++) {
    const digit = (bytes[at] ?? 0) - 0x30;
    if (digit < 0 || digit > 9) {
      throw new DerError(`Cannot read time: byte ${at} is no digit`);
    }
    number = number * 10 + digit;
  }
  return number;
}
