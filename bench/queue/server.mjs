// The server's process of signalbox: STOMP over TCP, its embedded broker, and nothing else.
import { createServer, tcpTransport } from '../../dist/index.js';

const transport = tcpTransport({ port: 0 });
const server = await createServer({ transports: [transport] });
await server.start();
process.on('disconnect', () => process.exit());
process.send?.({ port: transport.address()?.port });
