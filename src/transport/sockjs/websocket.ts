// SockJS frames over WebSocket: a connection around the connection of the WebSocket transport.
import type { Clock, Timer } from '../../message/clock.js';
import { closeCodes } from '../../message/error.js';
import type { Framing } from '../../message/encoded-frame.js';
import type { Connection, ConnectionListener, Handshake } from '../transport.js';
import {
  closeFrame,
  heartbeatFrame,
  inWebSocket,
  openFrame,
  parseWebSocketMessages,
  textFrame,
} from './frame.js';

export class SockJsWebSocket implements Connection, ConnectionListener {
  readonly framing: Framing;
  readonly wholeMessages = true;
  readonly carriesSurrogates = true;
  #listener: ConnectionListener | undefined;
  #open = true;
  /** True after a message that is not SockJS; later messages are ignored. */
  #rejected = false;
  #lastFrame: number;
  #heartbeat: Timer | undefined;

  constructor(
    private readonly webSocket: Connection,
    private readonly clock: Clock,
    private readonly heartbeatInterval: number,
  ) {
    this.framing = inWebSocket(webSocket.framing);
    this.#lastFrame = clock.now();
    webSocket.listen(this);
    this.#writeFrame(openFrame);
    this.#beatAfter(heartbeatInterval);
  }

  get handshake(): Handshake {
    return this.webSocket.handshake;
  }

  get bufferedBytes(): number {
    return this.webSocket.bufferedBytes;
  }

  listen(listener: ConnectionListener): void {
    this.#listener = listener;
  }

  write(bytes: Uint8Array): void {
    if (!this.#open) return;
    this.#lastFrame = this.clock.now();
    this.webSocket.write(bytes);
  }

  ping(): boolean {
    return this.webSocket.ping();
  }

  stopHeartbeats(): void {
    this.#heartbeat?.cancel();
  }

  pause(): void {
    this.webSocket.pause();
  }

  resume(): void {
    this.webSocket.resume();
  }

  close(code: number, reason: string): void {
    if (!this.#open) return;
    // As in other servers, a client that does not send SockJS gets no SockJS frame.
    if (!this.#rejected) this.#writeFrame(closeFrame(code, reason));
    this.#stop();
    this.webSocket.close(code, reason);
  }

  terminate(): void {
    this.#stop();
    this.webSocket.terminate();
  }

  data(chunk: Uint8Array): void {
    if (this.#rejected) return;
    const messages = parseWebSocketMessages(chunk);
    if (messages === undefined) {
      this.#rejected = true;
      this.#listener?.ended(closeCodes.invalidData, 'text-invalid');
    } else for (const message of messages) this.#listener?.data(message);
  }

  ended(code: number, reason: string): void {
    this.#listener?.ended(code, reason);
  }

  drained(): void {
    this.#listener?.drained();
  }

  ponged(): void {
    this.#listener?.ponged();
  }

  closed(code: number, reason: string): void {
    this.#stop();
    this.#listener?.closed(code, reason);
  }

  #stop(): void {
    this.#open = false;
    this.#heartbeat?.cancel();
  }

  #writeFrame(frame: Uint8Array): void {
    this.webSocket.write(textFrame(frame).framedBy(this.webSocket.framing));
  }

  #beatAfter(delay: number): void {
    this.#heartbeat = this.clock.after(delay, () => {
      const silence = this.clock.now() - this.#lastFrame;
      if (silence < this.heartbeatInterval)
        return this.#beatAfter(this.heartbeatInterval - silence);
      this.#lastFrame = this.clock.now();
      this.#writeFrame(heartbeatFrame);
      this.#beatAfter(this.heartbeatInterval);
    });
  }
}
