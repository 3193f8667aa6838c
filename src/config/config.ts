import type { ChannelConfig } from '../alert/channel.ts';
import type { Route } from '../alert/route.ts';
import type { NonEmpty } from '../lib/non-empty.ts';
import type { LogType, Start } from '../log/log.ts';
import type { Watch } from '../policy/watch.ts';
import type { CertificateAuthority } from '../trust/chain.ts';
import type { TrustData } from '../trust/trusted-root.ts';

/** A loaded configuration: checked whole, files and secrets read, paths absolute, defaults filled in. */
export interface Config {
  readonly file: string;
  readonly database: string;
  readonly trust: TrustConfig;
  readonly logs: LogsConfig;
  readonly watches: readonly Watch[];
  /** Null: nothing is sent. */
  readonly notify: NotifyConfig | null;
  readonly retention: { readonly checkpointsMs: number; readonly deliveriesMs: number };
}

export interface TrustConfig {
  readonly source: TrustSource;
  /** From PEM files; trusted besides those of the source. */
  readonly authorities: readonly CertificateAuthority[];
}

/** Where the keys and authorities come from. Paths are absolute. */
export type TrustSource =
  | { readonly kind: 'public-good' }
  | { readonly kind: 'tuf'; readonly url: string; readonly root: string }
  | { readonly kind: 'trusted-root'; readonly file: string; readonly data: TrustData }
  | { readonly kind: 'none' };

export interface LogsConfig {
  /** Also follow the logs that the trust source knows. */
  readonly discover: boolean;
  readonly pollIntervalMs: number;
  readonly start: Start;
  readonly custom: readonly CustomLog[];
}

export interface CustomLog {
  readonly name: string;
  readonly type: LogType;
  /** Without a slash at its end. */
  readonly url: string;
  /** Empty for Rekor v1, and where the tiles lie at the root. */
  readonly readPath: string;
  readonly origin: string;
  /** SubjectPublicKeyInfo, DER: any of them may sign. */
  readonly publicKeys: NonEmpty<Buffer>;
  readonly start: Start;
}

export interface NotifyConfig {
  readonly channels: ReadonlyMap<string, ChannelConfig>;
  readonly routes: readonly Route[];
  readonly groupWaitMs: number;
  readonly repeatIntervalMs: number;
}
