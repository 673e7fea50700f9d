// SockJS frames over WebSocket: a connection around the connection of the WebSocket transport.
import type { Clock } from '../../message/clock.js';
import { closeCodes } from '../../message/error.js';
import type { Framing } from '../../message/encoded-frame.js';
import { Inbound, type DeliveryResult } from '../http-session/inbound.js';
import { SessionTimer } from '../http-session/times.js';
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
  readonly #inbound: Inbound;
  /** True while reading is stopped because messages wait. */
  #holdsReading = false;
  #open = true;
  /** True after a message that is not SockJS; later messages are ignored. */
  #rejected = false;
  readonly #timer: SessionTimer;

  constructor(
    private readonly webSocket: Connection,
    clock: Clock,
    heartbeatInterval: number,
  ) {
    this.framing = inWebSocket(webSocket.framing);
    // WebSocket has checked the size of the whole array.
    this.#inbound = new Inbound(clock, Infinity, () => this.#listener, parseWebSocketMessages);
    this.#timer = new SessionTimer(clock, heartbeatInterval, () =>
      this.#writeFrame(heartbeatFrame),
    );
    webSocket.listen(this);
    this.#writeFrame(openFrame);
    this.#timer.startHeartbeats();
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
    this.#timer.written();
    this.webSocket.write(bytes);
  }

  ping(): boolean {
    return this.webSocket.ping();
  }

  stopHeartbeats(): void {
    this.#timer.stopHeartbeats();
  }

  pause(): void {
    this.#inbound.pause();
    this.webSocket.pause();
  }

  resume(): void {
    this.#inbound.resume();
    if (this.#inbound.isReading) this.#read();
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
    this.#inbound.receive(chunk, this.#onDelivered);
    if (this.#inbound.isReading) return;
    this.#holdsReading = true;
    this.webSocket.pause();
  }

  ended(code: number, reason: string, detail?: string): void {
    this.#inbound.afterDelivery(() => this.#listener?.ended(code, reason, detail));
  }

  held(bytes: number): boolean {
    return this.#listener?.held(bytes) !== false;
  }

  drained(): void {
    this.#listener?.drained();
  }

  ponged(): void {
    this.#listener?.ponged();
  }

  closed(code: number, reason: string): void {
    this.#timer.cancel();
    this.#inbound.afterDelivery(() => {
      this.#stop();
      this.#listener?.closed(code, reason);
    });
  }

  readonly #onDelivered = (result: DeliveryResult): void => {
    if (result === 'malformed') this.#reject();
    if (this.#holdsReading && this.#inbound.isReading) this.#read();
  };

  #reject(): void {
    this.#rejected = true;
    this.#listener?.ended(closeCodes.invalidData, 'text-invalid');
    // Messages after it are ignored.
    this.#inbound.end();
  }

  #read(): void {
    this.#holdsReading = false;
    this.webSocket.resume();
  }

  #stop(): void {
    this.#open = false;
    this.#timer.cancel();
    this.#inbound.end();
  }

  #writeFrame(frame: Uint8Array): void {
    this.webSocket.write(textFrame(frame).framedBy(this.webSocket.framing));
  }
}
