import { describe, expect, it } from 'vitest';
import { decodeEntry } from '../../src/entry/decode.ts';
import type { ParsedEntry, Signer } from '../../src/entry/entry.ts';
import { findMentions } from '../../src/policy/mentions.ts';
import { countEach } from '../support/count-each.ts';
import { releaseWatch, rule } from '../support/monitor-rig.ts';
import { hasRealdata } from '../support/realdata.ts';
import { readRealEntries } from '../support/recorded-entries.ts';

/** Claims that name somebody. */
const NAMING = [
  ...['subject', 'source_repository', 'source_owner', 'source_repository_id', 'source_owner_id', 'source_digest'],
  ...['builder', 'builder_digest', 'workflow', 'workflow_digest', 'run', 'token_subject', 'key', 'key_subject'],
];

describe.runIf(hasRealdata)('findMentions() in entries of the public logs, as if they could not be read', () => {
  const entries = (hasRealdata ? readRealEntries() : []).flatMap(({ leaf }) => {
    const decoded = decodeEntry(leaf);
    return decoded.ok ? [{ leaf, entry: decoded.entry }] : [];
  });

  it('finds by each claim of a signer that names it, whatever the kind of the entry', () => {
    const outcomes = entries.flatMap(({ leaf, entry }) => {
      const names = entry.signers.flatMap((signer) => namesOf(entry, signer));
      const watches = names.map(({ claim, value }) => releaseWatch({ select: [[rule(claim, value)]] }));
      const { mentions } = findMentions(watches, { kind: null, data: leaf });
      const found = new Set(mentions.map(({ watch }) => watch));
      return names.map((name, at) => ({
        ...name,
        kind: entry.kind,
        isFound: found.has(watches[at] ?? releaseWatch()),
      }));
    });
    const missed = outcomes.filter(({ isFound }) => !isFound);
    console.log(`mentions: ${outcomes.length - missed.length} of ${outcomes.length} found`);
    expect(missed).toEqual([]);
    expect(new Set(outcomes.map(({ claim }) => claim)).size).toBeGreaterThan(12);
    expect(Object.keys(countEach(outcomes.map(({ kind }) => kind)))).toEqual(
      expect.arrayContaining(['hashedrekord', 'dsse', 'intoto', 'rekord']),
    );
  });

  it('finds nobody else', () => {
    const strangers = [
      ...['acme/widget', 'https://github.com/acme/**'].map((name) => rule('source_repository', name)),
      rule('subject', 'release@acme.example'),
      rule('key', 'ab'.repeat(32)),
      rule('artifact', `sha256:${'cd'.repeat(32)}`),
    ].map((one) => releaseWatch({ select: [[one]] }));
    const found = entries.filter(({ leaf }) => findMentions(strangers, { kind: null, data: leaf }).mentions.length > 0);
    expect(found).toEqual([]);
    expect(entries.length).toBeGreaterThan(300);
  });
});

function namesOf(entry: ParsedEntry, signer: Signer): readonly { readonly claim: string; readonly value: string }[] {
  const claims = NAMING.flatMap((claim) => (signer.claims[claim] ?? []).map((value) => ({ claim, value })));
  // Digests that were computed from the entry stand nowhere in it.
  const recorded =
    entry.signedDigest === null ? [] : [`${entry.signedDigest.algorithm}:${entry.signedDigest.value.toString('hex')}`];
  return [...claims, ...recorded.map((value) => ({ claim: 'artifact', value }))];
}
