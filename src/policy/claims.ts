import type { SignatureVerdict } from '../entry/entry.ts';
import type { SctVerdict, SigningTime } from './standing.ts';

type ComputedClaim = 'signature' | 'signing_time' | 'sct';

/** Claims that a rule may name, besides `oid:…`. */
export const CLAIMS: ReadonlySet<string> = new Set([
  'issuer',
  'subject',
  'builder',
  'builder_digest',
  'runner',
  'source_repository',
  'source_digest',
  'source_ref',
  'source_repository_id',
  'source_owner',
  'source_owner_id',
  'workflow',
  'workflow_digest',
  'trigger',
  'run',
  'visibility',
  'environment',
  'token_subject',
  'key',
  'key_subject',
  'artifact',
  'kind',
  'slsa_builder',
  'build_type',
  'source_uri',
  'source_sha',
  'subject_name',
  'predicate_type',
  'signature',
  'signing_time',
  'sct',
]);

/** What the claims that are computed here, not read from the entry, may say. Only `expect` may name them. */
export const COMPUTED_VALUES: Readonly<Record<ComputedClaim, readonly string[]>> = {
  signature: ['verified', 'invalid', 'not-checkable'] satisfies readonly SignatureVerdict[],
  signing_time: ['within', 'outside', 'unknown'] satisfies readonly SigningTime[],
  sct: ['verified', 'invalid', 'absent', 'unknown-log'] satisfies readonly SctVerdict[],
};

/** Claims that are computed here. */
export const COMPUTED_CLAIMS: ReadonlySet<string> = new Set(Object.keys(COMPUTED_VALUES));

/** Claims with which every value must agree for `expect` to hold; any value will do for `select`. */
export const LIST_CLAIMS: ReadonlySet<string> = new Set(['subject', 'artifact', 'key_subject', 'subject_name']);

/** Claims of the statement that was signed: known only where the payload is at hand and hashes to what the entry records. */
export const ATTESTATION_CLAIMS: ReadonlySet<string> = new Set([
  'slsa_builder',
  'build_type',
  'source_uri',
  'source_sha',
  'subject_name',
  'predicate_type',
]);

/** Claims that are URIs of a repository or workflow, or of an owner: there `owner/repo` stands for `https://github.com/owner/repo`. */
export const REPOSITORY_CLAIMS: ReadonlySet<string> = new Set([
  'builder',
  'source_repository',
  'workflow',
  'source_owner',
  'slsa_builder',
]);

/** Fulcio's extensions that show under a name alone, by the last arc of 1.3.6.1.4.1.57264.1.* (Fulcio docs/oid-info.md). */
const NAMED_ARCS: Readonly<Record<string, string>> = {
  '8': 'issuer',
  '9': 'builder',
  '10': 'builder_digest',
  '11': 'runner',
  '12': 'source_repository',
  '13': 'source_digest',
  '14': 'source_ref',
  '15': 'source_repository_id',
  '16': 'source_owner',
  '17': 'source_owner_id',
  '18': 'workflow',
  '19': 'workflow_digest',
  '20': 'trigger',
  '21': 'run',
  '22': 'visibility',
  '23': 'environment',
  '24': 'token_subject',
};

const CERTIFICATE_CLAIMS: ReadonlySet<string> = new Set(['subject', ...Object.values(NAMED_ARCS)]);

/** True for what only a certificate says. */
export function isCertificateClaim(claim: string): boolean {
  return CERTIFICATE_CLAIMS.has(claim) || claim.startsWith('oid:');
}

/** Longest name of such a claim. */
export const MAX_OID_CLAIM = 200;

/** What a claim that names an extension looks like. */
export const OID_CLAIM = /^oid:(?:[01]\.(?:[0-9]|[1-3][0-9])|2\.(?:0|[1-9][0-9]*))(?:\.(?:0|[1-9][0-9]*))*$/;

/** True for `oid:` and an object identifier in dotted decimal (X.660: the second arc is below 40 under 0 and 1). */
export function isOidClaim(claim: string): boolean {
  return claim.length <= MAX_OID_CLAIM && OID_CLAIM.test(claim);
}

/** The claim that carries this extension's value under its own name; null for an extension that has none. */
export function nameOfOid(claim: string): string | null {
  const arc = /^oid:1\.3\.6\.1\.4\.1\.57264\.1\.([0-9]+)$/.exec(claim)?.[1];
  return arc === undefined ? null : (NAMED_ARCS[arc] ?? null);
}
