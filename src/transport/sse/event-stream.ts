// The response that carries the events of a session.
import type { ServerResponse } from 'node:http';
import { writeHead, type Headers } from '../http-session/answer.js';
import { chunk, chunkStart, sinkOf } from '../http-session/response-stream.js';
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

export class EventStream {
  readonly #writer: SocketWriter;

  /**
   * @param response one that has its socket, because no pipelined responses are before it
   * @param chunked true for HTTP/1.1, in which a response of unknown length is written in chunks
   */
  constructor(
    private readonly response: ServerResponse,
    crossOrigin: Headers,
    private readonly chunked: boolean,
    listener: EventStreamListener,
  ) {
    response.on('close', () => listener.streamClosed(this));
    this.#writer = new SocketWriter(sinkOf(response), () => listener.drained());
    writeHead(response, 200, [...crossOrigin, ...headers]);
    response.flushHeaders();
  }

  /** Written bytes that have not left this process. */
  get bufferedBytes(): number {
    return this.response.writableLength;
  }

  /** Writes an event of one type. @param data JSON, which has no line ends */
  writeEvent(id: string, type: 'open' | 'close', data: unknown): void {
    const event = Buffer.from(`event: ${type}\nid: ${id}\ndata: ${JSON.stringify(data)}\n\n`);
    this.#writer.write(this.chunked ? chunk(event) : event);
  }

  /** Writes an event with messages that `joinableFraming` has framed. */
  writeMessages(id: string, joined: Uint8Array): void {
    const start = `id: ${id}\ndata: [`;
    // The bracket takes the place of the first comma.
    const size = start.length - 1 + joined.length + ']\n\n'.length;
    const head = this.chunked ? chunkStart(size) + start : start;
    const tail = this.chunked ? ']\n\n\r\n' : ']\n\n';
    // One buffer for each client, because a second write would take longer than the copy.
    const part = Buffer.allocUnsafe(head.length - 1 + joined.length + tail.length);
    part.set(joined, head.length - 1);
    part.write(head, 'latin1');
    part.write(tail, part.length - tail.length, 'latin1');
    this.#writer.write(part);
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
}
