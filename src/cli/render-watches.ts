import { shorten } from '../alert/describe-signer.ts';
import { formatExpected } from '../alert/describe-violation.ts';
import { shown } from '../alert/escape.ts';
import type { ParsedEntry, Signer } from '../entry/entry.ts';
import { asWritten, claimValues, findViolation } from '../policy/judge.ts';
import { meetsAny } from '../policy/meets.ts';
import type { ClaimRule, Verdict, Watch } from '../policy/watch.ts';
import type { EntryJudgement, ExplainedSigner, Explanation } from './explanation.ts';
import { formatHeading, formatMarked, formatRows, type Mark, type Page, type Row } from './page.ts';
import type { Wording } from './render-entry.ts';

/** Values of one claim that are shown. */
const MAX_VALUES = 4;
/** There may be many watches that have nothing to do with an entry. */
const MAX_REASON = 100;

/** What each watch makes of an entry: those that judge it with every rule, the others with the one that kept them away. */
export function renderWatches(explanation: Explanation, { watches }: Pick<Wording, 'watches'>, page: Page): string {
  const judging = watches.filter(({ name }) => explanation.judgements.some(({ watch }) => watch === name));
  const others = watches.filter((watch) => !judging.includes(watch));
  return [
    ...judging.map((watch) => renderJudging(watch, explanation, page)),
    others.length === 0 ? '' : `\n${formatHeading('Not selected by', page)}`,
    formatRows(
      others.map((watch) => ({ mark: 'none', label: watch.name, value: whyNotSelected(watch, explanation) })),
      page,
    ),
    watches.length === 0 ? `\n${formatMarked('none', 'no watch is configured: nothing is judged', page, 0)}` : '',
  ].join('');
}

const MARKS: Readonly<Record<Verdict, Mark>> = {
  expected: 'good',
  unexpected: 'bad',
  forged: 'bad',
  unverifiable: 'doubt',
  observed: 'none',
  unparsable: 'bad',
};

function renderJudging(watch: Watch, explanation: Explanation, page: Page): string {
  const mode = watch.mode === 'audit' ? ' (audit: recorded, never told)' : '';
  const judgements = explanation.judgements.filter((judgement) => judgement.watch === watch.name);
  return [
    `\n${formatHeading(`Watch ${watch.name}${mode}`, page)}`,
    ...judgements.map((judgement) => renderJudgement(watch, judgement, explanation, page)),
  ].join('');
}

function renderJudgement(watch: Watch, judgement: EntryJudgement, explanation: Explanation, page: Page): string {
  const { verdict, signer: position } = judgement;
  const { decoded, signers } = explanation;
  const explained = position === null ? undefined : signers[position];
  const of = signers.length < 2 || position === null ? '' : ` (signer ${position})`;
  const why = verdict === 'unparsable' ? reasonOfMention(watch, explanation) : reasonOf(watch, judgement, explained);
  const head = [
    formatMarked(MARKS[verdict], `${verdict}${of}${why === '' ? '' : `: ${why}`}`, page),
    decoded.ok && explained !== undefined ? renderSelected(watch, decoded.entry, explained.signer, page) : '',
  ].join('');
  const isCompared = verdict === 'expected' || verdict === 'unexpected' || judgement.awaits !== undefined;
  if (!decoded.ok || explained === undefined || !isCompared || !Array.isArray(watch.expect)) {
    return head;
  }
  const rules: readonly ClaimRule[] = watch.expect;
  return (
    head +
    formatRows(
      rules.flatMap((rule) => ruleRows(rule, decoded.entry, explained)),
      page,
      4,
    )
  );
}

/** The first item of `select` that the signer meets, by what it meets it; nothing where that is said otherwise. */
function renderSelected({ select }: Watch, entry: ParsedEntry, signer: Signer, page: Page): string {
  const item = select.findIndex((rules) => rules.every((rule) => isMet(rule, entry, signer)));
  const met = select[item]?.map((rule) => {
    const values = claimValues(rule.claim, entry, signer, null).filter((value) => meetsAny(rule, value));
    return `${rule.claim} ${shown(listed(rule.claim, values), MAX_REASON)}`;
  });
  const of = select.length > 1 ? ` (item ${item + 1} of ${select.length})` : '';
  return met === undefined ? '' : formatRows([{ label: 'selected by', value: `${met.join(', ')}${of}` }], page, 4);
}

