// Implementations with a planted fault: they lose, swap or double items, or omit an answer.
import type {
  BrokerSubject,
  CodecSubject,
  ConverterSubject,
  TransportSubject,
} from 'signalbox/testing/conformance';
import type { BrokerConnection, Subscriber } from '../../../src/broker/broker.js';
import { EncodedFrame } from '../../../src/message/encoded-frame.js';
import type { Connection } from '../../../src/transport/transport.js';
import type { Decoder, Encoder } from '../../../src/wire/codec.js';
import { replacing } from '../../replace.js';

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
    return replacing(inner, {
      *push(chunk) {
        for (const frame of inner.push(chunk)) yield* faulty.pass(frame);
      },
    });
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
  return replacing(inner, {
    listen: (listener) =>
      inner.listen(
        replacing(listener, {
          data(chunk) {
            for (const each of arrivals.pass(chunk)) listener.data(each);
          },
          ...(fault === 'forgotten' && { closed() {} }),
        }),
      ),
  });
}

function faultyOut(inner: Connection, fault: Fault): Connection {
  const writes = new Faulty<Uint8Array>(fault);
  return replacing(inner, {
    listen: (listener) =>
      inner.listen(fault === 'forgotten' ? replacing(listener, { drained() {} }) : listener),
    write(bytes) {
      for (const each of writes.pass(bytes)) inner.write(each);
    },
  });
}

/** Deliveries are lost, swapped or doubled; SEND is never answered. */
export function faultyBroker(subject: BrokerSubject, fault: Fault): BrokerSubject {
  return {
    ...subject,
    broker() {
      const inner = subject.broker();
      return replacing(inner, {
        connect: (subscriber) =>
          faultyConnection(inner.connect(faultySubscriber(subscriber, fault)), fault),
      });
    },
  };
}

function faultySubscriber(inner: Subscriber, fault: Fault): Subscriber {
  const deliveries = new Faulty<Parameters<Subscriber['deliver']>>(fault);
  return replacing(inner, {
    deliver: (...delivery) => deliveries.pass(delivery).every((each) => inner.deliver(...each)),
  });
}

function faultyConnection(inner: BrokerConnection, fault: Fault): BrokerConnection {
  return replacing(inner, {
    send(message) {
      const answered = inner.send(message);
      return fault === 'forgotten' ? new Promise(() => {}) : answered;
    },
  });
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
    converter: replacing(converter, {
      write(value, contentType) {
        const asked = fault === 'forgotten' ? undefined : contentType;
        const written = converter.write(value, asked);
        return written && { ...written, body: spoiled[fault](written.body) };
      },
    }),
  };
}
