// The receivers of a SockJS session: HTTP responses that carry frames to the client, one frame each or many.
import type { ServerResponse } from 'node:http';
import { asBuffer } from '../../payload/bytes.js';
import { answer, writeHead, type Headers } from '../http-session/answer.js';
import { chunk, chunkEnd, onClosed, sinkOf } from '../http-session/response-stream.js';
import { SocketWriter } from '../socket-writer.js';
import { messagesFrame } from './frame.js';
import type { SockJsHttpTransport } from './options.js';

/** How one transport writes frames into responses. */
export interface ReceiverKind {
  readonly method: 'GET' | 'POST';
  readonly contentType: string;
  /** True when a response carries many frames; false when it ends after one. */
  readonly streams: boolean;
  /** True when the client names a JavaScript function that receives the frames. */
  readonly hasCallback: boolean;
  /** The beginning of a stream. */
  prelude(callback: string): string;
  /** A frame as this transport writes it. */
  write(frame: Uint8Array, callback: string): Uint8Array;
  /** All receivers of this kind that get the same messages share their bytes. */
  readonly last: LastMessages;
}

const javaScript = 'application/javascript;charset=UTF-8';
const none = () => '';
const lineEnd = Buffer.from('\n');
const withLineEnd = (frame: Uint8Array) => Buffer.concat([frame, lineEnd]);

const eventStart = Buffer.from('data: ');
const eventEnd = Buffer.from('\r\n\r\n');
const percent = 0x25;

/** The client decodes events with `decodeURI`. Line ends and NUL do not occur in frames, because JSON escapes them. */
function event(frame: Uint8Array): Uint8Array {
  const encoded = frame.includes(percent)
    ? Buffer.from(asBuffer(frame).toString().replaceAll('%', '%25'))
    : frame;
  return Buffer.concat([eventStart, encoded, eventEnd]);
}

/** The frame as a literal of JavaScript. */
function literal(frame: Uint8Array): string {
  return JSON.stringify(asBuffer(frame).toString());
}

/** Within a script element, `</script>` in a literal would end the element, and `<!--` would change how it is read. */
function script(frame: Uint8Array): Uint8Array {
  return Buffer.from(`<script>\np(${literal(frame).replaceAll('<', '\\u003c')});\n</script>\r\n`);
}

/** Browsers show a page only after so many characters. */
const minPageCharacters = 1024;

const page = (callback: string) =>
  `<!doctype html>
<html><head>
  <meta http-equiv="X-UA-Compatible" content="IE=edge" />
  <meta http-equiv="Content-Type" content="text/html; charset=UTF-8" />
</head><body><h2>Don't panic!</h2>
  <script>
    document.domain = document.domain;
    var c = parent.${callback};
    c.start();
    function p(d) {c.message(d);};
    window.onload = function() {c.stop();};
  </script>
`.padEnd(minPageCharacters) + '\r\n\r\n';

/** The last messages of one kind, as it writes them: a message is written to all its receivers in one turn. */
class LastMessages {
  /** As `joinableFraming` has framed them. */
  joined: Uint8Array | undefined;
  /** The whole response, or one chunk of a stream. */
  part: Uint8Array = chunkEnd;
  /** Bytes without those of the chunk. */
  size = 0;
}

export const receiverKinds: Readonly<Record<SockJsHttpTransport, ReceiverKind>> = {
  xhr: {
    method: 'POST',
    contentType: javaScript,
    streams: false,
    hasCallback: false,
    prelude: none,
    write: withLineEnd,
    last: new LastMessages(),
  },
  xhr_streaming: {
    method: 'POST',
    contentType: javaScript,
    streams: true,
    hasCallback: false,
    prelude: () => `${'h'.repeat(2048)}\n`,
    write: withLineEnd,
    last: new LastMessages(),
  },
  eventsource: {
    method: 'GET',
    contentType: 'text/event-stream;charset=UTF-8',
    streams: true,
    hasCallback: false,
    prelude: () => '\r\n',
    write: event,
    last: new LastMessages(),
  },
  htmlfile: {
    method: 'GET',
    contentType: 'text/html;charset=UTF-8',
    streams: true,
    hasCallback: true,
    prelude: page,
    write: script,
    last: new LastMessages(),
  },
  jsonp: {
    method: 'GET',
    contentType: javaScript,
    streams: false,
    hasCallback: true,
    prelude: none,
    // The comment keeps the response from being read as another kind of file.
    write: (frame, callback) => Buffer.from(`/**/${callback}(${literal(frame)});\r\n`),
    last: new LastMessages(),
  },
};

