import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A server that listens on loopback. */
export interface Listening {
  readonly url: string;
  /** Ends every connection, also one that is in the middle of an answer. */
  close(): Promise<void>;
}

/** Lets `server` listen on 127.0.0.1; port 0 takes a free one. Rejects when the port is taken. */
export async function listenOnLoopback(server: Server, port = 0): Promise<Listening> {
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  // A TCP server's address is never a pipe's name, nor null while it listens.
  const address = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${address.port}`,
    async close() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
