// A connection that stores written bytes, and drains when a test calls for it.
import type { EncodedFrame } from '../../src/message/encoded-frame.js';
import type { Connection, ConnectionListener, Handshake } from '../../src/transport/transport.js';

export const anonymousHandshake: Handshake = {
  url: '/ws',
  headers: new Map(),
  remoteAddress: '127.0.0.1',
  subprotocol: undefined,
  secure: false,
  principal: undefined,
};

const plain = { frame: ({ bytes }: EncodedFrame) => bytes };

export class FakeConnection implements Connection {
  readonly handshake = anonymousHandshake;
  readonly framing = plain;
  readonly written: Uint8Array[] = [];
  bufferedBytes = 0;
  /** While true, written bytes stay in the connection. */
  stalled = false;
  closedWith: { code: number; reason: string } | undefined;
  paused = false;
  listener: ConnectionListener | undefined;

  constructor(readonly wholeMessages = true) {}

  listen(listener: ConnectionListener): void {
    this.listener = listener;
  }

  write(bytes: Uint8Array): void {
    this.written.push(bytes);
    if (this.stalled) this.bufferedBytes += bytes.length;
  }

  drain(): void {
    this.bufferedBytes = 0;
    this.listener?.drained();
  }

  ping(): boolean {
    return false;
  }

  pause(): void {
    this.paused = true;
  }

  resume(): void {
    this.paused = false;
  }

  close(code: number, reason: string): void {
    this.closedWith ??= { code, reason };
  }

  terminate(): void {
    this.listener?.closed(1006, '');
  }

  text(): string[] {
    return this.written.map((bytes) => Buffer.from(bytes).toString());
  }
}
