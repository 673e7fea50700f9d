// Writes to a socket, and reports when all written bytes have left the process.
import type { Duplex } from 'node:stream';

const nothing = new Uint8Array(0);

export class SocketWriter {
  #awaiting = false;

  /** @param drained called when all written bytes have left this process; once, not for each write */
  constructor(
    private readonly socket: Duplex,
    private readonly drained: () => void,
  ) {}

  /** Written bytes that have not left this process. */
  get bufferedBytes(): number {
    return this.socket.writableLength;
  }

  write(bytes: Uint8Array): void {
    this.socket.write(bytes);
    if (this.socket.writableLength > 0) this.#awaitDrain();
  }

  /** Queues an empty write after all others: Node emits `drain` only after its high-water mark was exceeded. */
  #awaitDrain(): void {
    if (this.#awaiting) return;
    this.#awaiting = true;
    this.socket.write(nothing, this.#onWritten);
  }

  readonly #onWritten = (error?: Error | null): void => {
    this.#awaiting = false;
    // The bytes of a lost socket were dropped, not sent.
    if (error != null || this.socket.destroyed) return;
    if (this.socket.writableLength === 0) this.drained();
    else this.#awaitDrain();
  };
}
