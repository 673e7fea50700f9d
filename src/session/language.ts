// What a client speaks: the protocol that its subprotocol or first octet chose, and the version that its first frame settled.
import type { ClientFrame, Heartbeat, Malformed } from '../message/frame.js';
import type { Connection } from '../transport/transport.js';
import {
  chooseCodec,
  type Decoder,
  type DecoderLimits,
  type Encoder,
  type WireCodec,
} from '../wire/codec.js';

export class Language {
  #codec: WireCodec | undefined;
  #decoder: Decoder | undefined;

  constructor(
    private readonly codecs: readonly WireCodec[],
    private readonly limits: DecoderLimits,
    private readonly connection: Connection,
  ) {}

  /** Its name and version, as `stomp 1.2`; empty before the first octet. */
  get name(): string {
    return `${this.#codec?.name ?? ''} ${this.#decoder?.version ?? ''}`.trim();
  }

  /** Whether an error frame may leave the session alive. */
  get errorsMayPass(): boolean {
    return this.#codec?.errorsMayPass === true;
  }

  /** The way out in the version that was settled so far; undefined before the first octet. */
  get encoder(): Encoder | undefined {
    return this.#decoder && this.#codec?.encoder(this.#decoder.version);
  }

  /** The frames that end in this chunk, lazily; undefined when it is no protocol's. The chunk is not empty. */
  hear(chunk: Uint8Array): Iterable<ClientFrame | Heartbeat | Malformed> | undefined {
    const { connection } = this;
    this.#codec ??= chooseCodec(this.codecs, connection.handshake.subprotocol, chunk[0]!);
    this.#decoder ??= this.#codec?.decoder(this.limits, connection.messages);
    return this.#decoder?.push(chunk);
  }
}
