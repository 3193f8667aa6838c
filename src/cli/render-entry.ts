import type { Certificate, ParsedEntry, SignerType } from '../entry/entry.ts';
import { ATTESTATION_CLAIMS, CLAIMS } from '../policy/claims.ts';
import type { Watch } from '../policy/watch.ts';
import type { ChainFinding } from '../trust/chain.ts';
import { chainRow, keyRows, signatureRow, sctRow, signingTimeRow } from './describe-standing.ts';
import { attestationState, type ExplainedSigner, type Explanation } from './explanation.ts';
import { formatHeading, formatMarked, formatRows, type Page, type Row } from './page.ts';
import { formatTime } from './print.ts';
import { renderWatches } from './render-watches.ts';

/** What is needed to put an explanation into words. */
export interface Wording {
  readonly watches: readonly Watch[];
  readonly findChain: (certificate: Certificate) => ChainFinding;
}

/** Values of one claim, and claims of one signer, that are shown; `--json` has them all. */
const MAX_VALUES = 8;
const MAX_CLAIMS = 60;
const MAX_SIGNERS = 20;

const TYPES: Readonly<Record<SignerType, string>> = {
  certificate: 'certificate',
  'public-key': 'public key',
  pgp: 'PGP key',
  ssh: 'SSH key',
  minisign: 'minisign key',
  tuf: 'TUF key',
  none: 'nobody is named',
};

/**
 * An entry for people: what it is, each signer with what is known of it and what it claims, then what each watch makes of it,
 * claim by claim. `rows` stand below the title. Nothing from outside reaches a terminal as it is, or without bound.
 */
export function renderEntry(
  title: string,
  rows: readonly Row[],
  explanation: Explanation,
  wording: Wording,
  page: Page,
): string {
  const { decoded, leafHash } = explanation;
  const leaf = { label: 'leaf hash', value: leafHash.toString('hex') };
  if (!decoded.ok) {
    const kind = decoded.kind === null ? [] : [{ label: 'kind', value: `${decoded.kind} ${decoded.apiVersion ?? ''}` }];
    return [
      formatHeading(title, page),
      formatRows([...rows, ...kind, leaf], page),
      formatMarked('bad', `unparsable: ${decoded.problem}`, page),
      renderWatches(explanation, wording, page),
    ].join('');
  }
  const { entry } = decoded;
  const facts: readonly Row[] = [
    ...rows,
    { label: 'kind', value: `${entry.kind} ${entry.apiVersion}` },
    leaf,
    ...valueRows('artifact', entry.artifacts),
    ...loggedRows(explanation),
  ];
  return [
    formatHeading(title, page),
    formatRows(facts, page),
    entry.unread ? formatMarked('doubt', 'this kind or version is not known: nothing of it was read', page) : '',
    renderAttestation(explanation, entry, page),
    ...explanation.signers
      .slice(0, MAX_SIGNERS)
      .map((signer, position) => renderSigner(signer, position, explanation, entry, wording, page)),
    explanation.signers.length > MAX_SIGNERS
      ? `\n${formatMarked('none', `and ${explanation.signers.length - MAX_SIGNERS} more signers`, page)}`
      : '',
    renderWatches(explanation, wording, page),
  ].join('');
}

function loggedRows({ signedTime }: Explanation): readonly Row[] {
  return signedTime === null
    ? []
    : [{ label: 'logged', value: `${formatTime(timeOf(signedTime))}, signed by the log` }];
}

/** A log may sign any number; one that is no time shows as the end of time. */
function timeOf(seconds: number): Date {
  return new Date(Math.min(seconds, 253_402_300_799) * 1000);
}

const ATTESTATIONS = {
  bound: ['good', 'what came with the entry is what was signed: it has the hash that the entry records'],
  mismatch: ['bad', 'what came with the entry is not what was signed, and nothing of it is believed'],
  'not-checkable': ['none', 'the entry records no hash to compare it with, so nothing of it is believed'],
} as const;

function renderAttestation(explanation: Explanation, entry: ParsedEntry, page: Page): string {
  const state = attestationState(explanation);
  if (state === null) {
    return '';
  }
  const [mark, sentence] = ATTESTATIONS[state];
  const why = entry.attestationProblem === null ? '' : `: ${entry.attestationProblem}`;
  const claims = [...ATTESTATION_CLAIMS].flatMap((claim) => valueRows(claim, entry.claims[claim] ?? []));
  return [
    `\n${formatHeading('Attestation', page)}`,
    formatMarked(mark, `${sentence}${why}`, page),
    formatRows(claims, page, 4),
  ].join('');
}

function renderSigner(
  { signer, standing }: ExplainedSigner,
  position: number,
  { signers, signedTime }: Explanation,
  entry: ParsedEntry,
  { findChain }: Wording,
  page: Page,
): string {
  const { certificate } = signer;
  // What a CT log holds was issued, not signed with.
  const isSigned = entry.issuance === undefined;
  const rows: readonly Row[] = [
    ...(certificate === null ? [] : [chainRow(findChain(certificate))]),
    ...(isSigned ? [signatureRow(standing.signature)] : []),
    ...(isSigned && certificate !== null ? [signingTimeRow(standing.signingTime, signedTime)] : []),
    ...(isSigned && standing.sct !== null ? [sctRow(standing.sct)] : []),
    ...keyRows(signer),
    ...claimRows(signer.claims, certificate?.problems ?? {}),
  ];
  const number = signers.length === 1 ? '' : ` ${position}`;
  return `\n${formatHeading(`Signer${number}: ${TYPES[signer.type]}`, page)}${formatRows(rows, page)}`;
}

/** In the order of the documentation, then those without a name. */
function claimRows(
  claims: Readonly<Record<string, readonly string[]>>,
  problems: Readonly<Record<string, string>>,
): readonly Row[] {
  const names = new Set([...Object.keys(claims), ...Object.keys(problems)]);
  const ordered = [...CLAIMS, ...[...names].filter((name) => !CLAIMS.has(name)).sort()].filter(
    (name) => name !== 'key' && names.has(name),
  );
  const rows = ordered.slice(0, MAX_CLAIMS).flatMap((name): readonly Row[] => {
    const problem = problems[name];
    const values = valueRows(name, claims[name] ?? []);
    return problem === undefined
      ? values
      : [...values, { mark: 'bad', label: '', value: `${name} is written wrongly: ${problem}` }];
  });
  const left = ordered.length - MAX_CLAIMS;
  return left > 0 ? [...rows, { label: '', value: `and ${left} more claims` }] : rows;
}

/** The first of a claim's values, each in a row, and how many more there are. */
function valueRows(label: string, values: readonly string[]): readonly Row[] {
  const rows = values
    .slice(0, MAX_VALUES)
    .map((value, place) => ({ label: place === 0 ? label : '', value: value === '' ? '(empty)' : value }));
  return values.length > MAX_VALUES ? [...rows, { label: '', value: `and ${values.length - MAX_VALUES} more` }] : rows;
}
