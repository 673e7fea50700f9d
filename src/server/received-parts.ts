// A message that its handler reads while it arrives: an async iterable of parts, which holds one part at a time.
import type { MessageParts } from '../session/websocket-session.js';

type Part = string | Uint8Array;

/** A part that the handler has not taken. */
interface WaitingPart {
  readonly part: Part;
  readonly taken: () => void;
}

/** The handler waits for the next part. */
interface Reader {
  readonly resolve: (result: IteratorResult<Part, undefined>) => void;
  readonly reject: (error: Error) => void;
}

const done: IteratorReturnResult<undefined> = { done: true, value: undefined };

export class ReceivedParts implements MessageParts {
  #waiting: WaitingPart | undefined;
  #reader: Reader | undefined;
  /** True when no part follows, or the handler reads no further. */
  #ended = false;
  #failure: Error | undefined;
  #iterated = false;

  constructor(readonly binary: boolean) {}

  /** Resolves when the handler has taken the part, or reads no further. Not called again before. */
  add(part: Part): Promise<void> {
    if (this.#ended) return Promise.resolve();
    if (this.#reader === undefined)
      return new Promise((taken) => (this.#waiting = { part, taken }));
    this.#takeReader()?.resolve({ done: false, value: part });
    return Promise.resolve();
  }

  /** No part follows. */
  complete(): void {
    this.#ended = true;
    this.#takeReader()?.resolve(done);
  }

  /** Drops all parts that the handler has not taken. */
  stop(): void {
    this.#waiting?.taken();
    this.#waiting = undefined;
    this.complete();
  }

  /** The message will not be complete, or its handler has taken too long: reading rejects with the error. */
  fail(error: Error): void {
    this.#failure ??= error;
    this.#ended = true;
    this.#takeReader()?.reject(error);
  }

  /** The reason why reading has failed. */
  get failure(): Error | undefined {
    return this.#failure;
  }

  /** @throws {TypeError} the second time: parts are not kept */
  [Symbol.asyncIterator](): AsyncIterator<Part, undefined> {
    if (this.#iterated) throw new TypeError('The parts of a message can be read only once.');
    this.#iterated = true;
    return {
      next: () => this.#next(),
      return: async () => {
        this.stop();
        return done;
      },
    };
  }

  #next(): Promise<IteratorResult<Part, undefined>> {
    const waiting = this.#waiting;
    if (waiting !== undefined) {
      this.#waiting = undefined;
      waiting.taken();
      return Promise.resolve({ done: false, value: waiting.part });
    }
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    if (this.#ended) return Promise.resolve(done);
    return new Promise((resolve, reject) => (this.#reader = { resolve, reject }));
  }

  #takeReader(): Reader | undefined {
    const reader = this.#reader;
    this.#reader = undefined;
    return reader;
  }
}
