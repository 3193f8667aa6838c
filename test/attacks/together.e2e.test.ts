import { describe, expect, it } from 'vitest';
import { useAttackStage } from '../support/attack-bench.ts';
import { BOTH } from '../support/log-sites.ts';
import { ARTIFACTS } from '../support/scenes/artifacts.ts';
import { BRANCHES } from '../support/scenes/branches.ts';
import { BURSTS, COUNTED } from '../support/scenes/bursts.ts';
import { FORGED } from '../support/scenes/forged.ts';
import { BUILDER_USERS, BUILDERS, KEYS, REGISTERED } from '../support/scenes/owners.ts';
import { ENVIRONMENTS, RUNNERS, TRIGGERS, WORKFLOWS } from '../support/scenes/runs.ts';
import { playTogether } from '../support/scenes/scene.ts';
import { SILENCE } from '../support/scenes/silence.ts';

const SCENES = [
  ...[ARTIFACTS, BRANCHES, BUILDERS, BUILDER_USERS, BURSTS, COUNTED, ENVIRONMENTS],
  ...[FORGED, KEYS, REGISTERED, RUNNERS, SILENCE, TRIGGERS, WORKFLOWS],
];

describe.each(BOTH)('all attacks and all that looks like them, in one %s log and one configuration', (_, start) => {
  const at = useAttackStage(start);

  it('are told as each of them is told alone', async () => {
    await playTogether(at.stage, SCENES);
    expect((await at.stage.alerts()).length).toBeGreaterThan(20);
  }, 180_000);
});
