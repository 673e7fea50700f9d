// A well-behaved client during an attack: it measures round trips one after another, and records lost messages.
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from '../stress/client.mjs';
import { dials } from '../stress/wire.mjs';

/** Milliseconds after which a frame without an answer counts as lost. Only a blocked or ended server reaches this limit. */
const answerTimeout = 60_000;
/** Milliseconds without a MESSAGE after which the neighbor checks whether the server has processed the SEND. */
const messageTimeout = 3000;
/** Receipts after which a message that was processed before must have arrived. */
const receiptsAfterMessage = 3;
/** Milliseconds between two round trips. */
const pause = 3;
/** Round trips of each neighbor before an attack, so that compiled code does not count as growth. */
export const warmUpRounds = 30;
const orderHeaders = { destination: '/app/order', 'content-type': 'application/json' };

/** @typedef {import('./scene.mjs').Target} Target */

export class Neighbor {
  /** Sentences about violated expectations. @type {string[]} */
  violations = [];
  /** Milliseconds from SEND to MESSAGE. @type {number[]} */
  times = [];
  /** @type {Map<string, (frame: import('../stress/client.mjs').Frame) => void>} */
  #expected = new Map();
  /** Resolves at the first violation: a refused frame has no other answer. @type {() => void} */
  #violated = () => {};
  #violation = new Promise((resolve) => void (this.#violated = () => resolve(undefined)));
  #stopping = false;
  #rounds = Promise.resolve();
  #number = 0;

  /**
   * @param {string} name also its login
   * @param {Client} client
   */
  constructor(name, client) {
    this.name = name;
    this.client = client;
    client.onMessage = (frame) => this.#receive(frame);
  }

  /**
   * Connects a client that has subscribed to a topic, to a queue and to its problems.
   *
   * @param {Target} target
   * @param {'TCP' | 'WebSocket'} transport
   * @param {string} [name]
   */
  static async connect({ tcp, http }, transport, name = `neighbor-${transport}`) {
    const wire = await /** @type {any} */ (dials[transport])({ tcp, webSocket: http });
    const neighbor = new Neighbor(name, new Client(wire, () => {}));
    await neighbor.#connect();
    return neighbor;
  }

  get #topic() {
    return `/topic/${this.name}`;
  }

  get #queue() {
    return `/queue/${this.name}`;
  }

  async #connect() {
    const connected = this.client.connect({ login: this.name, 'client-id': this.name });
    if (!(await this.#answered(connected, 'CONNECT'))) return;
    const subscriptions = [
      { id: 'problems', destination: '/user/queue/errors' },
      { id: 'topic', destination: this.#topic, ack: 'client' },
      { id: 'queue', destination: this.#queue, ack: 'client-individual' },
      {
        id: 'durable',
        destination: `${this.#topic}/durable`,
        'durable-subscription-name': this.name,
      },
    ];
    for (const each of subscriptions)
      await this.#answered(this.client.request('SUBSCRIBE', each), `SUBSCRIBE ${each.destination}`);
    await this.order();
  }

  /** Sends an order, which must be processed once, however often it is sent. */
  async order() {
    const body = JSON.stringify({ id: this.name, items: [{ name: 'one' }] });
    const headers = { ...orderHeaders, 'idempotency-key': 'order' };
    await this.#answered(this.client.request('SEND', headers, body), 'an order');
  }

  /** Begins round trips, until `finish`. */
  begin() {
    this.times = [];
    this.#rounds = this.#run();
  }

  /** Ends after the current round trip. */
  async finish() {
    this.#stopping = true;
    await this.#rounds;
  }

  /** One message over a topic and one over a queue. */
  async round() {
    const number = `${++this.#number}`;
    const began = performance.now();
    await this.#exchange('topic', this.#topic, number);
    this.times.push(performance.now() - began);
    await this.#exchange('queue', this.#queue, number);
  }

  /** The time that this share of the round trips did not exceed. @param {number} share */
  percentile(share) {
    const sorted = this.times.toSorted((a, b) => a - b);
    return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
  }

  async #run() {
    while (!this.#stopping && this.violations.length === 0) {
      await this.round();
      await sleep(pause);
    }
  }

  /**
   * Sends a message and waits until it is received, acknowledged and settled.
   *
   * @param {string} subscription
   * @param {string} destination
   * @param {string} number
   */
  async #exchange(subscription, destination, number) {
    const key = `${subscription} ${number}`;
    /** @type {Promise<import('../stress/client.mjs').Frame>} */
    const received = new Promise((resolve) => void this.#expected.set(key, resolve));
    this.client.send('SEND', { destination }, number);
    const ended = this.client.wire.gone.then(() => undefined);
    const arrival = Promise.race([received, ended]);
    const late = sleep(messageTimeout, 'late', { ref: false });
    // A slow server answers no frame; a server that lost the message answers later frames.
    if ((await Promise.race([arrival, late])) === 'late') {
      for (let i = 0; i < receiptsAfterMessage; i++) await this.#roundTrip();
      if (this.#expected.has(key)) return this.#fail(`lost message ${key}`);
    }
    const message = await this.#answered(arrival, `message ${key}`);
    if (message === undefined) return;
    const acked = this.client.request('ACK', { id: message.headers['ack'] ?? '' });
    await this.#answered(acked, `the ACK of message ${key}`);
  }

  async #roundTrip() {
    const headers = { transaction: 'round-trip' };
    await this.#answered(this.client.request('BEGIN', headers), 'BEGIN');
    this.client.send('ABORT', headers);
  }

  /** @param {import('../stress/client.mjs').Frame} frame */
  #receive(frame) {
    const { subscription } = frame.headers;
    if (subscription === 'problems') {
      this.#fail(`received a problem: ${frame.body.slice(0, 200)}`);
      return;
    }
    const key = `${subscription} ${frame.body}`;
    const resolve = this.#expected.get(key);
    if (resolve === undefined) this.#fail(`received message ${key} twice or out of order`);
    this.#expected.delete(key);
    resolve?.(frame);
  }

  /**
   * Waits for an answer, which is false or undefined when the connection has ended.
   *
   * @template T
   * @param {Promise<T>} answer
   * @param {string} what
   */
  async #answered(answer, what) {
    const timeout = new AbortController();
    const late = sleep(answerTimeout, 'late', { signal: timeout.signal }).catch(() => undefined);
    const first = await Promise.race([answer, late, this.#violation]);
    timeout.abort();
    if (this.violations.length > 0) return undefined;
    if (first === 'late') this.#fail(`got no answer to ${what}`);
    else if (first === false || first === undefined)
      this.#fail(`was disconnected at ${what}: ${this.client.error ?? 'no ERROR frame'}`);
    else return first;
    return undefined;
  }

  /** @param {string} violation */
  #fail(violation) {
    if (this.violations.length < 3) this.violations.push(`${this.name} ${violation}.`);
    this.#violated();
  }
}
