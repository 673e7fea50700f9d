// What happens in a run: steps and frames as plain data, and how fast-check makes them up.
import fc from 'fast-check';

export type Version = '1.0' | '1.1' | '1.2';
export type Ack = 'auto' | 'client' | 'client-individual';

/**
 * A frame that a client wants to say; what it names is found when its turn comes. Where it would make no sense it is not said,
 * unless the client is stubborn.
 */
export type Wish = { readonly receipt: boolean; readonly stubborn: boolean } & (
  | { readonly kind: 'connect'; readonly version: Version }
  | {
      readonly kind: 'subscribe';
      readonly id: string | undefined;
      readonly destination: string;
      readonly ack: Ack;
      readonly prefetch: string | undefined;
    }
  | {
      readonly kind: 'unsubscribe';
      readonly id: string | undefined;
      readonly destination: string | undefined;
    }
  | {
      readonly kind: 'send';
      readonly destination: string;
      readonly transaction: string | undefined;
      readonly empty: boolean;
      /** Milliseconds until it expires. */
      readonly lives: number | undefined;
    }
  | {
      readonly kind: 'ack' | 'nack';
      /** Which of the deliveries that the client has heard; undefined is one that it never heard. */
      readonly which: number | undefined;
      /** Whether it names another subscription than the delivery's. */
      readonly mislabelled: boolean;
      readonly transaction: string | undefined;
    }
  | { readonly kind: 'begin' | 'commit' | 'abort'; readonly transaction: string }
  | { readonly kind: 'disconnect' }
  | { readonly kind: 'blank' }
  | { readonly kind: 'broken'; readonly which: number }
);

export type Step =
  | {
      readonly kind: 'open';
      readonly client: number;
      /** Undefined for a client that does not say CONNECT. */
      readonly version: Version | undefined;
      /** Whether it subscribes its problems first, so that a refusal is not the end. */
      readonly told: boolean;
    }
  | {
      readonly kind: 'say';
      readonly client: number;
      readonly wishes: readonly Wish[];
      /** Where the octets are cut, as shares of their length. */
      readonly cuts: readonly number[];
      /** Whether the end of the last frame comes with what is said next. */
      readonly withheld: boolean;
      readonly crlf: boolean;
    }
  | { readonly kind: 'vanish' | 'close' | 'stall' | 'resume'; readonly client: number }
  | { readonly kind: 'publish'; readonly destination: string }
  | { readonly kind: 'wait'; readonly milliseconds: number };

/** What a server of the model can be told. */
export interface Settings {
  readonly whenFull: 'refuse' | 'drop-oldest';
  readonly maxDeliveries: number;
  readonly maxQueues: number;
  /** What one queue may hold. */
  readonly maxMessages: number;
  readonly prefetch: number;
  readonly errors: 'problem' | 'close';
}

export const clientCount = 4;

export const queues = ['/queue/x', '/queue/y', '/queue/dead'] as const;
const topics = ['/topic/a', '/topic/b', '/topic/kept'] as const;
const published = [...topics, '/queue/x', '/queue/x', '/queue/y'] as const;
export const nobody = '/nowhere/at/all';

const client = fc.nat(clientCount - 1);
const version = fc.constantFrom<Version>('1.2', '1.2', '1.1', '1.0');
const transaction = fc.constantFrom('t', 'u', 'v');
const subscriptionId = fc.constantFrom('a', 'b', 'c', 'd');
const rarely = (weight: number) => fc.nat(weight).map((drawn) => drawn === weight);
const manner = { receipt: fc.boolean(), stubborn: rarely(30) };
const subscribed = fc.constantFrom(
  ...published,
  ...queues,
  '/topic/*',
  '/topic/**',
  '/user/queue/errors',
  '/queue/*',
  nobody,
);

const wish: fc.Arbitrary<Wish> = fc.oneof(
  {
    weight: 24,
    arbitrary: fc.record({
      ...manner,
      kind: fc.constant('subscribe' as const),
      id: fc.option(subscriptionId, { nil: undefined, freq: 30 }),
      destination: subscribed,
      ack: fc.constantFrom<Ack>('auto', 'client', 'client-individual'),
      prefetch: fc.option(fc.constantFrom('1', '2', '3', '1', '2', '3', '1', '2', '3', '0', 'x'), {
        nil: undefined,
        freq: 2,
      }),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      ...manner,
      kind: fc.constant('unsubscribe' as const),
      id: fc.option(subscriptionId, { nil: undefined, freq: 20 }),
      destination: fc.option(subscribed, { nil: undefined }),
    }),
  },
  {
    weight: 40,
    arbitrary: fc.record({
      ...manner,
      kind: fc.constant('send' as const),
      destination: fc.oneof(
        { weight: 200, arbitrary: fc.constantFrom(...published) },
        { weight: 1, arbitrary: fc.constant(nobody) },
      ),
      transaction: fc.option(transaction, { nil: undefined, freq: 2 }),
      empty: rarely(9),
      lives: fc.option(fc.integer({ min: 1, max: 20_000 }), { nil: undefined, freq: 2 }),
    }),
  },
  {
    weight: 40,
    arbitrary: fc.record({
      ...manner,
      kind: fc.constantFrom('ack' as const, 'ack' as const, 'nack' as const),
      which: fc.option(fc.nat(9), { nil: undefined, freq: 60 }),
      mislabelled: rarely(40),
      transaction: fc.option(transaction, { nil: undefined, freq: 2 }),
    }),
  },
  {
    weight: 30,
    arbitrary: fc.record({
      ...manner,
      kind: fc.constantFrom(
        'begin' as const,
        'begin' as const,
        'commit' as const,
        'commit' as const,
        'abort' as const,
      ),
      transaction,
    }),
  },
  { weight: 1, arbitrary: fc.record({ ...manner, kind: fc.constant('disconnect' as const) }) },
  { weight: 3, arbitrary: fc.record({ ...manner, kind: fc.constant('blank' as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({ ...manner, kind: fc.constant('broken' as const), which: fc.nat(99) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      ...manner,
      kind: fc.constant('connect' as const),
      version,
      receipt: fc.constant(false),
    }),
  },
);

export const steps: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('open' as const),
      client,
      version: fc.option(version, { nil: undefined, freq: 12 }),
      told: fc.boolean(),
    }),
  },
  {
    weight: 40,
    arbitrary: fc.record({
      kind: fc.constant('say' as const),
      client,
      wishes: fc.array(wish, { minLength: 1, maxLength: 4 }),
      cuts: fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 3 }),
      withheld: rarely(9),
      crlf: fc.boolean(),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constantFrom(
        'vanish' as const,
        'close' as const,
        'stall' as const,
        'resume' as const,
        'resume' as const,
      ),
      client,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('publish' as const),
      destination: fc.constantFrom(...published),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('wait' as const),
      // As often as the server looks for what has expired.
      milliseconds: fc.constantFrom(10_000, 20_000, 60_000),
    }),
  },
);

export const settings: fc.Arbitrary<Settings> = fc.record({
  whenFull: fc.constantFrom('refuse' as const, 'drop-oldest' as const),
  maxDeliveries: fc.integer({ min: 1, max: 3 }),
  maxQueues: fc.constantFrom(2, 3),
  maxMessages: fc.integer({ min: 2, max: 6 }),
  prefetch: fc.integer({ min: 1, max: 4 }),
  errors: fc.constantFrom('problem' as const, 'problem' as const, 'close' as const),
});
