// Both ends in one process: octets through the real codec, without a socket. The way in of most tests.
import type { Principal } from '../message/message.js';
import type {
  Acceptor,
  Connection,
  ConnectionListener,
  Handshake,
  Transport,
} from './transport.js';
import { unframed } from './unframed.js';

export interface MemoryClientOptions {
  readonly url?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly subprotocol?: string;
  readonly remoteAddress?: string;
  readonly principal?: Principal;
}

export interface MemoryClient {
  /** Resolves when the connection is gone, by whichever side. */
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>;
  /** Called with what arrives; what came before it was set waits for it. */
  onData: ((octets: Uint8Array) => void) | undefined;
  send(octets: Uint8Array | string): void;
  /** Stops and goes on reading: meanwhile octets wait on the server's side. */
  pause(): void;
  resume(): void;
  close(code?: number, reason?: string): void;
  /** Is gone without a word. */
  vanish(): void;
}

export interface MemoryTransport extends Transport {
  /** A new client; the server has accepted it when this returns. Throws while the transport is not open. */
  connect(options?: MemoryClientOptions): MemoryClient;
}

/** A microtask behind it costs a fifth of what `queueMicrotask` makes of one. */
const settled = Promise.resolve();

export function memoryTransport(): MemoryTransport {
  let accept: Acceptor | undefined;
  return {
    name: 'memory',
    open: (acceptor) => void (accept = acceptor),
    close: () => void (accept = undefined),
    connect(options = {}) {
      if (accept === undefined)
        throw new Error('The memory transport is not open: start the server first.');
      const ends = new MemoryEnds(options);
      accept(ends);
      return ends.client;
    },
  };
}

/** A connection and its client. Each direction is a queue that is emptied in a microtask, as sockets never call back at once. */
class MemoryEnds implements Connection {
  readonly handshake: Handshake;
  readonly framing = unframed;
  readonly messages = true;
  readonly client: MemoryClient;
  #listener: ConnectionListener | undefined;
  #open = true;
  #toServer: Uint8Array[] = [];
  #toClient: Uint8Array[] = [];
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
  }: MemoryClientOptions) {
    this.handshake = {
      url,
      headers: new Map(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value])),
      remoteAddress,
      subprotocol,
      secure: false,
      principal,
    };
    this.client = this.#makeClient();
  }

  get bufferedBytes(): number {
    return this.#toClient.reduce((sum, { length }) => sum + length, 0);
  }

  listen(listener: ConnectionListener): void {
    this.#listener = listener;
  }

  write(bytes: Uint8Array): void {
    if (!this.#open || this.#closing !== undefined) return;
    this.#toClient.push(bytes);
    this.#schedule();
  }

  ping(): boolean {
    return false;
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
    this.#end(1006, '');
  }

  #makeClient(): MemoryClient {
    let onData: MemoryClient['onData'];
    const ends = this;
    return {
      closed: new Promise((resolve) => (this.#resolveClosed = resolve)),
      get onData() {
        return onData;
      },
      set onData(callback) {
        onData = callback;
        ends.#schedule();
      },
      send(octets) {
        ends.#toServer.push(typeof octets === 'string' ? Buffer.from(octets) : octets);
        ends.#schedule();
      },
      pause: () => void (this.#clientPaused = true),
      resume: () => {
        this.#clientPaused = false;
        this.#schedule();
      },
      close: (code = 1000, reason = '') => void settled.then(() => this.#end(code, reason)),
      vanish: () => void settled.then(() => this.#end(1006, '')),
    };
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
    while (this.#open && !this.#serverPaused && this.#toServer.length > 0)
      this.#listener?.data(this.#toServer.shift()!);
    const held = this.#toClient.length > 0;
    while (
      this.#open &&
      !this.#clientPaused &&
      this.client.onData !== undefined &&
      this.#toClient.length > 0
    ) {
      this.client.onData(this.#toClient.shift()!);
    }
    if (this.#open && held && this.#toClient.length === 0) this.#listener?.drained();
    // What nobody reads would keep the connection open for ever; a socket, too, is cut off.
    if (this.#closing !== undefined) this.#end(this.#closing.code, this.#closing.reason);
  }

  #end(code: number, reason: string): void {
    if (!this.#open) return;
    this.#open = false;
    this.#resolveClosed({ code, reason });
    this.#listener?.closed(code, reason);
  }
}
