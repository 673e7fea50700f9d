// The transport without sockets: client and server in one process, for tests and local clients.
import type { EncodedFrame, Framing } from '../message/encoded-frame.js';
import type { Principal } from '../message/message.js';
import { asBuffer } from '../payload/bytes.js';
import { dividedBytes, TextParts } from './message-parts.js';
import {
  lostConnection,
  type Connection,
  type ConnectionListener,
  type Handshake,
  type Transport,
  type TransportContext,
} from './transport.js';

/** The handshake of a memory client. */
export interface MemoryClientOptions {
  /** Path and query of the request. @default '/' */
  readonly url?: string;
  /** Headers of the request. @default {} */
  readonly headers?: Readonly<Record<string, string>>;
  /** The subprotocol that both sides have agreed on. @default none: the first byte selects the protocol */
  readonly subprotocol?: string;
  /** Address of the client. @default '127.0.0.1' */
  readonly remoteAddress?: string;
  /** The user, as if the transport had authenticated it. @default none: the client is anonymous */
  readonly principal?: Principal;
  /** Attributes that the session begins with, as if a handshake interceptor had set them. @default none */
  readonly attributes?: Readonly<Record<string, unknown>>;
}

/** The client's end of a connection in memory. */
export interface MemoryClient {
  /** Resolves when either side has closed the connection. */
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>;
  /**
   * Receives each message of the server, which other clients may share: do not change its bytes. Messages that arrive before it is
   * set wait for it.
   */
  onData: ((bytes: Uint8Array, binary?: boolean) => void) | undefined;
  /**
   * Sends a message to the server: a text, which is encoded as UTF-8, or bytes.
   *
   * @param more true for a fragment of a message, if further ones of the same kind follow
   */
  send(bytes: Uint8Array | string, more?: boolean): void;
  /** Stops reading; meanwhile the server's bytes wait in its connection. */
  pause(): void;
  /** Continues to read after `pause`. */
  resume(): void;
  /**
   * Closes the connection.
   *
   * @param code close code
   * @param reason close reason
   */
  close(code?: number, reason?: string): void;
  /** Ends the connection without a close frame, as a lost network does; the server sees 1006. */
  vanish(): void;
}

/** The transport without sockets. */
export interface MemoryTransport extends Transport {
  /**
   * Connects a client; the server has accepted it when this returns.
   * @throws {Error} while the transport is not open
   */
  connect(options?: MemoryClientOptions): MemoryClient;
}

/** A reaction to it costs a fifth of `queueMicrotask`. */
const settled = Promise.resolve();

/**
 * Creates a transport whose clients live in the same process.
 * @example
 * ```ts
 * const memory = memoryTransport();
 * const server = await createServer({ transports: [memory] });
 * await server.start();
 * const client = memory.connect();
 * ```
 */
export function memoryTransport(): MemoryTransport {
  let context: TransportContext | undefined;
  return {
    name: 'memory',
    open: (given) => void (context = given),
    close: () => void (context = undefined),
    connect(options = {}) {
      if (context === undefined)
        throw new Error('The memory transport is not open: start the server first.');
      const connection = new MemoryConnection(options);
      context.accept(connection);
      return connection.client;
    },
  };
}

/** A message in either direction. */
interface MemoryMessage {
  readonly bytes: Uint8Array;
  readonly binary: boolean;
  /** True for a fragment, if further ones follow. */
  readonly more?: boolean;
}

const headBytes = 5;

/** A kind and a length before each message, because the server writes several messages together. */
const messageFraming: Framing = {
  frame({ bytes, binary }: EncodedFrame): Uint8Array {
    const frame = Buffer.allocUnsafe(headBytes + bytes.length);
    frame[0] = binary ? 1 : 0;
    frame.writeUInt32BE(bytes.length, 1);
    frame.set(bytes, headBytes);
    return frame;
  },
};

/** The messages in bytes that `messageFraming` has framed. */
function* messagesIn(framed: Uint8Array): Generator<MemoryMessage> {
  const bytes = asBuffer(framed);
  for (let at = 0; at < bytes.length;) {
    const start = at + headBytes;
    const end = start + bytes.readUInt32BE(at + 1);
    yield { bytes: bytes.subarray(start, end), binary: bytes[at] === 1 };
    at = end;
  }
}

/** A connection and its client. Each direction is a queue that is emptied in a microtask, because sockets never call back synchronously. */
class MemoryConnection implements Connection {
  readonly handshake: Handshake;
  readonly framing = messageFraming;
  readonly wholeMessages = true;
  readonly client: MemoryClient;
  #listener: ConnectionListener | undefined;
  #open = true;
  #toServer: MemoryMessage[] = [];
  /** The fragments of a message that the server takes as a whole. */
  #fragments: Uint8Array[] = [];
  /** Bytes of one part for a server that takes fragments one by one; undefined when it takes whole messages. */
  #maxPartBytes: number | undefined;
  /** The text that is divided into parts. */
  #text: TextParts | undefined;
  #toClient: MemoryMessage[] = [];
  #serverPaused = false;
  #clientPaused = false;
  #closing: { readonly code: number; readonly reason: string } | undefined;
  #scheduled = false;
  #resolveClosed!: (end: { code: number; reason: string }) => void;

