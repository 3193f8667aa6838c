import { findElement } from '../../src/entry/der.ts';
import { mutateBytes, spliced } from './mutate-bytes.ts';
import { mutateDer } from './mutate-der.ts';
import { mutateJson } from './mutate-json.ts';
import type { Tape } from './tape.ts';

const PEM = /-----BEGIN ([A-Z0-9 ]+)-----\n([^-]+)-----END [A-Z0-9 ]+-----\n?/g;
const LABELS = ['CERTIFICATE', 'PUBLIC KEY', 'RSA PUBLIC KEY', 'PKCS7', 'X509 CERTIFICATE', ''];

/** What pieces may be taken from. */
export interface Donors {
  /** DER. */
  readonly certificates: readonly Buffer[];
}

/** Bytes changed in one place, at some layer of what they hold: JSON, base64, PEM, DER, and those inside of each other. */
export function mutateLayer(bytes: Buffer, tape: Tape, donors: Donors): Buffer {
  if (tape.below(12) === 0) {
    return mutateBytes(bytes, tape);
  }
  const [first] = bytes;
  if (first === 0x7b || first === 0x5b) {
    const mutated = mutateJson(bytes.toString(), tape, (text) => mutateText(text, tape, donors));
    return mutated === null ? mutateBytes(bytes, tape) : Buffer.from(mutated);
  }
  if (bytes.includes('-----BEGIN ')) {
    return Buffer.from(mutatePem(bytes.toString('latin1'), tape, donors), 'latin1');
  }
  const place = findDer(bytes);
  return place === null ? mutateBytes(bytes, tape) : mutateInside(bytes, place, tape, donors);
}

/** A text that may be base64 of something. */
function mutateText(text: string, tape: Tape, donors: Donors): string {
  const bytes = Buffer.from(text, 'base64');
  if (bytes.length < 12 || bytes.toString('base64') !== text) {
    return mutateBytes(Buffer.from(text), tape).toString();
  }
  return tape.below(5) === 0 ? mutateSpelling(text, tape) : mutateLayer(bytes, tape, donors).toString('base64');
}

/** Base64 written otherwise, of which much stands for the same bytes. */
function mutateSpelling(text: string, tape: Tape): string {
  const at = tape.below(text.length + 1);
  const spellings = [
    () => text.replaceAll('+', '-').replaceAll('/', '_'),
    () => text.replace(/=+$/, ''),
    () => `${text}=`,
    () =>
      `${text.slice(0, at)}${tape.pick([' ', '\n', '\r\n', '\t', '\0', '=', '-', '.', 'é']) ?? ''}${text.slice(at)}`,
    // Bits beyond the last byte.
    () => text.replace(/([A-Za-z0-9+/])(=+)$/, (_, last: string, padding: string) => `${next(last)}${padding}`),
    () => mutateBytes(Buffer.from(text, 'latin1'), tape).toString('latin1'),
    () => text + text,
    () => text.replace(/.{64}/g, '$&\n'),
  ];
  return tape.pick(spellings)?.() ?? text;
}

const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

function next(digit: string): string {
  return DIGITS[DIGITS.indexOf(digit) + 1] ?? 'A';
}

/** A PEM text: its blocks, their order and number, what stands around them, and what is in them. */
function mutatePem(text: string, tape: Tape, donors: Donors): string {
  const blocks = [...text.matchAll(PEM)];
  const block = tape.pick(blocks);
  if (block === undefined || tape.below(8) === 0) {
    return mutateBytes(Buffer.from(text, 'latin1'), tape).toString('latin1');
  }
  const [whole, label = '', body = ''] = block;
  const replace = (other: string): string =>
    text.slice(0, block.index) + other + text.slice(block.index + whole.length);
  const der = Buffer.from(body, 'base64');
  const donor = tape.pick(donors.certificates);
  const other = donor === undefined ? whole : pemOf('CERTIFICATE', donor);
  const changes = [
    () => replace(`${whole}${other}`),
    () => replace(`${other}${whole}`),
    () => replace(`${whole}${whole}`),
    () => replace(''),
    () => replace(pemOf(tape.pick(LABELS) ?? '', der)),
    () => replace(whole.replace('\n', tape.pick(['\nProc-Type: 4\n\n', '\r\n', ' \n', '\n\n', 'x\n']) ?? '')),
    () => replace(`${tape.pick(['\ufeff', 'text\n', '-----', '\0', '#\n']) ?? ''}${whole}`),
    () => replace(pemOf(label, Buffer.from(mutateSpelling(body.replaceAll('\n', ''), tape), 'base64'))),
  ];
  // What is inside is worth more cases than what is around it.
  const around = tape.below(3) === 0 ? tape.pick(changes) : undefined;
  return around === undefined ? replace(pemOf(label, mutateInner(der, tape, donors))) : around();
}

function mutateInner(der: Buffer, tape: Tape, donors: Donors): Buffer {
  return mutateDer(der, tape, tape.pick(donors.certificates) ?? null);
}

/** DER as PEM of this label. */
export function pemOf(label: string, der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
}

interface Place {
  readonly start: number;
  readonly end: number;
}

/** The first long sequence in the bytes: all of them, or what a leaf of a CT log holds. */
function findDer(bytes: Buffer): Place | null {
  for (let at = bytes.indexOf(0x30); at !== -1 && at < 64; at = bytes.indexOf(0x30, at + 1)) {
    const element = findElement(bytes, at, bytes.length);
    if (element !== null && element.end - at > 40) {
      return { start: at, end: element.end };
    }
  }
  return null;
}

/** Where three bytes before the DER say how long it is (RFC 6962 §3.1), they will. */
function mutateInside(bytes: Buffer, { start, end }: Place, tape: Tape, donors: Donors): Buffer {
  const changed = mutateInner(bytes.subarray(start, end), tape, donors);
  const copy = spliced(bytes, start, end, changed);
  if (start >= 3 && bytes.readUIntBE(start - 3, 3) === end - start) {
    copy.writeUIntBE(changed.length, start - 3, 3);
  }
  return copy;
}
