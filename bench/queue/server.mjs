// The server's process of signalbox: STOMP over TCP, its embedded broker, and a store where a folder is named for one.
import { createServer, EmbeddedBroker, tcpTransport } from '../../dist/index.js';
import { levelStore } from '../../dist/store.js';

const [path] = process.argv.slice(2);
const store = path === undefined ? undefined : levelStore({ path });
const transport = tcpTransport({ port: 0 });
const server = await createServer({
  transports: [transport],
  broker: new EmbeddedBroker({ ...(store && { store }) }),
});
await server.start();
process.on('disconnect', () => process.exit());
process.send?.({ port: transport.address()?.port });
