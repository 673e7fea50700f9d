// One subscriber on a raw socket: the smallest WebSocket client that can count, so that it is never the bottleneck.
import { randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import { json } from './quote.mjs';

const text = 1;
const binary = 2;
const ping = 9;
const pong = 10;

// All sockets of the process read into one buffer; what is left of an incomplete frame is copied out of it.
const shared = Buffer.allocUnsafe(64 * 1024);

/**
 * How a client becomes a subscriber: at each step it first waits for a frame that begins as `hear` says, if there is
 * such, then says something, where `{n}` stands for its number.
 *
 * @typedef {{ path: string, subprotocol?: string, steps: readonly { hear?: string, say?: string }[] }} Dialogue
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
  #upgraded = false;
  #step = 0;
  #options;
  #socket;
  /** @type {() => void} */
  #becomeReady = () => {};

  /** @param {SubscriberOptions} options */
  constructor(options) {
    this.#options = options;
    this.number = options.number;
    /** @type {Promise<void>} */
    this.ready = new Promise((resolve) => (this.#becomeReady = resolve));
    this.#socket = connect({
      host: '127.0.0.1',
      port: options.port,
      noDelay: true,
      onread: { buffer: shared, callback: (length) => this.#read(shared.subarray(0, length)) },
    });
    this.#socket.on('connect', () => this.#upgrade());
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
    if (!this.#upgraded) {
      at = data.indexOf('\r\n\r\n') + 4;
      if (at >= 4) this.#onUpgraded(data.toString('latin1', 0, at));
      else at = 0;
    }
    if (this.#upgraded) at = this.#frames(data, at);
    this.#rest = at === data.length ? undefined : Buffer.from(data.subarray(at));
    return true;
  }

  /** @param {string} answer */
  #onUpgraded(answer) {
    if (!answer.startsWith('HTTP/1.1 101'))
      return this.#options.onLost(`no upgrade: ${answer.split('\r\n')[0]}`);
    this.#upgraded = true;
    this.#proceed(undefined);
  }

  /**
   * Takes all whole frames; a server's frames are neither masked nor, here, fragmented or longer than 64 KB.
   *
   * @param {Buffer} data
   * @param {number} at
   * @returns {number} where the first incomplete frame begins
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
    if (opcode !== text && opcode !== binary) return;
    const { dialogue, onMessage } = this.#options;
    if (this.#step < dialogue.steps.length) {
      this.#proceed(data.toString('utf8', start, end));
    } else if (end - start > json.length) {
      this.count++;
      onMessage(this.count === 1 ? data.subarray(start, end) : undefined);
    } else if (end - start === 1 && data[start] === 0x32) {
      // Engine.IO asks for life by a text "2" and closes when no "3" comes back.
      this.#write(text, Buffer.from('3'));
    }
  }

  /**
   * Goes through the steps up to the next one that waits to hear something else.
   *
   * @param {string | undefined} heard
   */
  #proceed(heard) {
    const { steps } = this.#options.dialogue;
    for (; this.#step < steps.length; this.#step++) {
      const { hear, say } = steps[this.#step];
      if (hear !== undefined) {
        if (!heard?.startsWith(hear)) return;
        heard = undefined;
      }
      if (say !== undefined)
        this.#write(text, Buffer.from(say.replaceAll('{n}', String(this.number))));
    }
    this.#becomeReady();
  }

  /**
   * @param {number} opcode
   * @param {Buffer} payload less than 64 KB
   */
  #write(opcode, payload) {
    // The mask is four zeros, so that masking changes nothing.
    const short = payload.length < 126;
    const header = Buffer.alloc(short ? 6 : 8);
    header[0] = 0x80 | opcode;
    header[1] = 0x80 | (short ? payload.length : 126);
    if (!short) header.writeUInt16BE(payload.length, 2);
    this.#socket.write(Buffer.concat([header, payload]));
  }
}
