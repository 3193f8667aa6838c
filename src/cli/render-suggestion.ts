import { shown } from '../alert/escape.ts';
import { quote } from '../config/key-path.ts';
import { yamlText } from '../config/yaml-text.ts';
import type { DraftedClaim, DraftedPattern, Suggestion } from '../policy/suggest.ts';
import type { SignerGroup } from '../policy/suggest-groups.ts';
import type { LeftOut } from '../policy/suggest-left-out.ts';
import { formatTime } from './print.ts';

/** Characters of a value, and of a line of a comment, that hold text from a log. */
const MAX_VALUE = 120;
const MAX_LINE = 300;
/** Lines about signers that were left out, and patterns and claims in one line. */
const MAX_LINES = 20;
const MAX_PARTS = 4;

/** What a suggestion was made of. */
export interface SuggestionScope {
  readonly watch: string;
  /** When the first and the last of its entries were observed. */
  readonly from: Date;
  readonly to: Date;
  /** Older entries are there, and were not looked at. */
  readonly isCut: boolean;
}

const REASONS: Readonly<Record<LeftOut['reason'], string>> = {
  unexpected: 'unexpected',
  forged: 'forged',
  unverifiable: 'unverifiable',
  unparsable: 'unparsable',
  few: 'hardly any signer has this',
  'pull-request': 'builds what strangers propose',
  miswritten: 'claims are written wrongly, so that no expect ever holds',
  unusual: 'no value to ask for',
  'other-kind': 'jobs, people and keys have no claims in common: take another watch for these',
  former: 'certificate of before 2023, when most claims had no names',
  'too-many': 'of more kinds than are told apart',
};

/** What the computed claims mean, as `init` says it. */
const COMPUTED: Readonly<Record<string, string>> = {
  signature: 'not-checkable: the entry does not hold what was signed (attestations)',
  signing_time: 'logged while the certificate was valid; unknown: Rekor v2 keeps no time',
};

/** An `expect` block in YAML, to be pasted under a watch, with the reasons for it as comments. Text of a log stays in its value or comment. */
export function renderSuggestion(suggestion: Suggestion, { watch, from, to, isCut }: SuggestionScope): string {
  const { seen, trusted, drafted, claims, partial, omitted, groups } = suggestion;
  const cut = isCut ? ', the newest of more' : '';
  const head = [
    `Drafted from ${drafted} of the ${signers(seen)} that watch ${quote(watch)} has seen from ${formatTime(from)} to ${formatTime(to)} UTC${cut}.`,
    'What was signed is not what should be signed: read each line before you paste it, then run `sigwatch check`.',
    `Counts are of the ${trusted} that were expected or observed.`,
    ...(trusted < 10 ? ['So few say little: values that stand out cannot be told from usual ones yet.'] : []),
  ];
  return [
    ...head.map(comment),
    'expect:',
    ...claims.flatMap((claim) => claimLines(claim, trusted)),
    ...partial.flatMap((claim) => partialLines(claim, drafted, trusted)),
    ...omitted.map(({ claim, why }) => comment(`not asked for: ${claim}: ${why}`)),
    ...groupLines(groups),
    ...leftOutLines(suggestion),
    '',
  ].join('\n');
}

function claimLines({ claim, patterns }: DraftedClaim, trusted: number): readonly string[] {
  const note = COMPUTED[claim];
  const [first] = patterns;
  if (note !== undefined) {
    return [`  ${yamlText(claim)}: [${patterns.map(({ source }) => yamlText(source)).join(', ')}]  ${comment(note)}`];
  }
  if (first !== undefined && patterns.length === 1) {
    return [`  ${yamlText(claim)}: ${yamlText(first.source)}  ${comment(countText(first, trusted))}`];
  }
  return [
    `  ${yamlText(claim)}:`,
    ...patterns.map((pattern) => `    - ${yamlText(pattern.source)}  ${comment(countText(pattern, trusted))}`),
  ];
}

/** `41 of 43: refs/tags/v1.2.3, refs/tags/v1.2.2`: the values only where the pattern is not the value itself. */
function countText({ source, count, examples }: DraftedPattern, trusted: number): string {
  const isExact = typeof source === 'string' && !source.includes('*');
  const values = isExact || examples.length === 0 ? '' : `: ${examples.map(exampleText).join(', ')}`;
  return `${count} of ${trusted}${values}`;
}

/** Of an address only the ref: what stands before it is in the pattern. */
function exampleText(value: string): string {
  return valueText(value.slice(value.lastIndexOf('@refs/') + 1));
}

function partialLines({ claim, patterns, absent }: DraftedClaim, drafted: number, trusted: number): readonly string[] {
  const [first] = patterns;
  const source = patterns.length === 1 && first !== undefined ? first.source : patterns.map((one) => one.source);
  const counts = patterns.slice(0, MAX_PARTS).map((pattern) => countText(pattern, trusted));
  return [
    `  # ${yamlText(claim)}: ${yamlText(source)}`,
    `  ${comment(`  absent in ${absent} of ${drafted}, which this would not hold for (${counts.join('; ')})`)}`,
  ];
}

function groupLines(groups: readonly SignerGroup[]): readonly string[] {
  if (groups.length === 0) {
    return [];
  }
  const [first] = groups;
  return [
    comment(
      `Together these lists accept more than was seen: each of ${groups.length} kinds of signers may do what only another does.`,
    ),
    comment('A watch for each of them, which selects it by its builder, subject or key, keeps them apart:'),
    ...groups.map(({ claim, identity, count, differs }) => {
      const parts = differs
        .slice(0, MAX_PARTS)
        .map(({ claim: name, patterns }) => `${name} ${listed(patterns.map(patternText))}`);
      return comment(`  ${claim} ${valueText(identity)} (${count}): ${parts.join('; ')}`);
    }),
    ...(first?.claim === 'builder'
      ? [comment(`  such as: select: [{ builder: ${yamlText(`${first.identity}@**`)} }]`)]
      : []),
  ];
}

function patternText(json: string): string {
  const source: unknown = JSON.parse(json);
  return valueText(typeof source === 'string' ? source : JSON.stringify(source));
}

/** The lines that say which signers are no part of the draft. */
export function leftOutLines({ leftOut, leftOutMore, seen }: Suggestion): readonly string[] {
  const hidden = leftOut.slice(MAX_LINES).reduce((sum, { count }) => sum + count, leftOutMore);
  return [
    ...leftOut.slice(0, MAX_LINES).map(({ reason, what, count, log, index }) => {
      const values = what.map(({ claim, found }) => `${claim} ${found === null ? 'absent' : valueText(found)}`);
      const said = values.length === 0 ? '' : `: ${listed(values)}`;
      const place = `${count === 1 ? '' : 'last '}at ${shown(log, MAX_VALUE)} index ${index}`;
      return comment(`left out: ${count} of ${seen}, ${place} (${REASONS[reason]})${said}`);
    }),
    ...(hidden === 0 ? [] : [comment(`left out: ${hidden} of ${seen} more, which \`sigwatch history\` shows`)]),
  ];
}

function listed(parts: readonly string[]): string {
  const more = parts.length - MAX_PARTS;
  return `${parts.slice(0, MAX_PARTS).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

function valueText(value: string): string {
  return shown(value, MAX_VALUE);
}

/** `1 signer`, `2 signers`. */
export function signers(count: number): string {
  return count === 1 ? '1 signer' : `${count} signers`;
}

function comment(text: string): string {
  return `# ${shown(text, MAX_LINE * 4)}`;
}
