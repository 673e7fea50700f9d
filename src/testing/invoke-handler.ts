// Runs one handler with a server that exists only for this call.
import { checkOverrides } from '../container/overrides.js';
import type { Constructor } from '../payload/converter.js';
import { testServer } from './create-test-server.js';
import type { TestServerOptions } from './options.js';
import type { InvokeOptions, InvokeResult, MethodName, ResultOf } from './run-handler.js';

/**
 * Runs one handler without a client and without the broker: payload conversion, validation, the method, its exception handlers
 * and its reply decorator. Pass an instance or a class. A class is created as in the server, with the fakes of `override`.
 *
 * @throws {TestFailure} when the class has no such handler, or several destinations of it match the options
 * @example
 * ```ts
 * const { result, targets } = await invokeHandler(ChatController, 'say', {
 *   variables: { room: 'lobby' },
 *   payload: { text: 'hi' },
 *   principal: 'ann',
 *   override: [[ChatHistory, fakeHistory]],
 * });
 * ```
 */
export async function invokeHandler<T extends object, K extends MethodName<T>>(
  controller: Constructor<T> | T,
  method: K,
  options: InvokeOptions & TestServerOptions = {},
): Promise<InvokeResult<ResultOf<T, K>>> {
  const server = serverOptions(options);
  const app = await testServer({ ...server, ...served(controller, server.override) });
  try {
    return await app.invoke<T, K>(controller, method, options);
  } finally {
    await app.close();
  }
}

/** An instance replaces the instance that the container would create. */
function served(
  controller: object,
  override: TestServerOptions['override'] = [],
): Pick<TestServerOptions, 'controllers' | 'override'> {
  checkOverrides(override);
  if (typeof controller === 'function')
    return { controllers: [controller as Constructor], override };
  const type = controller.constructor as Constructor;
  return { controllers: [type], override: [...override, [type, controller]] };
}

/** Removes the options that `testServer` does not know. */
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
