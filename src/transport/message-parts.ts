// Divides the WebSocket messages of a client into parts: a large frame becomes several small ones before `ws` reads it, and fragments stay apart.
import { isUtf8 } from 'node:buffer';
import { Duplex } from 'node:stream';

/** RFC 6455 section 5.2: the bits of the first two bytes of a frame. */
const finalBit = 0x80;
const reservedBits = 0x70;
const opcodeBits = 0x0f;
const maskBit = 0x80;
const lengthBits = 0x7f;
const firstControlOpcode = 8;
const textOpcode = 1;
const binaryOpcode = 2;

const maskBytes = 4;
/** Bytes of the longest head of a frame: two bytes, a length of 64 bits, and the mask. */
const maxHeadBytes = 14;
/** The longest part of a UTF-8 character that can wait for the next part. */
const maxIncompleteBytes = 3;

/** The head of a frame that `ws` refuses with 1009. */
const tooLargeHead: Uint8Array = Buffer.from([0x82, 0xff, ...Array<number>(8).fill(0xff)]);

/** Bytes into which a frame is divided. Text needs room for the beginning of a character that the part before could not contain. */
export function dividedBytes(maxPartBytes: number, isText: boolean): number {
  return isText ? maxPartBytes - maxIncompleteBytes : maxPartBytes;
}

export interface PartLimits {
  /** Bytes of one part. */
  readonly maxPartBytes: number;
  /** Bytes of all parts of a message. */
  readonly maxMessageBytes: number;
}

/** The data frame of the client that arrives. */
interface ArrivingFrame {
  readonly final: boolean;
  readonly mask: Uint8Array;
  /** Bytes of its payload that were passed on, with those of the part that arrives. */
  passed: number;
  /** Bytes of its payload that follow. */
  left: number;
}

/**
 * Rewrites the frames of one client, so that each data frame is a whole message of `ws` with at most `maxPartBytes`. `ws` itself joins
 * the fragments of a message, and waits for the end of each frame. Payloads pass unchanged, and are not kept here.
 *
 * A frame that breaks the protocol is passed on so that `ws` refuses it; all later bytes are passed unchanged.
 */
export class FrameDivider {
  /** For each data frame that was passed on, in order: true if its message ends with it. */
  readonly #ends: boolean[] = [];
  /** The head of the next frame, as far as it has arrived. */
  readonly #head = Buffer.alloc(maxHeadBytes);
  #headBytes = 0;
  /** Bytes to pass on before the next head. */
  #passing = 0;
  #frame: ArrivingFrame | undefined;
  /** The opcode of the message that arrives; undefined between messages. */
  #opcode: number | undefined;
  #messageBytes = 0;
  #failed = false;
  #out: Uint8Array[] = [];

  constructor(private readonly limits: PartLimits) {}

  /** Returns true if the message ends with the next data frame that `ws` reports. */
  takeEnd(): boolean {
    return this.#ends.shift() ?? true;
  }

