/** What a command may touch of the machine, handed in by main.ts. */
export interface Io {
  /** Results. */
  readonly stdout: (text: string) => void;
  /** Everything else. */
  readonly stderr: (text: string) => void;
  /** Width of the terminal that reads stdout; 80 when it is none. */
  readonly columns: number;
  /** A person reads stdout on a terminal. */
  readonly terminal: boolean;
  /** What is handed to the program, read once. */
  readonly stdin: () => AsyncIterable<Buffer>;
  /** A person reads stderr on a terminal. */
  readonly interactive: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Aborts when the program is asked to end. */
  readonly signal: AbortSignal;
  /** Has `listener` called at each SIGHUP, and at once if one came already. Of one listener at a time. */
  readonly onHangUp: (listener: () => void) => void;
  /** Microseconds of the machine's clock that is never set (CLOCK_MONOTONIC). */
  readonly monotonicMicros: () => bigint;
  /** The executable and arguments that start this program again (the demo starts the real daemon). */
  readonly self: readonly [string, ...string[]];
  readonly pid: number;
}

/** Exit status (contract: 0 done, 1 found something, 2 usage or configuration, 3 operational). */
export type ExitStatus = 0 | 1 | 2 | 3;
