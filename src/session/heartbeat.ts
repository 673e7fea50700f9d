// Signs of life in both directions: what is agreed at CONNECT, and the one timer of a session that keeps to it.
import { longestDelay, type Clock, type Timer } from '../message/clock.js';
import type { ErrorCode } from '../message/error.js';
import type { Heartbeat, HeartbeatPair } from '../message/frame.js';

export interface HeartbeatOptions {
  /** The shortest interval, in milliseconds, at which the server is willing to send. Default 1,000. */
  readonly minSendInterval: number;
  /** The interval, in milliseconds, at which the server wants to hear of a client that can send; 0 is never. Default 10,000. */
  readonly expectedInterval: number;
}

/** What the two sides agreed on, in milliseconds; 0 is never. */
export interface Agreement {
  /** What CONNECTED says. */
  readonly advertised: HeartbeatPair;
  readonly send: number;
  readonly expect: number;
}

export const noHeartbeat: Agreement = { advertised: [0, 0], send: 0, expect: 0 };

/** STOMP 1.2, "Heart-beating": an interval is the larger of what one can and the other wants; 0 on either side means none. */
export function agreeHeartbeat(
  [canSend, wants]: HeartbeatPair,
  options: HeartbeatOptions,
): Agreement {
  const send = wants === 0 ? 0 : Math.max(wants, options.minSendInterval);
  const expect =
    canSend === 0 || options.expectedInterval === 0
      ? 0
      : Math.max(canSend, options.expectedInterval);
  return { advertised: [send, canSend === 0 ? 0 : options.expectedInterval], send, expect };
}

/** What a pulse watches and moves. */
export interface PulseBody {
  readonly outbox: { readonly lastWrite: number; send(sign: Heartbeat): boolean };
  readonly connection: { ping(): boolean };
  die(code: ErrorCode): void;
}

const heartbeat: Heartbeat = { kind: 'heartbeat' };

/** A client may be silent for this many of its intervals. */
const tolerance = 2;
/** A heart-beat goes out when this much of the interval has passed, so that the timer's lateness never breaks the promise. */
const margin = 0.75;
const pingEvery = 25_000;
const pingsUnanswered = 2;
const pingEveryWhilePaused = 10_000;
const longestPause = 30_000;

export class Pulse {
  #agreement = noHeartbeat;
  #lastHeard: number;
  #lastPing: number;
  #unanswered = 0;
  #pausedAt: number | undefined;
  #timer: Timer | undefined;
  #ended = false;
  #stopped = false;

  constructor(
    private readonly clock: Clock,
    private readonly body: PulseBody,
  ) {
    this.#lastHeard = this.#lastPing = clock.now();
  }

  start(agreement: Agreement): void {
    this.#agreement = agreement;
    this.#schedule(this.clock.now());
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
  }

  /** Any octet and any pong counts. */
  heard(): void {
    this.#lastHeard = this.clock.now();
    this.#unanswered = 0;
  }

  /** The client has ended its side: from now on its silence means nothing. */
  ended(): void {
    this.#ended = true;
  }

  /** While we do not read, the client's silence is ours: its clock stands still. */
  paused(): void {
    this.#pausedAt = this.clock.now();
    this.#schedule(this.#pausedAt);
  }

  resumed(): void {
    this.#pausedAt = undefined;
    this.heard();
  }

  get #expect(): number {
    return this.#ended ? 0 : this.#agreement.expect;
  }

  readonly #tick = (): void => {
    const now = this.clock.now();
    const { send } = this.#agreement;
    const expect = this.#expect;
    if (send > 0 && now >= this.#beatDue()) this.body.outbox.send(heartbeat);
    if (this.#pausedAt !== undefined) {
      if (now - this.#pausedAt >= longestPause) return this.body.die('reading-stalled');
      this.#ping(now, pingEveryWhilePaused);
    } else if (expect > 0) {
      if (now - this.#lastHeard >= expect * tolerance) return this.body.die('heartbeat-lost');
    } else if (now - this.#lastHeard >= pingEvery) {
      if (this.#unanswered >= pingsUnanswered && now - this.#lastPing >= pingEvery) {
        return this.body.die('heartbeat-lost');
      }
      this.#ping(now, pingEvery);
    }
    this.#schedule(now);
  };

  #ping(now: number, every: number): void {
    if (now - this.#lastPing < every) return;
    this.#lastPing = now;
    if (this.body.connection.ping()) this.#unanswered++;
  }

  #beatDue(): number {
    return this.body.outbox.lastWrite + this.#agreement.send * margin;
  }

  #schedule(now: number): void {
    if (this.#stopped) return;
    this.#timer?.cancel();
    this.#timer = this.clock.after(
      Math.min(Math.max(this.#due() - now, 1), longestDelay),
      this.#tick,
    );
  }

  /** When something is to be done next. */
  #due(): number {
    const { send } = this.#agreement;
    const expect = this.#expect;
    const beat = send > 0 ? this.#beatDue() : Infinity;
    if (this.#pausedAt !== undefined) {
      return Math.min(
        beat,
        this.#pausedAt + longestPause,
        Math.max(this.#lastPing, this.#pausedAt) + pingEveryWhilePaused,
      );
    }
    const silence =
      expect > 0
        ? this.#lastHeard + expect * tolerance
        : Math.max(this.#lastHeard, this.#lastPing) + pingEvery;
    return Math.min(beat, silence);
  }
}
