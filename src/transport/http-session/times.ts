// The times of sessions over HTTP: the checks of their options, and the timer for heart-beats and for the end of a session.
import { longestDelay, type Clock, type Timer } from '../../message/clock.js';
import { invalidOption, requireCount } from '../../message/option.js';

/** The options, in milliseconds, that sessions of all kinds have. */
interface SessionTimes {
  readonly heartbeatInterval: number;
  readonly disconnectDelay: number;
}

/**
 * @param path names the group of the options in errors
 * @throws {MessagingError} `option-invalid` for a time that a timer cannot have
 */
export function requireTimes(path: string, times: SessionTimes): void {
  for (const name of ['heartbeatInterval', 'disconnectDelay'] as const) {
    requireCount(`${path}.${name}`, times[name], 1);
    if (times[name] > longestDelay)
      throw invalidOption(`${path}.${name}`, `must not be greater than ${longestDelay}`);
  }
}

/** The only timer of a session: it sends heart-beats, or waits for one action. */
export class SessionTimer {
  /** The time of the last write, on the scale of the clock. */
  #lastWrite = 0;
  #timer: Timer | undefined;
  /** True while the timer sends heart-beats. */
  #beats = false;
  #heartbeatsStopped = false;

  /** @param sendHeartbeat called after each interval without a write, in milliseconds */
  constructor(
    private readonly clock: Clock,
    private readonly heartbeatInterval: number,
    private readonly sendHeartbeat: () => void,
  ) {}

  /** Postpones the next heart-beat. */
  written(): void {
    this.#lastWrite = this.clock.now();
  }

  /** Sends heart-beats until the timer is canceled or set, unless they were stopped. */
  startHeartbeats(): void {
    this.cancel();
    if (this.#heartbeatsStopped) return;
    this.written();
    this.#beatAfter(this.heartbeatInterval);
  }

  /** Stops heart-beats, also those that would start later. */
  stopHeartbeats(): void {
    this.#heartbeatsStopped = true;
    if (this.#beats) this.cancel();
  }

  /** Calls `action` once after `delay` milliseconds, in place of heart-beats and of an earlier action. */
  set(delay: number, action: () => void): void {
    this.cancel();
    this.#timer = this.clock.after(delay, action);
  }

  cancel(): void {
    this.#timer?.cancel();
    this.#beats = false;
  }

  #beatAfter(delay: number): void {
    this.set(delay, () => {
      const silence = this.clock.now() - this.#lastWrite;
      if (silence < this.heartbeatInterval)
        return this.#beatAfter(this.heartbeatInterval - silence);
      this.written();
      this.#beatAfter(this.heartbeatInterval);
      this.sendHeartbeat();
    });
    this.#beats = true;
  }
}
