// Connects over the first transport that works: WebSocket, Server-Sent Events or SockJS.
import { endpointUrl } from './endpoint-url.js';
import { RememberedTransport, type ClientStorage } from './remembered.js';
import {
  abnormalClosure,
  closed,
  connecting,
  dispatch,
  endedByClient,
  notOpen,
  textOfError,
  type ClientCloseEvent,
  type ClientSocket,
} from './socket.js';
import { sockjs, type SockJsClass } from './sockjs.js';
import { sse, type SseClientOptions } from './sse.js';
import { websocket, type WebSocketClientOptions } from './websocket.js';

export type { ClientStorage };

/** A transport of `auto()`. */
export type TransportName = 'websocket' | 'sse' | 'sockjs';

/** Options of `auto()`, in addition to those of its transports. */
export interface AutoOptions extends WebSocketClientOptions, SseClientOptions {
  /**
   * The class that `sockjs-client` exports. Without it, SockJS is not tried.
   *
   * @default none
   */
  readonly SockJS?: SockJsClass;
  /**
   * Options of the SockJS class, such as `{ transports: ['xhr-streaming'] }`.
   *
   * @default {}
   */
  readonly sockjsOptions?: object;
  /**
   * The transports to try, the first one first.
   *
   * @default ['websocket', 'sse'], and then 'sockjs' with the option `SockJS`
   */
  readonly transports?: readonly TransportName[];
  /**
   * Milliseconds until a transport must have opened the connection, before the next one is tried.
   *
   * @default 5000
   */
  readonly connectTimeout?: number;
  /**
   * Milliseconds for which the transport that worked is tried first. Then the order of `transports` applies again, so a client
   * returns to WebSocket when its network allows it. 0 remembers nothing.
   *
   * @default 1800000
   */
  readonly rememberFor?: number;
  /**
   * Where the transport is remembered.
   *
   * @default localStorage in pages, otherwise the memory of the process
   */
  readonly storage?: ClientStorage;
  /**
   * Called before `onopen` with the transport that was chosen, and a text for each one that failed before.
   *
   * @default none
   */
  readonly onTransport?: (transport: TransportName, failures: readonly string[]) => void;
}

type Factories = Partial<Record<TransportName, () => ClientSocket>>;

/**
 * Returns a function that connects over the first transport that works, for `webSocketFactory` of `@stomp/stompjs`. After the
 * connection was open, its end is reported and no other transport is tried.
 *
 * @param url the endpoint: absolute with `http`, `https`, `ws` or `wss`, or in a page relative to it
 * @throws {TypeError} when the URL is relative outside of a page
 * @throws {Error} when `transports` is empty, contains an unknown name, or contains `sockjs` without the option `SockJS`
 * @example
 * ```ts
 * const client = new Client({ webSocketFactory: auto('https://example.org/ws', { SockJS }) });
 * client.activate();
 * ```
 */
export function auto(url: string, options: AutoOptions = {}): () => ClientSocket {
  const { SockJS, rememberFor = 1_800_000, storage } = options;
  const factories: Factories = { websocket: websocket(url, options), sse: sse(url, options) };
  if (SockJS !== undefined) factories.sockjs = sockjs(url, { ...options, SockJS });
  const { transports = Object.keys(factories) as TransportName[] } = options;
  const unknown = transports.find((name) => factories[name] === undefined);
  if (unknown !== undefined)
    throw new Error(
      unknown === 'sockjs'
        ? 'The transport sockjs needs the option SockJS.'
        : `The transport '${String(unknown)}' is unknown; the known ones are websocket, sse and sockjs.`,
    );
  if (transports.length === 0) throw new Error('The option transports is empty.');
  const address = endpointUrl(url, 'http');
  const remembered = new RememberedTransport(address, rememberFor, storage);
  return () => new AutoSocket(address, transports, factories, remembered, options);
}

