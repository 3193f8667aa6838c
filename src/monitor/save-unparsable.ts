import { NOBODY, unparsableAlert, unparsableFullAlert } from '../alert/unparsable-alert.ts';
import type { AlertDraft } from '../alert/alert.ts';
import type { EntryEvidence } from '../log/log.ts';
import type { Mention } from '../policy/mentions.ts';
import { saveFindings, type Finding } from '../store/findings.ts';
import { saveUnparsable } from '../store/unparsable.ts';
import type { FollowDeps } from './follow-deps.ts';
import type { UnparsableEntry } from './judge-batch.ts';
import { raiseOfEntry } from './raise.ts';

/** No signer of an entry has this position. */
const NO_SIGNER = -1;

/** Keeps an entry of `log` of which nothing can be read; where it holds what watches select, tells of it and keeps it as their finding. Call inside a transaction. */
export function saveUnread(
  log: string,
  entry: UnparsableEntry,
  proofs: ReadonlyMap<string, EntryEvidence>,
  deps: FollowDeps,
  now: Date,
): void {
  const { leaf, kind, apiVersion, problem, unread, mentions } = entry;
  const { index, data: body, hash: leafHash } = leaf;
  const keeping = saveUnparsable(deps.store, { log, index, kind, apiVersion, problem, unread, body, leafHash }, now);
  if (keeping === 'full') {
    deps.tell(unparsableFullAlert(unread), now);
  }
  if (!unread) {
    deps.logger.warn({ log, index, problem }, 'entry unparsable');
  } else if (!entry.isSearched) {
    deps.logger.warn({ log, index, problem }, 'entry searched in part');
  }
  if (mentions.length === 0) {
    return;
  }
  const found = {
    log,
    index,
    leafHash,
    globalIndex: leaf.globalIndex,
    uuid: leaf.uuid,
    kind: kind ?? 'unknown',
    apiVersion: apiVersion ?? '',
    integratedTime: leaf.integratedTime,
    isTimeSigned: leaf.isTimeSigned?.() === true,
    body,
    artifacts: [],
  };
  const findings = mentions.map((mention): Finding => {
    const draft = draftMention(log, entry, mention);
    const about = { signer: NO_SIGNER, verdict: 'unparsable' } as const;
    const evidence = proofs.get(draft.dedupeKey) ?? null;
    const alert = raiseOfEntry(deps, mention.watch, found, about, { ...draft, evidence }, now);
    const watch = mention.watch.name;
    deps.logger.info({ log, index, watch, verdict: 'unparsable' }, 'entry judged');
    return { watch, verdict: 'unparsable', violations: [], signer: NOBODY, signerPosition: NO_SIGNER, alert };
  });
  saveFindings(deps.store, found, findings, now);
}

/** The alert that a mention of what a watch selects calls for. */
export function draftMention(log: string, { leaf, problem, unread }: UnparsableEntry, mention: Mention): AlertDraft {
  return unparsableAlert({ mention, problem, unread, log, index: leaf.index });
}
