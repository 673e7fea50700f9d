// Match: publications per second to a destination with one subscriber, while others subscribed elsewhere.
import { EmbeddedBroker, silentLogger } from '../dist/index.js';
import { machine, median, printTable, quantile } from './measure.mjs';

const quick = process.argv.includes('--quick');
const counts = quick ? [1, 1000, 100_000] : [1, 1000, 100_000, 1_000_000];
const rounds = quick ? 3 : 15;
const publications = 200_000;
const noHeaders = new Map();
/** Of the measurement that runs. */
let delivered = 0;

/** Subscriptions elsewhere: the n-th of each kind. @type {Record<string, (n: number) => string>} */
const kinds = {
  exact: (n) => `/topic/rooms/${n}`,
  'whole segments': (n) => `/topic/rooms/${n}/*`,
  'literal prefixes': (n) => `/topic/price.${n}.*`,
};

/** Destinations that the subscriptions lie around: each with one subscriber of its own. @type {Record<string, { subscribed: string, published: string }>} */
const targets = {
  exact: { subscribed: '/topic/rooms/target', published: '/topic/rooms/target' },
  'whole segments': { subscribed: '/topic/rooms/target/*', published: '/topic/rooms/target/x' },
  'literal prefixes': { subscribed: '/topic/price.target.*', published: '/topic/price.target.x' },
};

console.log(
  `${machine()}; ${rounds} rounds, ${publications.toLocaleString('en-US')} publications each`,
);
for (const [kind, destination] of Object.entries(kinds)) {
  const brokers = counts.map((count) => filled(count, destination, targets[kind].subscribed));
  const message = {
    destination: targets[kind].published,
    headers: noHeaders,
    body: Buffer.from('x'),
  };
  /** @type {number[][]} */
  const samples = counts.map(() => []);
  for (const { broker } of brokers) measure(broker, message);
  for (let round = 0; round < rounds; round++) {
    brokers.forEach(({ broker }, i) => samples[i].push(measure(broker, message)));
  }
  const ratios = samples.map((sample) => sample.map((value, round) => value / samples[0][round]));
  console.log(`\nSubscriptions elsewhere: ${kind}`);
  printTable(
    ['subscriptions', 'publications a second', 'ratio', 'quartiles', 'octets a subscription'],
    counts.map((count, i) => [
      count.toLocaleString('en-US'),
      Math.round(median(samples[i])).toLocaleString('en-US'),
      median(ratios[i]).toFixed(2),
      `${quantile(ratios[i], 0.25).toFixed(2)}-${quantile(ratios[i], 0.75).toFixed(2)}`,
      count < 1000 ? '' : Math.round(brokers[i].octets / count).toLocaleString('en-US'),
    ]),
  );
}

/**
 * @param {number} count
 * @param {(n: number) => string} destination
 * @param {string} target
 */
function filled(count, destination, target) {
  globalThis.gc?.();
  const before = process.memoryUsage().heapUsed;
  const broker = new EmbeddedBroker({ logger: silentLogger });
  // A hundred subscriptions a subscriber, as sessions have several.
  let connection = connect(broker);
  for (let n = 0; n < count; n++) {
    if (n % 100 === 0) connection = connect(broker);
    void connection.subscribe({
      id: String(n),
      destination: destination(n),
      ack: 'auto',
      headers: noHeaders,
    });
  }
  globalThis.gc?.();
  const octets = process.memoryUsage().heapUsed - before;
  void connect(broker).subscribe({
    id: 'target',
    destination: target,
    ack: 'auto',
    headers: noHeaders,
  });
  return { broker, octets };
}

/** @param {EmbeddedBroker} broker */
function connect(broker) {
  return broker.connect({
    id: 's',
    deliver: () => ++delivered > 0,
    room: () => Promise.resolve(),
    fail: () => {},
  });
}

/**
 * @param {EmbeddedBroker} broker
 * @param {import('../dist/index.js').Message} message
 * @returns {number} publications per second of CPU time
 */
function measure(broker, message) {
  delivered = 0;
  const before = process.cpuUsage();
  for (let i = 0; i < publications; i++) broker.publish(message);
  const { user, system } = process.cpuUsage(before);
  if (delivered !== publications)
    throw new Error(`${delivered} of ${publications} were delivered.`);
  return (publications / (user + system)) * 1e6;
}
