// Responses that are written in parts, over HTTP/1.0, 1.1 and 2: their sockets, their chunks and their ends.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { http2StreamOf } from './answer.js';

/**
 * Calls `action` when the response is the next one of its connection. Behind pipelined requests, the connection may end before the
 * response can be written, so no session must wait for it.
 */
export function whenNext(response: ServerResponse, action: () => void): void {
  if (response.socket === null) response.once('socket', action);
  else action();
}

/** True when the parts of a response must be chunks. */
export function isChunked({ httpVersionMajor, httpVersionMinor }: IncomingMessage): boolean {
  return httpVersionMajor === 1 && httpVersionMinor > 0;
}

/**
 * The stream for the parts of a response whose head is written: the socket of HTTP/1, or the stream of HTTP/2. `response.write` takes
 * three writes for a chunk, and cannot share it with other responses.
 *
 * @param response one that has its socket
 */
export function sinkOf(response: ServerResponse): Duplex {
  return http2StreamOf(response) ?? response.socket!;
}

export const chunkEnd: Uint8Array = Buffer.from('\r\n');

/** The line before the bytes of a chunk. @see RFC 9112 section 7.1 */
export function chunkStart(size: number): string {
  return `${size.toString(16)}\r\n`;
}

export function chunk(bytes: Uint8Array): Uint8Array {
  return Buffer.concat([Buffer.from(chunkStart(bytes.length)), bytes, chunkEnd]);
}

/** Calls `closed` once, when the response is complete, or `lost`: the client has not received all of it. */
export function onClosed(response: ServerResponse, closed: (lost: boolean) => void): void {
  const stream = http2StreamOf(response);
  let complete = false;
  // Before Node's own listener, which may destroy the socket of a complete response.
  response.prependListener('finish', () => {
    // Node reports `finish` also when the client has left, and over HTTP/2 for a response that has not been ended.
    const hasSent = stream?.writableFinished ?? response.socket?.destroyed === false;
    complete = response.writableEnded && hasSent;
  });
  response.on('close', () => closed(!complete));
}
