import { startFakeCt } from '../fakes/fake-ct.ts';
import { startFakeLog } from '../fakes/fake-log.ts';
import { startFakeRekorV1 } from '../fakes/fake-rekor-v1.ts';
import { siteCt } from './ct-sites.ts';
import { siteV1, siteV2, type LogSite } from './log-sites.ts';

/** One log at two addresses: same origin, same key, and each with a history of its own. */
export interface Twins {
  readonly here: LogSite;
  readonly there: LogSite;
  /** Adds the same leaves to both. */
  append(leaves: readonly Buffer[]): void;
  close(): Promise<void>;
}

/** For `describe.each`. */
export const TWINS: readonly (readonly [kind: string, () => Promise<Twins>])[] = [
  [
    'rekor-v2',
    async () => {
      const here = await startFakeLog();
      return twins(siteV2(here), siteV2(await startFakeLog(here.origin, here.pair)));
    },
  ],
  [
    'rekor-v1',
    async () => {
      const here = await startFakeRekorV1();
      return twins(siteV1(here), siteV1(await startFakeRekorV1({ host: here.host, signer: here.active.signer })));
    },
  ],
  ...(['static-ct', 'rfc6962'] as const).map(
    (kind) =>
      [
        kind,
        async () => {
          const here = await startFakeCt(kind);
          return twins(siteCt(here), siteCt(await startFakeCt(kind, { origin: here.origin, pair: here.pair })));
        },
      ] as const,
  ),
];

function twins(here: LogSite, there: LogSite): Twins {
  return {
    here,
    there,
    append: (leaves) => {
      here.append(leaves);
      there.append(leaves);
    },
    close: async () => {
      await Promise.all([here.close(), there.close()]);
    },
  };
}
