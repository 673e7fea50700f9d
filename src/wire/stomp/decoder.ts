// Decodes the bytes of one STOMP client into client frames, in the version that its CONNECT chooses.
import { MessagingError } from '../../message/error.js';
import type { ClientFrame, Heartbeat, Malformed } from '../../message/frame.js';
import type { Decoder, DecoderLimits } from '../codec.js';
import { readClientFrame } from './client-frame.js';
import {
  chooseVersion,
  commandsWithBody,
  dialects,
  negotiationCommands,
  type Version,
} from './dialect.js';
import { trimBlanks, trimHeaders } from './header.js';
import { Parser } from './parser.js';
import type { RawFrame } from './raw-frame.js';

type Item = ClientFrame | Heartbeat | Malformed;

const heartbeat: Heartbeat = { kind: 'heartbeat' };
const end: IteratorResult<Item, undefined> = { done: true, value: undefined };

export class StompDecoder implements Decoder, Iterator<Item> {
  #version: Version = '1.0';
  #versionChosen = false;
  /** Undefined after a malformed frame: nothing after it is read. */
  #parser: Parser | undefined;

  constructor(limits: DecoderLimits) {
    this.#parser = new Parser(limits, commandsWithBody);
  }

  get version(): Version {
    return this.#version;
  }

  /** Returns the decoder itself, because a generator for each chunk would make small frames a tenth slower. */
  push(chunk: Uint8Array): Iterable<Item> {
    this.#parser?.feed(chunk);
    return this;
  }

  [Symbol.iterator](): Iterator<Item> {
    return this;
  }

  next(): IteratorResult<Item, undefined> {
    const value = this.#parser && this.#next(this.#parser);
    return value === undefined ? end : { done: false, value };
  }

  #next(parser: Parser): Item | undefined {
    let raw: RawFrame | 'eol' | undefined;
    try {
      raw = parser.next();
      if (raw === undefined) return undefined;
      if (raw === 'eol') return heartbeat;
      // A second CONNECT changes nothing here; the session rejects it.
      if (!this.#versionChosen && negotiationCommands.has(raw.command))
        this.#chooseVersion(raw, parser);
      // Assigned, because the answer to an invalid frame reads its receipt.
      if (dialects[this.#version].trims) raw = trimmed(raw);
      return readClientFrame(raw, this.#version);
    } catch (error) {
      if (!(error instanceof MessagingError)) throw error;
      this.#parser = undefined;
      const receipt =
        typeof raw === 'object' ? raw.headers.get('receipt') : parser.header('receipt');
      return this.#malformed(error, receipt);
    }
  }

  #chooseVersion({ headers }: RawFrame, parser: Parser): void {
    const version = chooseVersion(headers.get('accept-version'));
    if (version === undefined) {
      throw new MessagingError('version-unsupported', undefined, {
        detail: 'Supported are STOMP 1.0, 1.1 and 1.2.',
      });
    }
    this.#versionChosen = true;
    this.#version = version;
    parser.dialect = dialects[version];
  }

  #malformed({ code, message, detail }: MessagingError, receipt: string | undefined): Malformed {
    const trimmed =
      receipt !== undefined && this.#version === '1.0' ? trimBlanks(receipt) : receipt;
    return { kind: 'malformed', code, message, detail, receipt: trimmed };
  }
}

function trimmed(raw: RawFrame): RawFrame {
  const { headers, repeatedHeaders } = trimHeaders(raw);
  return { command: raw.command, headers, repeatedHeaders, body: raw.body };
}
