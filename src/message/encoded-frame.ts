// A server frame in octets, made once and shared by every session that gets it.

/** How a transport wraps one encoded frame; one shared object a transport kind, so that its result can be kept on the frame. */
export interface Framing {
  frame(encoded: EncodedFrame): Uint8Array;
}

export class EncodedFrame {
  #framing: Framing | undefined;
  #framed: Uint8Array | undefined;
  #batch: Batch | undefined;

  constructor(
    readonly bytes: Uint8Array,
    /** Whether the octets may only travel as binary, being no text. */
    readonly binary: boolean,
  ) {}

  /** The frame in a transport's clothes; built at the first call and kept while the same transport kind asks. */
  framedBy(framing: Framing): Uint8Array {
    if (this.#framing !== framing) {
      this.#framing = framing;
      this.#framed = framing.frame(this);
      this.#batch = undefined;
    }
    return this.#framed!;
  }

  /** The batch that holds this frame alone: where the chain of all batches that begin with it starts. */
  batch(framing: Framing): Batch {
    const framed = this.framedBy(framing);
    return (this.#batch ??= new Batch(undefined, this, framed, framed.length));
  }
}

/**
 * The frames that an outbox gathered in one turn, as a chain whose next link is remembered: a thousand outboxes that got
 * the same ten frames hold the same batch and write the same joined buffer.
 */
export class Batch {
  #next: Batch | undefined;
  #joined: Uint8Array | undefined;

  constructor(
    private readonly previous: Batch | undefined,
    private readonly frame: EncodedFrame,
    private readonly framed: Uint8Array,
    /** Octets of all frames of the batch, as they will be written. */
    readonly size: number,
  ) {}

  with(frame: EncodedFrame, framing: Framing): Batch {
    if (this.#next?.frame === frame) return this.#next;
    const framed = frame.framedBy(framing);
    return (this.#next = new Batch(this, frame, framed, this.size + framed.length));
  }

  /** All frames in one buffer, joined at the first call. */
  bytes(): Uint8Array {
    return (this.#joined ??= this.previous === undefined ? this.framed : this.join());
  }

  private join(): Uint8Array {
    const joined = Buffer.allocUnsafe(this.size);
    let end = this.size;
    let link: Batch | undefined = this;
    while (link !== undefined) {
      end -= link.framed.length;
      joined.set(link.framed, end);
      link = link.previous;
    }
    return joined;
  }
}
