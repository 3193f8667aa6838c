import { DerError } from '../entry/der.ts';
import type { Extension, TbsParts } from './certificate-parts.ts';
import {
  allowsUse,
  ANY_PURPOSE,
  BASIC_CONSTRAINTS,
  CODE_SIGNING,
  EXTENDED_KEY_USAGE,
  KEY_USAGE,
  readBasicConstraints,
  readPurposes,
  SIGN_CERTIFICATES,
} from './key-purpose.ts';
import { isKnownExtension } from './known-extensions.ts';
import { NAME_CONSTRAINTS, readNameConstraints, type NameCheck } from './name-constraints.ts';

/** What an authority's certificate allows below it. */
export interface AuthorityRules {
  /** How many intermediates may follow; Infinity where it says nothing. */
  readonly pathLength: number;
  /** One for each extension of name constraints. */
  readonly nameChecks: readonly NameCheck[];
}

/**
 * Reads what an authority's certificate allows below it. Throws SyntaxError, which says why and no more, for one that may not
 * issue certificates to those who sign code. An extension that occurs twice must be right both times.
 */
export function readAuthorityRules(parts: Pick<TbsParts, 'extensions'>): AuthorityRules {
  try {
    return readRules(parts);
  } catch (error) {
    throw error instanceof DerError ? new SyntaxError(error.message, { cause: error }) : error;
  }
}

function readRules({ extensions }: Pick<TbsParts, 'extensions'>): AuthorityRules {
  const unknown = extensions.find(({ id, critical }) => critical && !isKnownExtension(id));
  if (unknown !== undefined) {
    throw new SyntaxError(`its critical extension ${unknown.id} is not known`);
  }
  const ofKind = (id: string): readonly Extension[] => extensions.filter((extension) => extension.id === id);
  const constraints = ofKind(BASIC_CONSTRAINTS).map(readBasicConstraints);
  if (constraints.length === 0 || !constraints.every(({ isAuthority }) => isAuthority)) {
    throw new SyntaxError('it is no CA certificate');
  }
  if (!ofKind(KEY_USAGE).every((extension) => allowsUse(extension, SIGN_CERTIFICATES))) {
    throw new SyntaxError('its key usage does not allow to sign certificates');
  }
  const allowsCode = (purposes: readonly string[]): boolean =>
    purposes.includes(CODE_SIGNING) || purposes.includes(ANY_PURPOSE);
  if (!ofKind(EXTENDED_KEY_USAGE).map(readPurposes).every(allowsCode)) {
    throw new SyntaxError('its extended key usage does not allow code signing');
  }
  return {
    pathLength: Math.min(...constraints.map(({ pathLength }) => pathLength ?? Infinity)),
    nameChecks: ofKind(NAME_CONSTRAINTS).map(readNameConstraints),
  };
}
