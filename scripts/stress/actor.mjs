// Roles of the stress program: publishers, listeners, workers and gatherers, which reconnect until the end of the run.
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from './client.mjs';
import { abandoned, Listening } from './ledger.mjs';
import { dials } from './wire.mjs';

const topics = 6;
const queues = 4;

/**
 * @typedef {object} Scene
 * @property {import('./wire.mjs').Addresses} addresses
 * @property {import('./ledger.mjs').Ledger} ledger
 * @property {() => number} random from 0 to 1
 * @property {() => boolean} isOver true at the end of the run
 */

/** @typedef {(scene: Scene, name: string, dial: (onMessage: (frame: import('./client.mjs').Frame) => void) => Promise<Client | undefined>) => Promise<void>} Role */

/**
 * Runs sessions of a role one after another until the end of the run; each uses a random transport.
 *
 * @param {Scene} scene
 * @param {string} name
 * @param {Role} role
 */
export async function act(scene, name, role) {
  const transports = Object.values(dials);
  for (let n = 0; !scene.isOver(); n++) {
    const dial = transports[Math.floor(scene.random() * transports.length)] ?? dials['memory'];
    await role(scene, `${name}.${n}`, async (onMessage) => {
      const client = new Client(await /** @type {any} */ (dial)(scene.addresses), onMessage);
      return (await client.connect()) ? client : undefined;
    });
    await sleep(scene.random() * 40);
  }
}

/**
 * Ends the connection in one of the ways that clients use: DISCONNECT, in the middle of a frame, or without notice.
 *
 * @param {Scene} scene
 * @param {Client} client
 */
async function leave({ random }, client) {
  const way = random();
  if (way < 0.4) await client.request('DISCONNECT', {});
  // An incomplete frame, which must have no effect.
  else if (way < 0.7) client.wire.send('SEND\ndestination:/topic/t0\n\nincomplete 0');
  client.wire.vanish();
  await client.wire.gone;
}

/**
 * Begins a transaction, sends a message to each destination, and aborts the transaction.
 *
 * @param {Client} client
 * @param {readonly string[]} destinations
 */
function abandon(client, destinations) {
  const within = { transaction: 'u' };
  client.send('BEGIN', within);
  for (const destination of destinations)
    client.send('SEND', { destination, ...within }, abandoned);
  client.send('ABORT', within);
}

/** @type {Role} Publishes to a topic and a queue, in bursts whose last frame asks for a receipt, and some in transactions. */
export async function publisher(scene, name, dial) {
  const { random, ledger, isOver } = scene;
  const client = await dial(() => {});
  if (client === undefined) return;
  const topic = `/topic/t${Math.floor(random() * topics)}`;
  const queue = `/queue/q${Math.floor(random() * queues)}`;
  const bursts = 1 + Math.floor(random() * 12);
  let n = 0;
  for (let burst = 0; burst < bursts && client.alive && !isOver(); burst++) {
    if (random() < 0.1) abandon(client, [topic, queue]);
    const transacted = random() < 0.2;
    const within = transacted ? { transaction: 't' } : {};
    if (transacted) client.send('BEGIN', { transaction: 't' });
    const first = n;
    for (const end = n + 1 + Math.floor(random() * 8); n < end; n++) {
      client.send('SEND', { destination: topic, ...within }, `${name} ${n}`);
      client.send('SEND', { destination: queue, ...within }, `${name}#${n}`);
    }
    const done = transacted
      ? await client.request('COMMIT', { transaction: 't' })
      : await client.request('SEND', { destination: '/topic/without/subscribers' });
    if (!done) return;
    ledger.published(name, n - 1);
    for (let each = first; each < n; each++) ledger.queued(`${name}#${each}`);
    await sleep(random() * 20);
  }
  await leave(scene, client);
}

/** @type {Role} Listens to topics for a while, and sometimes stops reading. */
export async function listener(scene, name, dial) {
  const { random, ledger, isOver } = scene;
  const listening = new Listening(ledger, name, false);
  const client = await dial(({ body }) => listening.receive(body));
  if (client === undefined) return;
  const topic = random() < 0.5 ? '/topic/*' : `/topic/t${Math.floor(random() * topics)}`;
  await client.request('SUBSCRIBE', { id: '1', destination: topic });
  const until = Date.now() + random() * 1500;
  while (client.alive && Date.now() < until && !isOver()) {
    if (random() < 0.2) {
      client.wire.pause();
      await sleep(random() * 200);
      client.wire.resume();
    }
    await sleep(20);
  }
  await leave(scene, client);
}

/** @type {Role} Takes messages of a queue: acknowledges most, rejects some, and disconnects without settling the others. */
export async function worker(scene, name, dial) {
  const { random, ledger, isOver } = scene;
  /** @type {Promise<void>[]} */
  const answers = [];
  let leaving = false;
  const client = await dial(({ headers, body }) => {
    ledger.delivered(body, headers['redelivered'] === 'true');
    const chance = random();
    if (leaving || chance < 0.03) return;
    const id = headers['ack'] ?? '';
    if (chance < 0.08) return client?.send('NACK', { id });
    answers.push(settle(body, id));
  });
  /** @param {string} body @param {string} id */
  const settle = async (body, id) => {
    const done = await /** @type {Client} */ (client).request('ACK', { id });
    if (done) ledger.acknowledged(body);
    else ledger.inDoubt(body);
  };
  if (client === undefined) return;
  const destination = `/queue/q${Math.floor(random() * queues)}`;
  const prefetch = String(1 + Math.floor(random() * 30));
  const subscribe = { id: '1', destination, ack: 'client-individual', 'prefetch-count': prefetch };
  await client.request('SUBSCRIBE', subscribe);
  const until = Date.now() + random() * 1500;
  while (client.alive && Date.now() < until && !isOver()) {
    if (random() < 0.1) {
      client.wire.pause();
      await sleep(random() * 100);
      client.wire.resume();
    }
    await sleep(20);
  }
  leaving = true;
  await leave(scene, client);
  await Promise.all(answers);
}

/** @type {Role} Takes messages of a queue and acknowledges five at a time. Disconnects without settling the rest. */
export async function gatherer(scene, name, dial) {
  const { random, ledger, isOver } = scene;
  /** @type {string[]} */
  let held = [];
  /** @type {Promise<void>[]} */
  const answers = [];
  let leaving = false;
  const client = await dial(({ headers, body }) => {
    ledger.delivered(body, headers['redelivered'] === 'true');
    if (leaving || held.push(body) < 5) return;
    answers.push(settle(held, headers['ack'] ?? ''));
    held = [];
  });
  /** @param {readonly string[]} bodies @param {string} id */
  const settle = async (bodies, id) => {
    const done = await /** @type {Client} */ (client).request('ACK', { id });
    for (const body of bodies) ledger[done ? 'acknowledged' : 'inDoubt'](body);
  };
  if (client === undefined) return;
  const destination = `/queue/q${Math.floor(random() * queues)}`;
  await client.request('SUBSCRIBE', {
    id: '1',
    destination,
    ack: 'client',
    'prefetch-count': '20',
  });
  const until = Date.now() + random() * 1500;
  while (client.alive && Date.now() < until && !isOver()) await sleep(20);
  leaving = true;
  await leave(scene, client);
  await Promise.all(answers);
}
