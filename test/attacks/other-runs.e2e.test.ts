import { describe, expect, it } from 'vitest';
import { useAttackStage } from '../support/attack-bench.ts';
import { BOTH } from '../support/log-sites.ts';
import { ENVIRONMENTS, RUNNERS, TRIGGERS, WORKFLOWS } from '../support/scenes/runs.ts';
import { playScene } from '../support/scenes/scene.ts';

// Rows 4, 5, 6 and 9 of what must be caught: our repository signs, but not as it should.

describe.each(BOTH)('a run of our repository, in a %s log', (_, start) => {
  const at = useAttackStage(start);

  const founds = async (watch: string): Promise<readonly unknown[]> =>
    (await at.stage.alerts())
      .filter((alert) => alert.watch === watch)
      .map(({ violations }) => violations.map(({ claim, expected, found }) => [claim, expected, found]));

  it('is unexpected under a policy where its workflow is new, and told as new without one', async () => {
    await playScene(at.stage, WORKFLOWS);
    const named = (name: string): string =>
      `https://github.com/acme/observed/.github/workflows/${name}.yml@refs/heads/main`;
    expect(await founds('observed')).toEqual([
      [['workflow', null, named('release')]],
      [['workflow', [named('release')], named('nightly')]],
    ]);
    expect(await at.stage.verdicts('workflows')).toEqual(
      [0, 1, 4, 5, 8, 9, 12, 13].map((index) => `${index} workflows ${index < 8 ? 'expected' : 'unexpected'}`),
    );
  });

  it('is unexpected where anybody could have started it', async () => {
    await playScene(at.stage, TRIGGERS);
    const listed = ['push', 'release', 'workflow_dispatch'];
    expect(await founds('triggers')).toEqual(
      ['pull_request_target', 'issue_comment', 'workflow_run'].map((found) => [['trigger', listed, found]]),
    );
    expect(await founds('no-dispatch')).toEqual([[['trigger', ['push', 'release'], 'workflow_dispatch']]]);
  });

  it('is unexpected on a runner that is not the platform’s', async () => {
    await playScene(at.stage, RUNNERS);
    expect(await founds('runners')).toEqual([[['runner', 'github-hosted', 'self-hosted']]]);
  });

  it('is unexpected outside of the environment where that is asked for, and expected where it is not', async () => {
    await playScene(at.stage, ENVIRONMENTS);
    expect(await founds('with-environment')).toEqual([
      [['environment', 'release', null]],
      [['environment', 'release', 'staging']],
    ]);
    expect(await at.stage.verdicts('without-environment')).toEqual(
      Array.from({ length: 8 }, (_unused, index) => `${index} without-environment expected`),
    );
  });
});
