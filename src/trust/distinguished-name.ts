import { DerError, expectElement, expectEnd, formatOid, TAG, type Element } from '../entry/der.ts';
import { childrenOf } from '../entry/tbs.ts';

/** How to read the string types of a DirectoryString (RFC 5280 §4.1.2.4) and of older certificates, by their tag. */
const STRINGS: ReadonlyMap<number, (content: Buffer) => string | null> = new Map([
  [TAG.utf8String, readUtf8],
  // PrintableString, TeletexString, IA5String, VisibleString: one byte a character.
  ...[0x13, 0x14, 0x16, 0x1a].map((tag) => [tag, (content: Buffer) => content.toString('latin1')] as const),
  [0x1e, readUtf16],
]);

const SET = 0x31;
const EMAIL_ADDRESS = '1.2.840.113549.1.9.1';

/**
 * The relative names of a Name, from the most general on. Names that mean the same give the same texts (RFC 5280 §7.1):
 * the type of a string, upper and lower case of ASCII, and how much white space there is make no difference. `der` is
 * exactly one Name; throws DerError for anything else.
 */
export function readName(der: Buffer): readonly string[] {
  return attributesOf(der).map((attributes) =>
    JSON.stringify(attributes.map(({ type, value }) => [type, value]).sort()),
  );
}

/** The e-mail addresses in a Name, lower-cased (RFC 5280 §4.1.2.6 has them in old certificates). Throws DerError. */
export function emailsOf(der: Buffer): readonly string[] {
  return attributesOf(der)
    .flat()
    .filter(({ type }) => type === EMAIL_ADDRESS)
    .map(({ value }) => value);
}

interface Attribute {
  readonly type: string;
  readonly value: string;
}

function attributesOf(der: Buffer): readonly (readonly Attribute[])[] {
  const name = expectElement(der, 0, der.length, TAG.sequence, 'name');
  expectEnd(name.end, der.length, 'name');
  return childrenOf(der, name).map((relative) => {
    if (relative.tag !== SET) {
      throw new DerError(`Cannot read name at byte ${relative.at}: expected sets of attributes`);
    }
    return childrenOf(der, relative).map((attribute) => readAttribute(der, attribute));
  });
}

function readAttribute(der: Buffer, attribute: Element): Attribute {
  const [type, value, ...others] = childrenOf(der, attribute);
  if (attribute.tag !== TAG.sequence || type?.tag !== TAG.oid || value === undefined || others.length > 0) {
    throw new DerError(`Cannot read name at byte ${attribute.at}: expected a type and a value`);
  }
  const content = der.subarray(value.start, value.end);
  const text = STRINGS.get(value.tag)?.(content) ?? null;
  return {
    type: formatOid(der.subarray(type.start, type.end)),
    // No text can begin with white space by now, so none is taken for bytes.
    value: text === null ? ` ${value.tag} ${content.toString('hex')}` : simplify(text),
  };
}

function simplify(text: string): string {
  return text
    .split(/[ \t\n\v\f\r]+/)
    .filter((word) => word !== '')
    .join(' ')
    .replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}

function readUtf8(content: Buffer): string | null {
  const text = content.toString('utf8');
  return Buffer.from(text).equals(content) ? text : null;
}

/** BMPString: two bytes a character, the higher one first. */
function readUtf16(content: Buffer): string | null {
  return content.length % 2 === 0 ? Buffer.from(content).swap16().toString('utf16le') : null;
}
