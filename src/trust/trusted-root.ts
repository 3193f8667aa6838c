import { createPublicKey, hash } from 'node:crypto';
import {
  HashAlgorithm,
  TrustedRoot,
  type CertificateAuthority as CertificateAuthorityMessage,
  type TimeRange,
  type TransparencyLogInstance,
} from '@sigstore/protobuf-specs';
import { isNonEmpty, type NonEmpty } from '../lib/non-empty.ts';
import type { LogType } from '../log/log.ts';
import { noteKey, type NoteKey } from '../tlog/note.ts';
import { treeHeadKey } from '../tlog/tree-head.ts';
import type { CertificateAuthority } from './chain.ts';
import { findAuthorityFault, prepareIssuers } from './issuer.ts';

/** A log that the trust source knows. */
export interface TrustedLog {
  readonly type: LogType;
  /** Origin of the log or, Rekor v1, the host part of its shards' origins. */
  readonly origin: string;
  readonly url: string;
  /** Below `url`; only for Rekor v2. */
  readonly readPath: string;
  /** SubjectPublicKeyInfo, DER. */
  readonly spki: Buffer;
  readonly validFrom: Date | null;
  readonly validTo: Date | null;
  /** Set for one that the trust source did not name when it was first read: nothing of it may be missed. */
  readonly later?: true;
}

/** Keys, CAs and logs that are trusted. */
export interface TrustData {
  readonly authorities: readonly CertificateAuthority[];
  readonly logs: readonly TrustedLog[];
  /** Of type `ct`. */
  readonly ctLogs: readonly TrustedLog[];
  /** Until when the data is known to be complete; null: no such time is known. */
  readonly goodUntil: Date | null;
  /** What could not be used, and why. */
  readonly skipped: readonly { readonly what: string; readonly why: string }[];
}

/**
 * Reads a `trusted_root.json` (sigstore protobuf-specs, TrustedRoot). A log or CA that this version cannot use is left
 * out and named in `skipped`; throws SyntaxError when the whole is not such a file.
 */
export function parseTrustedRoot(json: string): TrustData {
  const root = readTrustedRoot(json);
  const skipped: { what: string; why: string }[] = [];
  const keep = <Message, Kept>(messages: readonly Message[], what: (m: Message) => string, use: (m: Message) => Kept) =>
    messages.flatMap((message) => {
      try {
        return [use(message)];
      } catch (error) {
        if (!(error instanceof SyntaxError)) {
          throw error;
        }
        skipped.push({ what: what(message), why: error.message });
        return [];
      }
    });
  return {
    authorities: keep(root.certificateAuthorities, ({ uri }) => `certificate authority "${uri}"`, toAuthority),
    logs: keep(root.tlogs, ({ baseUrl }) => `log "${baseUrl}"`, toLog),
    ctLogs: keep(root.ctlogs, ({ baseUrl }) => `CT log "${baseUrl}"`, toCtLog),
    goodUntil: null,
    skipped,
  };
}

function readTrustedRoot(json: string): TrustedRoot {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (cause) {
    throw new SyntaxError('Cannot parse trusted root: expected JSON', { cause });
  }
  const mediaType =
    typeof value === 'object' && value !== null && 'mediaType' in value ? String(value.mediaType) : '(none)';
  if (!/^application\/vnd\.dev\.sigstore\.trustedroot(\.v\d+\.\d+)?\+json/.test(mediaType)) {
    throw new SyntaxError(
      `Cannot parse trusted root of media type "${mediaType.slice(0, 100)}": expected application/vnd.dev.sigstore.trustedroot+json`,
    );
  }
  try {
    return TrustedRoot.fromJSON(value);
  } catch (cause) {
    throw new SyntaxError(`Cannot parse trusted root: ${cause instanceof Error ? cause.message : String(cause)}`, {
      cause,
    });
  }
}

