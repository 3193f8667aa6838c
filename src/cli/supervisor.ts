import { execFile } from 'node:child_process';

/** Tells the process's supervisor that the daemon is ready, alive or stopping. */
export type NotifySupervisor = (state: 'READY=1' | 'WATCHDOG=1' | 'STOPPING=1') => void;

/**
 * Speaks to systemd (sd_notify(3)) when NOTIFY_SOCKET is set, else does nothing. Node cannot open AF_UNIX datagram
 * sockets, so systemd's own helper sends the message; the unit says NotifyAccess=all for that.
 */
export function createSupervisorNotifier(env: Readonly<Record<string, string | undefined>>): NotifySupervisor {
  if (env['NOTIFY_SOCKET'] === undefined) {
    return () => undefined;
  }
  return (state) => {
    // A failure is systemd's to notice: it will miss the message.
    execFile('systemd-notify', [state], { timeout: 5_000 }, () => undefined);
  };
}
