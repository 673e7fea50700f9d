// Raw HTTP requests: the test writes their bytes, and reads the answer with its chunks.
import { connect, type Socket } from 'node:net';
import { turn } from './event-log.js';

export interface Answer {
  readonly status: number;
  /** In lower case, without those that only describe the connection. Several values are joined by a line end. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** The parts of a request that is not a plain GET. */
export interface RequestParts {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly version?: '1.0' | '1.1';
}

/** The bytes of a request. A body gets its length, unless the headers describe it. */
export function requestText(path: string, parts: RequestParts = {}): string {
  const { method = 'GET', headers = {}, body = '', version = '1.1' } = parts;
  const all: Record<string, string> = { Host: 'server.test', ...headers };
  const names = Object.keys(all).map((name) => name.toLowerCase());
  if (body !== '' && !names.includes('content-length') && !names.includes('transfer-encoding'))
    all['Content-Length'] = `${Buffer.byteLength(body)}`;
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return `${method} ${path} HTTP/${version}\r\n${lines.join('')}\r\n${body}`;
}

/** Headers that only describe the connection. */
const ofConnection: ReadonlySet<string> = new Set(['date', 'connection', 'keep-alive']);

/** One connection of a client. */
export class RawConnection {
  readonly socket: Socket;
  #received = '';
  /** Runs when text has arrived, or the connection has ended. */
  #changed = () => {};

  constructor(port: number) {
    this.socket = connect(port, '127.0.0.1');
    this.socket
      .setNoDelay()
      .setEncoding('latin1')
      .on('error', () => {});
    this.socket.on('data', (text: string) => (this.#received += text));
    for (const event of ['data', 'end', 'close']) this.socket.on(event, () => this.#changed());
  }

  send(text: string): void {
    this.socket.write(text);
  }

  /** The next received text that the pattern matches from its beginning; the text is removed. */
  async read(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const match = pattern.exec(this.#received);
      if (match !== null) {
        this.#received = this.#received.slice(match.index + match[0].length);
        return match;
      }
      if (this.#ended)
        throw new Error(`The connection ended after ${JSON.stringify(this.#received)}.`);
      await this.#change();
    }
  }

  /** Reads the status and the headers of an answer. */
  async head(): Promise<Omit<Answer, 'body'>> {
    const [, status, lines = ''] = await this.read(/^HTTP\/1\.1 (\d+)[^\r]*\r\n((?:.+\r\n)*)\r\n/);
    const headers: Record<string, string> = {};
    for (const line of lines.split('\r\n').slice(0, -1)) {
      const [, name = '', value = ''] = /^([^:]+): (.*)$/.exec(line)!;
      const key = name.toLowerCase();
      headers[key] = key in headers ? `${headers[key]}\n${value}` : value;
    }
    return { status: Number(status), headers };
  }

  /** Reads one chunk; empty for the last one. */
  async chunk(): Promise<string> {
    const [, size = ''] = await this.read(/^([0-9a-f]+)\r\n/);
    const [, bytes = ''] = await this.read(
      new RegExp(`^([\\s\\S]{${Number.parseInt(size, 16)}})\r\n`),
    );
    return text(bytes);
  }

  /** Reads a whole answer. */
  async answer(): Promise<Answer> {
    const { status, headers } = await this.head();
    const described = Object.entries(headers).filter(([name]) => !ofConnection.has(name));
    return {
      status,
      headers: Object.fromEntries(described),
      body: await this.#body(status, headers),
    };
  }

  /** Resolves when the server has ended the connection, with the text that has not been read. */
  async end(): Promise<string> {
    while (!this.#ended) await this.#change();
    return text(this.#received);
  }

  /** Reads one byte at a time until the text contains `end`; returns the text. Other methods cannot read the connection afterwards. */
  async readBytes(end: string): Promise<string> {
    this.socket.removeAllListeners('data');
    let received = '';
    // After `resume`, the stream keeps further bytes for `read`, because it has no listener.
    this.socket.resume().pause();
    while (!received.includes(end)) {
      const byte = this.socket.read(1) as string | null;
      if (byte === null) await turn();
      else received += byte;
    }
    return received;
  }

  close(): void {
    this.socket.destroy();
  }

  get #ended(): boolean {
    return this.socket.readableEnded || this.socket.destroyed;
  }

  #change(): Promise<void> {
    return new Promise((resolve) => (this.#changed = resolve));
  }

  async #body(status: number, headers: Answer['headers']): Promise<string> {
    if (status === 101 || status === 204 || status === 304) return '';
    const length = headers['content-length'];
    if (length !== undefined) return text((await this.read(new RegExp(`^[\\s\\S]{${length}}`)))[0]);
    if (headers['transfer-encoding'] !== 'chunked') return this.end();
    let body = '';
    for (let chunk = await this.chunk(); chunk !== ''; chunk = await this.chunk()) body += chunk;
    return body;
  }
}

const text = (latin1: string) => Buffer.from(latin1, 'latin1').toString();

/** Sends one request on its own connection, and reads its whole answer. */
export async function ask(port: number, path: string, parts?: RequestParts): Promise<Answer> {
  const connection = new RawConnection(port);
  connection.send(requestText(path, parts));
  const answer = await connection.answer();
  connection.close();
  return answer;
}
