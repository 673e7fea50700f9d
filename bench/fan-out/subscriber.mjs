// One subscriber on a raw socket: the smallest WebSocket or STOMP client that can count, so that it is never the bottleneck.
import { randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import { json } from './quote.mjs';

const text = 1;
const binary = 2;
const ping = 9;
const pong = 10;

// All sockets of the process read into one buffer; the beginning of an incomplete frame is copied.
const shared = Buffer.allocUnsafe(64 * 1024);

/**
 * The steps by which a client becomes a subscriber. Each step waits for a frame that begins with `receive`, if it is set, then
 * sends `send`, where `{n}` is replaced by the number of the client.
 *
 * @typedef {object} Dialogue
 * @property {string} path
 * @property {string} [subprotocol]
 * @property {readonly { receive?: string, send?: string }[]} steps
 * @property {{ port: number, subscribers: 'all' | 'every second' }} [tcp] the subscribers that use STOMP over TCP, without WebSocket
 *
 * @typedef {object} SubscriberOptions
 * @property {number} port
 * @property {Dialogue} dialogue
 * @property {number} number
 * @property {(first: Buffer | undefined) => void} onMessage
 * @property {(reason: string) => void} onLost
 */

export class Subscriber {
  count = 0;
  /** @type {Buffer | undefined} */
  #rest;
  #step = 0;
  #options;
  #overTcp;
  /** True when frames may arrive: over TCP at once, over WebSocket after the upgrade. */
  #framed;
  #socket;
  /** @type {() => void} */
  #becomeReady = () => {};

  /** @param {SubscriberOptions} options */
  constructor(options) {
    this.#options = options;
    this.number = options.number;
    const { tcp } = options.dialogue;
    this.#overTcp = tcp !== undefined && (tcp.subscribers === 'all' || options.number % 2 === 1);
    this.#framed = this.#overTcp;
    /** @type {Promise<void>} */
    this.ready = new Promise((resolve) => (this.#becomeReady = resolve));
    this.#socket = connect({
      host: '127.0.0.1',
      port: tcp !== undefined && this.#overTcp ? tcp.port : options.port,
      noDelay: true,
      onread: { buffer: shared, callback: (length) => this.#read(shared.subarray(0, length)) },
    });
    this.#socket.on('connect', () => (this.#overTcp ? this.#proceed(undefined) : this.#upgrade()));
    this.#socket.on('error', (error) =>
      options.onLost(`subscriber ${this.number}: ${error.message}`),
    );
    this.#socket.on('close', () => options.onLost(`subscriber ${this.number} was disconnected`));
  }

  #upgrade() {
    const { path, subprotocol } = this.#options.dialogue;
    const lines = [
      `GET ${path} HTTP/1.1`,
      'Host: 127.0.0.1',
      'Upgrade: websocket',
      'Connection: Upgrade',
      'Sec-WebSocket-Version: 13',
      `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}`,
    ];
    if (subprotocol !== undefined) lines.push(`Sec-WebSocket-Protocol: ${subprotocol}`);
    this.#socket.write(`${lines.join('\r\n')}\r\n\r\n`);
  }

  /** @param {Buffer} chunk */
  #read(chunk) {
    const data = this.#rest === undefined ? chunk : Buffer.concat([this.#rest, chunk]);
    let at = 0;
    if (!this.#framed) {
      at = data.indexOf('\r\n\r\n') + 4;
      if (at >= 4) this.#onUpgraded(data.toString('latin1', 0, at));
      else at = 0;
    }
    if (this.#framed) at = this.#overTcp ? this.#stompFrames(data, at) : this.#frames(data, at);
    this.#rest = at === data.length ? undefined : Buffer.from(data.subarray(at));
    return true;
  }

  /** @param {string} answer */
  #onUpgraded(answer) {
    if (!answer.startsWith('HTTP/1.1 101'))
      return this.#options.onLost(`no upgrade: ${answer.split('\r\n')[0]}`);
    this.#framed = true;
    this.#proceed(undefined);
  }

  /**
   * Reads all whole STOMP frames. The payload contains no NUL, so each frame ends at the first one.
   *
   * @param {Buffer} data
   * @param {number} at
   * @returns {number} the beginning of the first incomplete frame
   */
  #stompFrames(data, at) {
    for (let end = data.indexOf(0, at); end >= 0; end = data.indexOf(0, at)) {
      this.#message(data, at, end);
      at = end + 1;
    }
    return at;
  }

  /**
   * Reads all whole WebSocket frames. Frames of a server are not masked, and here not fragmented or longer than 64 KB.
   *
   * @param {Buffer} data
   * @param {number} at
   * @returns {number} the beginning of the first incomplete frame
   */
  #frames(data, at) {
    while (at + 4 <= data.length || (at + 2 <= data.length && data[at + 1] < 126)) {
      const short = data[at + 1] < 126;
      const start = at + (short ? 2 : 4);
      const end = start + (short ? data[at + 1] : data.readUInt16BE(at + 2));
      if (end > data.length) break;
      this.#frame(data[at] & 0x0f, data, start, end);
      at = end;
    }
    return at;
  }

  /**
   * @param {number} opcode
   * @param {Buffer} data
   * @param {number} start
   * @param {number} end
   */
  #frame(opcode, data, start, end) {
    if (opcode === ping) return this.#write(pong, data.subarray(start, end));
    if (opcode === text || opcode === binary) this.#message(data, start, end);
  }

  /**
   * @param {Buffer} data
   * @param {number} start
   * @param {number} end
   */
  #message(data, start, end) {
    const { dialogue, onMessage } = this.#options;
    if (this.#step < dialogue.steps.length) {
      this.#proceed(data.toString('utf8', start, end));
    } else if (end - start > json.length) {
      this.count++;
      onMessage(this.count === 1 ? data.subarray(start, end) : undefined);
    } else if (end - start === 1 && data[start] === 0x32) {
      // Engine.IO sends a ping as the text "2" and closes when no "3" is returned.
      this.#write(text, Buffer.from('3'));
    }
  }

  /**
   * Continues with the steps up to the next one that waits for a frame.
   *
   * @param {string | undefined} received
   */
  #proceed(received) {
    const { steps } = this.#options.dialogue;
    for (; this.#step < steps.length; this.#step++) {
      const { receive, send } = steps[this.#step];
      if (receive !== undefined) {
        if (!received?.startsWith(receive)) return;
        received = undefined;
      }
      if (send !== undefined)
        this.#write(text, Buffer.from(send.replaceAll('{n}', String(this.number))));
    }
    this.#becomeReady();
  }

  /**
   * @param {number} opcode
   * @param {Buffer} payload less than 64 KB
   */
  #write(opcode, payload) {
    if (this.#overTcp) {
      this.#socket.write(payload);
      return;
    }
    // The mask is four zeros, so that masking changes nothing.
    const short = payload.length < 126;
    const header = Buffer.alloc(short ? 6 : 8);
    header[0] = 0x80 | opcode;
    header[1] = 0x80 | (short ? payload.length : 126);
    if (!short) header.writeUInt16BE(payload.length, 2);
    this.#socket.write(Buffer.concat([header, payload]));
  }
}