  constructor({
    url = '/',
    headers = {},
    subprotocol,
    remoteAddress = '127.0.0.1',
    principal,
    attributes,
  }: MemoryClientOptions) {
    this.handshake = {
      url,
      headers: new Map(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value])),
      remoteAddress,
      subprotocol,
      secure: false,
      principal,
      attributes: attributes && new Map(Object.entries(attributes)),
    };
    this.client = this.#makeClient();
  }

  get bufferedBytes(): number {
    return this.#toClient.reduce((sum, { bytes }) => sum + bytes.length, 0);
  }

  listen(listener: ConnectionListener): void {
    this.#listener = listener;
  }

  write(bytes: Uint8Array): void {
    if (!this.#open || this.#closing !== undefined) return;
    this.#toClient.push(...messagesIn(bytes));
    this.#schedule();
  }

  ping(): boolean {
    return false;
  }

  takeParts(maxPartBytes: number): void {
    this.#maxPartBytes = maxPartBytes;
  }

  pause(): void {
    this.#serverPaused = true;
  }

  resume(): void {
    this.#serverPaused = false;
    this.#schedule();
  }

  close(code: number, reason: string): void {
    this.#closing ??= { code, reason };
    this.#schedule();
  }

  terminate(): void {
    this.#end(lostConnection);
  }

  #makeClient(): MemoryClient {
    let onData: MemoryClient['onData'];
    const connection = this;
    return {
      closed: new Promise((resolve) => (this.#resolveClosed = resolve)),
      get onData() {
        return onData;
      },
      set onData(callback) {
        onData = callback;
        connection.#schedule();
      },
      send(bytes, more = false) {
        // A copy: the client may reuse its buffer, and the server keeps parts of it.
        connection.#sendFragment(Buffer.from(bytes as Uint8Array), typeof bytes !== 'string', more);
      },
      pause: () => void (this.#clientPaused = true),
      resume: () => {
        this.#clientPaused = false;
        this.#schedule();
      },
      close: (code = 1000, reason = '') => void settled.then(() => this.#end({ code, reason })),
      vanish: () => void settled.then(() => this.#end(lostConnection)),
    };
  }

  #sendFragment(bytes: Uint8Array, binary: boolean, more: boolean): void {
    if (this.#maxPartBytes !== undefined) this.#divide(bytes, binary, more, this.#maxPartBytes);
    else {
      this.#fragments.push(bytes);
      if (more) return;
      const [first] = this.#fragments;
      const whole = this.#fragments.length === 1 ? first! : Buffer.concat(this.#fragments);
      this.#toServer.push({ bytes: whole, binary });
      this.#fragments = [];
    }
    this.#schedule();
  }

  /** Divides a fragment as WebSocket does. */
  #divide(bytes: Uint8Array, binary: boolean, more: boolean, maxPartBytes: number): void {
    const size = dividedBytes(maxPartBytes, !binary);
    let at = 0;
    do {
      const end = Math.min(at + size, bytes.length);
      const ends = !more && end === bytes.length;
      const piece = bytes.subarray(at, end);
      // Bytes of a string are always UTF-8.
      const part = binary ? piece : (this.#text ??= new TextParts()).push(piece, ends)!;
      if (ends || part.length > 0) this.#toServer.push({ bytes: part, binary, more: !ends });
      if (ends) this.#text = undefined;
      at = end;
    } while (at < bytes.length);
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    void settled.then(() => {
      this.#scheduled = false;
      this.#move();
    });
  }

  #move(): void {
    while (this.#open && !this.#serverPaused && this.#toServer.length > 0) {
      // Taken first: without a listener, `?.` would not evaluate its argument, and the loop would not end.
      const { bytes, binary, more } = this.#toServer.shift()!;
      this.#listener?.data(bytes, binary, more);
    }
    const waited = this.#toClient.length > 0;
    while (
      this.#open &&
      !this.#clientPaused &&
      this.client.onData !== undefined &&
      this.#toClient.length > 0
    ) {
      const { bytes, binary } = this.#toClient.shift()!;
      this.client.onData(bytes, binary);
    }
    if (this.#open && waited && this.#toClient.length === 0) this.#listener?.drained();
    // Bytes that the client does not read are dropped: otherwise they would keep the connection open forever.
    if (this.#closing !== undefined) this.#end(this.#closing);
  }

  #end({ code, reason }: { readonly code: number; readonly reason: string }): void {
    if (!this.#open) return;
    this.#open = false;
    this.#resolveClosed({ code, reason });
    this.#listener?.closed(code, reason);
  }
}
