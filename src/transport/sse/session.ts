// A session over SSE: a connection whose messages leave as events of a response, which the client can replace by another one.
import { randomBytes } from 'node:crypto';
import { closeCodes } from '../../message/error.js';
import { joinableFraming } from '../http-session/framing.js';
import { Inbound } from '../http-session/inbound.js';
import type { Sessions } from '../http-session/sessions.js';
import { SessionTimer } from '../http-session/times.js';
import {
  closeTimeout,
  lostConnection,
  type Connection,
  type ConnectionListener,
  type Handshake,
  type TransportContext,
} from '../transport.js';
import type { EventStream, EventStreamListener } from './event-stream.js';
import { KeptEvents } from './kept-events.js';
import type { SseOptions } from './options.js';

/** `closing`: waits until the client has received everything. `closed`: still answers with the close event, if there is one. */
type State = 'open' | 'closing' | 'closed';

/** The parts that the sessions of an endpoint share. */
export interface SseSessionParts {
  readonly context: Pick<TransportContext, 'clock'>;
  readonly options: SseOptions;
  /** Bytes of one message of a client. */
  readonly maxMessageBytes: number;
  readonly sessions: Sessions<SseSession>;
}

/** Code and reason of a close. */
interface Close {
  readonly code: number;
  readonly reason: string;
}

export class SseSession implements Connection, EventStreamListener {
  // The fields that each write reads come first.
  #state: State = 'open';
  #stream: EventStream | undefined;
  /** Comments while there is a response; the end of the session while there is none. */
  readonly #timer: SessionTimer;
  readonly #events: KeptEvents;
  readonly framing = joinableFraming;
  readonly wholeMessages = true;
  readonly carriesSurrogates = true;
  readonly inbound: Inbound;
  /** Known only to the client: the right to use the session. */
  readonly id = randomBytes(16).toString('base64url');
  /** True when written bytes were still in this process after a write. */
  #awaitsDrain = false;
  #listener: ConnectionListener | undefined;
  /** The close that the client receives. */
  #closeEvent: Close | undefined;

  constructor(
    readonly handshake: Handshake,
    private readonly parts: SseSessionParts,
  ) {
    const { context, options, sessions, maxMessageBytes } = parts;
    this.#timer = new SessionTimer(context.clock, options.heartbeatInterval, () =>
      this.#stream?.writeComment(),
    );
    this.#events = new KeptEvents(options.bufferBytes);
    this.inbound = new Inbound(context.clock, maxMessageBytes, () => this.#listener);
    sessions.add(this);
  }

  get bufferedBytes(): number {
    return this.#events.waitingBytes + (this.#stream?.bufferedBytes ?? 0);
  }

  listen(listener: ConnectionListener): void {
    this.#listener = listener;
  }

  write(bytes: Uint8Array): void {
    if (this.#state !== 'open') return;
    if (this.#stream === undefined) {
      this.#events.addWaiting(bytes);
      this.#awaitsDrain = true;
      return;
    }
    this.#timer.written();
    this.#stream.writeMessages(this.#idOf(this.#events.addSent(bytes)), bytes);
    if (this.#stream.bufferedBytes > 0) this.#awaitsDrain = true;
  }

  /** SSE has no pings: the loss of the response shows that the client has left. */
  ping(): boolean {
    return false;
  }

  stopHeartbeats(): void {
    this.#timer.stopHeartbeats();
  }

  pause(): void {
    this.inbound.pause();
  }

  resume(): void {
    this.inbound.resume();
  }

  close(code: number, reason: string): void {
    if (this.#state !== 'open') return;
    this.#state = 'closing';
    this.#closeEvent = { code, reason };
    this.inbound.end();
    // Without a response, the client receives the event when it connects again.
    if (this.#stream === undefined) this.#expireAfterDelay();
    else this.#finish(this.#stream);
  }

  terminate(): void {
    this.#stream?.destroy();
    this.#ended(this.#closeEvent ?? lostConnection);
  }

  /** The client closes the session. */
  closedByClient(): void {
    const close = { code: closeCodes.normal, reason: '' };
    const stream = this.#detach();
    if (stream !== undefined) this.#writeClose(stream, close);
    this.#ended(close);
  }

  /** Begins the session: its events leave through this response. */
  open(stream: EventStream): void {
    stream.writeEvent(this.#idOf(0), 'open', {
      session: this.id,
      protocol: this.handshake.subprotocol ?? '',
    });
    this.#attach(stream, 0);
  }

  /** False when events after this number are no longer kept. Then the session ends, because the client cannot continue it. */
  continuesAfter(number: number): boolean {
    const continues = this.#events.continuesAfter(number);
    if (!continues) this.terminate();
    return continues;
  }

  /** Sends the events after this number, and all later ones, through this response; the earlier one ends. */
  continueWith(stream: EventStream, number: number): void {
    this.#detach()?.end();
    this.#attach(stream, number);
  }

  drained(): void {
    if (!this.#awaitsDrain || this.bufferedBytes > 0) return;
    this.#awaitsDrain = false;
    this.#listener?.drained();
  }

  streamClosed(stream: EventStream): void {
    // Another one may have replaced it.
    if (stream !== this.#stream) return;
    this.#stream = undefined;
    if (this.#state === 'closed') return;
    // A client may leave when it has the close event, before the end of the response. One that has not can still fetch it.
    if (this.#closeEvent !== undefined) return this.#ended(this.#closeEvent);
    this.#expireAfterDelay();
    this.drained();
  }

  /** Returns the response, which the session no longer uses, if all of its bytes have left this process. */
  #detach(): EventStream | undefined {
    const stream = this.#stream;
    this.#stream = undefined;
    if (stream === undefined || stream.bufferedBytes === 0) return stream;
    // A client that does not read would keep the bytes in memory.
    stream.destroy();
    return undefined;
  }

  #attach(stream: EventStream, number: number): void {
    this.#stream = stream;
    this.#events.sendAfter(number, (each, messages) =>
      stream.writeMessages(this.#idOf(each), messages),
    );
    if (this.#state === 'closed') this.#writeClose(stream, this.#closeEvent!);
    else if (this.#state === 'closing') this.#finish(stream);
    else this.#timer.startHeartbeats();
    this.drained();
  }

  /** Sends the close event. */
  #finish(stream: EventStream): void {
    this.#writeClose(stream, this.#closeEvent!);
    this.#timer.set(closeTimeout, () => this.terminate());
  }

  #writeClose(stream: EventStream, close: Close): void {
    stream.writeEvent(this.#idOf(this.#events.last + 1), 'close', close);
    stream.end();
  }

  #idOf(number: number): string {
    return `${this.id}.${number}`;
  }

  #expireAfterDelay(): void {
    this.#timer.set(this.parts.options.disconnectDelay, () => {
      this.#ended(this.#closeEvent ?? lostConnection);
      this.#forget();
    });
  }

  #ended({ code, reason }: Close): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.inbound.end();
    const listener = this.#listener;
    this.#listener = undefined;
    const { context, sessions, options } = this.parts;
    // A client that has not received the close event can still connect again.
    if (this.#closeEvent === undefined) this.#forget();
    else this.#timer.set(options.disconnectDelay, () => this.#forget());
    sessions.ended();
    // Later, because calls of the listener must not overlap.
    context.clock.soon(() => listener?.closed(code, reason));
  }

  #forget(): void {
    this.#timer.cancel();
    this.parts.sessions.forget(this);
  }
}
