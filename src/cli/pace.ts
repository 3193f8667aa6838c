import type { LogStatus } from '../store/status.ts';

/** How long ago the oldest checkpoint was seen of whose entries not all are examined; 0 where all are, null where none was read yet. */
export function lagSeconds({ behind_since: since, examined_size: examined }: LogStatus, now: Date): number | null {
  if (since === null) {
    return examined === null ? null : 0;
  }
  return Math.max(0, Math.round((now.getTime() - Date.parse(since)) / 1000));
}

/** In how many seconds a log will have been caught up with, if it is read and grows as of late; null where it never will, or nothing is known of that. */
export function secondsLeft({ examined_size: examined, seen_size: seen, rate, growth }: LogStatus): number | null {
  if (examined === null || seen === null) {
    return null;
  }
  if (examined >= seen) {
    return 0;
  }
  const gain = (rate ?? 0) - Math.max(0, growth ?? 0);
  return gain > 0 ? Math.ceil((seen - examined) / gain) : null;
}
