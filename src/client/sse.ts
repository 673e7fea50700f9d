// Connections over Server-Sent Events: a streamed response of fetch for messages of the server, and POST for those of the client.
import { endpointUrl } from './endpoint-url.js';
import { eventStreamParser, type StreamEvent } from './event-stream.js';
import {
  abnormalClosure,
  closed,
  closing,
  connecting,
  dispatch,
  endedByClient,
  messageTooBig,
  normalClosure,
  notOpen,
  open,
  requireList,
  stompProtocols,
  textOf,
  textOfError,
  type ClientSocket,
} from './socket.js';

/** The content of an event before its check. */
type Unchecked = Readonly<Record<string, unknown>>;

/** HTTP headers by name. */
type Headers = Readonly<Record<string, string>>;

/** The parts of a request that differ between the requests of a connection. */
interface RequestParts {
  readonly headers?: Headers;
  readonly body?: string;
  readonly keepalive?: boolean;
}

/** Options of `sse()`. */
export interface SseClientOptions {
  /**
   * Subprotocols that the client offers, the preferred one first.
   *
   * @default ['v12.stomp', 'v11.stomp', 'v10.stomp']
   */
  readonly protocols?: readonly string[];
  /**
   * Headers of every request, or a function that returns them, for example with the present access token.
   *
   * @default {}
   */
  readonly headers?: Headers | (() => Headers | Promise<Headers>);
  /**
   * `include` also sends cookies to servers of another origin.
   *
   * @default 'same-origin'
   */
  readonly credentials?: 'omit' | 'same-origin' | 'include';
  /**
   * The function that sends requests.
   *
   * @default the global one
   */
  readonly fetch?: typeof globalThis.fetch;
  /**
   * Attempts to continue the session after its response was lost. Each response that sends something allows as many again.
   *
   * @default 5
   */
  readonly maxRetries?: number;
  /**
   * Milliseconds before the first attempt. The delay doubles with each further attempt, and a random part of it, at most the half,
   * is left out.
   *
   * @default 250
   */
  readonly retryDelay?: number;
  /**
   * Milliseconds without a byte of the server after which the response counts as lost. Set it above the interval of the server's
   * heart-beats. The server must also open the connection in this time.
   *
   * @default 60000
   */
  readonly silenceTimeout?: number;
  /**
   * Milliseconds that `close()` waits for the server.
   *
   * @default 5000
   */
  readonly closeTimeout?: number;
}

/**
 * Messages are joined to requests of this many characters. A character takes at most 6 bytes, so a request is below the server's
 * limit of 1 MiB.
 */
const joinedLength = 65_536;

/**
 * Returns a function that connects over Server-Sent Events, for `webSocketFactory` of `@stomp/stompjs`. The endpoint of the
 * server needs the option `sse`.
 *
 * @param url the endpoint: absolute with `http`, `https`, `ws` or `wss`, or in a page relative to it
 * @throws {TypeError} when the URL is relative outside of a page
 * @example
 * ```ts
 * const headers = () => ({ authorization: `Bearer ${token}` });
 * const client = new Client({ webSocketFactory: sse('https://example.org/ws', { headers }) });
 * client.activate();
 * ```
 */
export function sse(url: string, options: SseClientOptions = {}): () => ClientSocket {
  const address = endpointUrl(url, 'http');
  requireList(options.protocols ?? []);
  return () => new SseSocket(address, options);
}

