import { ATTESTATION_CLAIMS } from './claims.ts';

const FULCIO = 'oid:1.3.6.1.4.1.57264.1';

/** Where claims stood before they had names of their own (Fulcio docs/oid-info.md): trigger, name of the workflow, repository, ref. */
export const FORMER_CLAIMS: readonly string[] = [`${FULCIO}.5`, `${FULCIO}.6`, `${FULCIO}.4`, `${FULCIO}.2`];

/** Claims that say who signed and how, in the order in which they are written. A value that few signers have is looked at twice. */
export const TELLING_CLAIMS: readonly string[] = [
  ...['issuer', 'builder', 'subject', 'source_repository', 'source_ref', 'workflow', 'trigger', 'runner'],
  ...['environment', 'visibility', 'source_repository_id', 'source_owner', 'source_owner_id'],
  ...FORMER_CLAIMS,
  'key',
  'sct',
];

/** Claims of the attestation that stay the same from one release to the next. */
export const STATEMENT_CLAIMS: readonly string[] = ['predicate_type', 'build_type', 'slsa_builder', 'source_uri'];

/** Claims that are never drafted, and why. */
const OMITTED: Readonly<Record<string, string>> = {
  builder_digest: 'another commit with each change of the workflow',
  workflow_digest: 'another commit with each change of the workflow',
  source_digest: 'another commit with each release',
  source_sha: 'another commit with each release',
  [`${FULCIO}.3`]: 'another commit with each release',
  run: 'another one each time',
  token_subject: 'it says again, and differently over the years, what the other claims say',
  artifact: 'another one each time',
  key: 'each certificate has a key of its own',
  key_subject: 'whoever makes a key chooses it',
  subject_name: 'it often holds the version',
  kind: 'it says what was signed, and not by whom',
};

/** Why a claim is left out of every draft; null where it is not. */
export function whyOmitted(claim: string): string | null {
  return OMITTED[claim] ?? null;
}

/** Whether a claim is none of those that are known by name here: a further extension. */
export function isFurtherClaim(claim: string): boolean {
  return (
    claim.startsWith('oid:') &&
    whyOmitted(claim) === null &&
    !TELLING_CLAIMS.includes(claim) &&
    !ATTESTATION_CLAIMS.has(claim) &&
    claim !== `${FULCIO}.1`
  );
}
