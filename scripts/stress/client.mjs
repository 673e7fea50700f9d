// A STOMP 1.2 client of the stress and attack programs: sends and receives frames, and waits for receipts.

/** @typedef {{ command: string, headers: Record<string, string>, body: string }} Frame */

export class Client {
  #rest = '';
  #receipts = 0;
  /** @type {Map<string, (received: boolean) => void>} */
  #waiting = new Map();
  #alive = true;

  /**
   * @param {import('./wire.mjs').Wire} wire
   * @param {(frame: Frame) => void} onMessage
   */
  constructor(wire, onMessage) {
    this.wire = wire;
    this.onMessage = onMessage;
    /** The message of the ERROR frame that ended the connection. @type {string | undefined} */
    this.error = undefined;
    wire.listen((bytes) => this.#receive(bytes));
    void wire.gone.then(() => {
      this.#alive = false;
      for (const settle of this.#waiting.values()) settle(false);
      this.#waiting.clear();
    });
  }

  get alive() {
    return this.#alive;
  }

  /**
   * @param {string} command
   * @param {Record<string, string>} headers
   * @param {string} [body]
   */
  send(command, headers, body = '') {
    const lines = Object.entries(headers).map(([name, value]) => `${name}:${value}\n`);
    this.wire.send(`${command}\n${lines.join('')}\n${body}\0`);
  }

  /**
   * Sends a frame and waits for its receipt; resolves with false when the connection ended first.
   *
   * @param {string} command
   * @param {Record<string, string>} headers
   * @param {string} [body]
   * @returns {Promise<boolean>}
   */
  request(command, headers, body) {
    if (!this.#alive) return Promise.resolve(false);
    const receipt = `r${++this.#receipts}`;
    return new Promise((resolve) => {
      this.#waiting.set(receipt, resolve);
      this.send(command, { ...headers, receipt }, body);
    });
  }

  /**
   * @param {Record<string, string>} [headers]
   * @returns {Promise<boolean>} false when the connection ended first
   */
  connect(headers = {}) {
    if (!this.#alive) return Promise.resolve(false);
    return new Promise((resolve) => {
      this.#waiting.set('connected', resolve);
      this.send('CONNECT', { 'accept-version': '1.2', host: 'stress', ...headers });
    });
  }

  /** @param {string} bytes */
  #receive(bytes) {
    const texts = (this.#rest + bytes).split('\0');
    this.#rest = texts.pop() ?? '';
    for (const text of texts) this.#process(parse(text));
  }

  /** @param {Frame} frame */
  #process(frame) {
    if (frame.command === 'MESSAGE') return this.onMessage(frame);
    if (frame.command === 'ERROR') this.error = frame.headers['message'];
    const key = frame.command === 'CONNECTED' ? 'connected' : frame.headers['receipt-id'];
    const settle = this.#waiting.get(key ?? '');
    this.#waiting.delete(key ?? '');
    settle?.(frame.command !== 'ERROR');
  }
}

/**
 * @param {string} text
 * @returns {Frame}
 */
function parse(text) {
  const start = text.length - text.trimStart().length;
  const end = text.indexOf('\n\n', start);
  const [command = '', ...lines] = text.slice(start, end).split('\n');
  const headers = Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1)]),
  );
  return { command, headers, body: text.slice(end + 2) };
}
