// Compiles controllers and dispatches messages to them.
import { compileControllers, type CompileOptions } from '../../src/controller/compile.js';
import { Dispatcher, type CallOutcome } from '../../src/dispatch/dispatcher.js';
import { RouteTable } from '../../src/dispatch/route-table.js';
import { MessagingError } from '../../src/message/error.js';
import { silentLogger } from '../../src/message/logger.js';
import type { Target } from '../../src/message/target.js';
import { Payloads, type Constructor } from '../../src/payload/converter.js';
import { defaultConverters } from '../../src/server/defaults.js';
import { message } from '../broker/publication.js';
import { fakeSession } from '../dispatch/fake-session.js';
import { testClock } from 'signalbox/testing';

interface Given {
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly repeatedHeaders?: Readonly<Record<string, readonly string[]>> | undefined;
  readonly user?: string;
}

type Type = new () => object;

/** A handler's value or stream with its targets. */
interface Returned {
  readonly value: unknown;
  readonly targets: readonly Target[];
}

const payloads = new Payloads(defaultConverters);

/** The options of a server with defaults. */
export const compileOptions: CompileOptions = {
  payloads,
  separator: '/',
  prefixes: ['/topic', '/queue', '/user'],
  application: ['/app'],
  warn: () => {},
};

export function compile(types: readonly Type[], options: Partial<CompileOptions> = {}) {
  return compileAll(types, options).routes;
}

/** Routes for frames and for WebSocket messages. */
export function compileAll(types: readonly Type[], options: Partial<CompileOptions> = {}) {
  return compileControllers(
    types.map((type) => ({ type: type as Constructor, instance: new type() })),
    { ...compileOptions, ...options },
  );
}

/** `send` and `subscribe` resolve with undefined when no route matches. The default timeout of 0 means no limit. */
export function serve(
  types: readonly Type[] | Type,
  separator: '/' | '.' = '/',
  { clock = testClock(), handlerTimeout = 0 } = {},
) {
  const routes = new RouteTable(compile([types].flat(), { separator }), { separator });
  const dispatcher = new Dispatcher({ routes, clock, logger: silentLogger, handlerTimeout });
  const dispatch =
    (on: 'send' | 'subscribe') =>
    async (lookup: string, { body = '', headers = {}, repeatedHeaders, user }: Given = {}) => {
      const text = typeof body === 'string' ? body : JSON.stringify(body);
      const outcome = await dispatcher.dispatch({
        on,
        session: fakeSession(user),
        message: {
          ...message(`/app${lookup}`, text, headers),
          repeatedHeaders: repeatedHeaders && new Map(Object.entries(repeatedHeaders)),
        },
        lookup,
        subscription: on === 'subscribe' ? 'sub-0' : undefined,
      });
      return outcome && returnedBy(outcome);
    };
  return { send: dispatch('send'), subscribe: dispatch('subscribe') };
}

function returnedBy(outcome: CallOutcome): Returned {
  if (outcome.kind === 'none') return { value: undefined, targets: [] };
  const { targets } = outcome;
  return { value: outcome.kind === 'stream' ? outcome.stream : outcome.value, targets };
}

/** The mistakes that compiling the controllers reports, one per line. */
export function mistakes(
  types: readonly Type[] | Type,
  options: Partial<CompileOptions> = {},
): readonly string[] {
  try {
    compile([types].flat(), options);
  } catch (error) {
    if (!(error instanceof MessagingError) || error.code !== 'controller-invalid') throw error;
    const [head, ...lines] = error.message.split('\n');
    if (head !== 'The controllers cannot be served:') throw error;
    return lines.map((line) => line.replace(/^- /, ''));
  }
  return [];
}
