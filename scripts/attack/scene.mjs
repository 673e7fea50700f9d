// The environment of an attack: sessions and sockets to the server, and a count of the answers.
import { once } from 'node:events';
import { connect } from 'node:net';
import { WebSocket } from 'ws';

/**
 * @typedef {object} Attack
 * @property {string} name
 * @property {string} fault the kind of fault, as in `test/regression`
 * @property {string} title
 * @property {number} maxHeld MiB that the server may use when all steps are done, in addition to its memory before
 * @property {string} reason why it may use so much memory
 * @property {boolean} [compressed] true when the attack needs permessage-deflate
 * @property {(scene: Scene) => Promise<void>} run
 */

/** @typedef {{ tcp: number, http: number, compresses: boolean }} Target */
/** @typedef {'TCP' | 'WebSocket'} TransportName */

/** Bytes that may wait in a socket of the attacker. */
const maxBuffered = 2 ** 20;

const addresses = {
  host: '127.0.0.1',
  // Linux routes all of 127.0.0.0/8: the attacker and the neighbor are clients of different addresses.
  ...(process.platform === 'linux' && { localAddress: '127.0.0.2' }),
};

export class Scene {
  /** How often the server gave each answer: a receipt, the code of a problem, an HTTP status or a close code. @type {Map<string, number>} */
  answers = new Map();

  /**
   * @param {Target} target
   * @param {boolean} quick
   */
  constructor(target, quick) {
    this.target = target;
    this.quick = quick;
  }

  /** The number of steps: `full`, or `quick` in a short run. @param {number} full @param {number} quick */
  steps(full, quick) {
    return this.quick ? quick : full;
  }

  /** @param {string} answer */
  count(answer) {
    this.answers.set(answer, (this.answers.get(answer) ?? 0) + 1);
  }

  /**
   * A TCP connection that has sent nothing.
   *
   * @param {{ port?: number }} [options]
   */
  async socket({ port = this.target.tcp } = {}) {
    const socket = connect({ port, ...addresses });
    socket.on('error', () => {});
    socket.on('close', () => this.count('closed'));
    // An error also ends the wait, because the server may refuse the connection.
    await once(socket, 'connect').catch(() => {});
    return socket;
  }

  /**
   * A WebSocket connection that has sent nothing; closed when the server has refused the handshake.
   *
   * @param {{ path?: string, perMessageDeflate?: boolean }} [options]
   */
  async webSocket({ path = '/ws', perMessageDeflate = false } = {}) {
    const url = `ws://127.0.0.1:${this.target.http}${path}`;
    const socket = new WebSocket(url, ['v12.stomp'], { perMessageDeflate, ...addresses });
    socket.on('error', (error) => {
      const [, status] = /response: (\d+)/.exec(error.message) ?? [];
      if (status !== undefined) this.count(`HTTP ${status}`);
    });
    socket.on('close', (code) => this.count(`closed ${code}`));
    const closed = new Promise((resolve) => socket.on('close', resolve));
    await once(socket, 'open').catch(() => closed);
    return socket;
  }

  /**
   * A WebSocket connection with a session, to which the attack writes WebSocket frames as bytes.
   *
   * @returns {Promise<Wire>}
   */
  async rawWebSocket() {
    const socket = await this.socket({ port: this.target.http });
    const wire = tcpWire(socket);
    const lines = [
      'GET /ws HTTP/1.1',
      'Host: attack',
      'Connection: Upgrade',
      'Upgrade: websocket',
      'Sec-WebSocket-Version: 13',
      'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    ];
    await wire.write(`${lines.join('\r\n')}\r\n\r\n`);
    await Promise.race([once(socket, 'data'), wire.ended]);
    socket.resume();
    const connect = frame('CONNECT', { 'accept-version': '1.2', host: 'attack' });
    await wire.write(webSocketFrame(1, connect));
    return wire;
  }

  /**
   * A connected session that receives its problems.
   *
   * @param {{ transport?: TransportName, headers?: Record<string, string> }} [options]
   */
  async session({ transport = 'TCP', headers = {} } = {}) {
    const wire =
      transport === 'TCP' ? tcpWire(await this.socket()) : webSocketWire(await this.webSocket());
    const session = new Session(this, wire);
    await session.send('CONNECT', { 'accept-version': '1.2', host: 'attack', ...headers });
    await session.send('SUBSCRIBE', { id: 'problems', destination: '/user/queue/errors' });
    await session.settle();
    return session;
  }

  /**
   * Runs `each` for the numbers from 0, at most 100 at the same time.
   *
   * @param {number} count
   * @param {(number: number) => Promise<unknown>} each
   */
  async together(count, each) {
    for (let first = 0; first < count; first += 100) {
      const numbers = Array.from({ length: Math.min(100, count - first) }, (_, i) => first + i);
      await Promise.all(numbers.map(each));
    }
  }
}

/** A session of the attacker, which counts its answers. */
class Session {
  #rest = '';
  #ended = false;
  /** @type {Map<string, () => void>} */
  #waiting = new Map();
  #settled = 0;