class SseSocket implements ClientSocket {
  readyState: number = connecting;
  protocol = '';
  binaryType = 'arraybuffer';
  onopen: ClientSocket['onopen'] = null;
  onmessage: ClientSocket['onmessage'] = null;
  onerror: ClientSocket['onerror'] = null;
  onclose: ClientSocket['onclose'] = null;
  /** Authorizes requests of the session, so it is never shown. */
  #session = '';
  #lastEventId = '';
  /** Aborts the response that carries the messages of the server; undefined between two attempts. */
  #response: AbortController | undefined;
  /** Aborts the last request with messages of the client. */
  #upload = new AbortController();
  /** Messages that wait for the answer to the last request. */
  #waiting: string[] = [];
  /** Resolves when no message waits. */
  #sending: Promise<void> | undefined;
  #retries = 0;
  /** True when the session ends: it is not continued after a lost response, and further messages are dropped. */
  #ending = false;
  /** The time limit of the state: silence, the delay of the next attempt, or the end of the session. */
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    readonly url: string,
    private readonly options: SseClientOptions,
  ) {
    void this.#receive();
  }

  send(data: string | ArrayBufferLike | ArrayBufferView): void {
    if (this.readyState === connecting) throw notOpen();
    const text = textOf(data);
    if (this.readyState !== open || this.#ending) return;
    this.#waiting.push(text);
    this.#sending ??= this.#sendWaiting();
  }

  close(code = normalClosure, reason = ''): void {
    if (this.readyState === connecting) this.terminate();
    if (this.readyState !== open) return;
    this.readyState = closing;
    this.#endInTime('The server has not confirmed the end of the session.');
    void this.#closeSession(code, reason);
  }

  terminate(): void {
    if (this.readyState === closed) return;
    this.#deleteSession().catch(() => {});
    this.#finish(abnormalClosure, endedByClient, false);
  }

  /** Receives one response to its end. */
  async #receive(): Promise<void> {
    const response = new AbortController();
    this.#response = response;
    let mayContinue = true;
    let reason = 'The server has ended the response.';
    try {
      this.#watch(response);
      const headers: Headers = this.#lastEventId ? { 'last-event-id': this.#lastEventId } : {};
      const answer = await this.#request('GET', '', response.signal, { headers });
      const refusal = refusalOf(answer);
      if (refusal !== undefined) {
        mayContinue = isTemporary(answer.status);
        throw new Error(refusal);
      }
      const parse = eventStreamParser((event) => this.#onEvent(event));
      const decoder = new TextDecoder();
      const reader = answer.body!.getReader();
      for (let part = await reader.read(); !part.done; part = await reader.read()) {
        // Comments, which a proxy may send too, do not open the connection.
        if (this.readyState !== connecting) this.#watch(response);
        this.#retries = 0;
        parse(decoder.decode(part.value as Uint8Array, { stream: true }));
      }
    } catch (error) {
      reason = textOfError(error);
    }
    response.abort();
    this.#response = undefined;
    this.#onResponseLost(reason, mayContinue);
  }

  /** Starts to wait for the next byte of the server, or for the opening of the connection. */
  #watch(response: AbortController): void {
    if (this.#ending) return;
    const { silenceTimeout = 60_000 } = this.options;
    const missing = this.readyState === connecting ? 'not opened the connection' : 'sent nothing';
    this.#setTimer(silenceTimeout, () =>
      response.abort(new Error(`The server has ${missing} for ${silenceTimeout} ms.`)),
    );
  }

  #onResponseLost(reason: string, mayContinue: boolean): void {
    const { maxRetries = 5, retryDelay = 250 } = this.options;
    if (this.readyState === closing) return;
    if (this.readyState === open && !this.#ending && mayContinue && this.#retries < maxRetries) {
      // Random, so that the clients of a server that has restarted do not all connect at the same time.
      const delay = retryDelay * 2 ** this.#retries * (1 - Math.random() / 2);
      this.#retries += 1;
      this.#setTimer(delay, () => void this.#receive());
    } else this.#fail(abnormalClosure, reason);
  }

  #onEvent({ type, id, data }: StreamEvent): void {
    try {
      const value = JSON.parse(data) as unknown;
      this.#lastEventId = id;
      if (type === 'message') this.#onMessages(value);
      else if (type === 'open') this.#onOpen(value as Unchecked);
      else if (type === 'close') this.#onClose(value as Unchecked);
    } catch {
      this.#abandon(abnormalClosure, `The server has sent an invalid event of the type '${type}'.`);
    }
  }

  #onOpen({ session, protocol }: Unchecked): void {
    check(isText(session) && session !== '' && isText(protocol));
    if (this.readyState === connecting) {
      this.#session = session;
      this.protocol = protocol;
      this.readyState = open;
      this.#watch(this.#response!);
      dispatch(this.onopen, { type: 'open' });
    } else if (session !== this.#session)
      // For example behind a proxy that removes the header `last-event-id`. The new session has no subscriptions.
      this.#abandon(abnormalClosure, 'The server has not continued the session.');
  }

  #onMessages(messages: unknown): void {
    check(Array.isArray(messages) && messages.every(isText));
    for (const data of messages)
      // As over WebSocket, no message arrives after close().
      if (this.readyState === open) dispatch(this.onmessage, { type: 'message', data });
  }

  #onClose({ code, reason }: Unchecked): void {
    check(Number.isInteger(code) && isText(reason));
    this.#finish(code as number, reason, true);
  }

  /** Sends one request at a time, so that messages keep their order. */
  async #sendWaiting(): Promise<void> {
    // Messages that are sent in the same turn share a request.
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      const body = JSON.stringify(this.#nextMessages());
      this.#upload = new AbortController();
      try {
        const { signal } = this.#upload;
        const answer = await this.#request('POST', this.#session, signal, { body });
        ignoreBody(answer);
        // A proxy answers with 200 and a page, for example when the login has expired.
        if (answer.status !== 204) this.#onRefused(answer.status);
      } catch (error) {
        // The server may have processed the messages, so they are not sent again.
        this.#abandon(abnormalClosure, textOfError(error));
      }
    }
    this.#sending = undefined;
  }

  #nextMessages(): string[] {
    let count = 0;
    let length = 0;
    for (const text of this.#waiting) {
      // With two quotes and a comma.
      length += text.length + 3;
      if (count > 0 && length > joinedLength) break;
      count += 1;
    }
    return this.#waiting.splice(0, count);
  }

  #onRefused(status: number): void {
    this.#waiting = [];
    const reason = `The server has answered ${statusText(status)} to a message.`;
    if (status === 404 && this.readyState === open) {
      // The server has ended the session. The response probably contains the reason.
      if (this.#response === undefined) void this.#receive();
      this.#endInTime(reason);
    } else this.#abandon(status === 413 ? messageTooBig : abnormalClosure, reason);
  }

  /** Ends the session because messages of the client are lost. */
  #abandon(code: number, reason: string): void {
    if (this.readyState === closed) return;
    this.#deleteSession().catch(() => {});
    this.#fail(code, reason);
  }

  async #closeSession(code: number, reason: string): Promise<void> {
    await this.#sending;
    if (this.readyState === closed) return;
    this.#response?.abort();
    try {
      await this.#deleteSession();
      this.#finish(code, reason, true);
    } catch (error) {
      this.#fail(abnormalClosure, textOfError(error));
    }
  }

  async #deleteSession(): Promise<void> {
    if (this.#session === '') return;
    const signal = AbortSignal.timeout(this.#closeTimeout);
    // Also sent when the page is left.
    const answer = await this.#request('DELETE', this.#session, signal, { keepalive: true });
    ignoreBody(answer);
    // After 404, the session has ended before.
    if (answer.status !== 204 && answer.status !== 404)
      throw new Error(
        `The server has answered ${statusText(answer.status)} to the end of the session.`,
      );
  }

  get #closeTimeout(): number {
    return this.options.closeTimeout ?? 5000;
  }

  /** @param session its id, or the empty text for a response with messages */
  async #request(
    method: string,
    session: string,
    signal: AbortSignal,
    parts: RequestParts,
  ): Promise<Response> {
    const { fetch = globalThis.fetch, credentials = 'same-origin', headers = {} } = this.options;
    const common = typeof headers === 'function' ? await abortable(headers(), signal) : headers;
    const request = {
      method,
      credentials,
      // Chromium would delay a request while another one with the same URL waits for its first byte.
      cache: 'no-store',
      // A redirected POST becomes a GET without its messages.
      redirect: 'manual' as const,
      signal,
      ...parts,
      headers: { ...common, ...parts.headers },
    };
    return fetch(this.#urlOf(session), request);
  }

  #urlOf(session: string): string {
    const { protocols = stompProtocols } = this.options;
    const url = new URL(this.url);
    url.pathname = url.pathname.replace(/\/*$/, session === '' ? '/sse' : `/sse/${session}`);
    if (session === '' && protocols.length > 0) url.searchParams.set('protocols', protocols.join());
    return url.href;
  }

  #endInTime(reason: string): void {
    this.#ending = true;
    this.#setTimer(this.#closeTimeout, () => this.#fail(abnormalClosure, reason));
  }

  #setTimer(delay: number, action: () => void): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(action, delay);
  }

  #fail(code: number, reason: string): void {
    if (this.readyState === closed) return;
    this.#finish(code, reason, false);
    // Before the close event, which `#finish` has queued.
    dispatch(this.onerror, { type: 'error', message: reason });
  }

  #finish(code: number, reason: string, wasClean: boolean): void {
    if (this.readyState === closed) return;
    this.readyState = closed;
    this.#waiting = [];
    clearTimeout(this.#timer);
    this.#response?.abort();
    this.#upload.abort();
    // Later, because the application does not expect the event inside of its call of close().
    queueMicrotask(() => dispatch(this.onclose, { type: 'close', code, reason, wasClean }));
  }
}

/** Returns why a response does not carry events; undefined when it does. */
function refusalOf({ status, headers, body }: Response): string | undefined {
  const type = headers.get('content-type') ?? 'no content type';
  if (status !== 200) return `The server has answered ${statusText(status)}.`;
  if (!type.startsWith('text/event-stream'))
    return `The server has answered with ${type} instead of text/event-stream.`;
  return body ? undefined : 'This fetch cannot read a response before its end.';
}

/** Browsers hide the status of a redirect that is not followed. */
function statusText(status: number): string {
  return status === 0 ? 'with a redirect' : String(status);
}

/** An answer that is not read would keep its connection. */
function ignoreBody({ body }: Response): void {
  body?.cancel().catch(() => {});
}

/** @throws {TypeError} when the content of an event is not valid */
function check(isValid: boolean): asserts isValid {
  if (!isValid) throw new TypeError();
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

/** Rejects when the signal is aborted first, because a token may come from a server that does not answer. */
function abortable<Value>(value: Value | Promise<Value>, signal: AbortSignal): Promise<Value> {
  const aborted = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });
  return Promise.race([value, aborted]);
}

/** True for answers of proxies and servers that are overloaded or restart. */
function isTemporary(status: number): boolean {
  return status >= 500 || status === 429 || status === 408;
}
