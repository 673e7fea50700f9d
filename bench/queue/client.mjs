// The client process: producers fill one queue, and consumers acknowledge each message.
import { once } from 'node:events';
import { connect } from 'node:net';

const destination = '/queue/bench';
const body = 'x'.repeat(150);
/** The most messages that are sent and not yet acknowledged. */
const ahead = 1000;
const producers = 4;

/**
 * @typedef {object} Line a connected client
 * @property {(text: string) => void} say
 * @property {(receipt: string) => Promise<void>} receipt resolves when this receipt has arrived
 * @property {() => void} end
 */

/** @type {Line[]} */
let sending = [];
/** @type {Line[]} */
let consuming = [];
/** Headers of each SEND, in addition to its destination. */
let more = '';
let sent = 0;
let acknowledged = 0;
let wanted = 0;
let finished = () => {};

process.on('disconnect', () => process.exit());
process.on('message', (question) => {
  const work = question.kind === 'open' ? open(question) : run(question.messages);
  work.then(
    () => process.send?.({ done: true }),
    (error) => process.send?.({ error: String(error) }),
  );
});

/** @param {{ port: number, consumers: number, persistent: boolean }} question */
async function open({ port, consumers, persistent }) {
  for (const line of [...sending, ...consuming]) line.end();
  more = persistent ? 'persistent:true\n' : '';
  sending = await Promise.all(Array.from({ length: producers }, () => dial(port)));
  consuming = await Promise.all(Array.from({ length: consumers }, () => dial(port)));
  for (const line of consuming) {
    line.say(
      `SUBSCRIBE\nid:1\ndestination:${destination}\nack:client-individual\nprefetch-count:100\nreceipt:live\n\n\0`,
    );
    await line.receipt('live');
  }
}

/**
 * Resolves when this number of messages was sent, delivered and acknowledged, and the server has confirmed it.
 *
 * @param {number} messages
 */
async function run(messages) {
  sent = 0;
  acknowledged = 0;
  wanted = messages;
  const all = new Promise((resolve) => (finished = () => resolve(undefined)));
  produce();
  await all;
  await Promise.all(
    consuming.map((line) => {
      line.say('SEND\ndestination:/topic/nobody\nreceipt:done\n\n\0');
      return line.receipt('done');
    }),
  );
}

function produce() {
  const count = Math.min(wanted - sent, ahead - (sent - acknowledged));
  if (count < ahead / 4 && sent + count < wanted) return;
  for (const [i, line] of sending.entries()) {
    const share = Math.floor(count / producers) + (i < count % producers ? 1 : 0);
    line.say(`SEND\ndestination:${destination}\n${more}\n${body}\0`.repeat(share));
  }
  sent += count;
}

/**
 * @param {number} port
 * @returns {Promise<Line>}
 */
async function dial(port) {
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  /** @type {Map<string, () => void>} */
  const receipts = new Map();
  let rest = '';
  socket.setEncoding('latin1');
  socket.write('CONNECT\naccept-version:1.2\nhost:/\nlogin:guest\npasscode:guest\n\n\0');
  await new Promise((resolve, reject) => {
    socket.once('data', (/** @type {unknown} */ answer) =>
      String(answer).startsWith('CONNECTED')
        ? resolve(undefined)
        : reject(new Error(String(answer))),
    );
  });
  socket.on('data', (/** @type {unknown} */ text) => {
    const frames = (rest + String(text)).split('\0');
    rest = frames.pop() ?? '';
    let acks = '';
    for (const frame of frames) {
      const head = frame.trimStart();
      if (head.startsWith('MESSAGE')) {
        acks += `ACK\nid:${header(head, 'ack')}\n\n\0`;
        acknowledged++;
      } else if (head.startsWith('RECEIPT')) receipts.get(header(head, 'receipt-id'))?.();
      else if (head.startsWith('ERROR')) process.send?.({ error: head });
    }
    if (acks === '') return;
    socket.write(acks);
    if (acknowledged === wanted) finished();
    else produce();
  });
  return {
    say: (text) => void socket.write(text),
    receipt: (id) => new Promise((resolve) => receipts.set(id, resolve)),
    end: () => socket.destroy(),
  };
}

/**
 * @param {string} frame
 * @param {string} name
 */
function header(frame, name) {
  const start = frame.indexOf(`\n${name}:`) + name.length + 2;
  return frame.slice(start, frame.indexOf('\n', start));
}
