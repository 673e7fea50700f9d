// A SockJS client in raw HTTP requests, one for each way to receive; it decodes the frames itself.
import { Agent, request, type ClientRequest, type IncomingMessage } from 'node:http';
import { WebSocket } from 'ws';
import type { SockJsHttpTransport } from '../../src/index.js';
import type { ClientConnection, ConnectionEnd } from './connection.js';

export type SockJsReceiver = SockJsHttpTransport | 'websocket';

export const sockJsReceivers: readonly SockJsReceiver[] = [
  'websocket',
  'xhr',
  'xhr_streaming',
  'eventsource',
  'htmlfile',
  'jsonp',
];

/** Takes the frames of one transport out of the text of a response. */
const framesIn: Readonly<Record<SockJsHttpTransport, RegExp>> = {
  xhr: /^([^h\n][^\n]*|h)\n/,
  xhr_streaming: /^([^\n]*)\n/,
  eventsource: /^(?:\r\n)?data: (.*)\r\n\r\n/,
  htmlfile: /<script>\np\((.*)\);\n<\/script>\r\n/,
  jsonp: /^\/\*\*\/cb\((.*)\);\r\n/,
};

const isScript = (name: SockJsReceiver) => name === 'htmlfile' || name === 'jsonp';

export interface SockJsConnection extends ClientConnection {
  /** Stops receiving. */
  pause(): void;
  resume(): void;
  close(): void;
}

let sessions = 0;

/** A client of the endpoint `path`; resolves when the server has sent the open frame. */
export function sockJsConnection(
  port: number,
  receiver: SockJsReceiver,
  path = '/ws',
): Promise<SockJsConnection> {
  const session = `s${++sessions}-${process.pid}`;
  return receiver === 'websocket'
    ? inWebSocket(`ws://127.0.0.1:${port}${path}/000/${session}/websocket`)
    : overHttp(port, receiver, `${path}/000/${session}`);
}

/** Decodes frames for a connection. */
class Frames {
  readonly opened: Promise<void>;
  readonly closed: Promise<ConnectionEnd>;
  ended = false;
  onData: ((bytes: Uint8Array) => void) | undefined;
  #open!: () => void;
  #close!: (end: ConnectionEnd) => void;

  constructor() {
    this.opened = new Promise((resolve) => (this.#open = resolve));
    this.closed = new Promise((resolve) => (this.#close = resolve));
  }

  received(frame: string): void {
    const content = frame.slice(1);
    if (frame === 'o') this.#open();
    else if (frame.startsWith('a'))
      for (const text of JSON.parse(content) as string[]) this.onData?.(Buffer.from(text));
    else if (frame.startsWith('c')) {
      const [code, reason] = JSON.parse(content) as [number, string];
      this.end({ code, reason });
    }
  }

  end(how: ConnectionEnd): void {
    this.ended = true;
    this.#open();
    this.#close(how);
  }
}

async function inWebSocket(url: string): Promise<SockJsConnection> {
  const socket = new WebSocket(url);
  const frames = new Frames();
  socket.on('error', () => {});
  socket.on('message', (bytes: Buffer) => frames.received(bytes.toString()));
  socket.on('close', (code, reason) => frames.end({ code, reason: reason.toString() }));
  await frames.opened;
  return connectionOf(frames, {
    send: (text) => socket.send(JSON.stringify([text])),
    vanish: () => socket.terminate(),
    close: () => socket.close(),
    pause: () => socket.pause(),
    resume: () => socket.resume(),
  });
}

async function overHttp(
  port: number,
  name: SockJsHttpTransport,
  path: string,
): Promise<SockJsConnection> {
  const agent = new Agent({ keepAlive: true });
  const frames = new Frames();
  const method = name.startsWith('xhr') ? 'POST' : 'GET';
  const query = isScript(name) ? '?c=cb' : '';
  const [pattern, sendPath] = [framesIn[name], name === 'jsonp' ? 'jsonp_send' : 'xhr_send'];
  let paused = false;
  let current: ClientRequest | undefined;
  let response: IncomingMessage | undefined;

  function receive(): void {
    if (frames.ended || paused) return;
    let text = '';
    current = request({ port, agent, method, path: `${path}/${name}${query}` });
    const failed = () => frames.end({ code: 1006, reason: '' });
    current.on('error', failed);
    current.on('response', (answer) => {
      response = answer.setEncoding('utf8');
      answer.on('error', failed);
      answer.on('data', (piece: string) => {
        text += piece;
        for (let match = pattern.exec(text); match !== null; match = pattern.exec(text)) {
          text = text.slice(match.index + match[0].length);
          frames.received(frameOf(match[1]!));
        }
      });
      answer.on('end', () => {
        response = undefined;
        if (answer.statusCode === 200) receive();
        else failed();
      });
    });
    current.end();
  }

  function frameOf(written: string): string {
    if (isScript(name)) return JSON.parse(written) as string;
    return name === 'eventsource' ? decodeURI(written) : written;
  }

  let sending = Promise.resolve();
  function send(text: string): void {
    sending = sending.then(
      () =>
        new Promise((resolve) => {
          const sender = request({ port, agent, method: 'POST', path: `${path}/${sendPath}` });
          sender.on('error', () => resolve());
          sender.on('response', (answer) => answer.resume().on('end', () => resolve()));
          sender.end(JSON.stringify([text]));
        }),
    );
  }

  function vanish(): void {
    frames.end({ code: 1006, reason: '' });
    current?.destroy();
    agent.destroy();
  }

  receive();
  await frames.opened;
  return connectionOf(frames, {
    send,
    vanish,
    close: vanish,
    pause() {
      paused = true;
      response?.pause();
    },
    resume() {
      paused = false;
      if (response === undefined) receive();
      else response.resume();
    },
  });
}

interface Wire extends Pick<SockJsConnection, 'vanish' | 'close' | 'pause' | 'resume'> {
  send(text: string): void;
}

function connectionOf(frames: Frames, wire: Wire): SockJsConnection {
  return {
    ...wire,
    closed: frames.closed,
    get onData() {
      return frames.onData;
    },
    set onData(receive) {
      frames.onData = receive;
    },
    send: (bytes) => wire.send(Buffer.from(bytes as string).toString()),
  };
}
