import type { DaemonDeps } from '../../src/daemon.ts';

const nothing = (): void => undefined;

/** For a daemon that nobody asks to read its configuration again. */
export const noReload: Pick<DaemonDeps, 'readConfig' | 'onHangUp' | 'onReloading' | 'onReloaded'> = {
  readConfig: () => {
    throw new Error('Nobody asked for it');
  },
  onHangUp: nothing,
  onReloading: nothing,
  onReloaded: nothing,
};
