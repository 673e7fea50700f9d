// Encoded frames: the bytes of server frames and of batches of frames, created once and shared by all sessions that receive them.

/** Adds the framing of a transport to an encoded frame. All connections of one transport kind share one object, so that the result can be cached. */
export interface Framing {
  /**
   * Returns the bytes of the frame with the framing.
   *
   * @throws {MessagingError} `text-required` when the transport carries only text, and the frame is not text
   */
  frame(encoded: EncodedFrame): Uint8Array;
}

/** The framing of transports that send encoded frames unchanged. */
export const unframed: Framing = { frame: ({ bytes }) => bytes };

/** The cached results of one framing. */
interface Framed {
  readonly framing: Framing;
  readonly bytes: Uint8Array;
  batch: Batch | undefined;
}

/** The bytes of one server frame, with its framed bytes cached per framing. */
export class EncodedFrame {
  // The first framing has separate fields: if all subscribers use one transport, the cache allocates nothing.
  #framing: Framing | undefined;
  #framed: Uint8Array | undefined;
  #batch: Batch | undefined;
  #others: Framed[] | undefined;

  constructor(
    /** The bytes of the frame without framing. */
    readonly bytes: Uint8Array,
    /** True when the bytes are not valid text, so that WebSocket must send them in a binary message. */
    readonly binary: boolean,
  ) {}

  /** The framed bytes; computed at the first call for each framing. */
  framedBy(framing: Framing): Uint8Array {
    if (this.#framing === framing) return this.#framed!;
    if (this.#framing !== undefined) return this.#other(framing).bytes;
    // First, because it may throw: then no framing is cached.
    const framed = framing.frame(this);
    this.#framing = framing;
    return (this.#framed = framed);
  }

  /** The batch that contains only this frame. It links to all batches that begin with this frame. */
  batch(framing: Framing): Batch {
    if (this.#framing === undefined || this.#framing === framing)
      return (this.#batch ??= new Batch(undefined, this, framing));
    const other = this.#other(framing);
    return (other.batch ??= new Batch(undefined, this, framing));
  }

  #other(framing: Framing): Framed {
    this.#others ??= [];
    // Not `find`: its closure would be an allocation per delivery.
    for (const other of this.#others) if (other.framing === framing) return other;
    const other = { framing, bytes: framing.frame(this), batch: undefined };
    this.#others.push(other);
    return other;
  }
}

/**
 * The frames that an outbox collects in one turn of the event loop, as a linked list in which each batch caches its next
 * one: a thousand outboxes that receive the same ten frames share one batch and write one joined buffer.
 */
export class Batch {
  #next: Batch | undefined;
  #joined: Uint8Array | undefined;
  readonly #framed: Uint8Array;
  /** Total of the framed bytes. */
  readonly size: number;

  constructor(
    private readonly previous: Batch | undefined,
    private readonly frame: EncodedFrame,
    framing: Framing,
  ) {
    this.#framed = frame.framedBy(framing);
    this.size = (previous?.size ?? 0) + this.#framed.length;
  }

  /** The batch with one more frame; `framing` must be the framing of this batch. */
  with(frame: EncodedFrame, framing: Framing): Batch {
    if (this.#next?.frame === frame) return this.#next;
    return (this.#next = new Batch(this, frame, framing));
  }

  /** The framed bytes of all frames in one buffer; joined at the first call. */
  bytes(): Uint8Array {
    return (this.#joined ??= this.previous === undefined ? this.#framed : this.#join());
  }

  #join(): Uint8Array {
    const joined = Buffer.allocUnsafe(this.size);
    let end = this.size;
    let link: Batch | undefined = this;
    while (link !== undefined) {
      end -= link.#framed.length;
      joined.set(link.#framed, end);
      link = link.previous;
    }
    return joined;
  }
}