/** Receives the events of a receiver. */
export interface ReceiverListener {
  /** All bytes of a stream have left this process. */
  drained(): void;
  /** The response is complete, or `lost`: the client has not received all of it. Called once. */
  receiverClosed(receiver: Receiver, lost: boolean): void;
}

/** How a response is written. */
export interface ReceiverOptions {
  readonly kind: ReceiverKind;
  /** The JavaScript function that receives the frames; empty for kinds without one. */
  readonly callback: string;
  readonly headers: Headers;
  /** True for HTTP/1.1, in which a stream is written in chunks. */
  readonly chunked: boolean;
  /** Bytes of frames after which a stream ends. */
  readonly responseLimit: number;
}

/** One response. It accepts frames until it has ended. */
export class Receiver {
  #accepts = true;
  #closed = false;
  /** Bytes that a stream may still carry; a response that does not stream ends after any frame. */
  #left: number;
  /** Undefined for a response that does not stream. */
  readonly #writer: SocketWriter | undefined;

  /** @param response one that has its socket, because no pipelined responses are before it */
  constructor(
    private readonly response: ServerResponse,
    private readonly options: ReceiverOptions,
    private readonly listener: ReceiverListener,
  ) {
    const { kind, callback, headers, responseLimit } = options;
    this.#left = kind.streams ? responseLimit : 0;
    onClosed(response, this.#onClosed);
    if (!kind.streams) return;
    this.#writer = new SocketWriter(sinkOf(response), () => listener.drained());
    writeHead(response, 200, [...headers, 'Content-Type', kind.contentType]);
    response.flushHeaders();
    this.#writer.write(this.#part(Buffer.from(kind.prelude(callback))));
  }

  /** False when the response has ended, or ends. */
  get accepts(): boolean {
    return this.#accepts;
  }

  /** Written bytes that have not left this process. */
  get bufferedBytes(): number {
    // Afterwards the socket belongs to other responses.
    return this.#closed ? 0 : this.response.writableLength;
  }

  /** Writes a frame. The response ends when it carries no more. */
  write(frame: Uint8Array): void {
    const { kind, callback } = this.options;
    const bytes = kind.write(frame, callback);
    if (!kind.streams) this.#endWith(bytes);
    else this.#stream(this.#part(bytes), bytes.length);
  }

  /** Writes the frame of messages that `joinableFraming` has framed. */
  writeMessages(joined: Uint8Array): void {
    const { kind, chunked } = this.options;
    const { last, streams } = kind;
    if (streams ? !chunked : kind.hasCallback) return this.write(messagesFrame(joined));
    if (last.joined !== joined) {
      const bytes = kind.write(messagesFrame(joined), '');
      last.joined = joined;
      last.part = streams ? chunk(bytes) : bytes;
      last.size = bytes.length;
    }
    if (streams) this.#stream(last.part, last.size);
    else this.#endWith(last.part);
  }

  /** Ends a stream. */
  end(): void {
    if (!this.#accepts) return;
    this.#accepts = false;
    this.response.end();
  }

  /** Closes the connection of the client; written bytes may be lost. */
  destroy(): void {
    this.#accepts = false;
    this.response.destroy();
  }

  #stream(part: Uint8Array, size: number): void {
    this.#writer?.write(part);
    this.#left -= size;
    if (this.#left <= 0) this.end();
  }

  #part(bytes: Uint8Array): Uint8Array {
    return this.options.chunked ? chunk(bytes) : bytes;
  }

  #endWith(bytes: Uint8Array): void {
    const { headers, kind } = this.options;
    this.#accepts = false;
    answer(this.response, 200, headers, kind.contentType, bytes);
  }

  readonly #onClosed = (lost: boolean): void => {
    this.#accepts = false;
    this.#closed = true;
    this.listener.receiverClosed(this, lost);
  };
}
