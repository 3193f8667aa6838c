import type { ChannelConfig } from '../alert/channel.ts';
import type { Route } from '../alert/route.ts';
import type { NonEmpty } from '../lib/non-empty.ts';
import type { LogType, Start } from '../log/log.ts';
import type { Watch } from '../policy/watch.ts';
import type { WitnessPolicy } from '../tlog/witness-policy.ts';
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
  readonly network: NetworkConfig;
}

/** How other machines are reached. */
export interface NetworkConfig {
  /** As the environment says (HTTP_PROXY, HTTPS_PROXY, NO_PROXY); null: directly. */
  readonly proxy: ProxyConfig | null;
  /** PEM certificates believed besides those of the system. */
  readonly ca: string | null;
}

/** Proxies, as URLs; an empty string where there is none. */
export interface ProxyConfig {
  readonly http: string;
  readonly https: string;
  /** Hosts that are asked directly, as NO_PROXY names them. */
  readonly noProxy: string;
}

export interface TrustConfig {
  readonly source: TrustSource;
  /** From PEM files; trusted besides those of the source. */
  readonly authorities: readonly CertificateAuthority[];
}

/** Where the keys and authorities come from. Paths are absolute. */
export type TrustSource =
  | { readonly kind: 'public-good' }
  | { readonly kind: 'staging' }
  | { readonly kind: 'tuf'; readonly url: string; readonly root: string }
  | { readonly kind: 'trusted-root'; readonly file: string; readonly data: TrustData }
  | { readonly kind: 'none' };

export interface LogsConfig {
  /** Also follow the logs that the trust source knows. */
  readonly discover: boolean;
  /** Its certificate transparency logs as well. */
  readonly ct: boolean;
  readonly pollIntervalMs: number;
  readonly start: Start;
  /** After so long without a sign of life a log is stalled; null: never; undefined: as is usual for its type. */
  readonly staleAfterMs: number | null | undefined;
  readonly custom: readonly CustomLog[];
  /** By origin: that of a source or, Rekor v1, of one shard (`HOST - TREEID`), of which only {@link ShardSettings} are set. */
  readonly override: ReadonlyMap<string, LogOverride>;
  readonly witnesses: WitnessesConfig | null;
}

/** Which cosignatures must be there, and what is done when they are not. */
export interface WitnessesConfig {
  readonly policy: WitnessPolicy;
  readonly onMissing: 'ignore' | 'warn' | 'alert';
}

/** What may be asked of one log in particular. What is absent is as for every log. */
export interface LogSettings {
  /** Further addresses whose checkpoints are compared. */
  readonly also?: NonEmpty<string>;
  /** A checkpoint that the operator vouches for. */
  readonly checkpoint?: PinnedNote;
  readonly staleAfterMs?: number | null;
  /** False: neither followed nor shown. */
  readonly enabled?: boolean;
}

/** What may be asked of one shard. */
export interface ShardSettings extends LogSettings {
  readonly start?: Start;
}

/** What stands instead of that which is configured, or known by the trust source. */
export type LogOverride = Partial<CustomLog>;

/** A signed note as it stands in a file. Its signature is not checked yet. */
export interface PinnedNote {
  readonly file: string;
  readonly note: string;
}

export interface CustomLog extends LogSettings {
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
