// The response that carries the events of a session. Messages are written to all responses of a turn with the same bytes.
import type { ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { writeHead, type Headers } from '../http-session/answer.js';
import { chunk, chunkEnd, chunkStart, sinkOf } from '../http-session/response-stream.js';
import { SocketWriter } from '../socket-writer.js';

/** Receives the events of a response. */
export interface EventStreamListener {
  /** All bytes have left this process. */
  drained(): void;
  /** The response is complete or lost. Called once. */
  streamClosed(stream: EventStream): void;
}

const headers: Headers = [
  'Content-Type',
  'text/event-stream; charset=utf-8',
  'Cache-Control',
  'no-store, no-transform',
  // nginx would collect the events before it sends them.
  'X-Accel-Buffering',
  'no',
];

const comment = Buffer.from(':\n\n');
const commentChunk = chunk(comment);
const dataStart = Buffer.from('data: [');
const dataEnd = Buffer.from(']\n\n');

/** The last messages as the end of a chunk. They are written to the responses of all their clients in one turn. */
let last: { readonly joined: Uint8Array; readonly data: Uint8Array } | undefined;

/** The field `data` with messages that `joinableFraming` has framed, and the end of a chunk. */
function dataOf(joined: Uint8Array): Uint8Array {
  if (last?.joined !== joined) {
    const data = Buffer.concat([dataStart, joined.subarray(1), dataEnd, chunkEnd]);
    last = { joined, data };
  }
  return last.data;
}

export class EventStream {
  #closed = false;
  readonly #sink: Duplex;
  readonly #writer: SocketWriter;

  /**
   * @param response one that has its socket, because no pipelined responses are before it
   * @param chunked true for HTTP/1.1, in which a response of unknown length is written in chunks
   */
  constructor(
    private readonly response: ServerResponse,
    crossOrigin: Headers,
    private readonly chunked: boolean,
    private readonly listener: EventStreamListener,
  ) {
    response.on('close', this.#onClosed);
    this.#sink = sinkOf(response);
    this.#writer = new SocketWriter(this.#sink, () => listener.drained());
    writeHead(response, 200, [...crossOrigin, ...headers]);
    response.flushHeaders();
  }

  /** Written bytes that have not left this process. */
  get bufferedBytes(): number {
    // Afterwards the socket belongs to other responses.
    return this.#closed ? 0 : this.response.writableLength;
  }

  /** Writes an event of one type. @param data JSON, which has no line ends */
  writeEvent(id: string, type: 'open' | 'close', data: unknown): void {
    const event = Buffer.from(`event: ${type}\nid: ${id}\ndata: ${JSON.stringify(data)}\n\n`);
    this.#writer.write(this.chunked ? chunk(event) : event);
  }

  /** Writes an event with messages that `joinableFraming` has framed. */
  writeMessages(id: string, joined: Uint8Array): void {
    const field = `id: ${id}\n`;
    const data = dataOf(joined);
    // Only the id differs between clients, so they share the rest, which is also not copied while it waits.
    this.#sink.cork();
    if (this.chunked) {
      const size = field.length + data.length - chunkEnd.length;
      this.#writer.write(Buffer.from(chunkStart(size) + field));
      this.#writer.write(data);
    } else {
      this.#writer.write(Buffer.from(field));
      this.#writer.write(data.subarray(0, -chunkEnd.length));
    }
    this.#sink.uncork();
  }

  /** Writes a comment, which clients ignore. */
  writeComment(): void {
    this.#writer.write(this.chunked ? commentChunk : comment);
  }

  /** Ends the response after all written bytes. */
  end(): void {
    this.response.end();
  }

  /** Closes the connection of HTTP/1, or the stream of HTTP/2; written bytes may be lost. */
  destroy(): void {
    this.response.destroy();
  }

  readonly #onClosed = (): void => {
    this.#closed = true;
    this.listener.streamClosed(this);
  };
}