class AutoSocket implements ClientSocket {
  onopen: ClientSocket['onopen'] = null;
  onmessage: ClientSocket['onmessage'] = null;
  onerror: ClientSocket['onerror'] = null;
  onclose: ClientSocket['onclose'] = null;
  /** The socket of the transport that is tried or was chosen. */
  #socket: ClientSocket | undefined;
  #isOpen = false;
  #isClosed = false;
  #binaryType = 'arraybuffer';
  /** Transports that have not been tried. */
  readonly #waiting: TransportName[];
  /** A text for each transport that has failed. */
  readonly #failures: string[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    readonly url: string,
    transports: readonly TransportName[],
    private readonly factories: Factories,
    private readonly remembered: RememberedTransport,
    private readonly options: AutoOptions,
  ) {
    const first = remembered.read();
    const isFirst = (name: TransportName) => name === first;
    this.#waiting = [...transports.filter(isFirst), ...transports.filter((name) => !isFirst(name))];
    this.#tryNext();
  }

  get readyState(): number {
    if (this.#isClosed) return closed;
    return this.#isOpen ? this.#socket!.readyState : connecting;
  }

  get protocol(): string {
    return this.#socket?.protocol ?? '';
  }

  get binaryType(): string {
    return this.#binaryType;
  }

  set binaryType(type: string) {
    this.#binaryType = type;
    if (this.#socket !== undefined) this.#socket.binaryType = type;
  }

  send(data: string | ArrayBufferLike | ArrayBufferView): void {
    if (this.#isClosed) return;
    if (!this.#isOpen) throw notOpen();
    this.#socket!.send(data);
  }

  close(code?: number, reason?: string): void {
    if (this.#isOpen) this.#socket!.close(code, reason);
    else this.terminate();
  }

  terminate(): void {
    if (this.#isClosed) return;
    if (this.#socket !== undefined) discard(this.#socket);
    this.#end(lost(endedByClient));
  }

  #tryNext(): void {
    const name = this.#waiting.shift();
    if (name === undefined) {
      const reason = this.#failures.join('; ');
      queueMicrotask(() => dispatch(this.onerror, { type: 'error', message: reason }));
      this.#end(lost(reason));
      return;
    }
    try {
      this.#socket = this.#connect(name);
    } catch (error) {
      this.#onFailure(name, textOfError(error));
    }
  }

  #connect(name: TransportName): ClientSocket {
    const { connectTimeout = 5000 } = this.options;
    const socket = this.factories[name]!();
    let failure: string | undefined;
    socket.binaryType = this.#binaryType;
    socket.onopen = (event) => {
      clearTimeout(this.#timer);
      this.#isOpen = true;
      this.remembered.write(name);
      dispatch(() => this.options.onTransport?.(name, this.#failures), undefined);
      dispatch(this.onopen, event);
    };
    socket.onmessage = (event) => dispatch(this.onmessage, event);
    socket.onerror = (event) => {
      if (this.#isOpen) dispatch(this.onerror, event);
      else failure = event.message;
    };
    socket.onclose = (event) => {
      const { code, reason } = event;
      if (this.#isOpen) this.#end(event);
      else this.#onFailure(name, failure ?? (reason || `closed with ${code}`));
    };
    this.#timer = setTimeout(() => {
      discard(socket);
      this.#onFailure(name, `not open after ${connectTimeout} ms`);
    }, connectTimeout);
    return socket;
  }

  #onFailure(name: TransportName, cause: string): void {
    clearTimeout(this.#timer);
    this.#failures.push(`${name}: ${cause}`);
    if (this.remembered.read() === name) this.remembered.forget();
    this.#tryNext();
  }

  #end(event: ClientCloseEvent): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    // Later, because the application does not expect the event inside of its call of close().
    queueMicrotask(() => dispatch(this.onclose, event));
  }
}

function lost(reason: string): ClientCloseEvent {
  return { type: 'close', code: abnormalClosure, reason, wasClean: false };
}

/** Ends a connection without further events. */
function discard(socket: ClientSocket): void {
  const ignore = () => {};
  // The sockets of ws throw an error without a listener.
  Object.assign(socket, { onopen: ignore, onmessage: ignore, onerror: ignore, onclose: ignore });
  if (socket.terminate === undefined) socket.close();
  else socket.terminate();
}
