// The clients' process of one contestant: each client asks, waits for its answer and asks again.
import { once } from 'node:events';
import { WebSocket } from 'ws';
import { words } from './words.mjs';

/**
 * @typedef {object} Dialogue
 * @property {string} path
 * @property {string} [subprotocol]
 * @property {readonly string[]} hello messages to send first; the server answers each with one message
 * @property {string} ask
 * @property {string} answer how an answer begins
 */

/** @type {WebSocket[]} */
let sockets = [];
/** @type {Dialogue} */
let dialogue;

process.on('disconnect', () => process.exit());
process.on('message', (question) => {
  const work = question.kind === 'open' ? open(question) : talk(question.each);
  work.then(
    () => process.send?.({ done: true }),
    (error) => process.send?.({ error: String(error) }),
  );
});

/** @param {{ port: number, clients: number, dialogue: Dialogue }} question */
async function open(question) {
  ({ dialogue } = question);
  const { port, clients } = question;
  sockets = await Promise.all(Array.from({ length: clients }, () => connect(port)));
}

/** @param {number} port */
async function connect(port) {
  const socket = new WebSocket(
    `ws://127.0.0.1:${port}${dialogue.path}`,
    dialogue.subprotocol ?? [],
  );
  await once(socket, 'open');
  for (const each of dialogue.hello) {
    socket.send(each);
    await once(socket, 'message');
  }
  return socket;
}

/**
 * Every client asks so many times, the next time when it has its answer.
 *
 * @param {number} each
 */
function talk(each) {
  return Promise.all(
    sockets.map(
      (socket) =>
        new Promise((resolve, reject) => {
          let left = each;
          const onMessage = (/** @type {Buffer} */ data) => {
            const text = data.toString();
            if (!text.startsWith(dialogue.answer) || !text.includes(words.text))
              return reject(new Error(`Not an answer: ${text}`));
            if (--left > 0) return socket.send(dialogue.ask);
            socket.off('message', onMessage);
            resolve(undefined);
          };
          socket.on('message', onMessage);
          socket.send(dialogue.ask);
        }),
    ),
  );
}
