import { hash } from 'node:crypto';
import { payloadOfCoseSign1 } from './cose-payload.ts';
import { artifactsOf } from './digest.ts';
import type { Attestation, ParsedEntry, SignedDigest } from './entry.ts';
import { IN_TOTO_TYPE, preAuthEncoding } from './pae.ts';
import { parseStatement } from './statement.ts';

/** What an entry has of an attestation before one is at hand. */
export const UNATTESTED: Pick<ParsedEntry, 'claims' | 'attestation' | 'attestationProblem'> = {
  claims: {},
  attestation: null,
  attestationProblem: null,
};

/** What somebody says was signed: nobody vouches for it until it is bound to an entry. */
export interface ServedAttestation {
  /** The decoded payload of an envelope; of an entry of kind cose also the whole COSE_Sign1 message, as Rekor v1 stores it. */
  readonly payload: Buffer;
  /** DSSE's `payloadType`; null where nobody says. */
  readonly payloadType: string | null;
}

/** Rekor v1 stores 100 KiB unless told otherwise; more than this is not looked at. */
export const MAX_ATTESTATION_BYTES = 8 * 1024 * 1024;
/** So many digests of an entry are kept, those of the entry itself first: more than 100 KiB hold, so that none is hidden from who watches it. */
const MAX_ARTIFACTS = 10_000;

/**
 * The entry with an attestation, if it is the one that was signed: if it hashes to what the entry records (dsse, intoto, cose), or its
 * pre-authentication encoding does (a DSSE envelope logged as hashedrekord). Then the claims and the subjects of its in-toto
 * statement are the entry's; else `attestationProblem` says so, and nothing of it is believed. An entry that records nothing to
 * compare with stays as it is, as does one that has its attestation. Pure; never throws; linear in the payload.
 */
export function withAttestation(entry: ParsedEntry, served: ServedAttestation): ParsedEntry {
  if (entry.attestation !== null) {
    return entry;
  }
  const { length } = served.payload;
  if (length > MAX_ATTESTATION_BYTES) {
    const problem = `The attestation served has ${length} bytes, expected at most ${MAX_ATTESTATION_BYTES}`;
    return { ...entry, attestationProblem: problem };
  }
  const expected = entry.payload === null ? entry.signedDigest : entry.payload.digest;
  if (expected === null) {
    return entry;
  }
  const bound = bind(entry, served, expected);
  return typeof bound === 'string' ? { ...entry, attestationProblem: bound } : attested(entry, bound);
}

/** What was signed, or why that is something else. */
function bind(
  { kind, payload: reference }: ParsedEntry,
  { payload, payloadType }: ServedAttestation,
  expected: SignedDigest,
): Omit<Attestation, 'statement'> | string {
  if (reference === null) {
    const type = payloadType ?? IN_TOTO_TYPE;
    const encoding = preAuthEncoding(type, payload);
    return hashesTo(encoding, expected) ? { payload, payloadType: type } : mismatch(encoding, expected);
  }
  const type = reference.type ?? payloadType;
  const inner = kind === 'cose' ? payloadOfCoseSign1(payload) : null;
  const found = [payload, inner].find((candidate) => candidate !== null && hashesTo(candidate, expected));
  return found ? { payload: found, payloadType: type } : mismatch(inner ?? payload, expected);
}

/** Whether something came as the attestation of this entry that is not what was signed. */
export function hasWrongAttestation({ attestation, attestationProblem }: ParsedEntry): boolean {
  return attestation === null && attestationProblem !== null;
}

function attested(entry: ParsedEntry, bound: Omit<Attestation, 'statement'>): ParsedEntry {
  const { payload, payloadType } = bound;
  const statement = isInToto(payloadType) ? parseStatement(payload) : null;
  const digest = { algorithm: 'sha256', value: hash('sha256', payload, 'buffer') } as const;
  const artifacts = [...new Set([...entry.artifacts, ...artifactsOf(digest), ...(statement?.subjects ?? [])])];
  return {
    ...entry,
    artifacts: artifacts.slice(0, MAX_ARTIFACTS),
    claims: { ...entry.claims, ...statement?.claims },
    attestation: { ...bound, statement },
    attestationProblem:
      artifacts.length > MAX_ARTIFACTS
        ? `The attestation names so many digests that only ${MAX_ARTIFACTS} of the entry's ${artifacts.length} are kept`
        : null,
  };
}

/** The type is what keeps a signed text from being taken for a statement; intoto 0.0.1 takes nothing else and does not record it. */
function isInToto(payloadType: string | null): boolean {
  return payloadType === null || (payloadType.startsWith('application/vnd.in-toto') && payloadType.endsWith('+json'));
}

function hashesTo(bytes: Buffer, { algorithm, value }: SignedDigest): boolean {
  return hash(algorithm, bytes, 'buffer').equals(value);
}

function mismatch(bytes: Buffer, { algorithm, value }: SignedDigest): string {
  const name = (hex: string): string => `${algorithm}:${hex}`;
  return `The attestation served hashes to ${name(hash(algorithm, bytes, 'hex'))}, expected ${name(value.toString('hex'))}`;
}
