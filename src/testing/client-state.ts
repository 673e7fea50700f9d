// The frames except messages that a test client has received, and whether the test has read them.
import type { Heartbeat, MessageFrame, ServerFrame } from '../message/frame.js';
import { formatEnd, formatProblem, type ClientProblem, type SessionEnd } from './failure.js';

export class ClientState {
  readonly receipts: string[] = [];
  /** How the session ended; undefined while it is open. */
  end: SessionEnd | undefined;
  readonly #problems: ClientProblem[] = [];
  readonly #unreadProblems = new Set<ClientProblem>();
  #user: string | undefined;
  #heartbeats = 0;
  #error: ClientProblem | undefined;
  #endRead = false;

  /** @param user the user that the test named; the CONNECTED frame replaces it */
  constructor(
    readonly session: string,
    user: string | undefined,
  ) {
    this.#user = user;
  }

  get user(): string | undefined {
    return this.#user;
  }

  /** Name of the client in texts, such as `ann (session-1)`. */
  get label(): string {
    return `${this.#user ?? 'anonymous'} (${this.session})`;
  }

  get heartbeats(): number {
    return this.#heartbeats;
  }

  receive(frame: Exclude<ServerFrame, MessageFrame> | Heartbeat): void {
    switch (frame.kind) {
      case 'connected':
        this.#user = frame.user;
        return;
      case 'heartbeat':
        this.#heartbeats++;
        return;
      case 'receipt':
        this.receipts.push(frame.receipt);
        return;
      case 'error': {
        const { kind: _, fatal, ...problem } = frame;
        if (fatal) this.#error = problem;
        else this.addProblem(problem);
        return;
      }
      default:
        return frame satisfies never;
    }
  }

  /**
   * Adds a problem that did not end the session.
   *
   * @param readElsewhere true if a subscription of the test receives it as well
   */
  addProblem(problem: ClientProblem, readElsewhere = false): void {
    this.#problems.push(problem);
    if (!readElsewhere) this.#unreadProblems.add(problem);
  }

  /** The problems and the ERROR, without marking them as read. */
  get allProblems(): readonly ClientProblem[] {
    return this.#error === undefined ? this.#problems : [...this.#problems, this.#error];
  }

  get unreadProblems(): readonly ClientProblem[] {
    return [...this.#unreadProblems];
  }

  /** True if the session ended abnormally and the test has not read its end. */
  get hasUnreadEnd(): boolean {
    return this.end !== undefined && this.end.code !== 1000 && !this.#endRead;
  }

  /** Returns the problems and marks them as read. */
  readProblems(): readonly ClientProblem[] {
    this.#unreadProblems.clear();
    return [...this.#problems];
  }

  /** Returns the ERROR that ended the session and marks the end as read. */
  readError(): ClientProblem | undefined {
    this.#endRead = true;
    return this.#error;
  }

  /** Returns how the session ended and marks the end as read. */
  readEnd(): SessionEnd | undefined {
    this.#endRead = true;
    return this.end;
  }

  /** Returns the latest problem or ERROR and marks it as read. */
  readLatestProblem(): ClientProblem | undefined {
    const latest = this.allProblems.at(-1);
    if (latest === undefined) return undefined;
    this.#unreadProblems.delete(latest);
    this.#endRead ||= latest === this.#error;
    return latest;
  }

  /** Records that the test ends the session. */
  expectEnd(): void {
    this.#endRead = true;
  }

  /** Describes the end with its ERROR, such as `closed with 1002 no-route (no-route: ...)`. */
  describeEnd(end: SessionEnd): string {
    const cause = this.#error === undefined ? '' : ` (${formatProblem(this.#error)})`;
    return formatEnd(end) + cause;
  }
}
