import { DerError, expectElement, expectEnd, readElement, TAG, type Element } from '../entry/der.ts';
import { childrenOf } from '../entry/tbs.ts';
import type { Extension, TbsParts } from './certificate-parts.ts';
import { emailsOf, readName } from './distinguished-name.ts';
import { formInWords, NAME_FORM, readGeneralNames, SUBJECT_ALT_NAME, type GeneralName } from './general-name.ts';
import { nameMatcher, type NameMatcher } from './name-matcher.ts';

export const NAME_CONSTRAINTS = '2.5.29.30';

/** Finds the name that an authority's constraints do not allow, in words; null where they allow them all. */
export type NameCheck = (names: readonly GeneralName[]) => string | null;

/** Context tags of NameConstraints, and of what stands beside the base of a GeneralSubtree (RFC 5280 §4.2.1.10). */
const PERMITTED = 0xa0;
const EXCLUDED = 0xa1;
const MINIMUM = 0x80;
/** Nobody has so many, and each is held against each constraint. */
const MAX_NAMES = 1000;

interface Subtree {
  readonly form: number;
  /** Null for a form that cannot be checked: then no name of that form is allowed. */
  readonly matches: NameMatcher | null;
}

/** Reads name constraints (RFC 5280 §4.2.1.10). Throws DerError, also for what cannot be applied as it is meant. */
export function readNameConstraints({ value }: Extension): NameCheck {
  const lists = expectElement(value, 0, value.length, TAG.sequence, 'name constraints');
  expectEnd(lists.end, value.length, 'name constraints');
  const [permitted, excluded] = [PERMITTED, EXCLUDED].map((tag) => subtreesOf(value, lists, tag));
  if (childrenOf(value, lists).some(({ tag }) => tag !== PERMITTED && tag !== EXCLUDED)) {
    throw new DerError('Cannot read name constraints: expected permitted and excluded names');
  }
  return (names) => {
    const refused =
      names.length > MAX_NAMES ? names[0] : names.find((name) => !isAllowed(name, permitted ?? [], excluded ?? []));
    return refused === undefined ? null : formInWords(refused.form);
  };
}

/**
 * The names of a certificate that constraints are about: its subject, and its alternative names; where it has none of
 * these, the e-mail addresses in its subject. Throws DerError.
 */
export function namesOf({ subject, extensions }: Pick<TbsParts, 'subject' | 'extensions'>): readonly GeneralName[] {
  const alternative = extensions.filter(({ id }) => id === SUBJECT_ALT_NAME);
  const emails = alternative.length > 0 ? [] : emailsOf(subject);
  return [
    ...(readName(subject).length > 0 ? [{ form: NAME_FORM.directory, content: subject }] : []),
    ...emails.map((email) => ({ form: NAME_FORM.email, content: Buffer.from(email) })),
    ...alternative.flatMap(readGeneralNames),
  ];
}

function isAllowed(name: GeneralName, permitted: readonly Subtree[], excluded: readonly Subtree[]): boolean {
  const [within, without] = [permitted, excluded].map((list) => list.filter(({ form }) => form === name.form));
  const isIn = ({ matches }: Subtree): boolean | null => (matches === null ? null : matches(name));
  // A name that cannot be read is neither in nor out: no rule allows it.
  const allows = within === undefined || within.length === 0 || within.some((subtree) => isIn(subtree) === true);
  return allows && (without ?? []).every((subtree) => isIn(subtree) === false);
}

function subtreesOf(der: Buffer, lists: Element, tag: number): readonly Subtree[] {
  return childrenOf(der, lists)
    .filter((list) => list.tag === tag)
    .flatMap((list) => childrenOf(der, list).map((subtree) => readSubtree(der, subtree)));
}

/** No profile uses a minimum or a maximum, and one that did could not be applied (RFC 5280 §4.2.1.10). */
function readSubtree(der: Buffer, subtree: Element): Subtree {
  const base = readElement(der, subtree.start, subtree.end);
  const others = childrenOf(der, { start: base.end, end: subtree.end });
  const isPlain = others.every(({ tag, start, end }) => tag === MINIMUM && end === start + 1 && der[start] === 0);
  if (subtree.tag !== TAG.sequence || !isPlain) {
    throw new DerError('Cannot read name constraints: expected names without a minimum or a maximum');
  }
  const content = der.subarray(base.start, base.end);
  return { form: base.tag, matches: nameMatcher({ form: base.tag, content }) };
}
