import { describe, expect, it } from 'vitest';
import { pageFor } from '../../src/cli/page.ts';
import { renderRecorded } from '../../src/cli/render-proof.ts';
import { sha256 } from '../../src/tlog/hash.ts';
import { NOW } from '../support/actors.ts';

const page = pageFor({ columns: 80, terminal: false, env: {} });

describe('renderRecorded()', () => {
  it('says why a watch has a finding on a signer that it does not select', () => {
    const body = Buffer.from('leaf');
    const finding = { signer: 0, verdict: 'observed', violations: [], alert: 'abc' } as const;
    const entry = {
      ...{ globalIndex: null, uuid: null, integratedTime: null, isTimeSigned: false, observedAt: NOW },
      ...{ leafHash: sha256(body), body, extra: null },
      findings: [
        { ...finding, watch: 'follows', resigned: 'sha256:00' },
        { ...finding, watch: 'selects', resigned: null },
      ],
    };
    expect(renderRecorded(entry, page)).toBe(
      [
        '\nRecorded 2026-11-21 12:00:00',
        '  follows  observed (signer 0), not selected: signed an artifact that this',
        '           watch follows, alert abc',
        '  selects  observed (signer 0), alert abc\n',
      ].join('\n'),
    );
  });
});
