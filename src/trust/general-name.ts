import { DerError, expectElement, expectEnd, TAG } from '../entry/der.ts';
import { childrenOf } from '../entry/tbs.ts';
import type { Extension } from './certificate-parts.ts';

export const SUBJECT_ALT_NAME = '2.5.29.17';

/** Context tags of the forms of a GeneralName (RFC 5280 §4.2.1.6) that name constraints can be checked for here. */
export const NAME_FORM = { email: 0x81, dns: 0x82, directory: 0xa4, uri: 0x86, ip: 0x87 } as const;

/** In words, by tag; what is missing cannot be checked. */
const IN_WORDS: ReadonlyMap<number, string> = new Map([
  [NAME_FORM.email, 'e-mail address'],
  [NAME_FORM.dns, 'DNS name'],
  [NAME_FORM.directory, 'directory name'],
  [NAME_FORM.uri, 'URI'],
  [NAME_FORM.ip, 'IP address'],
]);

/** One name, in the form that its tag says. */
export interface GeneralName {
  readonly form: number;
  readonly content: Buffer;
}

/** The names of a subject alternative name. Throws DerError. */
export function readGeneralNames({ value }: Extension): readonly GeneralName[] {
  const list = expectElement(value, 0, value.length, TAG.sequence, 'subject alternative name');
  expectEnd(list.end, value.length, 'subject alternative name');
  return childrenOf(value, list).map(({ tag, start, end }) => ({ form: tag, content: value.subarray(start, end) }));
}

/** Such a name in words: "e-mail address". */
export function formInWords(form: number): string {
  return IN_WORDS.get(form) ?? 'name of another form';
}

/** The text of an e-mail address, DNS name or URI, which are IA5Strings. Throws DerError for other characters. */
export function asciiOf({ content }: GeneralName): string {
  const text = content.toString('latin1');
  if (/[^\x21-\x7e]/.test(text)) {
    throw new DerError('Cannot read subject alternative name: expected ASCII characters');
  }
  return text;
}
