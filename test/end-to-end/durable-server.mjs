// The server that is killed: STOMP over TCP, and queues that are stored in a folder.
import { createServer, EmbeddedBroker, silentLogger, tcpTransport } from '../../dist/index.js';
import { levelStore } from '../../dist/store.js';

const transport = tcpTransport({ port: 0 });
const server = await createServer({
  transports: [transport],
  broker: new EmbeddedBroker({ store: levelStore({ path: process.argv[2] }) }),
  logger: silentLogger,
});
await server.start();
process.on('disconnect', () => process.exit());
process.send({ port: transport.address().port });
