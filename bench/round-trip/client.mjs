// The client process of one contestant: each client sends a message, waits for the answer and sends the next one.
import { once } from 'node:events';
import { WebSocket } from 'ws';
import { words } from './words.mjs';

/**
 * @typedef {object} Dialogue
 * @property {string} path
 * @property {string} [subprotocol]
 * @property {readonly string[]} hello messages to send first; the server answers each with one message
 * @property {string} ask
 * @property {string} answer the beginning of an answer
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
 * Every client sends this number of messages, each after the answer to the one before.
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
