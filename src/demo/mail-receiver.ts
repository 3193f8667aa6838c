import type { AddressInfo } from 'node:net';
import { SMTPServer, type SMTPServerDataStream, type SMTPServerOptions } from 'smtp-server';
import { readMail, type Mail } from './read-mail.ts';

/** One mail as it arrived, and taken apart. */
export interface ReceivedMail extends Mail {
  readonly from: string;
  readonly to: readonly string[];
  /** The exact bytes between DATA and the dot, as text. */
  readonly raw: string;
  readonly encrypted: boolean;
  readonly at: Date;
}

/** Where a conversation can be made to fail: with an SMTP status, by saying nothing more, or by breaking the connection. */
export interface MailFault {
  readonly stage: 'connect' | 'mail' | 'rcpt' | 'data';
  readonly answer: number | 'hang' | 'reset';
  /** Only for this recipient; for stage `rcpt`. */
  readonly recipient?: string;
}

export interface MailReceiverOptions {
  /** A free one when left out. */
  readonly port?: number;
  /** STARTTLS is offered with this certificate; with `implicit` it is TLS from the first byte. */
  readonly tls?: { readonly key: string; readonly cert: string; readonly implicit?: boolean };
  /** Nobody may send without it. */
  readonly login?: { readonly user: string; readonly password: string };
}

/** A place on loopback that takes mail as an SMTP server does. */
export interface MailReceiver {
  readonly port: number;
  /** The mails that were taken. */
  mails(): readonly ReceivedMail[];
  /** Every user name and password that was shown, right or wrong. */
  readonly logins: readonly { readonly user: string; readonly password: string }[];
  /** How many conversations began. */
  readonly connections: () => number;
  /** From now on fail like this; null: no longer. */
  fail(fault: MailFault | null): void;
  close(): Promise<void>;
}

/** Starts a receiver on 127.0.0.1. */
export async function startMailReceiver(options: MailReceiverOptions = {}): Promise<MailReceiver> {
  const mails: ReceivedMail[] = [];
  const logins: { user: string; password: string }[] = [];
  let fault: MailFault | null = null;
  let connections = 0;

  /** Goes on, or fails as told. */
  const pass = (stage: MailFault['stage'], callback: (error?: Error | null) => void, recipient?: string): void => {
    if (fault?.stage !== stage || (fault.recipient !== undefined && fault.recipient !== recipient)) {
      callback();
    } else if (fault.answer === 'reset') {
      for (const connection of server.connections) {
        connection._socket.destroy();
      }
    } else if (fault.answer !== 'hang') {
      callback(Object.assign(new Error(`told to fail at ${stage}`), { responseCode: fault.answer }));
    }
  };

  const server = new SMTPServer({
    ...offers(options),
    onConnect(_session, callback) {
      connections += 1;
      pass('connect', callback);
    },
    onAuth(auth, _session, callback) {
      const { username = '', password } = auth;
      logins.push({ user: username, password: password ?? '' });
      const right = username === options.login?.user && password === options.login.password;
      // A careless server throws the password back.
      callback(right ? null : new Error(`no such user ${username} with ${password ?? ''}`), { user: username });
    },
    onMailFrom(_address, _session, callback) {
      pass('mail', callback);
    },
    onRcptTo(address, _session, callback) {
      pass('rcpt', callback, address.address);
    },
    onData(stream, session, callback) {
      void readAll(stream).then((raw) => {
        pass('data', (error) => {
          if (error == null) {
            const { mailFrom, rcptTo } = session.envelope;
            mails.push({
              from: mailFrom === false ? '' : mailFrom.address,
              to: rcptTo.map(({ address }) => address),
              raw,
              ...readMail(raw),
              encrypted: session.secure,
              at: new Date(),
            });
          }
          callback(error);
        });
        // The sender went away in the middle: there is nobody left to answer, and no mail.
      }, callback);
    },
  });
  // A client that goes away in the middle is no concern of the receiver's.
  server.on('error', () => undefined);
  await new Promise<void>((resolve) => {
    server.listen(options.port ?? 0, '127.0.0.1', resolve);
  });
  // A server that listens on a port has an address of this shape.
  const { port } = server.server.address() as AddressInfo;
  return {
    port,
    mails: () => mails,
    logins,
    connections: () => connections,
    fail: (next) => {
      fault = next;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
      }),
  };
}

function offers({ tls, login }: MailReceiverOptions): SMTPServerOptions {
  const disabled = [...(tls === undefined ? ['STARTTLS'] : []), ...(login === undefined ? ['AUTH'] : [])];
  return {
    ...(tls === undefined ? {} : { key: tls.key, cert: tls.cert, secure: tls.implicit === true }),
    disabledCommands: disabled,
    authOptional: login === undefined,
    // So that a test can see a password that should not have been sent in clear.
    allowInsecureAuth: true,
    disableReverseLookup: true,
    closeTimeout: 100,
    size: 10 * 1024 * 1024,
    logger: false,
  };
}

async function readAll(stream: SMTPServerDataStream): Promise<string> {
  const chunks: Buffer[] = [];
  // A stream of bytes yields buffers.
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
