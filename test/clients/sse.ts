// An SSE client over HTTP/1.1 or HTTP/2; it decodes the events itself, and continues its session after a lost response.
import { Agent, request, type RequestOptions } from 'node:http';
import type { ClientHttp2Session } from 'node:http2';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import type { ClientConnection, ConnectionEnd } from './connection.js';

/** A response whose body is still arriving. */
export interface StreamedResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: Readable;
}

/** Sends HTTP requests to one server. */
export interface HttpClient {
  send(
    method: string,
    path: string,
    headers?: Readonly<Record<string, string>>,
    body?: string,
  ): Promise<StreamedResponse>;
  /** Ends all requests and connections. */
  vanish(): void;
}

/** @param options of a server that uses TLS: `agent`, `ca` and the like */
export function http1Client(
  port: number,
  options: RequestOptions = {},
  open: typeof request = request,
): HttpClient {
  const agent = (options.agent as Agent | undefined) ?? new Agent({ keepAlive: true });
  return {
    async send(method, path, headers = {}, body = '') {
      const sent = open({ host: '127.0.0.1', port, method, path, headers, ...options, agent });
      sent.end(body);
      const [response] = await once(sent, 'response');
      return { status: response.statusCode, headers: response.headers, body: response };
    },
    vanish: () => agent.destroy(),
  };
}

/** @param session one whose errors are handled */
export function http2Client(session: ClientHttp2Session): HttpClient {
  return {
    async send(method, path, headers = {}, body = '') {
      const endStream = body === '';
      const stream = session.request(
        { ':method': method, ':path': path, ...headers },
        { endStream },
      );
      if (!endStream) stream.end(body);
      const [received] = await once(stream, 'response');
      return { status: received[':status'], headers: received, body: stream };
    },
    vanish: () => session.destroy(),
  };
}

/** One event of a stream, or a comment. */
export interface StreamEvent {
  readonly type: string;
  readonly id: string;
  readonly data: string;
}

/** Takes the complete events out of the received text; returns the rest. @see the HTML standard, section 9.2.6 */
function parseEvents(text: string, received: (event: StreamEvent) => void): string {
  const blocks = text.split('\n\n');
  const rest = blocks.pop()!;
  for (const block of blocks) {
    const fields: Record<string, string> = {};
    for (const line of block.split('\n')) {
      const [, name, value] = /^([a-z]*): ?(.*)$/.exec(line)!;
      fields[name!] = value!;
    }
    const { event: type = '' in fields ? 'comment' : 'message', id = '', data = '' } = fields;
    received({ type, id, data });
  }
  return rest;
}

export interface SseConnection extends ClientConnection {
  /** The answer of the server to the first request. */
  readonly status: number;
  readonly protocol: string;
  readonly lastEventId: string;
  /** Number of received comments. */
  readonly comments: number;
  /** Ends the response, and keeps the session. */
  loseResponse(): void;
  /** Ends the response and continues the session by another one. Resolves with the status of the answer. */
  reconnect(): Promise<number>;
  pause(): void;
  resume(): void;
  /** Closes the session. */
  close(): void;
}

export interface SseConnectionOptions {
  readonly path?: string;
  readonly subprotocols?: readonly string[];
}

/** Opens a session at `/ws`; resolves when its open event has arrived, or the server has refused it. */
export async function sseConnection(
  http: HttpClient,
  { path = '/ws', subprotocols = [] }: SseConnectionOptions = {},
): Promise<SseConnection> {
  const query = subprotocols.length === 0 ? '' : `?protocols=${subprotocols.join(',')}`;
  let [session, protocol, lastEventId] = ['', '', ''];
  let opened = () => {};
  let close: (end: ConnectionEnd) => void = () => {};
  let ended = false;
  let comments = 0;
  let onData: ClientConnection['onData'];
  /** Messages that arrived before `onData` was set. */
  const early: Buffer[] = [];
  let body: Readable | undefined;
  let sending: Promise<unknown> = Promise.resolve();
  const lost = { code: 1006, reason: '' };

  async function receive(headers: Readonly<Record<string, string>>): Promise<number> {
    const response = await http.send('GET', `${path}/sse${query}`, headers);
    if (response.status !== 200) {
      end(lost);
      return response.status;
    }
    const current = response.body;
    body = current;
    let text = '';
    current.setEncoding('utf8');
    current.on('error', () => {});
    current.on('data', (piece: string) => {
      if (current === body) text = parseEvents(text + piece, received);
    });
    current.on('close', () => {
      if (current === body) end(lost);
    });
    return 200;
  }

  function received({ type, id, data }: StreamEvent): void {
    if (type === 'comment') return void comments++;
    lastEventId = id;
    const value: unknown = JSON.parse(data);
    if (type === 'open') {
      ({ session, protocol } = value as { readonly session: string; readonly protocol: string });
      opened();
    } else if (type === 'close') end(value as ConnectionEnd);
    else
      for (const message of value as readonly string[]) {
        if (onData === undefined) early.push(Buffer.from(message));
        else onData(Buffer.from(message));
      }
  }

  function end(how: ConnectionEnd): void {
    ended = true;
    opened();
    close(how);
  }

  function queue(method: string, content?: string): void {
    sending = sending.then(async () => {
      if (ended && method === 'POST') return;
      const sent = await http
        .send(method, `${path}/sse/${session}`, {}, content)
        .catch(() => undefined);
      sent?.body.resume();
    });
  }

  const isOpen = new Promise<void>((resolve) => (opened = resolve));
  const connection = {
    status: 0,
    get protocol() {
      return protocol;
    },
    get lastEventId() {
      return lastEventId;
    },
    get onData() {
      return onData;
    },
    set onData(receive) {
      onData = receive;
      for (const message of early.splice(0)) receive?.(message);
    },
    closed: new Promise<ConnectionEnd>((resolve) => (close = resolve)),
    send: (bytes: Uint8Array | string) =>
      queue('POST', JSON.stringify([Buffer.from(bytes as string).toString()])),
    get comments() {
      return comments;
    },
    loseResponse() {
      const lostBody = body;
      body = undefined;
      lostBody?.destroy();
    },
    reconnect() {
      connection.loseResponse();
      return receive({ 'last-event-id': lastEventId });
    },
    pause: () => void body?.pause(),
    resume: () => void body?.resume(),
    close: () => queue('DELETE'),
    vanish() {
      end(lost);
      http.vanish();
    },
  };
  connection.status = await receive({});
  await isOpen;
  return connection;
}
