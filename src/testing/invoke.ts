// One handler alone, with a server made for it.
import type { Constructor } from '../payload/converter.js';
import type { Override } from '../server/override.js';
import type { Invoked, InvokeOptions, MethodName, ResultOf } from './handler-options.js';
import { testServer } from './start-test-server.js';
import type { TestServerOptions } from './test-options.js';

/**
 * One handler of a class or of an object, alone: `invoke(ChatController, 'say', { variables: { room: 'lobby' }, payload })`. A
 * class is built as a server would build it, with the fakes of `override`.
 */
export async function invoke<T extends object, K extends MethodName<T>>(
  controller: Constructor<T> | T,
  method: K,
  given: InvokeOptions & TestServerOptions = {},
): Promise<Invoked<ResultOf<T, K>>> {
  const {
    variables,
    payload,
    principal,
    headers,
    session,
    destination,
    on,
    convert,
    signal,
    ...options
  } = given;
  const handed = {
    variables,
    payload,
    principal,
    headers,
    session,
    destination,
    on,
    convert,
    signal,
  };
  const app = await testServer({ ...options, ...serving(controller, options.override ?? []) });
  try {
    return await app.invoke<T, K>(controller, method, handed);
  } finally {
    await app.close();
  }
}

/** An object stands for its class. */
function serving(
  controller: object,
  override: readonly Override[],
): Pick<TestServerOptions, 'controllers' | 'override'> {
  if (typeof controller === 'function')
    return { controllers: [controller as Constructor], override };
  const type = controller.constructor as Constructor;
  return { controllers: [type], override: [...override, [type, controller]] };
}
