// The contract between octets and values, and the choice of a converter by content type.
import { MessagingError } from '../message/error.js';
import type { Message } from '../message/message.js';
import { mediaTypeOf, type MediaType } from './media-type.js';
import type { PayloadType } from './payload-type.js';
import { validate } from './validation.js';

export type { MediaType } from './media-type.js';
export type { Constructor, PayloadType } from './payload-type.js';

export interface WrittenPayload {
  readonly body: Uint8Array;
  readonly contentType: string;
}

/**
 * One format (Spring: MessageConverter). Undefined says "not mine", and the next converter is asked; whatever it throws
 * becomes `payload-unreadable` or `payload-unwritable`.
 */
export interface PayloadConverter {
  readonly name: string;
  /** The raw value of the octets; classes and schemas are applied to it afterwards. `media` is undefined when the message names no content type. */
  read(
    body: Uint8Array,
    media: MediaType | undefined,
    type: PayloadType,
  ): { readonly value: unknown } | undefined;
  /** The octets of a value. `contentType` is what the publisher asked for, if anything. */
  write(value: unknown, contentType: string | undefined): WrittenPayload | undefined;
}

/** How handlers get at payloads. */
export interface PayloadReader {
  /** The value, or a promise of it; throws or rejects with what is wrong with the payload. */
  read(message: Message, type: PayloadType): unknown;
}

/** The converters of a server, the application's before ours; the first that takes a payload has it. */
export class Payloads implements PayloadReader {
  constructor(private readonly converters: readonly PayloadConverter[]) {}

  /**
   * What a handler gets: at once where possible, as a promise where a class or schema has to be asked.
   *
   * @throws `payload-unreadable` when no converter takes the content type for this type, or the octets are malformed;
   *   `payload-invalid` when a class or schema refuses the value
   */
  read(message: Message, type: PayloadType): unknown {
    return validate(this.#raw(message, type), type);
  }

  /** @throws `payload-unwritable` for what no converter can write: functions, circular objects, BigInt in JSON */
  write(value: unknown, contentType?: string): WrittenPayload {
    try {
      for (const converter of this.converters) {
        const written = converter.write(value, contentType);
        if (written !== undefined) return written;
      }
    } catch (cause) {
      throw new MessagingError('payload-unwritable', undefined, { cause });
    }
    throw new MessagingError(
      'payload-unwritable',
      'No converter writes such a value as the content type asked for.',
    );
  }

  #raw({ headers, body }: Message, type: PayloadType): unknown {
    const contentType = headers.get('content-type');
    const media = contentType === undefined ? undefined : mediaTypeOf(contentType);
    try {
      for (const converter of this.converters) {
        const read = converter.read(body, media, type);
        if (read !== undefined) return read.value;
      }
    } catch (cause) {
      throw new MessagingError('payload-unreadable', undefined, { cause });
    }
    throw new MessagingError(
      'payload-unreadable',
      'The payload cannot be read from this content type.',
    );
  }
}