  /** The bytes that `ws` reads in place of these. */
  push(bytes: Uint8Array): Uint8Array {
    for (let at = 0; at < bytes.length;) {
      if (this.#failed) {
        this.#out.push(bytes.subarray(at));
        break;
      }
      if (this.#passing === 0) this.#head[this.#headBytes++] = bytes[at++]!;
      else {
        const end = Math.min(at + this.#passing, bytes.length);
        this.#out.push(bytes.subarray(at, end));
        this.#passing -= end - at;
        at = end;
      }
      if (this.#passing > 0) continue;
      if (this.#frame !== undefined) this.#beginPart(this.#frame);
      else if (this.#headBytes === headBytesOf(this.#head, this.#headBytes)) this.#beginFrame();
    }
    const out = this.#out;
    // Otherwise an idle connection would keep its last read.
    this.#out = [];
    return out.length === 1 ? out[0]! : Buffer.concat(out);
  }

  #beginFrame(): void {
    const head = Buffer.from(this.#head.subarray(0, this.#headBytes));
    this.#headBytes = 0;
    const [first = 0, second = 0] = head;
    const opcode = first & opcodeBits;
    const length = lengthOf(head);
    if (opcode >= firstControlOpcode) {
      this.#out.push(head);
      this.#passing = length;
      return;
    }
    const begins = opcode === textOpcode || opcode === binaryOpcode;
    const isValid =
      opcode <= binaryOpcode && (first & reservedBits) === 0 && (second & maskBit) !== 0;
    // `ws` sees no fragments, so a frame that begins a message within another one must become a continuation, which it refuses.
    if (begins && this.#opcode !== undefined) head[0] = first & ~opcodeBits;
    if (!isValid || begins === (this.#opcode !== undefined)) return this.#fail(head);
    this.#messageBytes += length;
    if (this.#messageBytes > this.limits.maxMessageBytes) return this.#fail(tooLargeHead);
    if (begins) this.#opcode = opcode;
    const final = (first & finalBit) !== 0;
    // An empty part is passed on only if it ends the message.
    if (length === 0 && !final) return;
    this.#beginPart({ final, mask: head.subarray(-maskBytes), passed: 0, left: length });
  }

  #beginPart(frame: ArrivingFrame): void {
    const { final, mask, passed, left } = frame;
    const opcode = this.#opcode!;
    const size = Math.min(left, dividedBytes(this.limits.maxPartBytes, opcode === textOpcode));
    this.#out.push(headOf(opcode, size, mask, passed));
    frame.passed += size;
    frame.left -= size;
    this.#passing = size;
    this.#frame = frame.left > 0 ? frame : undefined;
    const ends = final && frame.left === 0;
    this.#ends.push(ends);
    if (!ends) return;
    this.#opcode = undefined;
    this.#messageBytes = 0;
  }

  #fail(head: Uint8Array): void {
    this.#failed = true;
    this.#out.push(head);
  }
}

/** Bytes of the head of a frame. Undefined while fewer than two of them have arrived. */
function headBytesOf([, second = 0]: Uint8Array, arrived: number): number | undefined {
  if (arrived < 2) return undefined;
  const length = second & lengthBits;
  const extended = length === 126 ? 2 : length === 127 ? 8 : 0;
  return 2 + extended + ((second & maskBit) === 0 ? 0 : maskBytes);
}

function lengthOf(head: Buffer): number {
  const length = head[1]! & lengthBits;
  if (length < 126) return length;
  return length === 126 ? head.readUInt16BE(2) : Number(head.readBigUInt64BE(2));
}

/** The head of a part of a frame. The mask is rotated, so that it fits to the bytes from `offset` on. */
function headOf(opcode: number, length: number, mask: Uint8Array, offset: number): Buffer {
  const extended = length < 126 ? 0 : length < 65_536 ? 2 : 8;
  const head = Buffer.alloc(2 + extended + maskBytes);
  head[0] = finalBit | opcode;
  head[1] = maskBit | (extended === 0 ? length : extended === 2 ? 126 : 127);
  if (extended === 2) head.writeUInt16BE(length, 2);
  if (extended === 8) head.writeBigUInt64BE(BigInt(length), 2);
  for (let i = 0; i < maskBytes; i++) head[2 + extended + i] = mask[(offset + i) % maskBytes]!;
  return head;
}

/** The stream that `ws` uses in place of the socket: it reads divided frames from it, and writes to the socket. */
export function dividedSocket(socket: Duplex, divider: FrameDivider): Duplex {
  const divided = new Duplex({
    read: () => void socket.resume(),
    write: (chunk: Uint8Array, _encoding, done) => void socket.write(chunk, done),
    // All at once, so that no other write comes between the head and the payload of a frame.
    writev(chunks: readonly { readonly chunk: Uint8Array }[], done) {
      socket.write(Buffer.concat(chunks.map(({ chunk }) => chunk)), done);
    },
    final: (done) => void socket.end(done),
    destroy(error, done) {
      socket.destroy();
      done(error);
    },
    decodeStrings: true,
  });
  socket.on('data', (bytes: Buffer) => {
    const passed = divider.push(bytes);
    if (passed.length > 0 && !divided.push(passed)) socket.pause();
  });
  socket.on('end', () => divided.push(null));
  socket.on('error', (error) => divided.destroy(error));
  socket.on('close', () => divided.destroy());
  return divided;
}

/** Divides text into parts of whole characters. */
export class TextParts {
  /** The bytes of a character whose end has not arrived. */
  #incomplete: Uint8Array = new Uint8Array(0);

  /** The next part; undefined when the text is not UTF-8. */
  push(bytes: Uint8Array, ends: boolean): Uint8Array | undefined {
    const all = this.#incomplete.length === 0 ? bytes : Buffer.concat([this.#incomplete, bytes]);
    const whole = ends ? all.length : all.length - incompleteBytes(all);
    // A copy, because a view would keep the whole read.
    this.#incomplete = Uint8Array.prototype.slice.call(all, whole);
    const part = all.subarray(0, whole);
    return isUtf8(part) ? part : undefined;
  }
}

/** Bytes at the end that begin a character whose other bytes are missing. @see RFC 3629 section 3 */
function incompleteBytes(bytes: Uint8Array): number {
  for (let count = 1; count <= Math.min(maxIncompleteBytes, bytes.length); count++) {
    const byte = bytes[bytes.length - count]!;
    // Other bytes of a character.
    if ((byte & 0xc0) === 0x80) continue;
    const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
    return length > count ? count : 0;
  }
  return 0;
}
