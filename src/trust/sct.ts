import { createPublicKey, hash, verify, type KeyObject } from 'node:crypto';
import { DerError } from '../entry/der.ts';
import type { Certificate } from '../entry/entry.ts';
import { tbsWithout } from '../entry/tbs-without.ts';
import { tlsOpaque } from '../lib/tls-reader.ts';
import type { SctVerdict } from '../policy/standing.ts';
import { readCertificateParts } from './certificate-parts.ts';
import type { CertificateAuthority } from './chain.ts';
import { issuerName, prepareIssuers } from './issuer.ts';
import { readSctList, SCT_LIST, type SignedCertificateTimestamp } from './sct-list.ts';
import type { TrustedLog } from './trusted-root.ts';

/** A key of a CT log that is known. */
interface CtKey {
  readonly key: KeyObject;
  /** The SignatureAlgorithm of TLS that it makes (RFC 6962 §2.1.4). */
  readonly algorithm: number;
  /** When it may promise, Unix milliseconds, both ends included. */
  readonly from: number;
  readonly to: number;
}

/** HashAlgorithm sha256, and the SignatureAlgorithm of either kind of key (RFC 5246 §7.4.1.4.1). */
const SHA256 = 4;
const ALGORITHMS: Readonly<Record<string, number>> = { rsa: 1, ec: 3 };

/**
 * Prepares the keys of CT logs, also of such as are no longer published, and returns what the promises in a certificate
 * (RFC 6962 §3.3) are worth. `absent`: it holds none. `invalid`: the certificate or its list cannot be read, or a promise in
 * the name of a log that is known was not made by it for this certificate. `verified`: one was, at a time when the log's key
 * was in force, and none is invalid. `unknown-log`: no promise is of a log that is known for that time. Throws SyntaxError
 * for keys and authorities that cannot be used. The question never throws, and takes less than a millisecond.
 */
export function createSctVerifier(
  authorities: readonly CertificateAuthority[],
  ctLogs: readonly Pick<TrustedLog, 'spki' | 'validFrom' | 'validTo'>[],
): (certificate: Certificate) => SctVerdict {
  const keys = groupById(ctLogs);
  const issuers = authorities.flatMap(prepareIssuers);
  return (certificate) => {
    // What a log holds of a certificate to be was there before any promise.
    if (certificate.precertificate !== undefined) {
      return 'absent';
    }
    try {
      const { issuer, extensions } = readCertificateParts(certificate.der);
      const [list, ...others] = extensions.filter(({ id }) => id === SCT_LIST);
      if (list === undefined) {
        return 'absent';
      }
      const tbs = tbsWithout(certificate.der, SCT_LIST);
      if (others.length > 0 || tbs === null) {
        return 'invalid';
      }
      const promises = readSctList(list);
      const name = issuerName(issuer);
      const keyHashes = issuers.filter((known) => known.name === name).map(({ keyHash }) => keyHash.toString('hex'));
      const entries = [...new Set(keyHashes)].map((keyHash) => precertEntry(Buffer.from(keyHash, 'hex'), tbs));
      return weigh(promises, keys, entries);
    } catch (error) {
      if (error instanceof DerError || error instanceof SyntaxError) {
        return 'invalid';
      }
      throw error;
    }
  };
}

function weigh(
  promises: readonly SignedCertificateTimestamp[],
  keys: ReadonlyMap<string, readonly CtKey[]>,
  entries: readonly Buffer[],
): SctVerdict {
  const verdicts = promises.map((promise) => weighOne(promise, keys.get(promise.logId.toString('hex')) ?? [], entries));
  return (['invalid', 'verified'] as const).find((verdict) => verdicts.includes(verdict)) ?? 'unknown-log';
}

/** Of a key that was not in force any more, or not yet, nothing more is known than of a stranger's: honest logs have done so as well. */
function weighOne(promise: SignedCertificateTimestamp, keys: readonly CtKey[], entries: readonly Buffer[]): SctVerdict {
  const holding = keys.filter((key) => holds(promise, key, entries));
  if (holding.some(({ from, to }) => promise.timestamp >= from && promise.timestamp <= to)) {
    return 'verified';
  }
  return keys.length > 0 && holding.length === 0 ? 'invalid' : 'unknown-log';
}

/** Of several authorities of one name any may have issued the certificate: the log signed which. */
function holds(promise: SignedCertificateTimestamp, { key, algorithm }: CtKey, entries: readonly Buffer[]): boolean {
  if (promise.hash !== SHA256 || promise.algorithm !== algorithm) {
    return false;
  }
  const start = Buffer.alloc(12);
  // Version v1, signature type certificate_timestamp, the time, entry type precert_entry (RFC 6962 §3.2).
  start.writeBigUInt64BE(BigInt(promise.timestamp), 2);
  start.writeUInt16BE(1, 10);
  const end = tlsOpaque(2, promise.extensions);
  return entries.some((entry) =>
    verify('sha256', Buffer.concat([start, entry, end]), { key, dsaEncoding: 'der' }, promise.signature),
  );
}

/** PreCert (RFC 6962 §3.2). */
function precertEntry(issuerKeyHash: Buffer, tbs: Buffer): Buffer {
  return Buffer.concat([issuerKeyHash, tlsOpaque(3, tbs)]);
}

/** By log ID, the SHA-256 of the key in hex. One key may be published with several times. */
function groupById(
  ctLogs: readonly Pick<TrustedLog, 'spki' | 'validFrom' | 'validTo'>[],
): ReadonlyMap<string, readonly CtKey[]> {
  const keys = new Map<string, CtKey[]>();
  for (const { spki, validFrom, validTo } of ctLogs) {
    const id = hash('sha256', spki);
    const known = keys.get(id) ?? [];
    known.push({ ...readKey(spki), from: validFrom?.getTime() ?? -Infinity, to: validTo?.getTime() ?? Infinity });
    keys.set(id, known);
  }
  return keys;
}

function readKey(spki: Buffer): Pick<CtKey, 'key' | 'algorithm'> {
  const key = createPublicKey({ key: spki, format: 'der', type: 'spki' });
  const algorithm = ALGORITHMS[key.asymmetricKeyType ?? ''];
  if (algorithm === undefined) {
    throw new SyntaxError(
      `Cannot use the ${key.asymmetricKeyType ?? 'unknown'} key of a CT log: expected ECDSA or RSA`,
    );
  }
  return { key, algorithm };
}