function reasonOf({ expect }: Watch, judgement: EntryJudgement, explained?: ExplainedSigner): string {
  const { verdict, violations, awaits } = judgement;
  switch (verdict) {
    case 'expected':
      return '';
    case 'unexpected':
      return expect === 'none'
        ? 'nothing may sign here (expect: none)'
        : `${violations.length} of ${expect?.length ?? 0} rules ${violations.length === 1 ? 'does' : 'do'} not hold`;
    case 'forged':
      return explained?.standing.chain === 'trusted' || explained?.standing.chain === null
        ? 'its signature does not hold, so what it says is not compared'
        : 'its certificate is not trusted, so what it says is not compared';
    case 'unverifiable':
      return awaits === undefined
        ? 'whether its certificate can be trusted is not known, so what it says is not compared'
        : 'what is missing may stand in its attestation, which only the daemon looks for';
    case 'observed':
      return 'this watch expects nothing in particular';
    case 'unparsable':
      return '';
  }
}

function reasonOfMention({ name }: Watch, { mentions }: Explanation): string {
  const mention = mentions?.mentions.find(({ watch }) => watch.name === name);
  const what = mention === undefined ? '' : `: ${mention.claim} ${formatExpected(mention.written)}`;
  return `nothing of it can be read, and it holds what this watch selects${what}`;
}

/** What was found, and where that does not hold, what was expected instead. */
function ruleRows(rule: ClaimRule, entry: ParsedEntry, { signer, standing }: ExplainedSigner): readonly Row[] {
  const values = claimValues(rule.claim, entry, signer, standing);
  const problem = signer.certificate?.problems[rule.claim];
  if (findViolation(rule, entry, signer, standing).length === 0) {
    const notAsked = entry.issuance !== undefined && !values.some((value) => meetsAny(rule, value));
    return notAsked
      ? [{ mark: 'none', label: rule.claim, value: 'not asked of what a CT log holds' }]
      : [{ mark: 'good', label: rule.claim, value: listed(rule.claim, values) }];
  }
  // Those that fail, but where each one meets the rule and the claim as a whole is at fault.
  const failing = values.filter((value) => !meetsAny(rule, value));
  return [
    { mark: 'bad', label: rule.claim, value: listed(rule.claim, failing.length > 0 ? failing : values) },
    ...(problem === undefined ? [] : [{ label: '  written wrongly', value: problem }]),
    { label: '  expected', value: formatExpected(asWritten(rule.patterns)) },
  ];
}

function listed(claim: string, values: readonly string[]): string {
  if (values.length === 0) {
    return 'absent';
  }
  const more = values.length > MAX_VALUES ? `, and ${values.length - MAX_VALUES} more` : '';
  return `${values
    .slice(0, MAX_VALUES)
    .map((value) => shorten(claim, value) || '(empty)')
    .join(', ')}${more}`;
}

/** The first rule that failed in the item of `select` that came nearest. */
function whyNotSelected({ select }: Watch, { decoded, signers, mentions }: Explanation): string {
  if (mentions !== null) {
    const part = mentions.complete ? '' : ' in the part of it that was searched';
    return `nothing of it can be read, and nothing that this watch selects was found${part}`;
  }
  const [first] = signers;
  if (!decoded.ok || first === undefined) {
    return 'it names no signer';
  }
  const { entry } = decoded;
  const misses = signers.flatMap(({ signer }) =>
    select.map((selector, item) => {
      const failing = selector.filter((rule) => !isMet(rule, entry, signer));
      return { met: selector.length - failing.length, rule: failing[0], signer, item };
    }),
  );
  const nearest = misses.reduce((best, miss) => (miss.met > best.met ? miss : best));
  const { rule = select[0][0], signer, item } = nearest;
  const values = claimValues(rule.claim, entry, signer, null);
  const more = select.length > 1 ? ` (item ${item + 1} of ${select.length} of its select; no other fits either)` : '';
  const [found, wanted] = [listed(rule.claim, values), formatExpected(asWritten(rule.patterns))];
  return `${rule.claim} is ${shown(found, MAX_REASON)}; it asks for ${shown(wanted, MAX_REASON)}${more}`;
}

function isMet(rule: ClaimRule, entry: ParsedEntry, signer: Signer): boolean {
  return claimValues(rule.claim, entry, signer, null).some((value) => meetsAny(rule, value));
}
