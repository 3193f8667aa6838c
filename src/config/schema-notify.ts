import { isIPv6 } from 'node:net';
import { z } from 'zod';
import type { ChannelConfig, EmailConfig } from '../alert/channel.ts';
import type { Route } from '../alert/route.ts';
import type { NotifyConfig } from './config.ts';
import { isLoopback } from './http-url.ts';
import type { Machine } from './machine.ts';
import { duration, name, oneOrMore, secret, secretUrl, strict } from './schema-parts.ts';
import { SEVERITIES } from './schema-watch.ts';

type RouteClass = NonNullable<Route['class']>[number];
type RouteKind = NonNullable<Route['kind']>[number];

const CLASSES = ['identity', 'log', 'operational'] as const satisfies readonly RouteClass[];

/** Every kind there is: the compiler finds one that is forgotten. */
const KINDS: Readonly<Record<RouteKind, true>> = {
  unexpected: true,
  forged: true,
  unverifiable: true,
  unparsable: true,
  'first-seen': true,
  burst: true,
  missing: true,
  'artifact-resigned': true,
  fork: true,
  rollback: true,
  'bad-signature': true,
  'wrong-origin': true,
  'entry-mismatch': true,
  'entries-withheld': true,
  'frozen-log-grew': true,
  'key-changed': true,
  'witness-missing': true,
  started: true,
  stalled: true,
  unreachable: true,
  backlog: true,
  'trust-stale': true,
};

/** The section `notify`. */
export function notifySchema(machine: Machine): z.ZodType<NotifyConfig> {
  return strict({
    channels: z.record(name, channel(machine)).prefault({}).describe('Where alerts go, by name.'),
    routes: z
      .array(route)
      .default([])
      .describe('The first route that an alert meets decides; one that meets none goes to every channel.'),
    group_wait: duration('0s', '1h')
      .prefault('30s')
      .describe('Alerts about the same thing that arrive together make one message.'),
    repeat_interval: duration('1s', '365d').prefault('24h').describe('An alert that is still open is told again.'),
  }).transform((notify) => ({
    channels: new Map(Object.entries(notify.channels)),
    routes: notify.routes,
    groupWaitMs: notify.group_wait,
    repeatIntervalMs: notify.repeat_interval,
  }));
}

function channel(machine: Machine): z.ZodType<ChannelConfig> {
  const slack = strict({
    type: z.literal('slack'),
    webhook_url: secretUrl(machine).describe('A secret: whoever has it can post.'),
  });
  const email = strict({
    type: z.literal('email'),
    from: address.describe('Whom the mail comes from: an address, or a name and an address in <>.'),
    to: oneOrMore(address, 'an e-mail address').describe('Whom it goes to, each in the same form.'),
    smtp: smtp(machine).describe('The server that takes the mail.'),
  });
  return z
    .discriminatedUnion('type', [slack, email])
    .transform((config): ChannelConfig =>
      config.type === 'slack' ? { type: 'slack', webhookUrl: config.webhook_url } : config,
    );
}

function smtp(machine: Machine): z.ZodType<EmailConfig['smtp']> {
  return strict({
    host: z
      .string()
      .meta({ pattern: HOST_PATTERN })
      .refine(isHost, 'expected a host name or an address, without a port')
      .describe('Its name or address, without the port.'),
    port: z.int().min(1, 'expected a port from 1 to 65535').max(65535, 'expected a port from 1 to 65535').default(587),
    tls: z
      .enum(['required', 'opportunistic', 'implicit', 'none'])
      .optional()
      .describe('Default: required; on loopback opportunistic.'),
    user: z.string().min(1, 'expected a user name').optional().describe('With password or not at all.'),
    password: secret(machine).optional().describe('A secret; with user or not at all.'),
  })
    .meta({ dependencies: { user: ['password'], password: ['user'] } })
    .transform((server) => ({
      host: server.host,
      port: server.port,
      tls: server.tls ?? (isLoopback(server.host) ? 'opportunistic' : 'required'),
      user: server.user ?? null,
      password: server.password ?? null,
    }));
}

/** What {@link isHost} takes, as far as an expression can say it. */
const HOST_PATTERN = '^(?:[A-Za-z0-9._-]{1,253}|(?=[^%]*:)[0-9A-Fa-f:.]{2,45}(?:%[0-9A-Za-z.:-]+)?)$';

function isHost(host: string): boolean {
  return isIPv6(host) || /^[A-Za-z0-9._-]{1,253}$/.test(host);
}

const address = z
  .string()
  .max(320, 'expected at most 320 characters')
  .regex(
    /^(?:[^\s@<>,;\p{C}]+@[^\s@<>,;\p{C}]+|[^<>,;\p{C}]*<[^\s@<>,;\p{C}]+@[^\s@<>,;\p{C}]+>)$/u,
    'expected one e-mail address, such as sec@acme.example or Security <sec@acme.example>',
  );

const kinds = Object.keys(KINDS) as RouteKind[]; // the keys of an exact record

const route: z.ZodType<Route> = strict({
  class: oneOrMore(z.enum(CLASSES), `one of ${CLASSES.join(', ')}`)
    .optional()
    .describe('Absent: alerts of every class. All that is given must fit.'),
  severity: oneOrMore(z.enum(SEVERITIES), `one of ${SEVERITIES.join(', ')}`)
    .optional()
    .describe('Absent: of every severity.'),
  watch: oneOrMore(z.string(), 'the name of a watch').optional().describe('Absent: of every watch, and of none.'),
  kind: oneOrMore(z.enum(kinds), `one of ${kinds.join(', ')}`)
    .optional()
    .describe('Absent: of every kind.'),
  to: oneOrMore(z.string(), 'the name of a channel').describe('The channels that get them.'),
  continue: z.boolean().default(false).describe('Also look at the routes after this one.'),
}).transform((criteria) => ({
  class: criteria.class ?? null,
  severity: criteria.severity ?? null,
  watch: criteria.watch ?? null,
  kind: criteria.kind ?? null,
  to: criteria.to,
  continue: criteria.continue,
}));
