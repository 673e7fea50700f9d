// The JSON client of the tests: sends frames or raw text over any connection, and checks received frames with the schema.
import type { MemoryClient, MemoryClientOptions, MemoryTransport } from '../../src/index.js';
import type { ClientConnection } from './connection.js';
import { isServerFrame } from '../json-schema.js';

export type JsonFrame = Readonly<Record<string, unknown>>;

export const jsonSubprotocol = 'v1.json.signalbox';

export class JsonClient<C extends ClientConnection = ClientConnection> {
  /** Received frames that no method has returned yet. */
  readonly received: JsonFrame[] = [];
  readonly #texts = new WeakMap<JsonFrame, string>();
  #closed = false;
  #waiting: (() => void)[] = [];
  #receipts = 0;

  constructor(readonly connection: C) {
    connection.onData = (bytes) => {
      for (const line of utf8.decode(bytes).split('\n')) if (line !== '') this.#receive(line);
      this.#wake();
    };
    void connection.closed.then(() => {
      this.#closed = true;
      this.#wake();
    });
  }

  /** Sends a frame, or text that may not be one. */
  send(frame: JsonFrame | string): void {
    this.connection.send(typeof frame === 'string' ? frame : JSON.stringify(frame));
  }

  /** Subscribes and waits for the receipt. */
  async subscribe(id: string, destination: string): Promise<void> {
    this.send({ type: 'subscribe', id, destination, receipt: `receipt-${++this.#receipts}` });
    await this.next('receipt');
  }

  /** Returns the next frame of this type; frames of other types stay in `received`. Rejects when the connection ends. */
  async next(type: string): Promise<JsonFrame> {
    for (;;) {
      const index = this.received.findIndex((frame) => frame['type'] === type);
      if (index >= 0) return this.received.splice(index, 1)[0]!;
      if (this.#closed)
        throw new Error(
          `The connection ended, expected ${type}; received: ${JSON.stringify(this.received)}`,
        );
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  /** The text of a received frame. */
  textOf(frame: JsonFrame): string {
    return this.#texts.get(frame)!;
  }

  #receive(line: string): void {
    const frame = JSON.parse(line) as JsonFrame;
    if (!isServerFrame(frame)) throw new Error(`The schema rejects ${line}`);
    this.#texts.set(frame, line);
    this.received.push(frame);
  }

  #wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** A client in memory that has not sent a frame. */
export function openJson(
  transport: MemoryTransport,
  options?: MemoryClientOptions,
): JsonClient<MemoryClient> {
  return new JsonClient(transport.connect({ subprotocol: jsonSubprotocol, ...options }));
}

/** A connected client in memory. */
export async function connectJson(
  transport: MemoryTransport,
  fields: JsonFrame = {},
  options?: MemoryClientOptions,
): Promise<JsonClient<MemoryClient>> {
  const client = openJson(transport, options);
  client.send({ type: 'connect', ...fields });
  await client.next('connected');
  return client;
}
