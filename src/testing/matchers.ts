// Matchers for `expect.extend` of vitest and jest.
import { formatEnd, formatProblem, formatValue, TestFailure } from './failure.js';
import { TestClient } from './test-client.js';
import { TestServer } from './test-server.js';
import { TestSubscription } from './test-subscription.js';

/** Compares two values; undefined leaves the decision to the next function. */
type Equality = (...compared: never[]) => boolean | undefined;

/** The part of the matcher context of vitest and jest that these matchers use. */
interface MatcherContext {
  /** True after `.not`. */
  readonly isNot?: boolean;
  /** Compares two values recursively. */
  equals(a: unknown, b: unknown, custom?: Equality[]): boolean;
  /** Comparisons of the test framework. */
  readonly utils: { readonly subsetEquality: Equality; readonly iterableEquality: Equality };
}

/** The result of a matcher. */
interface MatcherResult {
  /** True when the expectation holds. */
  readonly pass: boolean;
  /** The text for a failed expectation. */
  message(): string;
  /** The received value, for a diff. */
  readonly actual?: unknown;
  /** The expected value, for a diff. */
  readonly expected?: unknown;
}

/** The matchers that `expect` has after `expect.extend(matchers)`. They compare like `toMatchObject`: further fields are ignored. */
export interface SignalboxMatchers<R = void> {
  /** Of a test server: a message was published to this destination or pattern, with this payload if one is given. */
  toHavePublished(destination: string, payload?: unknown): R;
  /** Of a client: it received a problem with this code, and with these fields if they are given. */
  toHaveProblem(code: string, more?: object): R;
  /** Of a client: its session has ended, with this close code if one is given. */
  toBeClosed(code?: number): R;
  /** Of a subscription: reads the next message, and compares its payload. */
  toReceive(payload: unknown): Promise<R>;
}

/**
 * Matchers for `expect.extend` of jest; with vitest, import `signalbox/testing/vitest` instead.
 *
 * @example
 * ```ts
 * expect.extend(matchers);
 * expect(app).toHavePublished('/topic/rooms/lobby', { text: 'hi' });
 * ```
 */
export const matchers = {
  toHavePublished(
    this: MatcherContext,
    app: TestServer,
    destination: string,
    ...given: [unknown?]
  ): MatcherResult {
    requireType('toHavePublished', TestServer, app);
    const published = app.published(destination);
    const pass = published.some(
      ({ payload }) => given.length === 0 || isLike(this, payload, given[0]),
    );
    const subject = given.length === 0 ? 'a message' : formatValue(given[0]);
    const expected = [subject, `to be published to ${destination}`] as const;
    return resultOf(this, pass, expected, app.explain(destination));
  },

  toHaveProblem(
    this: MatcherContext,
    client: TestClient,
    code: string,
    more: object = {},
  ): MatcherResult {
    requireType('toHaveProblem', TestClient, client);
    const { problems, label } = client;
    const pass = problems.some((problem) => isLike(this, problem, { code, ...more }));
    const expected = [label, `to have the problem ${formatValue({ code, ...more })}`] as const;
    const received = problems.map((problem) => `  ${formatProblem(problem)}`);
    return resultOf(this, pass, expected, [
      received.length === 0 ? 'It received no problem.' : 'It received:',
      ...received,
    ]);
  },

  toBeClosed(this: MatcherContext, client: TestClient, code?: number): MatcherResult {
    requireType('toBeClosed', TestClient, client);
    const { closed, label } = client;
    const pass = closed !== undefined && (code === undefined || closed.code === code);
    const expected = [label, `to be closed${code === undefined ? '' : ` with ${code}`}`] as const;
    const actual = closed === undefined ? 'It is open.' : `It was ${formatEnd(closed)}.`;
    return resultOf(this, pass, expected, [actual]);
  },

  async toReceive(
    this: MatcherContext,
    subscription: TestSubscription,
    payload: unknown,
  ): Promise<MatcherResult> {
    requireType('toReceive', TestSubscription, subscription);
    const message = await subscription.next();
    const subject = `the next message from ${subscription.destination}`;
    const expected = [subject, `to have the payload ${formatValue(payload)}`] as const;
    const pass = isLike(this, message.payload, payload);
    const result = resultOf(this, pass, expected, [`It has ${formatValue(message.payload)}.`]);
    return { ...result, actual: message.payload, expected: payload };
  },
};

/** Reports a wrong argument of `expect`, which accepts any type. */
function requireType(
  matcher: string,
  type: abstract new (...given: never[]) => object,
  given: unknown,
): void {
  if (given instanceof type) return;
  const actual = given instanceof Object ? `a ${given.constructor.name}` : String(given);
  throw new TestFailure(`${matcher} needs a ${type.name}, but expect() was called with ${actual}.`);
}

function isLike(context: MatcherContext, value: unknown, expected: unknown): boolean {
  const { iterableEquality, subsetEquality } = context.utils;
  return context.equals(value, expected, [iterableEquality, subsetEquality]);
}

function resultOf(
  { isNot = false }: MatcherContext,
  pass: boolean,
  [subject, predicate]: readonly [subject: string, predicate: string],
  details: readonly string[],
): MatcherResult {
  const expected = `Expected ${subject} ${isNot ? 'not ' : ''}${predicate}.`;
  return { pass, message: () => [expected, ...details].join('\n') };
}
