// The client process: SockJS clients in raw HTTP and WebSocket, which count messages and send the next one after each echo.
import { Agent, request } from 'node:http';
import { WebSocket } from 'ws';

/** @typedef {(text: string) => void} Send */

process.on('disconnect', () => process.exit());

/** The frames in the text of a response. @type {Record<string, RegExp>} */
const frames = {
  xhr: /([^\n]*)\n/g,
  xhr_streaming: /([^\n]*)\n/g,
  eventsource: /data: (.*)\r\n\r\n/g,
};
const echo = `{"text":"${'x'.repeat(100)}"}`;
const connect = 'CONNECT\naccept-version:1.2\nhost:127.0.0.1\n\n\0';
const subscribe = 'SUBSCRIBE\nid:sub-0\ndestination:/topic/prices\nreceipt:live\n\n\0';

const agent = new Agent({ keepAlive: true, maxSockets: Infinity });
/** @type {Client[]} */
const all = [];

process.on('message', (question) => {
  handle(question).then(
    () => process.send?.({ done: true }),
    (error) => process.send?.({ error: String(error) }),
  );
});

/** @param {any} question */
async function handle(question) {
  if (question.kind === 'open') await open(question);
  if (question.kind === 'expect')
    await Promise.all(all.map((client) => client.receive(question.each)));
  if (question.kind === 'talk') await Promise.all(all.map((client) => client.talk(question.each)));
}

/** @param {{ port: number, transport: string, clients: number, load: string }} question */
async function open({ port, transport, clients, load }) {
  const isStomp = load === 'fan-out' && process.argv[2] === 'signalbox';
  for (let begun = 0; begun < clients; begun += 100) {
    const some = Array.from(
      { length: Math.min(100, clients - begun) },
      (_, i) => new Client(port, transport, `s${begun + i}`),
    );
    await Promise.all(some.map((client) => client.opened));
    if (isStomp) await Promise.all(some.map((client) => client.join()));
    all.push(...some);
  }
}

class Client {
  /** @type {() => void} */
  #open = () => {};
  opened = new Promise((/** @type {(value: void) => void} */ resolve) => (this.#open = resolve));
  /** Messages that are expected; below 0 when they have arrived early. */
  #left = 0;
  /** @type {() => void} */
  #complete = () => {};
  /** @type {(text: string) => void} */
  onMessage = () => {};
  /** @type {Send} */
  send;

  /**
   * @param {number} port
   * @param {string} transport
   * @param {string} id
   */
  constructor(port, transport, id) {
    const path = `/ws/000/${id}`;
    this.send =
      transport === 'websocket' ? this.#webSocket(port, path) : this.#http(port, path, transport);
  }

  /** Resolves after so many messages. @param {number} count */
  receive(count) {
    this.#left += count;
    if (this.#left === 0) return Promise.resolve();
    return new Promise(
      (/** @type {(value: void) => void} */ resolve) => (this.#complete = resolve),
    );
  }

  /** Sends a message after each echo. @param {number} count */
  async talk(count) {
    for (let i = 0; i < count; i++) {
      const echoed = this.receive(1);
      this.send(echo);
      await echoed;
    }
  }

  /** Subscribes by STOMP. */
  async join() {
    for (const frame of [connect, subscribe]) {
      const answered = this.receive(1);
      this.send(frame);
      await answered;
    }
  }

  /** @param {string} frame */
  #frame(frame) {
    if (frame === 'o') return this.#open();
    if (frame[0] !== 'a') return;
    this.#left -= JSON.parse(frame.slice(1)).length;
    if (this.#left === 0) this.#complete();
  }

  /**
   * @param {number} port
   * @param {string} path
   * @returns {Send}
   */
  #webSocket(port, path) {
    const socket = new WebSocket(`ws://127.0.0.1:${port}${path}/websocket`, {
      perMessageDeflate: false,
    });
    socket.on('message', (/** @type {Buffer} */ data) => this.#frame(data.toString()));
    return (text) => socket.send(JSON.stringify([text]));
  }

  /**
   * @param {number} port
   * @param {string} path
   * @param {string} transport
   * @returns {Send}
   */
  #http(port, path, transport) {
    const pattern = frames[transport];
    const method = transport === 'eventsource' ? 'GET' : 'POST';
    const receive = () => {
      const poll = request({
        host: '127.0.0.1',
        port,
        agent,
        method,
        path: `${path}/${transport}`,
      });
      poll.on('response', (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (piece) => {
          text += piece;
          let end = 0;
          for (const match of text.matchAll(pattern)) {
            this.#frame(match[1]);
            end = match.index + match[0].length;
          }
          text = text.slice(end);
        });
        response.on('end', receive);
      });
      poll.on('error', () => {});
      poll.end();
    };
    receive();
    return (text) => {
      const body = JSON.stringify([text]);
      const headers = { 'Content-Length': Buffer.byteLength(body) };
      const post = request({
        host: '127.0.0.1',
        port,
        agent,
        method: 'POST',
        path: `${path}/xhr_send`,
        headers,
      });
      post.on('response', (response) => response.resume());
      post.on('error', () => {});
      post.end(body);
    };
  }
}
