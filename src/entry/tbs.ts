import { expectElement, expectEnd, expectSpki, readElement, TAG, type Element } from './der.ts';

/** Context tags of the optional parts of a TBSCertificate (RFC 5280 §4.1). */
const VERSION = 0xa0;
const ISSUER_ID = 0x81;
const SUBJECT_ID = 0x82;
export const EXTENSIONS = 0xa3;

/** Where the parts of a TBSCertificate lie (RFC 5280 §4.1). */
export interface TbsElements {
  readonly tbs: Element;
  /** By which the issuer says that it signed. */
  readonly algorithm: Element;
  readonly issuer: Element;
  readonly subject: Element;
  readonly spki: Element;
  /** What holds the extensions; null where there are none. */
  readonly wrapper: Element | null;
  /** Each a structure of its own, in their order. */
  readonly extensions: readonly Element[];
}

/** Finds the parts of the TBSCertificate at `at` that ends before or at `limit`. Throws DerError. */
export function locateTbs(der: Buffer, at: number, limit: number): TbsElements {
  const tbs = expectElement(der, at, limit, TAG.sequence, 'TBS certificate');
  const { end } = tbs;
  const first = readElement(der, tbs.start, end);
  const serial = expectElement(der, first.tag === VERSION ? first.end : tbs.start, end, TAG.integer, 'serial number');
  const algorithm = expectElement(der, serial.end, end, TAG.sequence, 'signature algorithm');
  const issuer = expectElement(der, algorithm.end, end, TAG.sequence, 'issuer');
  const validity = expectElement(der, issuer.end, end, TAG.sequence, 'validity');
  const subject = expectElement(der, validity.end, end, TAG.sequence, 'subject');
  const spki = expectSpki(der, subject.end, end);
  return { tbs, algorithm, issuer, subject, spki, ...locateExtensions(der, spki.end, end) };
}

/** The elements inside of another, one after the other. Throws DerError. */
export function childrenOf(der: Buffer, parent: Pick<Element, 'start' | 'end'>): readonly Element[] {
  const children: Element[] = [];
  for (let at = parent.start; at < parent.end;) {
    const child = readElement(der, at, parent.end);
    children.push(child);
    at = child.end;
  }
  return children;
}

function locateExtensions(der: Buffer, start: number, end: number): Pick<TbsElements, 'wrapper' | 'extensions'> {
  let at = start;
  for (const tag of [ISSUER_ID, SUBJECT_ID]) {
    const part = at < end ? readElement(der, at, end) : null;
    at = part?.tag === tag ? part.end : at;
  }
  if (at === end) {
    return { wrapper: null, extensions: [] };
  }
  const wrapper = expectElement(der, at, end, EXTENSIONS, 'extensions');
  expectEnd(wrapper.end, end, 'TBS certificate');
  const list = expectElement(der, wrapper.start, wrapper.end, TAG.sequence, 'extensions');
  expectEnd(list.end, wrapper.end, 'extensions');
  return { wrapper, extensions: childrenOf(der, list) };
}
