import { stagedExample } from './examples.ts';
import { realdata } from './realdata.ts';
import type { Operator } from './operator.ts';
import { serveRecordedRekorV1 } from './recorded-rekor-v1.ts';
import { serveStaticLog } from './static-log.ts';

/** A system of which entries were made through real servers, and how far its two logs go. */
export interface RecordedSystem {
  readonly system: string;
  readonly example: string;
  /** Names of the example that stand for the reader's own, each with what it is in the recording. */
  readonly names: readonly (readonly [placeholder: string, name: string])[];
  readonly v1: number;
  readonly v2: number;
}

/** What is served, until it is closed. */
export interface ServedSystem {
  /** Both logs as they were when they held so many entries; none: to their ends. */
  show(v1?: number, v2?: number): void;
  /** From now on the server of v1 gives attestations that were exchanged in its store, where there are. */
  exchange(): void;
  close(): Promise<void>;
}

/** Serves the recorded logs, and has the operator watch them by the example. */
export async function serveRecordedSystem(operator: Operator, recording: RecordedSystem): Promise<ServedSystem> {
  const { system, example, names } = recording;
  const recorded = realdata(`systems/${system}/recorded`);
  const v1 = await serveRecordedRekorV1(`${recorded}/v1`, '');
  const v2 = await serveStaticLog(`${recorded}/v2/log`, '');
  const custom = [
    { name: 'v1', type: 'rekor-v1', url: v1.url, origin: 'rekor.peers.test' },
    { name: 'v2', type: 'rekor-v2', url: v2.url, origin: `rekor2-${system}.peers.test`, read_path: '' },
  ].map((log) => ({ ...log, public_key: `${recorded}/${log.name}/publicKey.pem`, start: 'genesis' }));
  const trust = {
    source: 'none',
    certificate_authorities: [{ name: 'peers-test', chain: `${recorded}/ca/chain.pem` }],
  };
  operator.configureWith(stagedExample(example, { trust, logs: { discover: false, custom }, names }));
  const served = {
    show: (sizeV1 = recording.v1, sizeV2 = recording.v2) => {
      v1.head = `log/log-${String(sizeV1).padStart(3, '0')}.json`;
      v2.checkpoint = `${recorded}/v2/checkpoints/${sizeV2}`;
    },
    exchange: () => {
      v1.folders = ['entries-tampered', 'entries'];
    },
    close: async () => {
      await Promise.all([v1.close(), v2.close()]);
    },
  };
  served.show();
  return served;
}
