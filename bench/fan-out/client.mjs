// The clients' process of one contestant: a thousand raw sockets that read WebSocket frames and count messages.
import { quote } from './quote.mjs';
import { Subscriber } from './subscriber.mjs';

const atATime = 250;

/** @type {Subscriber[]} */
const subscribers = [];
// Both sums over all questions so far: deliveries may arrive before the question that expects them.
let expectedOfEach = 0;
let received = 0;
let waiting = false;
/** @type {string | undefined} */
let failure;

/** @param {object} message */
const tell = (message) => process.send?.(message);
/** @param {string} reason */
function fail(reason) {
  // Kept as well: nobody may be listening while another contestant runs.
  failure ??= reason;
  tell({ error: failure });
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
    subscribers.push(new Subscriber({ port, dialogue, number, onMessage, onLost: fail }));
    // No more at a time than the server's backlog holds.
    if (subscribers.length % atATime === 0 || subscribers.length === count)
      await Promise.all(subscribers.slice(-atATime).map(({ ready }) => ready));
  }
  tell({ subscribed: count });
}

/** @param {number} each how many more messages each subscriber is to count */
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
  if (wrong === undefined) tell({ delivered: received });
  else fail(`subscriber ${wrong.number} counted ${wrong.count} messages of ${expectedOfEach}`);
}
