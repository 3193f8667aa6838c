import { DerError } from '../entry/der.ts';
import { signatureOid, type Extension, type TbsParts } from './certificate-parts.ts';
import {
  allowsUse,
  BASIC_CONSTRAINTS,
  CODE_SIGNING,
  DIGITAL_SIGNATURE,
  EXTENDED_KEY_USAGE,
  KEY_USAGE,
  readBasicConstraints,
  readPurposes,
} from './key-purpose.ts';
import { isKnownExtension } from './known-extensions.ts';

/** Said of what may not sign code. */
export const NOT_FOR_CODE = 'its extended key usage does not allow code signing';

/** Signatures over MD2, MD5 or SHA-1, of which two texts with one hash can be made. */
const WEAK = new Set(
  ['1.2.840.113549.1.1.2', '1.2.840.113549.1.1.4', '1.2.840.113549.1.1.5', '1.3.14.3.2.29'].concat([
    '1.2.840.10045.4.1',
    '1.2.840.10040.4.3',
  ]),
);

/**
 * Why no authority can have meant a certificate for those who sign code, whoever issued it, in words; null where nothing is
 * wrong. An extension that occurs twice must be right both times.
 */
export function findLeafFault(parts: TbsParts): string | null {
  try {
    const unknown = parts.extensions.find(({ id, critical }) => critical && !isKnownExtension(id));
    if (unknown !== undefined) {
      return `its critical extension ${unknown.id} is not known`;
    }
    if (WEAK.has(signatureOid(parts))) {
      return 'its signature is made over MD2, MD5 or SHA-1';
    }
    const ofKind = (id: string): readonly Extension[] => parts.extensions.filter((extension) => extension.id === id);
    if (ofKind(BASIC_CONSTRAINTS).some((extension) => readBasicConstraints(extension).isAuthority)) {
      return 'it is the certificate of an authority';
    }
    if (!ofKind(KEY_USAGE).every((extension) => allowsUse(extension, DIGITAL_SIGNATURE))) {
      return 'its key usage does not allow signatures';
    }
    const purposes = ofKind(EXTENDED_KEY_USAGE).map(readPurposes);
    return purposes.length > 0 && purposes.every((list) => list.includes(CODE_SIGNING)) ? null : NOT_FOR_CODE;
  } catch (error) {
    if (error instanceof DerError) {
      return `it is not written as it must be: ${error.message}`;
    }
    throw error;
  }
}
