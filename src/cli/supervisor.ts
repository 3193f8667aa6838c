import { execFile } from 'node:child_process';

/** Tells the process's supervisor that the daemon is ready, alive, reading its configuration again, or stopping. */
export type NotifySupervisor = (state: SupervisorState, ...more: readonly string[]) => void;

type SupervisorState = 'READY=1' | 'WATCHDOG=1' | 'RELOADING=1' | 'STOPPING=1';

/**
 * Speaks to systemd (sd_notify(3)) when NOTIFY_SOCKET is set, else does nothing. Node cannot open AF_UNIX datagram
 * sockets, so systemd's own helper sends the message; the unit says NotifyAccess=all for that. Messages arrive in the order in which
 * they were said: a READY=1 that overtook its RELOADING=1 would leave the unit reloading.
 */
export function createSupervisorNotifier(env: Readonly<Record<string, string | undefined>>): NotifySupervisor {
  if (env['NOTIFY_SOCKET'] === undefined) {
    return () => undefined;
  }
  let last = Promise.resolve();
  return (state, ...more) => {
    last = last.then(() => send([state, ...more]));
  };
}

function send(assignments: readonly string[]): Promise<void> {
  return new Promise((resolve) => {
    // A failure is systemd's to notice: it will miss the message.
    execFile('systemd-notify', assignments, { timeout: 5_000 }, () => {
      resolve();
    });
  });
}
