import {
  DerError,
  expectElement,
  expectEnd,
  formatOid,
  readElement,
  readText,
  TAG,
  type DerText,
  type Element,
} from './der.ts';

/** What the extensions of a certificate say. */
export interface Extensions {
  readonly claims: Record<string, string[]>;
  readonly codeSigning: boolean;
}

interface FulcioExtension {
  readonly claim: string;
  /** The content is the text itself, not a UTF8String of it. */
  readonly raw: boolean;
}

/** Where Fulcio's extensions are numbered (fulcio docs/oid-info.md), and the encoded bytes of that as Latin-1 characters. */
const FULCIO_OID = '1.3.6.1.4.1.57264.1';
const FULCIO = encodeOid(FULCIO_OID);
const OTHER_NAME = encodeOid(`${FULCIO_OID}.7`);
const SUBJECT_ALT_NAME = encodeOid('2.5.29.17');
const EXTENDED_KEY_USAGE = encodeOid('2.5.29.37');
const CODE_SIGNING = encodeOid('1.3.6.1.5.5.7.3.3');
/** Extensions of X.509 itself, of its Internet profile, and of Certificate Transparency: they make no claim. */
const STANDARD = ['2.5.29', '1.3.6.1.5.5.7.1', '1.3.6.1.4.1.11129.2.4'].map(encodeOid);

/** The extensions of which each holds one UTF8String and is a claim, in order from .8 on. */
const CLAIMS_FROM_8 = ['issuer', 'builder', 'builder_digest', 'runner', 'source_repository', 'source_digest'].concat(
  ['source_ref', 'source_repository_id', 'source_owner', 'source_owner_id', 'workflow', 'workflow_digest'],
  ['trigger', 'run', 'visibility', 'environment', 'token_subject'],
);
/** The extensions whose content is the text itself: the issuer before there was .8, and the old ones of GitHub. */
const RAW_NUMBERS = [1, 2, 3, 4, 5, 6];
const FIRST_ISSUER = `oid:${FULCIO_OID}.1`;

/** What Fulcio's extensions mean, by their number. */
const FULCIO_EXTENSIONS = new Map<number, FulcioExtension>([
  ...RAW_NUMBERS.map((number) => [number, { claim: `oid:${FULCIO_OID}.${number}`, raw: true }] as const),
  ...CLAIMS_FROM_8.map((claim, index) => [index + 8, { claim, raw: false }] as const),
]);

/** Context tags of GeneralName (RFC 5280 §4.2.1.6); the string kinds are primitive, the others constructed but for two. */
const OTHER_NAME_TAG = 0xa0;
const EXPLICIT_VALUE = 0xa0;
const TEXT_NAME_TAGS: readonly number[] = [0x81, 0x82, 0x86];
const SILENT_NAME_TAGS: readonly number[] = [0xa3, 0xa4, 0xa5, 0x87, 0x88];

/**
 * Reads the `SEQUENCE OF Extension` between two offsets. The claims are `subject`, `issuer`, the named ones of Fulcio,
 * and every extension without a name as `oid:…`. Throws DerError, also where an extension occurs twice: which of two
 * values a verifier takes is not for us to guess.
 */
export function readExtensions(der: DerText, start: number, end: number): Extensions {
  const { bytes, chars } = der;
  const claims: Record<string, string[]> = {};
  const others = new Set<string>();
  let codeSigning = false;
  let firstIssuer: string | null = null;
  for (let at = start; at < end;) {
    const extension = expectElement(bytes, at, end, TAG.sequence, 'extension');
    const id = expectElement(bytes, extension.start, extension.end, TAG.oid, 'extension identifier');
    const value = readValue(bytes, id.end, extension.end);
    const fulcio = findFulcioExtension(der, id);
    if (fulcio === undefined) {
      const oid = chars.slice(id.start, id.end);
      expectOnce(!others.has(oid), der, id);
      others.add(oid);
      if (oid === SUBJECT_ALT_NAME) {
        claims['subject'] = readSubjectAltName(der, value.start, value.end);
      } else if (oid === EXTENDED_KEY_USAGE) {
        codeSigning = readKeyUsages(der, value.start, value.end).includes(CODE_SIGNING);
      } else if (!STANDARD.some((prefix) => oid.startsWith(prefix))) {
        claims[`oid:${oidOf(der, id)}`] = [readUnknown(der, value.start, value.end)];
      }
    } else {
      const text = fulcio.raw
        ? readRaw(der, value.start, value.end)
        : readUtf8String(der, value.start, value.end, fulcio.claim);
      if (fulcio.claim === FIRST_ISSUER) {
        expectOnce(firstIssuer === null, der, id);
        firstIssuer = text;
      } else {
        expectOnce(claims[fulcio.claim] === undefined, der, id);
        claims[fulcio.claim] = [text];
      }
    }
    at = extension.end;
  }
  return { claims: finish(claims, firstIssuer), codeSigning };
}

/** Compares in place: this runs some twenty times for every entry of a log. */
function findFulcioExtension({ bytes, chars }: DerText, id: Element): FulcioExtension | undefined {
  const isFulcio = id.end - id.start === FULCIO.length + 1 && chars.startsWith(FULCIO, id.start);
  return isFulcio ? FULCIO_EXTENSIONS.get(bytes[id.end - 1] ?? 0) : undefined;
}

