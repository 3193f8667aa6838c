import { DerError } from '../entry/der.ts';
import { readName } from './distinguished-name.ts';
import { asciiOf, NAME_FORM, type GeneralName } from './general-name.ts';

/** Whether a name of the same form lies within a constraint (RFC 5280 §4.2.1.10); null for one that cannot be read. */
export type NameMatcher = (name: GeneralName) => boolean | null;

/** The matcher of a constraint; null for a form that cannot be checked. Throws DerError for a constraint that cannot be read. */
export function nameMatcher(constraint: GeneralName): NameMatcher | null {
  switch (constraint.form) {
    case NAME_FORM.email:
      return textMatcher(emailMatcher(asciiOf(constraint).toLowerCase()));
    case NAME_FORM.dns:
      return textMatcher(dnsMatcher(asciiOf(constraint).toLowerCase()));
    case NAME_FORM.uri:
      return textMatcher(uriMatcher(asciiOf(constraint).toLowerCase()));
    case NAME_FORM.directory:
      return directoryMatcher(readName(constraint.content));
    case NAME_FORM.ip:
      return addressMatcher(constraint.content);
    default:
      return null;
  }
}

type TextMatcher = (text: string) => boolean | null;

const HOST = /^(?!-)[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*$/;
const NUMERIC_HOST = /^[0-9.]*$/;
const EMAIL = /^[^@]+@([^@]+)$/;
/** Scheme, user, host and port by RFC 3986 §3, of which no character may be one that some parsers take for another. */
const URI = /^[a-z][a-z0-9+.-]*:\/\/(?:[^/?#@]*@)?([^/?#@:[\]]+)(?::[0-9]*)?(?:[/?#]|$)/;
const AMBIGUOUS = /[\\^`{|}<>"]/;

function textMatcher(matches: TextMatcher): NameMatcher {
  return (name) => {
    try {
      return matches(asciiOf(name).toLowerCase());
    } catch (error) {
      if (error instanceof DerError) {
        return null;
      }
      throw error;
    }
  };
}

/** One mailbox, all on one host, or with a dot before it all on the hosts below a domain. */
function emailMatcher(constraint: string): TextMatcher {
  return (text) => {
    const host = EMAIL.exec(text)?.[1];
    if (host === undefined || !HOST.test(host)) {
      return null;
    }
    return constraint.includes('@') ? text === constraint : isHostWithin(host, constraint);
  };
}

/** A host and all below it; with a dot before it, only these; nothing: every name. */
function dnsMatcher(constraint: string): TextMatcher {
  const below = constraint.startsWith('.') ? constraint : `.${constraint}`;
  return (text) => (HOST.test(text) ? constraint === '' || text === constraint || text.endsWith(below) : null);
}

/** One host, or with a dot before it all below a domain. A URI without a host, or with an address, is never allowed. */
function uriMatcher(constraint: string): TextMatcher {
  return (text) => {
    const host = AMBIGUOUS.test(text) ? undefined : URI.exec(text)?.[1];
    return host === undefined || !HOST.test(host) || NUMERIC_HOST.test(host) ? null : isHostWithin(host, constraint);
  };
}

function isHostWithin(host: string, constraint: string): boolean {
  return constraint.startsWith('.') ? host.endsWith(constraint) : host === constraint;
}

/** All names that begin as this one does, from the root of the tree of names on. */
function directoryMatcher(constraint: readonly string[]): NameMatcher {
  return ({ content }) => {
    try {
      const name = readName(content);
      return constraint.every((relative, place) => name[place] === relative);
    } catch (error) {
      if (error instanceof DerError) {
        return null;
      }
      throw error;
    }
  };
}

/** An address with its mask. */
function addressMatcher(constraint: Buffer): NameMatcher {
  if (constraint.length !== 8 && constraint.length !== 32) {
    throw new DerError('Cannot read name constraints: expected an IP address and its mask');
  }
  const half = constraint.length / 2;
  return ({ content }) =>
    content.length === half &&
    content.every((byte, place) => ((byte ^ (constraint[place] ?? 0)) & (constraint[half + place] ?? 0xff)) === 0);
}
