import type { LogsConfig } from './config.ts';
import type { Fault } from './describe-issues.ts';
import { quote, type KeyPath } from './key-path.ts';
import { PlanFault, planLog, type PlannedLog } from './plan-log.ts';

/** What is wrong with the custom logs once the overrides are applied: two of one origin or name, a pinned checkpoint that the log's keys did not sign. */
export function checkLogs({ custom, override }: LogsConfig): readonly Fault[] {
  const faults: Fault[] = [];
  const planned = new Map<PlannedLog, number>();
  custom.forEach((log, index) => {
    try {
      planned.set(planLog(log, override), index);
    } catch (error) {
      if (!(error instanceof PlanFault)) {
        throw error;
      }
      faults.push({ path: pathOf(error, index), atKey: false, message: error.message });
    }
  });
  return [...faults, ...duplicates(planned, 'origin'), ...duplicates(planned, 'name')];
}

/** Where the fault of a custom log, or of the override that it is by, stands. */
function pathOf({ origin, key }: PlanFault, index: number): KeyPath {
  return origin === null ? ['logs', 'custom', index, key] : ['logs', 'override', origin, key];
}

function duplicates(planned: ReadonlyMap<PlannedLog, number>, key: 'origin' | 'name'): readonly Fault[] {
  const first = new Map<string, number>();
  return [...planned].flatMap(([log, index]) => {
    const earlier = first.get(log[key]);
    if (earlier === undefined) {
      first.set(log[key], index);
      return [];
    }
    const message = `duplicate ${key} ${quote(log[key])}: logs.custom[${earlier}] has it already`;
    return [{ path: ['logs', 'custom', index], atKey: false, message }];
  });
}
