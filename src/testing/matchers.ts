// Matchers for `expect.extend` of vitest and jest.
import { show, showEnding, showProblem } from './explain.js';
import { TestFailure } from './failure.js';
import { TestClient } from './test-client.js';
import { TestServer } from './test-server.js';
import { TestSubscription } from './test-subscription.js';

type Equality = (...compared: never[]) => boolean | undefined;

/** What vitest and jest give a matcher, as far as these need it. */
interface Context {
  readonly isNot?: boolean;
  equals(a: unknown, b: unknown, custom?: Equality[]): boolean;
  readonly utils: { readonly subsetEquality: Equality; readonly iterableEquality: Equality };
}

interface Verdict {
  readonly pass: boolean;
  message(): string;
  readonly actual?: unknown;
  readonly expected?: unknown;
}

/** What is given is compared as by `toMatchObject`: a field that it leaves out may be anything. */
export interface SignalboxMatchers<R = void> {
  /** Of a test server: something reached the broker there, with a payload like this where one is given. */
  toHavePublished(destination: string, payload?: unknown): R;
  /** Of a client: it was told of a problem with this code, and with more of it where more is given. */
  toHaveProblem(code: string, more?: object): R;
  /** Of a client: its session has ended, with this code where one is given. */
  toBeClosed(code?: number): R;
  /** Of a subscription: takes the next message, whose payload is like this. */
  toReceive(payload: unknown): Promise<R>;
}

export const matchers = {
  toHavePublished(
    this: Context,
    app: TestServer,
    destination: string,
    ...given: [unknown?]
  ): Verdict {
    mustBe(TestServer, app, 'toHavePublished is for a test server');
    const published = app.published(destination);
    const pass = published.some(
      ({ payload }) => given.length === 0 || isLike(this, payload, given[0]),
    );
    const what = given.length === 0 ? 'something' : show(given[0]);
    const expected = `${what} to be published to ${destination}`;
    return verdict(this, pass, expected, app.explain(destination));
  },

  toHaveProblem(this: Context, client: TestClient, code: string, more: object = {}): Verdict {
    mustBe(TestClient, client, 'toHaveProblem is for a client of a test');
    const { problems, label } = client;
    const pass = problems.some((problem) => isLike(this, problem, { code, ...more }));
    const expected = `${label} to be told ${show({ code, ...more })}`;
    const told = problems.map((problem) => `  ${showProblem(problem)}`);
    return verdict(this, pass, expected, [
      told.length === 0 ? 'It was told nothing.' : 'It was told:',
      ...told,
    ]);
  },

  toBeClosed(this: Context, client: TestClient, code?: number): Verdict {
    mustBe(TestClient, client, 'toBeClosed is for a client of a test');
    const { closed, label } = client;
    const pass = closed !== undefined && (code === undefined || closed.code === code);
    const expected = `${label} to be closed${code === undefined ? '' : ` with ${code}`}`;
    const found = closed === undefined ? 'It is open.' : `It was ${showEnding(closed)}.`;
    return verdict(this, pass, expected, [found]);
  },

  async toReceive(
    this: Context,
    subscription: TestSubscription,
    payload: unknown,
  ): Promise<Verdict> {
    mustBe(TestSubscription, subscription, 'toReceive is for a subscription of a test');
    const message = await subscription.next();
    const expected = `the next message of ${subscription.destination} to have the payload ${show(payload)}`;
    const pass = isLike(this, message.payload, payload);
    const found = verdict(this, pass, expected, [`It has ${show(message.payload)}.`]);
    return { ...found, actual: message.payload, expected: payload };
  },
};

/** `expect` takes anything, so that no compiler tells. */
function mustBe(type: abstract new (...given: never[]) => object, given: unknown, rule: string) {
  if (given instanceof type) return;
  const what = given instanceof Object ? `a ${given.constructor.name}` : String(given);
  throw new TestFailure(`${rule}, and was given ${what}.`);
}

function isLike(context: Context, value: unknown, wanted: unknown): boolean {
  const { iterableEquality, subsetEquality } = context.utils;
  return context.equals(value, wanted, [iterableEquality, subsetEquality]);
}

function verdict(
  { isNot = false }: Context,
  pass: boolean,
  expected: string,
  found: readonly string[],
): Verdict {
  const message = [`Expected ${isNot ? 'not ' : ''}${expected}.`, ...found].join('\n');
  return { pass, message: () => message };
}
