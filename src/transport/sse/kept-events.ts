// The events of one session by their numbers: sent ones for a client that connects again, and those that wait for a response.

/** Counted for each sent event: without it, many small events would need much more memory than their bytes. */
const eventOverhead = 128;

export class KeptEvents {
  /** Messages as `joinableFraming` has framed them, in the order of their numbers. The last ones wait. */
  readonly #messages = new Map<number, Uint8Array>();
  #last = 0;
  #lastSent = 0;
  /** Counted bytes of the sent events. */
  #sentBytes = 0;
  #waitingBytes = 0;

  /** @param maxSentBytes counted bytes of sent events that are kept */
  constructor(private readonly maxSentBytes: number) {}

  /** The number of the last event; 0 before the first one. */
  get last(): number {
    return this.#last;
  }

  /** Bytes of the messages that wait. */
  get waitingBytes(): number {
    return this.#waitingBytes;
  }

  /** Adds an event that waits. */
  addWaiting(messages: Uint8Array): void {
    this.#messages.set(++this.#last, messages);
    this.#waitingBytes += messages.length;
  }

  /** Adds an event that is sent now, when no other one waits; returns its number. */
  addSent(messages: Uint8Array): number {
    this.#messages.set(++this.#last, messages);
    this.#lastSent = this.#last;
    this.#countSent(messages);
    this.#forgetOldest();
    return this.#last;
  }

  /** True when the client can have received the events up to this number, and all later ones are kept. */
  continuesAfter(number: number): boolean {
    return number >= this.#last - this.#messages.size && number <= this.#lastSent;
  }

  /** Sends the events after this number. The client has received those before them. */
  sendAfter(number: number, send: (number: number, messages: Uint8Array) => void): void {
    for (const [each, messages] of this.#messages) {
      if (each <= number) this.#forget(each, messages);
      else {
        send(each, messages);
        if (each > this.#lastSent) this.#countSent(messages);
      }
    }
    this.#waitingBytes = 0;
    this.#lastSent = this.#last;
    this.#forgetOldest();
  }

  #countSent(messages: Uint8Array): void {
    this.#sentBytes += messages.length + eventOverhead;
  }

  #forgetOldest(): void {
    while (this.#sentBytes > this.maxSentBytes) {
      const first = this.#last - this.#messages.size + 1;
      this.#forget(first, this.#messages.get(first)!);
    }
  }

  #forget(number: number, messages: Uint8Array): void {
    this.#messages.delete(number);
    this.#sentBytes -= messages.length + eventOverhead;
  }
}
