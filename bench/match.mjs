// Match: publications per second to one subscriber, while others have subscribed to other destinations.
import { EmbeddedBroker, silentLogger } from '../dist/index.js';
import { interleave, machine, median, printTable, quantile, ratios } from './measure.mjs';

let ids = 0;
const context = {
  clock: {
    now: () => 0,
    date: () => 0,
    after: () => ({ cancel: () => {} }),
    soon: () => {},
  },
  ids: { message: () => String(++ids) },
  logger: silentLogger,
  separator: /** @type {const} */ ('/'),
  shares: 1,
};

const quick = process.argv.includes('--quick');
const counts = quick ? [1, 1000, 10_000] : [1, 1000, 100_000, 1_000_000];
const rounds = quick ? 3 : 15;
/** CPU time of one measurement, in microseconds. */
const enough = quick ? 10_000 : 100_000;
/** More destinations than the cache of the broker holds, so that each publication is matched again. */
const destinations = 16_384;
const noHeaders = new Map();
/** Deliveries of the current measurement, by all brokers. */
let delivered = 0;

/**
 * @typedef {object} Kind
 * @property {(n: number) => string} elsewhere the subscription of the n-th other subscriber
 * @property {string} here the subscription of the one subscriber
 * @property {(n: number) => string} published the n-th destination that reaches it
 */

/** @type {Record<string, Kind>} */
const kinds = {
  'Exact destinations': {
    elsewhere: (n) => `/topic/rooms/${n}`,
    here: '/topic/rooms/here',
    published: () => '/topic/rooms/here',
  },
  'Whole segments (/topic/rooms/{n}/*), one destination': {
    elsewhere: (n) => `/topic/rooms/${n}/*`,
    here: '/topic/rooms/here/*',
    published: () => '/topic/rooms/here/x',
  },
  'Whole segments, always another destination': {
    elsewhere: (n) => `/topic/rooms/${n}/*`,
    here: '/topic/rooms/here/*',
    published: (n) => `/topic/rooms/here/${n}`,
  },
  'Literal prefixes (/topic/price.{n}.*), one destination': {
    elsewhere: (n) => `/topic/price.${n}.*`,
    here: '/topic/price.here.*',
    published: () => '/topic/price.here.x',
  },
  'Literal prefixes, always another destination': {
    elsewhere: (n) => `/topic/price.${n}.*`,
    here: '/topic/price.here.*',
    published: (n) => `/topic/price.here.${n}`,
  },
};

console.log(`${machine()}; ${rounds} rounds`);
for (const [title, kind] of Object.entries(kinds)) await compare(title, kind);

/**
 * @param {string} title
 * @param {Kind} kind
 */
async function compare(title, { elsewhere, here, published }) {
  const body = Buffer.from('x');
  const messages = Array.from({ length: destinations }, (_, n) => {
    // A separate string, as from a socket: the broker cannot recognize it by its address in memory.
    return { destination: Buffer.from(published(n)).toString(), headers: noHeaders, body };
  });
  const brokers = new Map(counts.map((count) => [String(count), filled(count, elsewhere, here)]));
  const measured = (/** @type {string} */ name) => measure(brokers.get(name).broker, messages);
  for (const name of brokers.keys()) measured(name);
  const results = await interleave([...brokers.keys()], rounds, async (name) => measured(name));
  const base = results.get(String(counts[0])) ?? [];
  console.log(`\n${title}`);
  printTable(
    ['subscriptions', 'publications a second', 'ratio', 'quartiles', 'bytes a subscription'],
    counts.map((count) => {
      const sample = results.get(String(count)) ?? [];
      const ratio = ratios(sample, base);
      const bytes = brokers.get(String(count)).bytes / count;
      return [
        count.toLocaleString('en-US'),
        Math.round(median(sample)).toLocaleString('en-US'),
        median(ratio).toFixed(2),
        `${quantile(ratio, 0.25).toFixed(2)}-${quantile(ratio, 0.75).toFixed(2)}`,
        count < 1000 ? '' : Math.round(bytes).toLocaleString('en-US'),
      ];
    }),
  );
}

/** @param {import('../dist/index.js').Message} message */
function publicationOf(message) {
  return { id: context.ids.message(), message, origin: undefined, publishedAt: 0 };
}

/**
 * A broker with this number of other subscriptions, and their memory. Each subscriber has a hundred, because sessions have several.
 *
 * @param {number} count
 * @param {Kind['elsewhere']} elsewhere
 * @param {string} here
 */
function filled(count, elsewhere, here) {
  globalThis.gc?.();
  const before = process.memoryUsage().heapUsed;
  const broker = new EmbeddedBroker();
  void broker.start(context);
  let connection = connect(broker);
  for (let n = 0; n < count; n++) {
    if (n % 100 === 0) connection = connect(broker);
    subscribe(connection, String(n), elsewhere(n));
  }
  globalThis.gc?.();
  const bytes = process.memoryUsage().heapUsed - before;
  subscribe(connect(broker), 'here', here);
  return { broker, bytes };
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
 * @param {ReturnType<typeof connect>} connection
 * @param {string} id
 * @param {string} destination
 */
function subscribe(connection, id, destination) {
  void connection.subscribe({ id, destination, ack: 'auto', headers: noHeaders });
}

/**
 * @param {EmbeddedBroker} broker
 * @param {readonly import('../dist/index.js').Message[]} messages
 * @returns {number} publications per second of CPU time
 */
function measure(broker, messages) {
  delivered = 0;
  let published = 0;
  let spent = 0;
  const before = process.cpuUsage();
  while (spent < enough) {
    for (const message of messages) void broker.publish(publicationOf(message));
    published += messages.length;
    const { user, system } = process.cpuUsage(before);
    spent = user + system;
  }
  if (delivered !== published) throw new Error(`${delivered} of ${published} were delivered.`);
  return (published / spent) * 1e6;
}
