// The steps of a run as plain data, and how fast-check generates them.
import fc from 'fast-check';
import type { AckMode } from '../../src/message/frame.js';
import type { StompVersion } from '../clients/stomp.js';

export const clientCount = 4;

const queues = ['/queue/x', '/queue/y', '/queue/dead'] as const;
const topics = ['/topic/a', '/topic/b', '/topic/retained'] as const;
const publishable = [...topics, '/queue/x', '/queue/x', '/queue/y'] as const;
/** A destination without handler and broker. */
export const unserved = '/nowhere/at/all';

const client = fc.nat(clientCount - 1);
const version = fc.constantFrom<StompVersion>('1.2', '1.2', '1.1', '1.0');
const transaction = fc.constantFrom('t', 'u', 'v');
const subscriptionId = fc.constantFrom('a', 'b', 'c', 'd');
/** True once in `weight + 1` times. */
const rarely = (weight: number) => fc.nat(weight).map((drawn) => drawn === weight);
/** Undefined once in `freq` times; with 2, half of the times. */
const optional = <T>(values: fc.Arbitrary<T>, freq = 2) =>
  fc.option(values, { nil: undefined, freq });
const subscribable = fc.constantFrom(
  ...publishable,
  ...queues,
  '/topic/*',
  '/topic/**',
  '/user/queue/errors',
  '/queue/*',
  unserved,
);

/** Frames or steps of these kinds: a kind that is listed twice is twice as frequent. */
function weighted<K extends string, F extends object>(
  weight: number,
  kinds: readonly K[],
  fields: { readonly [P in keyof F]: fc.Arbitrary<F[P]> },
) {
  const arbitrary = fc.record({ ...fields, kind: fc.constantFrom(...kinds) });
  return { weight, arbitrary: arbitrary as fc.Arbitrary<F & { readonly kind: K }> };
}

const common = { receipt: fc.boolean(), forced: rarely(30) };

const draft = fc.oneof(
  weighted(24, ['subscribe'], {
    ...common,
    id: optional(subscriptionId, 30),
    destination: subscribable,
    ack: fc.constantFrom<AckMode>('auto', 'client', 'client-individual'),
    'prefetch-count': optional(
      fc.constantFrom('1', '2', '3', '1', '2', '3', '1', '2', '3', '0', 'x'),
    ),
  }),
  weighted(8, ['unsubscribe'], {
    ...common,
    id: optional(subscriptionId, 20),
    destination: optional(subscribable, 5),
  }),
  weighted(40, ['send'], {
    ...common,
    destination: fc.oneof(
      { weight: 200, arbitrary: fc.constantFrom(...publishable) },
      { weight: 1, arbitrary: fc.constant(unserved) },
    ),
    transaction: optional(transaction),
    empty: rarely(9),
    // Milliseconds until the message expires.
    lifetime: optional(fc.integer({ min: 1, max: 20_000 })),
  }),
  weighted(40, ['ack', 'ack', 'nack'], {
    ...common,
    // Selects a delivery that the client has received; undefined for an unknown one.
    index: optional(fc.nat(9), 60),
    // The frame names another subscription than that of the delivery.
    wrongSubscription: rarely(40),
    transaction: optional(transaction),
  }),
  weighted(30, ['begin', 'begin', 'commit', 'commit', 'abort'], { ...common, transaction }),
  weighted(1, ['disconnect'], common),
  weighted(3, ['heartbeat'], common),
  weighted(1, ['malformed'], { ...common, index: fc.nat(99) }),
  weighted(1, ['connect'], { ...common, version, receipt: fc.constant(false) }),
);

type Generated<A> = A extends fc.Arbitrary<infer T> ? T : never;

/** A frame whose names are chosen when it is sent. A frame that would be rejected is not sent, unless it is forced. */
export type Draft = Generated<typeof draft>;

export const steps = fc.oneof(
  weighted(8, ['open'], {
    client,
    // Undefined for a client that does not send CONNECT.
    version: optional(version, 12),
    // The client subscribes to its problems first, so that a rejected frame does not end the session.
    problems: fc.boolean(),
  }),
  weighted(40, ['frames'], {
    client,
    drafts: fc.array(draft, { minLength: 1, maxLength: 4 }),
    // The places of cuts between chunks, as fractions of the length.
    cuts: fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 3 }),
    // The end of the last frame is sent with the next frames.
    partial: rarely(9),
    crlf: fc.boolean(),
  }),
  weighted(3, ['vanish', 'close', 'stall', 'resume', 'resume'], { client }),
  weighted(2, ['publish'], { destination: fc.constantFrom(...publishable) }),
  // The server searches for expired messages every 10 seconds.
  weighted(1, ['wait'], { milliseconds: fc.constantFrom(10_000, 20_000, 60_000) }),
);

export type Step = Generated<typeof steps>;

/** The options of a run's server. */
export const settings = fc.record({
  whenFull: fc.constantFrom('refuse' as const, 'drop-oldest' as const),
  maxDeliveries: fc.integer({ min: 1, max: 3 }),
  maxQueues: fc.constantFrom(2, 3),
  // Messages of one queue.
  maxMessages: fc.integer({ min: 2, max: 6 }),
  prefetch: fc.integer({ min: 1, max: 4 }),
  onRejectedFrame: fc.constantFrom('report', 'report', 'close', 'ignore'),
});

export type Settings = Generated<typeof settings>;
