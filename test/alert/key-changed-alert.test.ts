import { describe, expect, it } from 'vitest';
import { keyChangedAlert } from '../../src/alert/key-changed-alert.ts';
import { NO_LINKS } from '../../src/alert/links.ts';

const CHANGE = { source: 'public-good', doubts: ['One key'], changes: ['Changed: log "a"'], digest: 'd1' };

describe('keyChangedAlert()', () => {
  it('shows what is doubtful before what else changed, and what to do', () => {
    expect(keyChangedAlert(CHANGE)).toEqual({
      class: 'log',
      kind: 'key-changed',
      severity: 'high',
      watch: null,
      title: 'public-good: the trust source changed its keys, authorities or logs (1)',
      summary: expect.stringMatching(/^One key\.\nChanged: log "a"\.\n.*\nWhat to do now: [^\n]+$/) as string,
      log: null,
      index: null,
      violations: [],
      signer: null,
      artifacts: [],
      dedupeKey: 'log/key-changed/public-good/d1',
      links: NO_LINKS,
      evidence: null,
      notify: null,
    });
  });

  it('says so when nothing changed and something is doubtful', () => {
    expect(keyChangedAlert({ ...CHANGE, changes: [] }).title).toBe(
      'public-good: what the trust source publishes is not as it should be',
    );
  });

  it('counts what it does not list', () => {
    const { summary } = keyChangedAlert({ ...CHANGE, doubts: [], changes: Array<string>(23).fill('New: log') });
    expect(summary.split('\n').filter((line) => line === 'New: log.')).toHaveLength(20);
    expect(summary).toContain('\nAnd 3 more.\n');
  });

  it('shows hostile names and cuts endless ones', () => {
    const { summary } = keyChangedAlert({ ...CHANGE, doubts: [], changes: ['evil\u202e\n', 'x'.repeat(5000)] });
    expect(summary).toContain('evil\\u{202E}\\u{000A}.\n');
    expect(summary.length).toBeLessThan(3000);
  });
});
