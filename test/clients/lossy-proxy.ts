// A TCP proxy on loopback that the test uses as a network: it breaks all of its connections, or refuses new ones.
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

export interface LossyProxy {
  readonly port: number;
  /** Connections that were accepted. */
  readonly accepted: number;
  /** Breaks all connections. New ones work. */
  breakConnections(): void;
  /** Refuses new connections, or accepts them again. */
  refuse(refuses: boolean): void;
  close(): void;
}

export async function lossyProxy(serverPort: number): Promise<LossyProxy> {
  const sockets = new Set<Socket>();
  let refuses = false;
  let accepted = 0;
  const server = createServer((client) => {
    if (refuses) {
      client.destroy();
      return;
    }
    accepted += 1;
    const upstream = connect(serverPort, '127.0.0.1');
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => socket.destroy());
      socket.once('close', () => {
        sockets.delete(socket);
        client.destroy();
        upstream.destroy();
      });
    }
    client.pipe(upstream).pipe(client);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const breakConnections = () => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    port: (server.address() as AddressInfo).port,
    get accepted() {
      return accepted;
    },
    breakConnections,
    refuse: (value) => void (refuses = value),
    close() {
      server.close();
      breakConnections();
    },
  };
}
