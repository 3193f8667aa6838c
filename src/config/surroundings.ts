import type { Config } from './config.ts';

/** What the rest of the configuration says about the entries that a watch will see. */
export interface Surroundings {
  /** Every certificate that is believed comes from the public instance of Fulcio. */
  readonly publicGood: boolean;
  /** Every certificate that is believed comes from a Fulcio, which takes tokens of several issuers. */
  readonly fulcio: boolean;
  /** Logs that everybody may write to are read. */
  readonly publicLogs: boolean;
  /** CT logs are read. */
  readonly ct: boolean;
  /** Some of the logs are of Rekor v2. */
  readonly rekorV2: boolean;
}

/** What a TUF repository will publish is not known here, but for the public one: it names logs of Rekor v2. */
export function surroundingsOf({ trust, logs }: Config): Surroundings {
  const { source } = trust;
  const publicGood = source.kind === 'public-good';
  const listed = source.kind === 'trusted-root' ? source.data.logs : [];
  const alone = trust.authorities.length === 0;
  return {
    publicGood: publicGood && alone,
    fulcio: alone && source.kind !== 'none',
    publicLogs: (logs.discover || logs.ct) && (publicGood || source.kind === 'staging'),
    ct: logs.ct || logs.custom.some(({ type }) => type === 'ct'),
    rekorV2:
      logs.custom.some(({ type }) => type === 'rekor-v2') ||
      (logs.discover && (publicGood || listed.some(({ type }) => type === 'rekor-v2'))),
  };
}
