import type { Checkpoint } from '../tlog/checkpoint.ts';

/** Whether a checkpoint says that it is the last of its log: a signed extension line (sigstore/rekor-tiles cmd/freeze-checkpoint). */
export function isFrozen({ extensions }: Pick<Checkpoint, 'extensions'>): boolean {
  return extensions.some((line) => line.startsWith('Log frozen'));
}
