import { sha256 } from '../../src/tlog/hash.ts';

/** One entry of a CT log, as both of its interfaces need it. */
export interface CtEntry {
  /** MerkleTreeLeaf: what is hashed. */
  readonly leaf: Buffer;
  /** Null for an entry that is no precertificate. */
  readonly precertificate: Buffer | null;
  /** DER of the issuers. */
  readonly chain: readonly Buffer[];
}

/** What there is of an issuance; see `DemoAuthority.issueLogged`. */
export interface Announced {
  readonly precertificate: Buffer;
  readonly tbs: Buffer;
  readonly issuerKeyHash: Buffer;
}

/** The entry of a certificate. `timestamp`: Unix milliseconds. */
export function certificateEntry(certificate: Buffer, timestamp: number, chain: readonly Buffer[] = []): CtEntry {
  return { leaf: leafOf(timestamp, 0, sized(3, certificate)), precertificate: null, chain };
}

/** The entry of a precertificate. */
export function precertificateEntry(announced: Announced, timestamp: number, chain: readonly Buffer[] = []): CtEntry {
  const { precertificate, tbs, issuerKeyHash } = announced;
  return { leaf: leafOf(timestamp, 1, issuerKeyHash, sized(3, tbs)), precertificate, chain };
}

/** `extra_data` of RFC 6962 §4.6. */
export function extraData({ precertificate, chain }: CtEntry): Buffer {
  const certificates = sized(3, ...chain.map((certificate) => sized(3, certificate)));
  return precertificate === null ? certificates : Buffer.concat([sized(3, precertificate), certificates]);
}

/** TileLeaf of c2sp.org/static-ct-api. */
export function tileLeaf({ leaf, precertificate, chain }: CtEntry): Buffer {
  const fingerprints = sized(2, ...chain.map(sha256));
  return Buffer.concat([
    leaf.subarray(2),
    precertificate === null ? Buffer.alloc(0) : sized(3, precertificate),
    fingerprints,
  ]);
}

/** RFC 6962 §3.4, without extensions. */
function leafOf(timestamp: number, type: number, ...signed: readonly Buffer[]): Buffer {
  const head = Buffer.alloc(12);
  head.writeBigUInt64BE(BigInt(timestamp), 2);
  head.writeUInt16BE(type, 10);
  return Buffer.concat([head, ...signed, sized(2)]);
}

function sized(lengthSize: number, ...content: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(content);
  const length = Buffer.alloc(lengthSize);
  length.writeUIntBE(body.length, 0, lengthSize);
  return Buffer.concat([length, body]);
}
