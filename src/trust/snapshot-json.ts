import { isNonEmpty } from '../lib/non-empty.ts';
import type { CertificateAuthority } from './chain.ts';
import { findAuthorityFault } from './issuer.ts';
import type { TrustSnapshot } from './snapshot.ts';
import type { TrustedLog } from './trusted-root.ts';

type Stored<T> = {
  readonly [Key in keyof T]: Date extends T[Key] ? string | null : T[Key] extends Buffer ? string : T[Key];
};
type StoredAuthority = Omit<Stored<CertificateAuthority>, 'chain'> & { readonly chain: readonly string[] };

interface StoredSnapshot {
  readonly authorities: readonly StoredAuthority[];
  readonly logs: readonly Stored<TrustedLog>[];
  readonly ctLogs: readonly Stored<TrustedLog>[];
  readonly goodUntil: string | null;
  readonly skipped: TrustSnapshot['data']['skipped'];
  readonly former: readonly Stored<TrustedLog>[];
  readonly first: readonly string[];
}

/** A snapshot as it is stored: JSON, with DER in base64. */
export function encodeSnapshot({ data, former, first }: TrustSnapshot): string {
  const stored: StoredSnapshot = {
    authorities: data.authorities.map((authority) => ({
      name: authority.name,
      chain: authority.chain.map((der) => der.toString('base64')),
      ...encodeValidity(authority),
    })),
    logs: data.logs.map(encodeLog),
    ctLogs: data.ctLogs.map(encodeLog),
    goodUntil: data.goodUntil?.toISOString() ?? null,
    skipped: data.skipped,
    former: former.map(encodeLog),
    first,
  };
  return JSON.stringify(stored);
}

/**
 * What {@link encodeSnapshot} made, perhaps an earlier version of it: an authority that this version cannot use is left out
 * and named, as in what is published. Throws Error for anything else.
 */
export function decodeSnapshot(json: string): TrustSnapshot {
  // Written by this file, so the shape is known.
  const stored = JSON.parse(json) as StoredSnapshot;
  const authorities = stored.authorities
    .map(decodeAuthority)
    .map((authority) => ({ authority, fault: findAuthorityFault(authority) }));
  const unusable = authorities.flatMap(({ authority: { name }, fault }) =>
    fault === null
      ? []
      : [{ what: `certificate authority "${name}"`, why: `Cannot use authority "${name}": ${fault}` }],
  );
  return {
    data: {
      authorities: authorities.flatMap(({ authority, fault }) => (fault === null ? [authority] : [])),
      logs: stored.logs.map(decodeLog),
      ctLogs: stored.ctLogs.map(decodeLog),
      goodUntil: toDate(stored.goodUntil),
      skipped: [...stored.skipped, ...unusable],
    },
    former: stored.former.map(decodeLog),
    first: stored.first,
  };
}

function encodeLog(log: TrustedLog): Stored<TrustedLog> {
  const { type, origin, url, readPath, spki } = log;
  return { type, origin, url, readPath, spki: spki.toString('base64'), ...encodeValidity(log) };
}

function decodeLog({ type, origin, url, readPath, spki, validFrom, validTo }: Stored<TrustedLog>): TrustedLog {
  const key = Buffer.from(spki, 'base64');
  return { type, origin, url, readPath, spki: key, validFrom: toDate(validFrom), validTo: toDate(validTo) };
}

function decodeAuthority({ name, chain, validFrom, validTo }: StoredAuthority): CertificateAuthority {
  const certificates = chain.map((der) => Buffer.from(der, 'base64'));
  if (!isNonEmpty(certificates)) {
    throw new Error(`Cannot read stored authority "${name}": it has no certificates`);
  }
  return { name, chain: certificates, validFrom: toDate(validFrom), validTo: toDate(validTo) };
}

function encodeValidity({ validFrom, validTo }: Pick<TrustedLog, 'validFrom' | 'validTo'>) {
  return { validFrom: validFrom?.toISOString() ?? null, validTo: validTo?.toISOString() ?? null };
}

function toDate(time: string | null): Date | null {
  return time === null ? null : new Date(time);
}
