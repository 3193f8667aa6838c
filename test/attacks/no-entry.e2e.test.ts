import { describe, expect, it } from 'vitest';
import { useAttackStage } from '../support/attack-bench.ts';
import { BOTH } from '../support/log-sites.ts';
import { playScene } from '../support/scenes/scene.ts';
import { SILENCE } from '../support/scenes/silence.ts';

// Row 3 of what must be caught: a stolen token publishes past CI, and no log holds an entry of it.

describe.each(BOTH)('what was never logged, in a %s log', (_, start) => {
  const at = useAttackStage(start);

  it('is told by the silence of a project that has a cadence, once for each', async () => {
    await playScene(at.stage, SILENCE);
    const missing = (await at.stage.alerts()).filter(({ kind }) => kind === 'missing');
    expect(missing.map(({ title, log, index, signer, violations }) => [title, log, index, signer, violations])).toEqual(
      expect.arrayContaining([
        ['punctual: no expected signature for 31 days', null, null, null, []],
        ['regular: no expected signature for 32 days', null, null, null, []],
      ]),
    );
    // What a log can never show is said.
    expect(missing[0]?.summary).toContain('leaves no entry in any log: only this silence can tell of it');
  });
});
