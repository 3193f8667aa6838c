import { createServer } from 'node:http';
import { connect } from 'node:net';
import { listenOnLoopback, type Listening } from '../src/demo/listen.ts';

/** A proxy behind which every name is this machine: so a server on loopback can stand for a public one. */
export async function startConnectProxy(): Promise<Listening> {
  const server = createServer((_, response) => response.writeHead(400).end());
  server.on('connect', ({ url = '' }, socket, head) => {
    const onward = connect(Number(url.split(':').at(-1)), '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      onward.write(head);
      onward.pipe(socket).pipe(onward);
    });
    onward.on('error', () => socket.destroy());
    socket.on('error', () => onward.destroy());
  });
  return listenOnLoopback(server);
}
