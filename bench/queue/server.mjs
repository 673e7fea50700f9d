// The server process of signalbox: STOMP over TCP, the embedded broker, and a store if a folder is given.
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
