// Implementations with a planted fault: they lose, swap or double items, or omit an answer.
import type {
  BrokerSubject,
  CodecSubject,
  ConverterSubject,
  TransportSubject,
} from 'signalbox/testing/conformance';
import type { Broker, BrokerConnection, Subscriber } from '../../../src/broker/broker.js';
import { EncodedFrame } from '../../../src/message/encoded-frame.js';
import type { Connection, ConnectionListener } from '../../../src/transport/transport.js';
import type { Decoder, Encoder } from '../../../src/wire/codec.js';

export const faults = ['lost', 'swapped', 'doubled', 'forgotten'] as const;

/** `none` is the control: the wrapper alone must not fail any case. */
export type Fault = (typeof faults)[number] | 'none';

/** Passes items on, and applies the fault to each third one. */
class Faulty<T> {
  #count = 0;
  #held: T | undefined;

  constructor(private readonly fault: Fault) {}

  /** The items that replace one item. */
  pass(item: T): readonly T[] {
    const held = this.#held;
    if (held !== undefined) {
      this.#held = undefined;
      return [item, held];
    }
    if (++this.#count % 3 !== 0) return [item];
    switch (this.fault) {
      case 'lost':
        return [];
      case 'doubled':
        return [item, item];
      case 'swapped':
        this.#held = item;
        return [];
      case 'forgotten':
      case 'none':
        return [item];
      default:
        return this.fault satisfies never;
    }
  }
}

/** Decoded frames are lost, swapped or doubled, or receipts are not encoded. */
export function faultyCodec({ codec, ...subject }: CodecSubject, fault: Fault): CodecSubject {
  const decoder = (inner: Decoder): Decoder => {
    const faulty = new Faulty<ReturnType<Decoder['push']> extends Iterable<infer F> ? F : never>(
      fault,
    );
    return {
      *push(chunk) {
        for (const frame of inner.push(chunk)) yield* faulty.pass(frame);
      },
      get version() {
        return inner.version;
      },
    };
  };
  // One encoder per version, as codecs have.
  const encoders = new Map<string, Encoder>();
  const encoder = (version: string): Encoder => {
    const inner = codec.encoder(version);
    const wrapper: Encoder = {
      encode: (frame) =>
        fault === 'forgotten' && frame.kind === 'receipt'
          ? new EncodedFrame(new Uint8Array(0), false)
          : inner.encode(frame),
    };
    encoders.set(version, wrapper);
    return wrapper;
  };
  return {
    ...subject,
    codec: {
      ...codec,
      decoder: (limits, messages) => decoder(codec.decoder(limits, messages)),
      encoder: (version) => encoders.get(version) ?? encoder(version),
    },
  };
}

/** `out`: writes are faulty, or `drained` is not reported. `in`: received data is faulty, or `closed` is not reported. */
export function faultyTransport(
  subject: TransportSubject,
  fault: Fault,
  way: 'in' | 'out',
): TransportSubject {
  const wrap = way === 'in' ? faultyIn : faultyOut;
  return {
    open: (context) =>
      subject.open({ ...context, accept: (connection) => context.accept(wrap(connection, fault)) }),
  };
}

function faultyIn(inner: Connection, fault: Fault): Connection {
  const arrivals = new Faulty<Uint8Array>(fault);
  return listening(inner, (listener) => ({
    data(chunk) {
      for (const each of arrivals.pass(chunk)) listener.data(each);
    },
    ended: (code, reason) => listener.ended(code, reason),
    drained: () => listener.drained(),
    ponged: () => listener.ponged(),
    closed(code, reason) {
      if (fault !== 'forgotten') listener.closed(code, reason);
    },
  }));
}

function faultyOut(inner: Connection, fault: Fault): Connection {
  const writes = new Faulty<Uint8Array>(fault);
  return {
    ...listening(inner, (listener) =>
      fault === 'forgotten' ? withoutDrained(listener) : listener,
    ),
    get bufferedBytes() {
      return inner.bufferedBytes;
    },
    write(bytes) {
      for (const each of writes.pass(bytes)) inner.write(each);
    },
  };
}

/** The connection with a wrapper around its listener. */
function listening(
  inner: Connection,
  wrap: (listener: ConnectionListener) => ConnectionListener,
): Connection {
  return {
    handshake: inner.handshake,
    framing: inner.framing,
    wholeMessages: inner.wholeMessages,
    get bufferedBytes() {
      return inner.bufferedBytes;
    },
    listen: (listener) => inner.listen(wrap(listener)),
    write: (bytes) => inner.write(bytes),
    ping: () => inner.ping(),
    pause: () => inner.pause(),
    resume: () => inner.resume(),
    close: (code, reason) => inner.close(code, reason),
    terminate: () => inner.terminate(),
  };
}

function withoutDrained(listener: ConnectionListener): ConnectionListener {
  return {
    data: (chunk) => listener.data(chunk),
    ended: (code, reason) => listener.ended(code, reason),
    drained: () => {},
    ponged: () => listener.ponged(),
    closed: (code, reason) => listener.closed(code, reason),
  };
}

/** Deliveries are lost, swapped or doubled; SEND is never answered. */
export function faultyBroker(subject: BrokerSubject, fault: Fault): BrokerSubject {
  return { ...subject, broker: () => faulty(subject.broker(), fault) };
}

function faulty(inner: Broker, fault: Fault): Broker {
  return {
    start: (context) => inner.start(context),
    stop: () => inner.stop(),
    publish: (message) => inner.publish(message),
    connect: (subscriber) => faultyLine(inner.connect(faultySubscriber(subscriber, fault)), fault),
  };
}

function faultySubscriber(inner: Subscriber, fault: Fault): Subscriber {
  const deliveries = new Faulty<Parameters<Subscriber['deliver']>>(fault);
  return {
    id: inner.id,
    busy: inner.busy,
    gone: inner.gone,
    deliver: (...delivery) => deliveries.pass(delivery).every((each) => inner.deliver(...each)),
    room: () => inner.room(),
    fail: (error) => inner.fail(error),
  };
}

function faultyLine(inner: BrokerConnection, fault: Fault): BrokerConnection {
  return {
    subscribe: (subscription) => inner.subscribe(subscription),
    unsubscribe: (id) => inner.unsubscribe(id),
    settle: (settlement) => inner.settle(settlement),
    commit: (operations) => inner.commit(operations),
    close: () => inner.close(),
    send(message) {
      const answered = inner.send(message);
      return fault === 'forgotten' ? new Promise(() => {}) : answered;
    },
  };
}

/** Written bytes are lost, reversed or doubled, or the requested content type is ignored. */
export function faultyConverter(subject: ConverterSubject, fault: Fault): ConverterSubject {
  const spoiled: Readonly<Record<Fault, (body: Uint8Array) => Uint8Array>> = {
    lost: (body) => body.subarray(1),
    swapped: (body) => body.toReversed(),
    doubled: (body) => Buffer.concat([body, body]),
    forgotten: (body) => body,
    none: (body) => body,
  };
  const { converter } = subject;
  return {
    ...subject,
    converter: {
      ...converter,
      write(value, contentType) {
        const asked = fault === 'forgotten' ? undefined : contentType;
        const written = converter.write(value, asked);
        return written && { ...written, body: spoiled[fault](written.body) };
      },
    },
  };
}
