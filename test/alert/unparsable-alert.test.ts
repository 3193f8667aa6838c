import { describe, expect, it } from 'vitest';
import { visible } from '../../src/alert/escape.ts';
import { unparsableAlert, unparsableFullAlert } from '../../src/alert/unparsable-alert.ts';
import type { Mention } from '../../src/policy/mentions.ts';
import { makeWatch } from '../support/alert-drafts.ts';

const mention = (differing: Partial<Mention> = {}): Mention => ({
  watch: makeWatch({ notify: ['security'] }),
  claim: 'source_repository',
  written: 'acme/widget',
  ...differing,
});

const draft = (differing: Partial<Mention> = {}, problem = 'Cannot read entry: it is not JSON in UTF-8') =>
  unparsableAlert({ mention: mention(differing), problem, unread: false, log: 'rekor-local', index: 41 });

describe('unparsableAlert()', () => {
  it('says what cannot be read, why, what was found in it and what to do', () => {
    expect(draft()).toEqual({
      class: 'identity',
      kind: 'unparsable',
      severity: 'critical',
      watch: 'widget-release',
      title: 'widget-release: an entry that cannot be read holds acme/widget',
      summary: [
        'Cannot read entry: it is not JSON in UTF-8.',
        'It holds acme/widget, which this watch selects by source_repository. Who signed it, and whether anybody did, is not known; a mention proves nothing.',
        'What to do now: look at the entry yourself (`sigwatch evidence` writes it to a file), and find out whether any of your signing made it. What verifies signatures may read it otherwise than sigwatch does.',
      ].join('\n'),
      log: 'rekor-local',
      index: 41,
      violations: [],
      signer: { type: 'none', chain: null, fingerprint: null },
      artifacts: [],
      dedupeKey: 'identity/widget-release/unparsable',
      links: { entry: null, run: null, commit: null },
      evidence: null,
      notify: ['security'],
    });
  });

  it('is one for each watch, whatever was found', () => {
    const others = [draft({ written: 'other' }), draft({ claim: 'subject' }), draft({}, 'Cannot read it otherwise')];
    expect(new Set(others.map((one) => one.dedupeKey))).toEqual(new Set(['identity/widget-release/unparsable']));
  });

  it('is the same where the watch only audits', () => {
    expect(draft({ watch: makeWatch({ mode: 'audit' }) })).toEqual(draft({ watch: makeWatch({ mode: 'enforce' }) }));
  });

  it('shows an expression as one', () => {
    expect(draft({ written: { regexp: 'acme/.*' } }).title).toContain('holds regexp "acme/.*"');
  });

  it.each(['\u001b]0;owned\u0007', 'a\nBcc: x', '\u202Eniam', 'x'.repeat(100_000)])(
    'stays short and visible, whatever the problem: %#',
    (text) => {
      const { title, summary } = draft({ written: text }, text);
      expect(title).toBe(visible(title));
      expect(summary.split('\n')).toHaveLength(3);
      expect(summary.split('\n').every((line) => line === visible(line))).toBe(true);
      expect(title.length + summary.length).toBeLessThan(2000);
    },
  );
});

describe('unparsableFullAlert()', () => {
  it('is one for each sort, and graver where entries are broken', () => {
    expect([false, true].map((unread) => unparsableFullAlert(unread))).toMatchObject([
      { severity: 'high', watch: null, log: null, dedupeKey: 'identity/unparsable/full' },
      { severity: 'low', watch: null, log: null, dedupeKey: 'identity/unparsable/full-unread' },
    ]);
  });
});
