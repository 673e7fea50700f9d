// Values that belong to the process: an application can contain several copies of this package.

/**
 * The value that all copies of the package share under a name; the first copy creates it.
 *
 * @param name a different one for each value, and for a value of another type in a later version
 */
export function sharedValue<T extends object>(name: string, create: () => T): T {
  // Symbol.for, so that all copies use the same key.
  const values = globalThis as { [key: symbol]: T | undefined };
  return (values[Symbol.for(`signalbox.${name}`)] ??= create());
}
