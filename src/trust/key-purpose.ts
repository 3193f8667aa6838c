import { DerError, expectElement, expectEnd, formatOid, TAG } from '../entry/der.ts';
import { childrenOf } from '../entry/tbs.ts';
import { readBoolean, type Extension } from './certificate-parts.ts';

/** Identifiers of the extensions that say what a key is for (RFC 5280 §4.2.1). */
export const KEY_USAGE = '2.5.29.15';
export const BASIC_CONSTRAINTS = '2.5.29.19';
export const EXTENDED_KEY_USAGE = '2.5.29.37';

/** Purposes in an extended key usage (RFC 5280 §4.2.1.12). */
export const CODE_SIGNING = '1.3.6.1.5.5.7.3.3';
export const ANY_PURPOSE = '2.5.29.37.0';

/** Bits of a key usage (RFC 5280 §4.2.1.3). */
export const DIGITAL_SIGNATURE = 0;
export const SIGN_CERTIFICATES = 5;

/** What basic constraints say. */
export interface BasicConstraints {
  readonly isAuthority: boolean;
  /** How many intermediates may stand below it; null: any number. */
  readonly pathLength: number | null;
}

/** Whether a key usage allows what `bit` stands for. Throws DerError. */
export function allowsUse({ value }: Extension, bit: number): boolean {
  const bits = expectElement(value, 0, value.length, TAG.bitString, 'key usage');
  expectEnd(bits.end, value.length, 'key usage');
  if ((value[bits.start] ?? 8) > 7) {
    throw new DerError('Cannot read key usage: expected a string of bits');
  }
  const byte = bits.start + 1 + Math.floor(bit / 8);
  return byte < bits.end && ((value[byte] ?? 0) & (0x80 >> (bit % 8))) !== 0;
}

/** The purposes that an extended key usage lists, dotted decimal. Throws DerError. */
export function readPurposes({ value }: Extension): readonly string[] {
  const list = expectElement(value, 0, value.length, TAG.sequence, 'extended key usage');
  expectEnd(list.end, value.length, 'extended key usage');
  return childrenOf(value, list).map(({ tag, start, end }) => {
    if (tag !== TAG.oid) {
      throw new DerError('Cannot read extended key usage: expected object identifiers');
    }
    return formatOid(value.subarray(start, end));
  });
}

/** Reads basic constraints (RFC 5280 §4.2.1.9). Throws DerError. */
export function readBasicConstraints({ value }: Extension): BasicConstraints {
  const list = expectElement(value, 0, value.length, TAG.sequence, 'basic constraints');
  expectEnd(list.end, value.length, 'basic constraints');
  const parts = childrenOf(value, list);
  const [first] = parts;
  const flag = first?.tag === TAG.boolean ? first : undefined;
  const [length, ...others] = flag === undefined ? parts : parts.slice(1);
  if (others.length > 0 || (length !== undefined && length.tag !== TAG.integer)) {
    throw new DerError('Cannot read basic constraints: expected a boolean and a number');
  }
  return {
    isAuthority: flag !== undefined && readBoolean(value, flag),
    pathLength: length === undefined ? null : readSmall(value.subarray(length.start, length.end)),
  };
}

/** No real chain is longer than a handful: what takes more than four bytes bounds nothing, or is below zero. */
function readSmall(content: Buffer): number {
  if (content.length === 0 || content.length > 4 || (content[0] ?? 0) >= 0x80) {
    throw new DerError('Cannot read basic constraints: expected a path length from 0 to 2^31−1');
  }
  return content.readUIntBE(0, content.length);
}
