// A test's line to the server: says frames, and knows when each of them was worked off.
import type { ClientFrame, Heartbeat, ServerFrame } from '../message/frame.js';
import type { MemoryClient } from '../transport/memory.js';
import type { Ending } from './client-problem.js';
import type { ClientProtocol } from './client-protocol.js';
import { turns } from './real-time.js';

/** Says of a frame whether it was processed, or failed. */
export type Verdict = (processed: boolean) => void;

export class Line {
  /** Frames that the server has not begun with. */
  readonly #waiting: Verdict[] = [];
  #ending: Ending | undefined;

  constructor(
    private readonly connection: MemoryClient,
    private readonly protocol: ClientProtocol,
    hear: (frame: ServerFrame | Heartbeat) => void,
  ) {
    connection.onData = (octets) => {
      for (const frame of protocol.hear(octets)) hear(frame);
    };
    void connection.closed.then((ending) => {
      this.#ending = ending;
      // What has not begun never will; what has is waited for.
      for (const verdict of this.#waiting.splice(0)) verdict(false);
    });
  }

  get ending(): Ending | undefined {
    return this.#ending;
  }

  /** Resolves when the frame was worked off, with whether it was processed. */
  say(frame: ClientFrame): Promise<boolean> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      this.connection.send(this.protocol.say(frame));
    });
  }

  beat(): void {
    this.connection.send(this.protocol.say({ kind: 'heartbeat' }));
  }

  /** The server begins with the next frame: they run in the order in which they were said. */
  begin(): Verdict {
    return this.#waiting.shift() ?? (() => {});
  }

  /** Is gone without a word, or with a code. */
  async leave(code?: number): Promise<void> {
    if (code === undefined) this.connection.vanish();
    else this.connection.close(code);
    await turns(1);
  }
}
