// `npm run stress [-- seconds] [-- --plant]`: 300 sessions connect, send, stop reading, disconnect and reconnect; counts and order are checked.
import { setTimeout as sleep } from 'node:timers/promises';
import {
  createServer,
  EmbeddedBroker,
  memoryTransport,
  silentLogger,
  tcpTransport,
} from '../dist/index.js';
import { act, gatherer, listener, publisher, worker } from './stress/actor.mjs';
import { Client } from './stress/client.mjs';
import { Ledger, Listening } from './stress/ledger.mjs';
import { lostDeliveries, plantedBroker } from './stress/planted.mjs';
import { remains } from './stress/remains.mjs';
import { dials } from './stress/wire.mjs';

const roles = [
  { role: publisher, count: 120 },
  { role: listener, count: 90 },
  { role: worker, count: 57 },
  { role: gatherer, count: 30 },
];
/** Transports of the listeners that stay connected for the whole run. */
const permanentTransports = Object.keys(dials);
/** Allowed growth of the heap, in MiB: compiled code and caches of V8. */
const maxGrowth = 24;
/** Time for sessions and queues to finish after the run, in milliseconds. */
const finishTimeout = 30_000;

const args = process.argv.slice(2);
const planted = args.includes('--plant');
const [seconds = 60, seed = Date.now() % 2 ** 31] = args
  .filter((arg) => !arg.startsWith('--'))
  .map(Number);
if (!Number.isInteger(seconds) || seconds < 1 || !Number.isInteger(seed)) {
  console.error('Pass the seconds and the seed as whole numbers: npm run stress -- 60 42');
  process.exit(1);
}
if (globalThis.gc === undefined) {
  console.error('The memory check needs --expose-gc: start the program with npm run stress.');
  process.exit(1);
}

const ledger = new Ledger();
const random = randomFrom(seed);
console.log(
  `${roles.reduce((sum, { count }) => sum + count, permanentTransports.length)} sessions for ${seconds} s, seed ${seed}.`,
);

/** @type {string[]} */
const rejections = [];
process.on('unhandledRejection', (reason) => rejections.push(String(reason)));

// Runs once before the first measurement, so that compiled code and caches do not count as growth.
await (await round(2, new Ledger(), soundBroker)).close();
const before = footprint();
const server = await round(seconds, ledger, planted ? plantedBroker : soundBroker);
for (const remainder of await remains()) ledger.fail(remainder);
await server.close();
const after = footprint();

for (const reason of rejections) ledger.fail(`Unhandled rejection: ${reason}`);
if (after.handles > before.handles)
  ledger.fail(`${after.handles - before.handles} handles remain.`);
if (after.heap > before.heap + maxGrowth)
  ledger.fail(`The heap has grown from ${before.heap.toFixed(1)} to ${after.heap.toFixed(1)} MiB.`);

const { counts, violations } = ledger;
console.log(
  `Topics: ${counts.published} receipts, ${counts.received} deliveries. Queues: ${counts.queued} messages, ${counts.delivered} delivered, ` +
    `${counts.redelivered} again, ${counts.acknowledged} acknowledged. Heap ${before.heap.toFixed(1)} to ${after.heap.toFixed(1)} MiB.`,
);
for (const violation of violations) console.error(violation);
console.log(
  violations.length === 0
    ? 'No message was lost, repeated or out of order, and no objects remain in memory.'
    : 'Failed.',
);
process.exit(violations.length === 0 ? 0 : 1);

/** @param {object} options */
function soundBroker(options) {
  return new EmbeddedBroker(options);
}

/**
 * Runs all sessions against a new server. The returned server has no sessions left and must be closed.
 *
 * @param {number} duration seconds
 * @param {Ledger} of
 * @param {(options: object) => import('../dist/index.js').Broker} makeBroker
 */
async function round(duration, of, makeBroker) {
  const [memory, tcp] = [memoryTransport(), tcpTransport({ port: 0 })];
  const options = {
    queue: { maxDeliveries: 1_000_000, maxMessages: 1_000_000 },
  };
  const broker = makeBroker(options);
  const started = await createServer({
    broker,
    transports: [memory, tcp],
    logger: silentLogger,
    // All sessions have one address.
    limits: { shares: 1 },
  });
  await started.listen(0);
  const address = /** @type {import('node:net').AddressInfo} */ (started.address());
  const addresses = { memory, tcp: tcp.address()?.port ?? 0, webSocket: address.port };
  const until = Date.now() + duration * 1000;
  // On a slow machine the planted fault may need more time. A single lost delivery is not always noticed: its listener may end before
  // the next message.
  const isDue = () => makeBroker !== plantedBroker || lostDeliveries() >= 10;
  const scene = { addresses, ledger: of, random, isOver: () => Date.now() >= until && isDue() };

  const permanent = await Promise.all(
    permanentTransports.map((transport) => listenPermanently(scene, transport)),
  );
  await Promise.all(
    roles.flatMap(({ role, count }) =>
      Array.from({ length: count }, (_, i) => act(scene, `${role.name}${i}`, role)),
    ),
  );
  await drain(scene);
  for (const { client, listening } of permanent) {
    await client.request('SEND', { destination: '/topic/without/subscribers' });
    if (client.error !== undefined) of.fail(`${listening.name} was disconnected: ${client.error}`);
    of.checkPermanent(listening.name, listening.next);
    client.wire.vanish();
    await client.wire.gone;
  }
  // The server processes the end of a connection a little later than the client.
  const deadline = Date.now() + finishTimeout;
  while (started.sessions.size > 0 && Date.now() < deadline) await sleep(5);
  await started.idle();
  if (started.sessions.size > 0) of.fail(`${started.sessions.size} sessions remain.`);
  of.checkQueues();
  of.forget();
  return started;
}

/**
 * @param {import('./stress/actor.mjs').Scene} scene
 * @param {string} transport
 */
async function listenPermanently({ addresses, ledger: of }, transport) {
  const listening = new Listening(of, `the permanent listener on ${transport}`, true);
  const wire = await /** @type {any} */ (dials[transport])(addresses);
  const client = new Client(wire, ({ body }) => listening.receive(body));
  await client.connect();
  await client.request('SUBSCRIBE', { id: '1', destination: '/topic/*' });
  return { client, listening };
}

/**
 * Runs workers until the queues are empty.
 *
 * @param {import('./stress/actor.mjs').Scene} scene
 */
async function drain(scene) {
  const until = Date.now() + finishTimeout;
  const busy = { ...scene, isOver: () => scene.ledger.unsettled === 0 || Date.now() >= until };
  await Promise.all(Array.from({ length: 24 }, (_, i) => act(busy, `drain${i}`, worker)));
}

/** Heap size and handles after garbage collection. */
function footprint() {
  for (let i = 0; i < 4; i++) globalThis.gc?.();
  const handles = process
    .getActiveResourcesInfo()
    .filter((name) => !/^(?:TTY|Pipe|File)/.test(name));
  return { heap: process.memoryUsage().heapUsed / 2 ** 20, handles: handles.length };
}

/**
 * Returns a generator of pseudo-random numbers; the same seed gives the same numbers.
 *
 * @param {number} start
 */
function randomFrom(start) {
  let state = start >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
