// Objects with some members replaced, to plant an error in a codec, a broker or a transport.
import { memoryTransport, type Connection, type MemoryTransport } from '../src/index.js';

/** Returns an object with the members of the target, some of them replaced. */
export function replacing<T extends object>(target: T, members: Partial<T>): T {
  return new Proxy(target, {
    get(_, name) {
      if (name in members) return Reflect.get(members, name) as unknown;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
}

/** A memory transport whose connections are replaced. */
export function memoryOf(replace: (connection: Connection) => Connection): MemoryTransport {
  const memory = memoryTransport();
  return replacing(memory, {
    open: (context) =>
      memory.open({ ...context, accept: (connection) => context.accept(replace(connection)) }),
  });
}
