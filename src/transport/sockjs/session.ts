// A SockJS session over HTTP: a connection whose frames leave through the receiver that is attached at the moment.
import { closeCodes } from '../../message/error.js';
import type { Clock } from '../../message/clock.js';
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
} from '../transport.js';
import { closeFrame, heartbeatFrame, openFrame } from './frame.js';
import type { SockJsOptions } from './options.js';
import type { Receiver, ReceiverListener } from './receiver.js';

const anotherReceiver = closeFrame(2010, 'Another connection still open');
const interrupted = closeFrame(closeCodes.protocolError, 'Connection interrupted');

/** `closing`: waits until the client has received everything. `closed`: answers each receiver with the close frame. */
type State = 'open' | 'closing' | 'closed';

/** The parts that the sessions of an endpoint share. */
export interface SessionParts {
  readonly clock: Clock;
  readonly options: Pick<SockJsOptions, 'heartbeatInterval' | 'disconnectDelay'>;
  /** Bytes of one message of a client. */
  readonly maxMessageBytes: number;
  readonly sessions: Sessions<SockJsSession>;
}

export class SockJsSession implements Connection, ReceiverListener {
  // The fields that each write reads come first.
  #state: State = 'open';
  #receiver: Receiver | undefined;
  /** Earlier receivers whose responses have ended, but are not complete; undefined when there are none, which is the usual case. */
  #earlier: Set<Receiver> | undefined;
  /** Heart-beats while there is a receiver; the end of the session while there is none. */
  readonly #timer: SessionTimer;
  readonly framing = joinableFraming;
  readonly wholeMessages = true;
  readonly carriesSurrogates = true;
  readonly inbound: Inbound;
  /** Messages without a receiver, framed. */
  #waiting: Uint8Array[] = [];
  #waitingBytes = 0;
  /** True when written bytes were still in this process after a write. */
  #awaitsDrain = false;
  #listener: ConnectionListener | undefined;
  #opened = false;
  /** The frame that ends each receiver of a session that is not open. */
  #closeFrame = interrupted;
  #closeFrameSent = false;
  #end: { readonly code: number; readonly reason: string } = lostConnection;

  /**
   * @param id the path of the endpoint, and the id that the client has chosen
   * @param owner identifies the client that may use the session
   */
  constructor(
    readonly id: string,
    readonly owner: string,
    readonly handshake: Handshake,
    private readonly parts: SessionParts,
  ) {
    this.#timer = new SessionTimer(parts.clock, parts.options.heartbeatInterval, () => {
      if (this.#receiver?.accepts === true) this.#receiver.write(heartbeatFrame);
    });
    this.inbound = new Inbound(parts.clock, parts.maxMessageBytes, () => this.#listener);
    parts.sessions.add(this);
  }

  get bufferedBytes(): number {
    const bytes = this.#waitingBytes + (this.#receiver?.bufferedBytes ?? 0);
    return this.#earlier === undefined ? bytes : bytes + bufferedBytesOf(this.#earlier);
  }

  listen(listener: ConnectionListener): void {
    this.#listener = listener;
  }

  write(bytes: Uint8Array): void {
    if (this.#state !== 'open') return;
    if (this.#receiver?.accepts === true) {
      this.#timer.written();
      this.#receiver.writeMessages(bytes);
      if (this.#receiver.bufferedBytes > 0) this.#awaitsDrain = true;
      return;
    }
    this.#waiting.push(bytes);
    this.#waitingBytes += bytes.length;
    this.#awaitsDrain = true;
  }

  /** SockJS has no pings: clients without a receiver are detected by the delay, others by the loss of their request. */
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
    this.#end = { code, reason };
    this.#closeFrame = closeFrame(code, reason);
    this.inbound.end();
    // Without a receiver, the client fetches the frame with its next request.
    if (this.#receiver === undefined) this.#expireAfterDelay();
    else this.#finish(this.#receiver);
  }

  terminate(): void {
    this.#receiver?.destroy();
    this.#ended();
  }

  /** Sends frames through this receiver from now on, unless another one is open. */
  attach(receiver: Receiver): void {
    // Once the close frame is sent, further receivers must not postpone the end.
    if (this.#state === 'closed' || this.#closeFrameSent)
      return endWith(receiver, this.#closeFrame);
    if (this.#receiver?.accepts === true) return endWith(receiver, anotherReceiver);
    // A client may not read a response that has ended; its bytes still count.
    if (this.#receiver !== undefined) (this.#earlier ??= new Set()).add(this.#receiver);
    this.#receiver = receiver;
    if (!this.#opened) receiver.write(openFrame);
    this.#opened = true;
    if (receiver.accepts && this.#waiting.length > 0) receiver.writeMessages(this.#takeWaiting());
    if (this.#state === 'closing') this.#finish(receiver);
    else this.#timer.startHeartbeats();
    // A stream reports only bytes that could not be sent at once.
    this.drained();
  }

  drained(): void {
    if (!this.#awaitsDrain || this.bufferedBytes > 0) return;
    this.#awaitsDrain = false;
    this.#listener?.drained();
  }

  receiverClosed(receiver: Receiver, lost: boolean): void {
    if (receiver !== this.#receiver) return this.#earlierClosed(receiver);
    this.#receiver = undefined;
    if (this.#state === 'closed') return;
    if (lost || this.#closeFrameSent) return this.#ended();
    this.#expireAfterDelay();
    this.drained();
  }

  /** Another receiver has followed while this one sent its last bytes, or it was refused. */
  #earlierClosed(receiver: Receiver): void {
    if (this.#earlier?.delete(receiver) !== true) return;
    if (this.#earlier.size === 0) this.#earlier = undefined;
    this.drained();
  }

  /** Sends the close frame; a response that carries no more frames leaves it to the next one. */
  #finish(receiver: Receiver): void {
    if (!receiver.accepts)
      return this.#timer.set(this.parts.options.disconnectDelay, () => this.terminate());
    this.#closeFrameSent = true;
    endWith(receiver, this.#closeFrame);
    this.#timer.set(closeTimeout, () => this.terminate());
  }

  #takeWaiting(): Uint8Array {
    const [first, ...others] = this.#waiting;
    const joined = others.length === 0 ? first! : Buffer.concat(this.#waiting);
    this.#waiting = [];
    this.#waitingBytes = 0;
    return joined;
  }

  #expireAfterDelay(): void {
    this.#timer.set(this.parts.options.disconnectDelay, () => {
      this.#ended();
      this.#forget();
    });
  }

  #ended(): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#waiting = [];
    this.#waitingBytes = 0;
    // Their bytes would stay in memory for as long as the client keeps its connection.
    for (const earlier of this.#earlier ?? []) earlier.destroy();
    this.#earlier = undefined;
    this.inbound.end();
    const listener = this.#listener;
    this.#listener = undefined;
    const { clock, sessions, options } = this.parts;
    this.#timer.set(options.disconnectDelay, () => this.#forget());
    sessions.ended();
    const { code, reason } = this.#end;
    // Later, because calls of the listener must not overlap.
    clock.soon(() => listener?.closed(code, reason));
  }

  #forget(): void {
    this.#timer.cancel();
    this.parts.sessions.forget(this);
  }
}

function bufferedBytesOf(receivers: Iterable<Receiver>): number {
  let bytes = 0;
  for (const receiver of receivers) bytes += receiver.bufferedBytes;
  return bytes;
}

function endWith(receiver: Receiver, frame: Uint8Array): void {
  receiver.write(frame);
  receiver.end();
}
