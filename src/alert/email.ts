import { createTransport, type NodemailerError } from 'nodemailer';
import type { EmailConfig } from './channel.ts';
import { shown } from './escape.ts';
import { renderEmail, type EmailContent } from './render-email.ts';
import { DeliveryError, redact, type Sink } from './sink.ts';

const CONNECT_TIMEOUT_MS = 10_000;
const SOCKET_TIMEOUT_MS = 15_000;

/** Sends mail over SMTP. With `tls: required` nothing, above all no password, is sent before the connection is encrypted and the server's certificate holds. */
export function createEmailSink(name: string, config: EmailConfig, options: { readonly ca?: string } = {}): Sink {
  const domain = domainOf(config.from);
  // Recipients that took a message while others refused it: a retry must not send it to them twice.
  const took = new Map<string, Set<string>>();
  return {
    name,
    render: (alerts, total, head) => JSON.stringify(renderEmail(alerts, total, head, domain)),
    async send(id, content, signal) {
      const done = took.get(id) ?? new Set<string>();
      const to = config.to.filter((address) => !done.has(address));
      const refused = await sendMail(config, options.ca, id, content, to, signal);
      if (refused.length === 0) {
        took.delete(id);
        return;
      }
      took.set(id, new Set(config.to.filter((address) => !refused.includes(address))));
      throw new DeliveryError(
        `Cannot send mail to ${refused.map((address) => `"${shown(address, 100)}"`).join(', ')}: the server refused the recipient`,
        { refused: true },
      );
    },
  };
}

/** Sends one mail and returns the recipients that were refused while others were accepted. */
async function sendMail(
  config: EmailConfig,
  ca: string | undefined,
  id: string,
  content: string,
  to: readonly string[],
  signal: AbortSignal,
): Promise<readonly string[]> {
  const { smtp } = config;
  // render() made it.
  const mail = JSON.parse(content) as EmailContent;
  const transport = createTransport({
    host: smtp.host,
    port: smtp.port,
    ...tlsOptions(smtp.tls, ca),
    ...(smtp.user === null ? {} : { auth: { user: smtp.user, pass: smtp.password ?? '' } }),
    connectionTimeout: CONNECT_TIMEOUT_MS,
    greetingTimeout: CONNECT_TIMEOUT_MS,
    dnsTimeout: CONNECT_TIMEOUT_MS,
    socketTimeout: SOCKET_TIMEOUT_MS,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  try {
    const info = await transport.sendMail({
      from: config.from,
      to: [...config.to],
      envelope: { from: config.from, to: [...to] },
      ...mail,
      date: new Date(mail.date),
      // Without these two a retry would be another sequence of bytes.
      baseBoundary: id,
      encoding: 'quoted-printable',
      xMailer: false,
      signal,
    });
    return info.rejected;
  } catch (error) {
    throw toDeliveryError(error, config);
  } finally {
    transport.close();
  }
}

function tlsOptions(tls: EmailConfig['smtp']['tls'], ca: string | undefined) {
  const trust = ca === undefined ? {} : { ca };
  switch (tls) {
    case 'required':
      // requireTLS: without it nodemailer goes on in clear text when the server offers no STARTTLS.
      return { secure: false, requireTLS: true, tls: trust };
    case 'implicit':
      return { secure: true, tls: trust };
    case 'opportunistic':
      // RFC 7435 §3: who may strip STARTTLS gains nothing by forging a certificate, so encrypt to whoever answers.
      return { secure: false, tls: { ...trust, rejectUnauthorized: false } };
    case 'none':
      return { secure: false, ignoreTLS: true };
  }
}

function toDeliveryError(error: unknown, { smtp }: EmailConfig): DeliveryError {
  // What nodemailer rejects with; every field is optional.
  const { message, code, permanent, command } = error as Partial<NodemailerError>;
  const secrets = smtp.password === null ? [] : spellings(smtp.user ?? '', smtp.password);
  const place = `${smtp.host}:${smtp.port}`;
  return new DeliveryError(
    `Cannot send mail through "${place}": ${shown(redact(message ?? String(error), secrets), 300)}${code === undefined ? '' : ` (${code})`}`,
    { refused: permanent === true && (command?.startsWith('RCPT') === true || command === 'DATA') },
  );
}

/** A password as a server could throw it back: as it is, and as the AUTH commands carry it (RFC 4616, LOGIN). */
function spellings(user: string, password: string): readonly string[] {
  const base64 = (text: string): string => Buffer.from(text).toString('base64');
  return [base64(`\0${user}\0${password}`), base64(password), password];
}

/** The part of an address after its last `@`, where it can stand in a header. */
function domainOf(from: string): string {
  const domain = /@([A-Za-z0-9.-]+)>?\s*$/.exec(from)?.[1];
  return domain ?? 'sigwatch.invalid';
}
