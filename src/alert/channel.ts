import type { NonEmpty } from '../lib/non-empty.ts';

/** A place that alerts are sent to, with its secrets resolved. */
export type ChannelConfig = SlackConfig | EmailConfig;

export interface SlackConfig {
  readonly type: 'slack';
  /** A secret: whoever has it can post. */
  readonly webhookUrl: string;
}

export interface EmailConfig {
  readonly type: 'email';
  readonly from: string;
  readonly to: NonEmpty<string>;
  readonly smtp: {
    readonly host: string;
    readonly port: number;
    /** `required`: STARTTLS or nothing is sent; `opportunistic`: STARTTLS where offered; `implicit`: TLS from the first byte. */
    readonly tls: 'required' | 'opportunistic' | 'implicit' | 'none';
    /** With `password` or not at all. */
    readonly user: string | null;
    readonly password: string | null;
  };
}
