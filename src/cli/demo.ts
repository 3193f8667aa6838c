import { DemoFailed, runDemo } from '../demo/demo.ts';
import { systemClock } from '../lib/clock.ts';
import type { ExitStatus, Io } from './io.ts';
import { safeLines } from './print.ts';

/** `sigwatch demo`: plays the whole product on loopback. 3 when a scene does not come about. */
export async function demoCommand(
  options: { readonly keep: boolean; readonly paceMs: number },
  io: Io,
): Promise<ExitStatus> {
  try {
    await runDemo(
      {
        // What was signed by "strangers" is shown here too, so it is made safe for a terminal like everything else.
        print: (text) => {
          io.stdout(`${safeLines(text)}\n`);
        },
        clock: systemClock,
        self: io.self,
        env: io.env,
        ...options,
      },
      io.signal,
    );
    return 0;
  } catch (error) {
    if (!(error instanceof DemoFailed)) {
      throw error;
    }
    io.stderr(`${safeLines(error.message)}\n`);
    return 3;
  }
}
