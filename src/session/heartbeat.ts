// Heart-beats: the agreement at CONNECT, and the timer of a session that sends them and detects lost clients.
import { longestDelay, type Clock, type Timer } from '../message/clock.js';
import type { Heartbeat, HeartbeatPair } from '../message/frame.js';
import { requireResult } from '../message/promise.js';
import type { Connection } from '../transport/transport.js';
import type { ClientSession } from './client-session.js';

/** Heart-beat intervals of the server. */
export interface HeartbeatOptions {
  /**
   * The shortest interval, in milliseconds, at which the server is willing to send heart-beats.
   *
   * @default 1_000
   */
  readonly minSendInterval: number;
  /**
   * The interval, in milliseconds, at which the server expects data from clients that can send heart-beats; 0 for never.
   *
   * @default 10_000
   */
  readonly expectedInterval: number;
}

/** The result of the negotiation at CONNECT, in milliseconds; 0 is never. */
export interface HeartbeatAgreement {
  /** The `heart-beat` header of CONNECTED. */
  readonly advertised: HeartbeatPair;
  /** The server sends at least this often. */
  readonly send: number;
  /** The client sends at least this often. */
  readonly expect: number;
}

export const noHeartbeat: HeartbeatAgreement = { advertised: [0, 0], send: 0, expect: 0 };

/**
 * Negotiates the intervals: each is the larger of the two that sender and receiver ask for, and 0 on either side is never.
 *
 * @see STOMP 1.2, "Heart-beating"
 */
export function agreeHeartbeat(
  [canSend, wantsToReceive]: HeartbeatPair,
  options: HeartbeatOptions,
): HeartbeatAgreement {
  const send = wantsToReceive === 0 ? 0 : Math.max(wantsToReceive, options.minSendInterval);
  const expect =
    canSend === 0 || options.expectedInterval === 0
      ? 0
      : Math.max(canSend, options.expectedInterval);
  return { advertised: [send, canSend === 0 ? 0 : options.expectedInterval], send, expect };
}

const heartbeat: Heartbeat = { kind: 'heartbeat' };

/** A client is lost when it was silent for this many of its intervals. */
const tolerance = 2;
/** A heart-beat is sent after this part of the interval, because timers fire late. */
const margin = 0.75;
/** Without an agreement, a silent client gets a ping this often, in milliseconds. */
const pingInterval = 25_000;
const maxUnansweredPings = 2;
/** While reading is paused, the client gets a ping this often, in milliseconds. */
const pausedPingInterval = 10_000;

/** The heart-beats of one session, with a single timer for all intervals. */
export class Heartbeats {
  #agreement = noHeartbeat;
  #lastReceived: number;
  #lastPing: number;
  #unansweredPings = 0;
  /** When reading was paused; undefined while the server reads. */
  #pausedAt: number | undefined;
  #timer: Timer | undefined;
  #inputEnded = false;
  #stopped = false;

  constructor(
    private readonly session: ClientSession,
    private readonly connection: Connection,
    private readonly clock: Clock,
  ) {
    this.#lastReceived = this.#lastPing = clock.now();
  }

  start(agreement: HeartbeatAgreement): void {
    this.#agreement = agreement;
    if (agreement.send > 0)
      requireResult(this.connection.stopHeartbeats?.(), 'stopHeartbeats() of the connection');
    this.#schedule(this.clock.now());
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
  }

  /** Called when bytes or a pong have arrived. Returns the time of the clock. */
  received(): number {
    this.#unansweredPings = 0;
    return (this.#lastReceived = this.clock.now());
  }

  /** The client has closed its side of the connection, so it can send no more heart-beats. */
  inputEnded(): void {
    this.#inputEnded = true;
  }

  /** Reading is paused. The client's heart-beats cannot be read, so their timeout is suspended. */
  paused(): void {
    this.#pausedAt = this.clock.now();
    this.#schedule(this.#pausedAt);
  }

  resumed(): void {
    this.#pausedAt = undefined;
    this.received();
  }

  get #expect(): number {
    return this.#inputEnded ? 0 : this.#agreement.expect;
  }

  readonly #tick = (): void => {
    const now = this.clock.now();
    const expect = this.#expect;
    if (this.#agreement.send > 0 && now >= this.#sendDue()) this.session.outbox.send(heartbeat);
    if (this.#pausedAt !== undefined) {
      this.#ping(now, pausedPingInterval);
    } else if (expect > 0) {
      if (now - this.#lastReceived >= expect * tolerance) return this.#closeIfStillSilent();
    } else if (now - this.#lastReceived >= pingInterval) {
      if (this.#unansweredPings >= maxUnansweredPings && now - this.#lastPing >= pingInterval)
        return this.#closeIfStillSilent();
      this.#ping(now, pingInterval);
    }
    this.#schedule(now);
  };

  /** Closes only after the sockets were read, because unread heart-beats may have arrived while the server was busy. */
  #closeIfStillSilent(): void {
    const lastReceived = this.#lastReceived;
    this.clock.soon(() => {
      if (this.#lastReceived === lastReceived) this.session.closeWith('heartbeat-lost');
      else this.#schedule(this.clock.now());
    });
  }

  #ping(now: number, interval: number): void {
    if (now - this.#lastPing < interval) return;
    this.#lastPing = now;
    try {
      if (requireResult(this.connection.ping(), 'ping() of the connection'))
        this.#unansweredPings++;
    } catch (error) {
      this.session.internalError('Sending a ping', error);
    }
  }

  #sendDue(): number {
    return this.session.outbox.lastWrite + this.#agreement.send * margin;
  }

  #schedule(now: number): void {
    if (this.#stopped) return;
    this.#timer?.cancel();
    this.#timer = this.clock.after(
      Math.min(Math.max(this.#due() - now, 1), longestDelay),
      this.#tick,
    );
  }

  /** The time of the next action. */
  #due(): number {
    const expect = this.#expect;
    const send = this.#agreement.send > 0 ? this.#sendDue() : Infinity;
    if (this.#pausedAt !== undefined)
      return Math.min(send, Math.max(this.#lastPing, this.#pausedAt) + pausedPingInterval);
    const silence =
      expect > 0
        ? this.#lastReceived + expect * tolerance
        : Math.max(this.#lastReceived, this.#lastPing) + pingInterval;
    return Math.min(send, silence);
  }
}
