import type { Alert } from './alert.ts';
import { claim, subjects } from './describe-signer.ts';
import { shown } from './escape.ts';

/** One labelled value of an alert, safe to print on one line. */
export interface Fact {
  readonly label: string;
  readonly value: string;
}

/** Longest value shown in a message; the whole of it is in the alert. */
const SHOWN = 500;

const CLAIMS = [
  ['Issuer', 'issuer'],
  ['Repository', 'source_repository'],
  ['Workflow', 'builder'],
  ['Ref', 'source_ref'],
  ['Commit', 'source_digest'],
  ['Trigger', 'trigger'],
  ['Runner', 'runner'],
  ['Environment', 'environment'],
  ['Run', 'run'],
] as const;

/** Who signed, and what the signer claims: empty for alerts without a signer. */
export function signerFacts(alert: Alert): readonly Fact[] {
  const { signer } = alert;
  if (signer === null || signer.type === 'none') {
    return [];
  }
  if (signer.type !== 'certificate') {
    return [{ label: 'Key', value: shown(signer.fingerprint ?? 'none', SHOWN) }];
  }
  // Of a certificate that does not chain nothing is known but what it says.
  const doubt = signer.chain === 'trusted' ? '' : ' (only claimed)';
  const named = subjects(signer);
  const more = named.length > 3 ? ` and ${named.length - 3} more` : '';
  return [
    ['Signed as', named.slice(0, 3).join(', ') + more] as const,
    ...CLAIMS.map(([label, name]) => [label, claim(signer, name) ?? ''] as const),
  ]
    .filter(([, value]) => value !== '')
    .map(([label, value]) => ({ label: `${label}${doubt}`, value: shown(value, SHOWN) }));
}

/** Where it was seen, how often, and the alert's id. */
export function placeFacts(alert: Alert): readonly Fact[] {
  const { log, index, lastIndex, occurrences, firstSeen, lastSeen } = alert;
  const latest = lastIndex === null || lastIndex === index ? '' : `, latest at index ${lastIndex}`;
  return [
    ...(log === null ? [] : [{ label: 'Log', value: shown(log, SHOWN) }]),
    ...(index === null ? [] : [{ label: 'Index', value: String(index) }]),
    ...(occurrences === 1 ? [] : [{ label: 'Seen', value: `${occurrences} times${latest}` }]),
    { label: 'First seen', value: firstSeen.toISOString() },
    ...(occurrences === 1 ? [] : [{ label: 'Last seen', value: lastSeen.toISOString() }]),
    { label: 'Alert', value: alert.id },
  ];
}

/** Links of our making, with their captions. */
export function linkList(alert: Alert): readonly { readonly caption: string; readonly url: string }[] {
  const { entry, run, commit } = alert.links;
  return [
    { caption: 'Log entry', url: entry },
    { caption: 'Workflow run', url: run },
    { caption: 'Commit', url: commit },
  ].flatMap(({ caption, url }) => (url !== null && SAFE_URL.test(url) ? [{ caption, url }] : []));
}

/** Every link is built from checked parts, to these two places; nothing else may become one, whatever else wrote the row. */
const SAFE_URL = /^https:\/\/(?:github\.com|search\.sigstore\.dev)\/[A-Za-z0-9._/?=-]{1,400}$/;
