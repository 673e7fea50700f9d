// One handler alone: its arguments, the method and its return rule, with nothing before and nothing after.
import { compileControllers } from '../controller/compile.js';
import { Dispatcher } from '../dispatch/dispatcher.js';
import { RouteTable } from '../dispatch/route-table.js';
import { MessagingError } from '../message/error.js';
import type { Message } from '../message/message.js';
import type { Constructor, Payloads } from '../payload/converter.js';
import { findHandler } from './handler-lookup.js';
import type { Invoked, InvokeOptions } from './handler-options.js';
import { invokedSession } from './invoked-session.js';
import { messageOf } from './said-frame.js';
import type { Scene } from './scene.js';

/** Octets that stand for a payload which is handed over as it is, and may be nothing that can be written. */
const standIn = new Uint8Array(1);

/** @throws Error with a sentence for people, where the class has no such handler; `payload-unwritable` */
export async function runHandler(
  type: Constructor,
  instance: object,
  method: string,
  { server, payloads, clock }: Pick<Scene, 'server' | 'payloads' | 'clock'>,
  given: InvokeOptions,
): Promise<Omit<Invoked, 'published'>> {
  const { payload, convert = true } = given;
  const { separator, prefixes } = server.options;
  const reader = convert ? payloads : { read: () => payload };
  const routes = compileControllers([{ type, instance }], {
    payloads: reader,
    separator,
    prefixes: [...prefixes.broker, prefixes.user],
  });
  const called = findHandler(routes, `${type.name}.${method}`, given, server.options);
  const { route, destination, lookup } = called;
  const { on } = route;
  const table = new RouteTable([route], { separator });
  const dispatcher = new Dispatcher({ routes: table, clock, timeLimit: 0 });
  const message = messageFor(destination, given, payloads);
  try {
    const outcome = await dispatcher.dispatch({
      on,
      session: invokedSession(given),
      message,
      lookup,
      subscription: on === 'subscribe' ? 'sub-1' : undefined,
      closed: given.signal,
    });
    // The table has the route that was found by its own pattern.
    const { value, targets } = outcome!;
    return { result: value, targets, problem: undefined, thrown: undefined };
  } catch (error) {
    if (!(error instanceof MessagingError)) throw error;
    const { code, detail, fields } = error;
    return {
      result: undefined,
      targets: [],
      problem: { code, message: error.message, detail, destination, fields },
      thrown: error.cause ?? error,
    };
  }
}

function messageFor(
  destination: string,
  { payload, headers = {}, convert = true }: InvokeOptions,
  payloads: Payloads,
): Message {
  if (convert || payload === undefined) return messageOf(destination, payload, headers, payloads);
  return { destination, headers: new Map(Object.entries(headers)), body: standIn };
}
