// The client process of one contestant: a thousand raw sockets that read frames and count messages.
import { quote } from './quote.mjs';
import { Subscriber } from './subscriber.mjs';

// The backlog of the server must not overflow.
const atATime = 250;

/** @type {Subscriber[]} */
const subscribers = [];
// Sums over all questions: deliveries may arrive before the question that expects them.
let expectedOfEach = 0;
let received = 0;
let waiting = false;
/** @type {string | undefined} */
let failure;

/** @param {object} message */
const send = (message) => process.send?.(message);
/** @param {string} reason */
function fail(reason) {
  // Stored too, because the parent does not listen while another contestant runs.
  failure ??= reason;
  send({ error: failure });
}

process.on('disconnect', () => process.exit());
process.on('message', (question) => {
  if (failure !== undefined) fail(failure);
  else if (question.kind === 'open') void open(question);
  else expect(question.each);
});

/** @param {{ port: number, dialogue: import('./subscriber.mjs').Dialogue, subscribers: number }} question */
async function open({ port, dialogue, subscribers: count }) {
  while (subscribers.length < count) {
    const number = subscribers.length;
    // In order, so that subscribers over different transports alternate on the topic.
    const together = dialogue.tcp?.subscribers === 'every second' ? 1 : atATime;
    subscribers.push(new Subscriber({ port, dialogue, number, onMessage, onLost: fail }));
    if (subscribers.length % together === 0 || subscribers.length === count)
      await Promise.all(subscribers.slice(-together).map(({ ready }) => ready));
  }
  send({ subscribed: count });
}

/** @param {number} each number of further messages that each subscriber expects */
function expect(each) {
  expectedOfEach += each;
  waiting = true;
  answerWhenComplete();
}

/** @param {Buffer | undefined} first the payload, given for the first message of each subscriber */
function onMessage(first) {
  if (first !== undefined && !first.includes(JSON.stringify(quote)))
    fail(`not the quote: ${first.toString()}`);
  received++;
  answerWhenComplete();
}

function answerWhenComplete() {
  if (!waiting || received < expectedOfEach * subscribers.length) return;
  waiting = false;
  const wrong = subscribers.find(({ count }) => count !== expectedOfEach);
  if (wrong === undefined) send({ delivered: received });
  else fail(`subscriber ${wrong.number} counted ${wrong.count} messages of ${expectedOfEach}`);
}
