// The server of the slow consumer's test, in another process so that its memory is measured without its clients.
import { createServer, silentLogger } from '../../dist/index.js';

const server = await createServer({ logger: silentLogger });
const disconnected = [];
server.events.on('disconnected', ({ reason }) => void disconnected.push(reason));
await server.listen(0);

function memory() {
  globalThis.gc();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** Publishes numbered messages, and reports the memory in use. */
async function publish({ from, to, size }) {
  let highest = 0;
  for (let n = from; n < to; n++) {
    await server.publisher.publish('/topic/load', `${n}`.padStart(8, '0').padEnd(size, '.'));
    await new Promise((resolve) => setImmediate(resolve));
    if (n % 16 === 0) highest = Math.max(highest, memory());
  }
  process.send({ highest, disconnected, sessions: server.sessions.size });
}

process.on('message', (request) => void publish(request));
process.on('disconnect', () => process.exit());
process.send({ port: server.address().port });
