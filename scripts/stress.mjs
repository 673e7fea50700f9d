// `npm run stress [-- seconds] [-- --plant]`: 300 sessions that come, talk, stall, vanish and come back; counts and order are checked.
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
  { life: publisher, count: 120 },
  { life: listener, count: 90 },
  { life: worker, count: 57 },
  { life: gatherer, count: 30 },
];
/** Listeners that stay from before the first message to behind the last. */
const stayers = Object.keys(dials);
/** What the heap may have grown by, in MiB: what V8 compiled, and its own caches. */
const slack = 24;
/** Milliseconds for what was begun to end. */
const patience = 30_000;

const args = process.argv.slice(2);
const planted = args.includes('--plant');
const [seconds = 60, seed = Date.now() % 2 ** 31] = args
  .filter((arg) => !arg.startsWith('--'))
  .map(Number);
if (!Number.isInteger(seconds) || seconds < 1 || !Number.isInteger(seed)) {
  console.error('Say how many seconds, and which seed, as whole numbers: npm run stress -- 60 42');
  process.exit(1);
}
if (globalThis.gc === undefined) {
  console.error('Memory can be told only with --expose-gc: run it by npm run stress.');
  process.exit(1);
}

const ledger = new Ledger();
const random = randomFrom(seed);
console.log(
  `${roles.reduce((sum, { count }) => sum + count, stayers.length)} sessions for ${seconds} s, seed ${seed}.`,
);

/** @type {string[]} */
const rejections = [];
process.on('unhandledRejection', (reason) => rejections.push(String(reason)));

// What is compiled and cached once is there before anything is compared.
await (await round(2, new Ledger(), soundBroker)).close();
const before = footprint();
const server = await round(seconds, ledger, planted ? plantedBroker : soundBroker);
for (const remainder of await remains()) ledger.fail(remainder);
await server.close();
const after = footprint();

for (const reason of rejections) ledger.fail(`A promise was rejected and nobody looked: ${reason}`);
if (after.handles > before.handles)
  ledger.fail(`${after.handles - before.handles} handles are left.`);
if (after.heap > before.heap + slack)
  ledger.fail(`The heap has grown from ${before.heap.toFixed(1)} to ${after.heap.toFixed(1)} MiB.`);

const { counts, violations } = ledger;
console.log(
  `Topics: ${counts.published} receipts, ${counts.heard} deliveries. Queues: ${counts.queued} messages, ${counts.delivered} delivered, ` +
    `${counts.redelivered} again, ${counts.acknowledged} acknowledged. Heap ${before.heap.toFixed(1)} to ${after.heap.toFixed(1)} MiB.`,
);
for (const violation of violations) console.error(violation);
console.log(
  violations.length === 0
    ? 'Nothing is lost, doubled or out of order, and nothing is left.'
    : 'It failed.',
);
process.exit(violations.length === 0 ? 0 : 1);

/** @param {object} options */
function soundBroker(options) {
  return new EmbeddedBroker(options);
}

/**
 * A server, and all sessions for so long; nothing is left to the server but to close.
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
  const started = await createServer({ broker, transports: [memory, tcp], logger: silentLogger });
  await started.listen(0);
  const address = /** @type {import('node:net').AddressInfo} */ (started.address());
  const doors = { memory, tcp: tcp.address()?.port ?? 0, webSocket: address.port };
  const until = Date.now() + duration * 1000;
  // On a slow machine the planted fault may need more time than that.
  const isDue = () => makeBroker !== plantedBroker || lostDeliveries() > 0;
  const scene = { doors, ledger: of, random, isOver: () => Date.now() >= until && isDue() };

  const staying = await Promise.all(stayers.map((way) => stay(scene, way)));
  await Promise.all(
    roles.flatMap(({ life, count }) =>
      Array.from({ length: count }, (_, i) => act(scene, `${life.name}${i}`, life)),
    ),
  );
  await drain(scene);
  for (const { client, listening } of staying) {
    await client.ask('SEND', { destination: '/topic/nobody/there' });
    if (client.error !== undefined) of.fail(`${listening.name} was ended: ${client.error}`);
    of.checkStayer(listening.name, listening.next);
    client.wire.vanish();
    await client.wire.gone;
  }
  // A server hears of the end of a connection a little later than its client.
  const late = Date.now() + patience;
  while (started.sessions.size > 0 && Date.now() < late) await sleep(5);
  await started.idle();
  if (started.sessions.size > 0) of.fail(`${started.sessions.size} sessions are left.`);
  of.checkQueues();
  of.forget();
  return started;
}

/**
 * @param {import('./stress/actor.mjs').Scene} scene
 * @param {string} way
 */
async function stay({ doors, ledger: of }, way) {
  const listening = new Listening(of, `the one that stays on ${way}`, true);
  const wire = await /** @type {any} */ (dials[way])(doors);
  const client = new Client(wire, ({ body }) => listening.hear(body));
  await client.connect();
  await client.ask('SUBSCRIBE', { id: '1', destination: '/topic/*' });
  return { client, listening };
}

/**
 * Workers take what is left in the queues.
 *
 * @param {import('./stress/actor.mjs').Scene} scene
 */
async function drain(scene) {
  const until = Date.now() + patience;
  const busy = { ...scene, isOver: () => scene.ledger.unsettled === 0 || Date.now() >= until };
  await Promise.all(Array.from({ length: 24 }, (_, i) => act(busy, `drain${i}`, worker)));
}

/** After everything that can be collected was. */
function footprint() {
  for (let i = 0; i < 4; i++) globalThis.gc?.();
  const handles = process
    .getActiveResourcesInfo()
    .filter((name) => !/^(?:TTY|Pipe|File)/.test(name));
  return { heap: process.memoryUsage().heapUsed / 2 ** 20, handles: handles.length };
}

/**
 * Numbers that look random and are the same for one seed.
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
