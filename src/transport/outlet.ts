// The way out of a socket: what waits in it, and the word that all of it has left.
import type { Duplex } from 'node:stream';

const nothing = new Uint8Array(0);

export class Outlet {
  #awaiting = false;

  /** @param drained called when everything written has left this process, not for each write */
  constructor(
    private readonly socket: Duplex,
    private readonly drained: () => void,
  ) {}

  /** Octets written that have not left this process. */
  get bufferedBytes(): number {
    return this.socket.writableLength;
  }

  write(bytes: Uint8Array): void {
    this.socket.write(bytes);
    if (this.socket.writableLength > 0) this.#awaitDrain();
  }

  /** An empty write, behind all others: Node's own `drain` comes only where more than its high-water mark waited. */
  #awaitDrain(): void {
    if (this.#awaiting) return;
    this.#awaiting = true;
    this.socket.write(nothing, this.#onWritten);
  }

  readonly #onWritten = (error?: Error | null): void => {
    this.#awaiting = false;
    // What a lost socket dropped has not left.
    if (error != null || this.socket.destroyed) return;
    if (this.socket.writableLength === 0) this.drained();
    else this.#awaitDrain();
  };
}
