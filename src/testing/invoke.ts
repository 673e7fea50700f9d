// One handler alone, with a server made for it.
import type { Constructor } from '../payload/converter.js';
import type { Override } from '../container/override.js';
import type { Invoked, InvokeOptions, MethodName, ResultOf } from './handler-options.js';
import { testServer } from './start-test-server.js';
import type { TestServerOptions } from './test-options.js';

/**
 * One handler of a class or of an object, alone: `invoke(ChatController, 'say', { variables: { room: 'lobby' }, payload })`. A
 * class is built as a server would build it, with the fakes of `override`.
 */
export async function invokeHandler<T extends object, K extends MethodName<T>>(
  controller: Constructor<T> | T,
  method: K,
  given: InvokeOptions & TestServerOptions = {},
): Promise<Invoked<ResultOf<T, K>>> {
  const options = serverOptions(given);
  const app = await testServer({ ...options, ...serving(controller, options.override ?? []) });
  try {
    return await app.invoke<T, K>(controller, method, given);
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

/** What `testServer` knows of the options. */
function serverOptions({
  variables: _variables,
  payload: _payload,
  principal: _principal,
  headers: _headers,
  session: _session,
  destination: _destination,
  on: _on,
  convert: _convert,
  signal: _signal,
  ...options
}: InvokeOptions & TestServerOptions): TestServerOptions {
  return options;
}
