import type { Progress } from '../monitor/follow-deps.ts';
import { safe, shorten } from './print.ts';

/** Time between two redraws, in milliseconds: often enough to feel alive, rarely enough to cost nothing. */
const REDRAW_MS = 200;

/** A name that is cut to less says nothing: then the whole line is cut. */
const SHORTEST_NAME = 12;

/** Back to the beginning of the line, and nothing on it. */
const ERASE = '\r\u001b[K';

/** A line on a terminal that is drawn over and over: how far each log is, how fast, how long still. */
export interface ProgressLine {
  update(progress: Progress): void;
  /** Removes the line. */
  clear(): void;
}

/** What is known of a log that is being caught up with. */
interface CatchUp extends Progress {
  /** When it was first heard of, and how far it was then. */
  readonly since: number;
  readonly from: number;
}

/** Draws to `write`, at most `columns` wide. `now` is the time in milliseconds. Logs that are at their target are not shown. */
export function createProgressLine(write: (text: string) => void, columns: number, now: () => number): ProgressLine {
  const logs = new Map<string, CatchUp>();
  let drawnAt = -Infinity;
  let shown = false;

  const clear = (): void => {
    if (shown) {
      write(ERASE);
      shown = false;
    }
  };
  return {
    clear,
    update(progress) {
      if (progress.size >= progress.target) {
        logs.delete(progress.log);
      } else {
        const { since, from } = logs.get(progress.log) ?? { since: now(), from: progress.size };
        logs.set(progress.log, { ...progress, since, from });
      }
      if (logs.size === 0) {
        clear();
      } else if (now() - drawnAt >= REDRAW_MS) {
        drawnAt = now();
        // A line that wraps could not be erased; the last column makes some terminals wrap already.
        write(ERASE + describe([...logs.values()], now(), columns - 1));
        shown = true;
      }
    },
  };
}

/** One log by its name, several as their sum, in `width` columns: the name gives way first. */
function describe(logs: readonly CatchUp[], now: number, width: number): string {
  const [size, target, from] = [sum(logs, 'size'), sum(logs, 'target'), sum(logs, 'from')];
  const seconds = Math.max((now - Math.min(...logs.map(({ since }) => since))) / 1000, 0.001);
  const rate = (size - from) / seconds;
  const left = rate > 0 ? duration((target - size) / rate) : '?';
  const percent = Math.floor((size / target) * 100);
  const name = logs.length === 1 ? (logs[0]?.log ?? '') : `${logs.length} logs`;
  const figures = `: ${size} of ${target} entries (${percent} %), ${Math.round(rate)}/s, ${left} left`;
  const room = width - figures.length;
  return room < SHORTEST_NAME ? shorten(safe(name) + figures, width) : shorten(safe(name), room) + figures;
}

function sum(logs: readonly CatchUp[], what: 'size' | 'target' | 'from'): number {
  return logs.reduce((total, log) => total + log[what], 0);
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
