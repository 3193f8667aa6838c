import type { Progress } from '../monitor/follow-deps.ts';

/** Time between two redraws, in milliseconds: often enough to feel alive, rarely enough to cost nothing. */
const REDRAW_MS = 200;

/** A line on a terminal that is drawn over and over: how far each log is, how fast, how long still. */
export interface ProgressLine {
  update(progress: Progress): void;
  /** Removes the line. */
  clear(): void;
}

/** Draws to `write`. `now` is the time in milliseconds. Logs that are at their target are not shown. */
export function createProgressLine(write: (text: string) => void, now: () => number): ProgressLine {
  const logs = new Map<string, Progress & { readonly since: number; readonly from: number }>();
  let drawnAt = 0;
  let shown = false;

  return {
    update(progress) {
      const known = logs.get(progress.log);
      if (progress.size >= progress.target) {
        logs.delete(progress.log);
      } else {
        logs.set(progress.log, { ...progress, since: known?.since ?? now(), from: known?.from ?? progress.size });
      }
      if (now() - drawnAt < REDRAW_MS && logs.size > 0) {
        return;
      }
      drawnAt = now();
      if (logs.size === 0) {
        this.clear();
        return;
      }
      const parts = [...logs.values()].map((log) => describe(log, now()));
      write(`\r\u001b[K${parts.join('  ')}`);
      shown = true;
    },
    clear() {
      if (shown) {
        write('\r\u001b[K');
        shown = false;
      }
    },
  };
}

function describe(log: Progress & { readonly since: number; readonly from: number }, now: number): string {
  const seconds = Math.max((now - log.since) / 1000, 0.001);
  const rate = (log.size - log.from) / seconds;
  const left = rate > 0 ? duration((log.target - log.size) / rate) : '?';
  const percent = Math.floor((log.size / log.target) * 100);
  return `${log.log}: ${log.size} of ${log.target} entries (${percent} %), ${Math.round(rate)}/s, ${left} left`;
}

function duration(seconds: number): string {
  if (seconds < 60) {
    return `${Math.ceil(seconds)} s`;
  }
  if (seconds < 3600) {
    return `${Math.ceil(seconds / 60)} min`;
  }
  return seconds < 172_800 ? `${(seconds / 3600).toFixed(1)} h` : `${(seconds / 86_400).toFixed(1)} days`;
}
