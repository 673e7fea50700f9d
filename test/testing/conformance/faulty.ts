// Implementations with a planted fault: they lose, swap or double items, or omit an answer.
import type {
  BrokerSubject,
  CodecSubject,
  ConverterSubject,
  TransportSubject,
} from 'signalbox/testing/conformance';
import type { Subscriber } from '../../../src/broker/broker.js';
import { EncodedFrame } from '../../../src/message/encoded-frame.js';
import type { Connection } from '../../../src/transport/transport.js';
import type { Decoder, Encoder } from '../../../src/wire/codec.js';
import { replacing } from '../../replace.js';
import { brokerWithFault } from './faulty-broker.js';

export const faults = ['lost', 'swapped', 'doubled', 'forgotten'] as const;

/** With `none`, the wrapper has no fault and must not fail any case. */
export type Fault = (typeof faults)[number] | 'none';

/** Returns the items that replace an item: applies the fault to each third one. */
function replacer<T>(fault: Fault): (item: T) => readonly T[] {
  let count = 0;
  let held: T[] = [];
  return (item) => {
    const passed = [item, ...held.splice(0)];
    if (passed.length > 1 || ++count % 3 !== 0) return passed;
    if (fault === 'doubled') return [item, item];
    if (fault === 'swapped') held = [item];
    return fault === 'swapped' || fault === 'lost' ? [] : [item];
  };
}

type DecodedItem = ReturnType<Decoder['push']> extends Iterable<infer T> ? T : never;

/** Decoded frames are lost, swapped or doubled, or receipts are not encoded. */
export function faultyCodec({ codec, ...subject }: CodecSubject, fault: Fault): CodecSubject {
  // One encoder per version, as codecs have.
  const encoders = new WeakMap<Encoder, Encoder>();
  return {
    ...subject,
    codec: {
      ...codec,
      decoder(limits, messages) {
        const inner = codec.decoder(limits, messages);
        const replace = replacer<DecodedItem>(fault);
        return replacing(inner, {
          *push(chunk) {
            for (const frame of inner.push(chunk)) yield* replace(frame);
          },
        });
      },
      encoder(version) {
        const inner = codec.encoder(version);
        const known = encoders.get(inner);
        if (known !== undefined) return known;
        const faulty: Encoder = {
          encode: (frame) =>
            fault === 'forgotten' && frame.kind === 'receipt'
              ? new EncodedFrame(new Uint8Array(0), false)
              : inner.encode(frame),
        };
        encoders.set(inner, faulty);
        return faulty;
      },
    },
  };
}

/** `out`: writes are faulty, or `drained` is not reported. `in`: received data is faulty, or `closed` is not reported. */
export function faultyTransport(
  subject: TransportSubject,
  fault: Fault,
  way: 'in' | 'out',
): TransportSubject {
  const forgotten = way === 'in' ? { closed() {} } : { drained() {} };
  const wrap = (inner: Connection) => {
    const replace = replacer<Uint8Array>(fault);
    return replacing(inner, {
      listen: (listener) =>
        inner.listen(
          replacing(listener, {
            data(chunk) {
              for (const each of way === 'in' ? replace(chunk) : [chunk]) listener.data(each);
            },
            ...(fault === 'forgotten' && forgotten),
          }),
        ),
      write(bytes) {
        for (const each of way === 'out' ? replace(bytes) : [bytes]) inner.write(each);
      },
    });
  };
  return {
    open: (context) =>
      subject.open({ ...context, accept: (connection) => context.accept(wrap(connection)) }),
  };
}

/** Deliveries are lost, swapped or doubled; SEND is never answered. */
export function faultyBroker(subject: BrokerSubject, fault: Fault): BrokerSubject {
  return brokerWithFault(subject, {
    deliver(deliver) {
      const replace = replacer<Parameters<Subscriber['deliver']>>(fault);
      return (...delivery) => replace(delivery).every((each) => deliver(...each));
    },
    unanswered: fault === 'forgotten',
  });
}

/** Written bytes are lost, reversed or doubled, or the requested content type is ignored. */
export function faultyConverter(subject: ConverterSubject, fault: Fault): ConverterSubject {
  const spoiled: Readonly<Record<string, (body: Uint8Array) => Uint8Array>> = {
    lost: (body) => body.subarray(1),
    swapped: (body) => body.toReversed(),
    doubled: (body) => Buffer.concat([body, body]),
  };
  const { converter } = subject;
  return {
    ...subject,
    converter: replacing(converter, {
      write(value, contentType) {
        const written = converter.write(value, fault === 'forgotten' ? undefined : contentType);
        return written && { ...written, body: spoiled[fault]?.(written.body) ?? written.body };
      },
    }),
  };
}