  /**
   * @param {Scene} scene
   * @param {Wire} wire
   */
  constructor(scene, wire) {
    this.scene = scene;
    this.wire = wire;
    wire.listen((text) => this.#receive(text));
    void wire.ended.then(() => {
      this.#ended = true;
      for (const resolve of this.#waiting.values()) resolve();
    });
  }

  get ended() {
    return this.#ended;
  }

  /**
   * Resolves when the socket takes more bytes, or is closed.
   *
   * @param {string} command
   * @param {Record<string, string>} headers
   * @param {string} [body]
   */
  send(command, headers, body) {
    return this.wire.write(frame(command, headers, body));
  }

  /** Resolves when the server has processed all frames that were sent before, or the connection has ended. */
  async settle() {
    if (this.#ended) return;
    const receipt = `settled-${++this.#settled}`;
    const settled = new Promise((resolve) => {
      this.#waiting.set(receipt, () => resolve(undefined));
    });
    void this.send('BEGIN', { transaction: receipt, receipt });
    void this.send('ABORT', { transaction: receipt });
    await settled;
    this.#waiting.delete(receipt);
  }

  /** @param {string} text */
  #receive(text) {
    const frames = (this.#rest + text).split('\0');
    this.#rest = frames.pop() ?? '';
    for (const each of frames) this.#count(each.trimStart());
  }

  /** @param {string} text */
  #count(text) {
    const command = text.slice(0, text.indexOf('\n'));
    const code = /\ncode:(.+)\n/.exec(text)?.[1] ?? /"code":"([^"]+)"/.exec(text)?.[1];
    // In a RECEIPT, or in the problem of a session that may not begin a transaction.
    const [settled] = /\bsettled-\d+\b/.exec(text) ?? [];
    if (settled === undefined) this.scene.count(code ?? command);
    else this.#waiting.get(settled)?.();
  }
}

/**
 * @typedef {object} Wire
 * @property {(text: string | Buffer) => Promise<void>} write
 * @property {(listener: (text: string) => void) => void} listen
 * @property {Promise<unknown>} ended
 * @property {() => void} pause stops reading
 * @property {() => void} vanish ends the connection without notice
 */

/** @param {import('node:net').Socket} socket @returns {Wire} */
function tcpWire(socket) {
  const ended = new Promise((resolve) => void socket.once('close', resolve));
  return {
    async write(text) {
      if (socket.destroyed || socket.write(text)) return;
      await Promise.race([new Promise((resolve) => void socket.once('drain', resolve)), ended]);
    },
    listen: (listener) => void socket.on('data', (bytes) => listener(bytes.toString('latin1'))),
    ended: socket.destroyed ? Promise.resolve() : ended,
    pause: () => void socket.pause(),
    vanish: () => void socket.destroy(),
  };
}

/** @param {WebSocket} socket @returns {Wire} */
function webSocketWire(socket) {
  const ended = new Promise((resolve) => void socket.once('close', resolve));
  return {
    async write(text) {
      if (socket.readyState !== WebSocket.OPEN) return;
      const sent = new Promise((resolve) => socket.send(text, resolve));
      if (socket.bufferedAmount > maxBuffered) await Promise.race([sent, ended]);
    },
    listen: (listener) =>
      void socket.on('message', (/** @type {Buffer} */ bytes) =>
        listener(bytes.toString('latin1')),
      ),
    ended: socket.readyState === WebSocket.CLOSED ? Promise.resolve() : ended,
    pause: () => socket.pause(),
    vanish: () => socket.terminate(),
  };
}

/**
 * @param {string} command
 * @param {Record<string, string>} headers
 * @param {string} [body]
 */
export function frame(command, headers, body = '') {
  const lines = Object.entries(headers).map(([name, value]) => `${name}:${value}\n`);
  return `${command}\n${lines.join('')}\n${body}\0`;
}

/**
 * A WebSocket frame of a client, with a mask of 0.
 *
 * @param {number} opcode 1 for text, 2 for binary, 9 for a ping, 10 for a pong
 * @param {string} [content] at most 125 characters of ASCII
 */
export function webSocketFrame(opcode, content = '') {
  const head = [0x80 | opcode, 0x80 | content.length, 0, 0, 0, 0];
  return Buffer.concat([Buffer.from(head), Buffer.from(content)]);
}

/** @param {number} count */
export function kilobytes(count) {
  return 'x'.repeat(count * 1024);
}
