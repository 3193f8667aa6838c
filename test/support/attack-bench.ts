import { afterEach, beforeEach, vi } from 'vitest';
import { NOW } from './actors.ts';
import { AttackStage } from './attack-stage.ts';
import type { StartSite } from './log-sites.ts';

/** A stage for each test of the block that this is called in, with a clock of its own that stands at NOW. */
export function useAttackStage(start: StartSite): { readonly stage: AttackStage } {
  let stage: AttackStage | undefined;
  beforeEach(async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: NOW });
    stage = await AttackStage.open(await start());
  });
  afterEach(async () => {
    await stage?.close();
    vi.useRealTimers();
  });
  return {
    get stage() {
      if (stage === undefined) {
        throw new Error('There is a stage only within a test');
      }
      return stage;
    },
  };
}