function expectOnce(isFirst: boolean, der: DerText, id: Element): void {
  if (!isFirst) {
    throw new DerError(`Cannot read certificate: extension ${oidOf(der, id)} occurs twice`);
  }
}

function oidOf({ bytes }: DerText, id: Element): string {
  return formatOid(bytes.subarray(id.start, id.end));
}

/** Takes the issuer from where it stood first if it stands nowhere else, and shows both where they differ; an absent claim has no key. */
function finish(claims: Record<string, string[]>, firstIssuer: string | null): Record<string, string[]> {
  if (claims['subject']?.length === 0) {
    delete claims['subject'];
  }
  if (firstIssuer !== null) {
    claims['issuer'] ??= [firstIssuer];
    if (claims['issuer'][0] !== firstIssuer) {
      claims[FIRST_ISSUER] = [firstIssuer];
    }
  }
  return claims;
}

/** The content of an extension, after its identifier and whether it is critical, which changes nothing for a reader of claims. */
function readValue(der: Buffer, at: number, end: number): { readonly start: number; readonly end: number } {
  const first = readElement(der, at, end);
  if (first.tag === TAG.boolean && first.end !== first.start + 1) {
    throw new DerError(`Cannot read extension at byte ${at}: its boolean is not one byte`);
  }
  const value =
    first.tag === TAG.octetString
      ? first
      : expectElement(der, first.tag === TAG.boolean ? first.end : at, end, TAG.octetString, 'extension value');
  expectEnd(value.end, end, 'extension');
  return value;
}

function readUtf8String(der: DerText, start: number, end: number, what: string): string {
  const text = expectElement(der.bytes, start, end, TAG.utf8String, what);
  expectEnd(text.end, end, what);
  return expectText(readText(der, text.start, text.end), what);
}

function expectText(text: string | null, what: string): string {
  if (text === null) {
    throw new DerError(`Cannot read ${what}: it is not valid UTF-8`);
  }
  return text;
}

function readSubjectAltName({ bytes, chars }: DerText, start: number, end: number): string[] {
  const names = expectElement(bytes, start, end, TAG.sequence, 'subject alternative name');
  expectEnd(names.end, end, 'subject alternative name');
  const texts: string[] = [];
  for (let at = names.start; at < names.end;) {
    const name = readElement(bytes, at, names.end);
    if (TEXT_NAME_TAGS.includes(name.tag)) {
      texts.push(expectText(readText({ bytes, chars }, name.start, name.end), 'subject alternative name'));
    } else if (name.tag === OTHER_NAME_TAG) {
      texts.push(...readOtherName({ bytes, chars }, name.start, name.end));
    } else if (!SILENT_NAME_TAGS.includes(name.tag)) {
      throw new DerError(`Cannot read subject alternative name at byte ${at}: unknown kind of name`);
    }
    at = name.end;
  }
  return texts;
}

/** Fulcio's user names are `otherName { .7, [0] UTF8String }`; an otherName of another type says nothing to us. */
function readOtherName(der: DerText, start: number, end: number): string[] {
  const type = expectElement(der.bytes, start, end, TAG.oid, 'type of otherName');
  const value = expectElement(der.bytes, type.end, end, EXPLICIT_VALUE, 'value of otherName');
  expectEnd(value.end, end, 'otherName');
  const isFulcio = der.chars.slice(type.start, type.end) === OTHER_NAME;
  return isFulcio ? [readUtf8String(der, value.start, value.end, 'otherName')] : [];
}

function readKeyUsages({ bytes, chars }: DerText, start: number, end: number): string[] {
  const usages = expectElement(bytes, start, end, TAG.sequence, 'extended key usage');
  expectEnd(usages.end, end, 'extended key usage');
  const oids: string[] = [];
  for (let at = usages.start; at < usages.end;) {
    const usage = expectElement(bytes, at, usages.end, TAG.oid, 'extended key usage');
    oids.push(chars.slice(usage.start, usage.end));
    at = usage.end;
  }
  return oids;
}

/** The content as text, or else as hex. */
function readRaw({ bytes, chars }: DerText, start: number, end: number): string {
  return readText({ bytes, chars }, start, end) ?? bytes.toString('hex', start, end);
}

/** The text of a lone UTF8String, or the content as text, or else as hex. */
function readUnknown(der: DerText, start: number, end: number): string {
  const inner = der.bytes[start] === TAG.utf8String ? tryUtf8String(der, start, end) : null;
  return inner ?? readRaw(der, start, end);
}

function tryUtf8String(der: DerText, start: number, end: number): string | null {
  try {
    return readUtf8String(der, start, end, 'extension');
  } catch (error) {
    if (error instanceof DerError) {
      return null;
    }
    throw error;
  }
}

/** The encoded bytes of a dotted OID as Latin-1 characters (X.690 §8.19). */
function encodeOid(dotted: string): string {
  const [root = 0, second = 0, ...others] = dotted.split('.').map(Number);
  return [root * 40 + second, ...others].map(encodeArc).join('');
}

function encodeArc(arc: number): string {
  const octets = [arc % 128];
  for (let rest = Math.floor(arc / 128); rest > 0; rest = Math.floor(rest / 128)) {
    octets.unshift((rest % 128) + 128);
  }
  return String.fromCharCode(...octets);
}
