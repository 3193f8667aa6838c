import { describe, expect, it } from 'vitest';
import { describeDuration } from '../../src/alert/describe-duration.ts';
import { missingAlert, missingKey, type MissingSignature } from '../../src/alert/missing-alert.ts';

const DAY = 86_400_000;
const SINCE = Date.parse('2026-10-01T00:00:00Z');

function draft(differing: Partial<MissingSignature> = {}) {
  return missingAlert({
    watch: { name: 'widget-release', severity: 'critical', notify: ['security'] },
    cadenceMs: 30 * DAY,
    silentMs: 31.9 * DAY,
    since: SINCE,
    last: { at: Date.parse('2026-10-21T12:00:00Z'), log: 'log.example', index: 41 },
    ...differing,
  });
}

describe('missingAlert()', () => {
  it('says for how long nothing was signed, what was signed last, and what that can mean', () => {
    expect(draft()).toEqual({
      class: 'identity',
      kind: 'missing',
      severity: 'critical',
      watch: 'widget-release',
      title: 'widget-release: no expected signature for 31 days',
      summary: [
        'The last one was entry 41 of log.example, at 2026-10-21T12:00:00.000Z.',
        'This watch awaits one every 30 days (`cadence`), and every log is verified up to 2026-11-22T09:36:00.000Z.',
        'Whoever publishes with a stolen token, past your CI, leaves no entry in any log: only this silence can tell of it. It may as well mean that there was no release, or that signing fails.',
        'What to do now: compare what was published since then (registry, releases, images) with `sigwatch history`. If anything was that nobody signed, take it back and revoke the tokens that can publish. If nothing was, and that is as it should be, set a longer `cadence`.',
      ].join('\n'),
      log: null,
      index: null,
      violations: [],
      signer: null,
      artifacts: [],
      dedupeKey: 'identity/widget-release/missing',
      links: { entry: null, run: null, commit: null },
      evidence: null,
      notify: ['security'],
    });
  });

  it('says that none was ever seen', () => {
    const [first, second] = draft({ last: null }).summary.split('\n');
    expect(first).toBe('None was seen since this watch is in force, 2026-10-01T00:00:00.000Z.');
    expect(second).toContain('verified up to 2026-11-01T21:36:00.000Z');
  });

  it('shows an origin that would change what is seen around it', () => {
    const last = { at: SINCE, log: 'log\u202E.example\n', index: 1 };
    expect(draft({ last }).summary).toContain('entry 1 of log\\u{202E}.example\\u{000A}, at');
  });

  it('folds by the watch', () => {
    expect(draft({ silentMs: 60 * DAY, last: null }).dedupeKey).toBe(missingKey('widget-release'));
  });
});

describe('describeDuration()', () => {
  it.each([
    [31.9 * DAY, '31 days'],
    [2 * DAY, '2 days'],
    [2 * DAY - 1, '47 hours'],
    [90 * 60_000, '90 minutes'],
    [119_999, '119 seconds'],
    [1_999, '1 second'],
    [0, '0 seconds'],
    [-5, '0 seconds'],
  ])('of %i ms is %s', (ms, words) => {
    expect(describeDuration(ms)).toBe(words);
  });
});
