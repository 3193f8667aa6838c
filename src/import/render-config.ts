import { Document, isMap, isNode, isSeq, Scalar, visit } from 'yaml';
import { shown, visible } from '../alert/escape.ts';
import { formatOrigin, type Note } from './identity.ts';
import type { PlannedWatch } from './plan-watches.ts';

/** Longest line of a comment that holds text from elsewhere. */
const MAX_COMMENT = 400;

/** What a configuration is made of. */
export interface ConfigParts {
  /** What was imported, for people. */
  readonly sources: readonly string[];
  readonly watches: readonly PlannedWatch[];
  readonly notes: readonly Note[];
}

/** A whole configuration in YAML, with comments. No text of what was imported can leave its value or its comment. */
export function renderConfig({ sources, watches, notes }: ConfigParts): string {
  const head = [
    `sigwatch: imported from ${listed(sources)}`,
    'Next: read the comments, then `sigwatch check`. A policy says which images may run; a watch says which signatures are told.',
    '',
    'select is wider than the policy: whatever else claims to be of the same repository, owner or address is judged, and told unless',
    'expect accepts it. GitHub owners and repositories compare without regard to case.',
    ...(notes.length === 0 ? [] : ['', 'What no entry of a log shows, or what a watch cannot say:']),
    ...notes.map((note) => `  ${formatOrigin(note)}: ${note.message}`),
  ];
  return `${commented(head)}version: 1

trust:
  source: public-good        # the logs, keys and certificate authorities of the public Sigstore instance

logs:
  discover: true             # follow every Rekor log of that instance, also those that will come
  poll_interval: 10s
  start: head                # begin now; what was signed before is not looked at

# Worth adding to an expect of certificates, where no policy accepts ones that no CT log knows: sct: verified
${renderWatches(watches)}
# Without channels alerts are only kept: see \`sigwatch alerts\`. Uncomment and fill in.
# notify:
#   channels:
#     slack: { type: slack, webhook_url: { env: SLACK_WEBHOOK_URL } }
#   routes:
#     - { class: [identity, log], to: [slack] }
`;
}

function listed(sources: readonly string[]): string {
  const all = [...new Set(sources)];
  return all.length <= 5 ? all.join(', ') : `${all.slice(0, 5).join(', ')} and ${all.length - 5} more`;
}

function renderWatches(watches: readonly PlannedWatch[]): string {
  const document = new Document({ watches: watches.map(watchValue) }, { aliasDuplicateObjects: false });
  const list = document.get('watches', true);
  const items = isSeq(list) ? list.items : [];
  items.forEach((item, index) => {
    const lines = watches[index]?.comments ?? [];
    if (isNode(item)) {
      item.commentBefore = lines.map((line) => ` ${comment(line)}`).join('\n');
      item.spaceBefore = index > 0;
    }
    if (isMap(item)) {
      item.flow = false;
    }
  });
  visit(document, {
    Scalar: (_, node) => {
      if (typeof node.value === 'string' && /[^\x20-\x7e]/.test(node.value)) {
        node.type = Scalar.QUOTE_DOUBLE;
      }
    },
  });
  // A pattern on several lines would only be harder to read.
  return escaped(document.toString({ lineWidth: 0, minContentWidth: 0 }));
}

/** What nobody sees, or a terminal obeys, as an escape: it stands between double quotes only, for comments have none of it. */
function escaped(yaml: string): string {
  return yaml.replace(/[^\n\x20-\x7e]/gu, (character) => {
    const code = (character.codePointAt(0) ?? 0).toString(16).padStart(8, '0');
    return visible(character) === character ? character : `\\U${code}`;
  });
}

function watchValue({ name, description, select, expect, firstSeen }: PlannedWatch): unknown {
  return {
    name,
    description,
    select,
    ...(expect !== null && { expect }),
    ...(firstSeen.length > 0 && { first_seen: firstSeen }),
  };
}

function commented(lines: readonly string[]): string {
  return lines.map((line) => (line === '' ? '#\n' : `# ${comment(line)}\n`)).join('');
}

function comment(line: string): string {
  return shown(line, MAX_COMMENT);
}
