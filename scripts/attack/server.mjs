// The server process of the attack program: a server with default limits that measures its own memory and CPU.
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { pathToFileURL } from 'node:url';
import { warmUpRounds } from './neighbor.mjs';

/** Milliseconds between two measurements of the heap. */
const sampleInterval = 25;
const mebibyte = 2 ** 20;

const [folder = '', planted = ''] = process.argv.slice(2);
const { createServer, tcpTransport, silentLogger, Controller, MessageMapping, Payload } =
  await load(join(folder, 'dist/index.js'));
const require = createRequire(join(folder, 'package.json'));
// The copies that the package uses, because a second copy does not know the decorators of these classes.
const { IsString, ValidateNested } = await load(require.resolve('class-validator'));
const { Type } = await load(require.resolve('class-transformer'));

class Item {}
IsString()(Item.prototype, 'name');

class Order {}
IsString()(Order.prototype, 'id');
Reflect.metadata('design:type', Array)(Order.prototype, 'items');
ValidateNested({ each: true })(Order.prototype, 'items');
Type(() => Item)(Order.prototype, 'items');

/** How often each order of a neighbor was processed, by its id. @type {Record<string, number>} */
const orders = {};

class OrderController {
  /** @param {{ id: string }} order */
  order({ id }) {
    if (id.startsWith('neighbor')) orders[id] = (orders[id] ?? 0) + 1;
  }
}
Payload(Order)(OrderController.prototype, 'order', 0);
MessageMapping('/order')(
  OrderController.prototype,
  'order',
  Object.getOwnPropertyDescriptor(OrderController.prototype, 'order'),
);
Controller()(OrderController);

/** @type {Buffer[]} */
const leaked = [];
/**
 * Faults for the tests of the attack program, which must report them. Each is called with one message for each neighbor, and
 * returns the message to send.
 *
 * @type {Readonly<Record<string, (frame: object) => object | undefined>>}
 */
const faults = {
  loses: () => undefined,
  disconnects: () => {
    throw new Error('A planted fault.');
  },
  ends: () => process.exit(3),
  grows: (frame) => {
    leaked.push(Buffer.alloc(64 * mebibyte, 'x'));
    return frame;
  },
};

const { server, tcp, compresses } = await start();
const delay = monitorEventLoopDelay({ resolution: 5 });
delay.enable();
let peakHeap = 0;
let cpu = process.cpuUsage();
setInterval(() => void (peakHeap = Math.max(peakHeap, heap())), sampleInterval);

process.on('message', (/** @type {string} */ request) => void answer(request));
process.on('disconnect', () => process.exit(1));
process.send?.({ tcp: tcp.address()?.port, http: server.address().port, compresses });

/**
 * Answers a request of the attack program.
 *
 * @param {string} request `begin` and `measure` get a measurement; `begin` starts those of peaks and CPU, and `stop` ends the process
 */
async function answer(request) {
  if (request === 'stop') {
    await server.close();
    process.exit(0);
  }
  const { user, system } = process.cpuUsage(cpu);
  const pause = delay.max / 1e6;
  for (let i = 0; i < 3; i++) {
    globalThis.gc?.();
    // Buffers are released in the turn after the collection of their owners.
    await new Promise((resolve) => setImmediate(resolve));
  }
  const held = heap();
  process.send?.({
    heap: held,
    peakHeap: Math.max(peakHeap, held),
    rss: process.memoryUsage.rss() / mebibyte,
    peakRss: process.resourceUsage().maxRSS / 1024,
    cpu: (user + system) / 1e6,
    pause,
    sessions: server.sessions.size,
    orders,
  });
  if (request === 'begin') {
    peakHeap = held;
    cpu = process.cpuUsage();
    delay.reset();
  }
}

/** Starts the server, without compression if the package does not support it. */
async function start() {
  try {
    return await startWith({ perMessageDeflate: true }, true);
  } catch (error) {
    if (!/perMessageDeflate/.test(String(error))) throw error;
    return startWith({}, false);
  }
}

/** @param {object} compression @param {boolean} compresses */
async function startWith(compression, compresses) {
  const transport = tcpTransport({ port: 0 });
  const started = await createServer({
    controllers: [OrderController],
    transports: [transport],
    endpoints: [{ path: '/ws' }, { path: '/compressed', ...compression }],
    authenticate: (/** @type {{ login?: string }} */ { login }) =>
      login === undefined ? undefined : { name: login },
    logger: silentLogger,
    ...(planted !== '' && { outboundInterceptors: [plant] }),
  });
  await started.listen(0);
  return { server: started, tcp: transport, compresses };
}

/**
 * Applies the planted fault to the first messages that the neighbors send during the attack.
 *
 * @param {any} frame
 */
function plant(frame) {
  const planned = `${warmUpRounds + 1}`;
  const isPlanned =
    frame.kind === 'message' && Buffer.from(frame.message.body).toString() === planned;
  return isPlanned ? faults[planted]?.(frame) : frame;
}

/** Bytes of the heap and of buffers, in MiB. */
function heap() {
  const { heapUsed, external } = process.memoryUsage();
  return (heapUsed + external) / mebibyte;
}

/** @param {string} file @returns {Promise<any>} */
function load(file) {
  return import(pathToFileURL(file).href);
}