function toLog(log: TransparencyLogInstance): TrustedLog {
  const { url, spki } = requireUsable(log);
  const logId = log.logId?.keyId;
  if (logId === undefined) {
    throw new SyntaxError('it has no log ID');
  }
  // Throws for a key that cannot sign checkpoints here.
  const key = noteKey(url.host, spki);
  return {
    type: typeOf(Buffer.from(logId), key),
    origin: url.host,
    url: log.baseUrl.replace(/\/+$/, ''),
    readPath: '/api/v2',
    spki,
    ...validity(log.publicKey?.validFor),
  };
}

/** Its ID is not looked at: it is the hash of the key, but for staging's oldest log, and no checkpoint holds it. */
function toCtLog(log: TransparencyLogInstance): TrustedLog {
  const { url, spki: raw } = requireUsable(log);
  const spki = fromPkcs1(raw) ?? raw;
  const origin = url.host + url.pathname.replace(/\/+$/, '');
  // Throws for a key that cannot sign tree heads.
  treeHeadKey(origin, spki);
  return {
    type: 'ct',
    origin,
    url: log.baseUrl.replace(/\/+$/, ''),
    readPath: '',
    spki,
    ...validity(log.publicKey?.validFor),
  };
}

function requireUsable(log: TransparencyLogInstance): { readonly url: URL; readonly spki: Buffer } {
  if (log.hashAlgorithm !== HashAlgorithm.SHA2_256) {
    throw new SyntaxError('its tree is not made with SHA-256');
  }
  if (!URL.canParse(log.baseUrl) || !/^https?:$/.test(new URL(log.baseUrl).protocol)) {
    throw new SyntaxError('its baseUrl is no http(s) URL');
  }
  const spki = log.publicKey?.rawBytes;
  if (spki === undefined) {
    throw new SyntaxError('it has no public key');
  }
  return { url: new URL(log.baseUrl), spki: Buffer.from(spki) };
}

/** The SubjectPublicKeyInfo of an RSA key that is given without one (protobuf-specs, PKCS1_RSA_PKCS1V5); null for other bytes. */
function fromPkcs1(raw: Buffer): Buffer | null {
  try {
    return createPublicKey({ key: raw, format: 'der', type: 'pkcs1' }).export({ format: 'der', type: 'spki' });
  } catch {
    return null;
  }
}

/**
 * The ID of a Rekor v1 log is the hash of its key, of a v2 log the note's key ID (protobuf-specs,
 * TransparencyLogInstance). Notes of Rekor v1 name their key by its hash as well, which those of an Ed25519 key do not:
 * with one the log is of v2, also where its ID is given as the hash, as staging's first one was in May 2025.
 */
function typeOf(logId: Buffer, { id, spki }: NoteKey): LogType {
  const keyHash = hash('sha256', spki, 'buffer');
  return logId.equals(keyHash) && id.equals(keyHash.subarray(0, id.length)) ? 'rekor-v1' : 'rekor-v2';
}

function toAuthority(authority: CertificateAuthorityMessage): CertificateAuthority {
  const chain = (authority.certChain?.certificates ?? []).map(({ rawBytes }) => Buffer.from(rawBytes));
  if (!isNonEmpty(chain)) {
    throw new SyntaxError('it has no certificates');
  }
  const usable = { name: authority.uri, ...validity(authority.validFor) };
  // In 2023 the public-good instance published a chain root first: read that way, its signers would all look forged.
  const turned: NonEmpty<Buffer> = [chain.at(-1) ?? chain[0], ...chain.slice(0, -1).reverse()];
  if (findAuthorityFault({ ...usable, chain: turned }) === null) {
    return { ...usable, chain: turned };
  }
  // Throws SyntaxError for certificates that cannot be read, are no chain, or may not issue to signers.
  prepareIssuers({ ...usable, chain });
  return { ...usable, chain };
}

/** No start stands for the beginning of time, no end for an open one. */
function validity(validFor: TimeRange | undefined): { readonly validFrom: Date | null; readonly validTo: Date | null } {
  const { start = null, end = null } = validFor ?? {};
  if ([start, end].some((time) => time !== null && Number.isNaN(time.getTime()))) {
    throw new SyntaxError('its validity is not given in times of RFC 3339');
  }
  return { validFrom: start, validTo: end };
}
