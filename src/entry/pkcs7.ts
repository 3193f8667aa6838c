import { DerError, expectElement, expectEnd, formatOid, readElement, TAG, type Element } from './der.ts';
import { EntryError } from './entry-error.ts';

/** What of a SignedData is looked at (RFC 5652 §5.1). Buffers are DER, but `content` and `signature`. */
export interface SignedData {
  /** Dotted decimal: what the content is said to be. */
  readonly contentType: string;
  /** Null where the content is kept elsewhere. */
  readonly content: Buffer | null;
  /** X.509 certificates, in no order that means anything. */
  readonly certificates: readonly Buffer[];
  readonly signers: readonly SignerInfo[];
}

/** Who made a signature, by what names his certificate (RFC 5652 §5.3): one of the two is null. */
export interface SignerInfo {
  readonly issuerAndSerial: Buffer | null;
  readonly subjectKeyId: Buffer | null;
  readonly signature: Buffer;
}

const SIGNED_DATA = '1.2.840.113549.1.7.2';
const SET = 0x31;
/** Context tags: the content of a ContentInfo and of an EncapsulatedContentInfo; certificates; signed attributes. */
const CONTEXT_0 = 0xa0;
/** Lists of revoked certificates; unsigned attributes. */
const CONTEXT_1 = 0xa1;
/** A subjectKeyIdentifier in place of issuer and serial number. */
const KEY_ID = 0x80;
/** Far above every real one; each costs a walk through its bytes. */
const MAX_CERTIFICATES = 100;
const MAX_SIGNERS = 20;

/**
 * Reads a ContentInfo that holds SignedData. Nothing is verified. Throws DerError, for BER with indefinite lengths too, which
 * Go's encoding/asn1, and so Rekor, does not read either; EntryError where there is more than a signature needs.
 */
export function readSignedData(der: Buffer): SignedData {
  const info = expectElement(der, 0, der.length, TAG.sequence, 'PKCS #7');
  expectEnd(info.end, der.length, 'PKCS #7');
  return readContentInfo(der, info);
}

/** As {@link readSignedData}, where `info` is the ContentInfo. */
export function readContentInfo(der: Buffer, info: Element): SignedData {
  const type = expectElement(der, info.start, info.end, TAG.oid, 'content type of PKCS #7');
  const oid = formatOid(der.subarray(type.start, type.end));
  if (oid !== SIGNED_DATA) {
    throw new EntryError(`Cannot read PKCS #7: its content is of type ${oid}, expected signed data, ${SIGNED_DATA}`);
  }
  const wrapper = expectElement(der, type.end, info.end, CONTEXT_0, 'content of PKCS #7');
  expectEnd(wrapper.end, info.end, 'PKCS #7');
  const signedData = expectElement(der, wrapper.start, wrapper.end, TAG.sequence, 'signed data');
  expectEnd(signedData.end, wrapper.end, 'content of PKCS #7');
  return readParts(der, signedData);
}

function readParts(der: Buffer, { start, end }: Element): SignedData {
  const version = expectElement(der, start, end, TAG.integer, 'version of signed data');
  const algorithms = expectElement(der, version.end, end, SET, 'digest algorithms of signed data');
  const inner = expectElement(der, algorithms.end, end, TAG.sequence, 'encapsulated content');
  const certificates = optionalAt(der, inner.end, end, CONTEXT_0);
  const lists = optionalAt(der, certificates?.end ?? inner.end, end, CONTEXT_1);
  const infos = expectElement(der, lists?.end ?? certificates?.end ?? inner.end, end, SET, 'signers of signed data');
  expectEnd(infos.end, end, 'signed data');
  return {
    ...readEncapsulated(der, inner),
    certificates: certificates === null ? [] : readCertificates(der, certificates),
    signers: itemsOf(der, infos, MAX_SIGNERS, 'signers').map((item) => readSignerInfo(der, item)),
  };
}

function readEncapsulated(der: Buffer, inner: Element): Pick<SignedData, 'contentType' | 'content'> {
  const type = expectElement(der, inner.start, inner.end, TAG.oid, 'type of the encapsulated content');
  const contentType = formatOid(der.subarray(type.start, type.end));
  if (type.end === inner.end) {
    return { contentType, content: null };
  }
  const wrapper = expectElement(der, type.end, inner.end, CONTEXT_0, 'encapsulated content');
  expectEnd(wrapper.end, inner.end, 'encapsulated content');
  const content = expectElement(der, wrapper.start, wrapper.end, TAG.octetString, 'encapsulated content');
  expectEnd(content.end, wrapper.end, 'encapsulated content');
  return { contentType, content: der.subarray(content.start, content.end) };
}

/** The other choices (RFC 5652 §10.2.2: attribute certificates and the like) name no signer. */
function readCertificates(der: Buffer, set: Element): readonly Buffer[] {
  return itemsOf(der, set, MAX_CERTIFICATES, 'certificates')
    .filter(({ tag }) => tag === TAG.sequence)
    .map(({ at, end }) => der.subarray(at, end));
}

function readSignerInfo(der: Buffer, { tag, at, start, end }: Element): SignerInfo {
  if (tag !== TAG.sequence) {
    throw new DerError(`Cannot read signer of signed data at byte ${at}: it is no sequence`);
  }
  const version = expectElement(der, start, end, TAG.integer, 'version of a signer');
  const id = readElement(der, version.end, end);
  if (id.tag !== TAG.sequence && id.tag !== KEY_ID) {
    throw new DerError(`Cannot read signer of signed data at byte ${id.at}: nothing names its certificate`);
  }
  const digest = expectElement(der, id.end, end, TAG.sequence, 'digest algorithm of a signer');
  const attributes = optionalAt(der, digest.end, end, CONTEXT_0);
  const algorithm = expectElement(
    der,
    attributes?.end ?? digest.end,
    end,
    TAG.sequence,
    'signature algorithm of a signer',
  );
  const signature = expectElement(der, algorithm.end, end, TAG.octetString, 'signature of a signer');
  const unsigned = optionalAt(der, signature.end, end, CONTEXT_1);
  expectEnd(unsigned?.end ?? signature.end, end, 'signer of signed data');
  const name = der.subarray(id.start, id.end);
  return {
    issuerAndSerial: id.tag === TAG.sequence ? name : null,
    subjectKeyId: id.tag === KEY_ID ? name : null,
    signature: der.subarray(signature.start, signature.end),
  };
}

function optionalAt(der: Buffer, at: number, limit: number, tag: number): Element | null {
  const element = at < limit ? readElement(der, at, limit) : null;
  return element?.tag === tag ? element : null;
}

function itemsOf(der: Buffer, parent: Element, most: number, what: string): readonly Element[] {
  const items: Element[] = [];
  for (let at = parent.start; at < parent.end;) {
    const item = readElement(der, at, parent.end);
    items.push(item);
    at = item.end;
    if (items.length > most) {
      throw new EntryError(`Cannot read signed data of more than ${most} ${what}`);
    }
  }
  return items;
}
