// Maps that throw when they are changed, because messages or sessions share them.

const unchangeable: PropertyDescriptor = {
  value() {
    throw new TypeError(
      'This map is shared and read-only. Make a copy, such as new Map(headers), and pass on a frame that contains it.',
    );
  },
};

const readOnlyMap: object = Object.create(Map.prototype, {
  set: unchangeable,
  delete: unchangeable,
  clear: unchangeable,
});

/** Makes a map read-only at run time, and returns it. The type alone does not stop a program in JavaScript. */
export function readOnly<K, V>(map: ReadonlyMap<K, V>): ReadonlyMap<K, V> {
  return isReadOnly(map) ? map : (Object.setPrototypeOf(map, readOnlyMap) as ReadonlyMap<K, V>);
}

export function isReadOnly(map: ReadonlyMap<unknown, unknown>): boolean {
  return Object.getPrototypeOf(map) === readOnlyMap;
}

/**
 * Makes a read-only map for the whole process. Unlike `readOnly`, not even `Map.prototype.set.call(map)` changes it, because the
 * entries are in a hidden map.
 */
export function constantMap<K, V>(entries: Iterable<readonly [K, V]> = []): ReadonlyMap<K, V> {
  const hidden = new Map(entries);
  const map: ReadonlyMap<K, V> = Object.create(readOnlyMap, {
    size: { value: hidden.size },
    get: { value: hidden.get.bind(hidden) },
    has: { value: hidden.has.bind(hidden) },
    keys: { value: hidden.keys.bind(hidden) },
    values: { value: hidden.values.bind(hidden) },
    entries: { value: hidden.entries.bind(hidden) },
    [Symbol.iterator]: { value: hidden.entries.bind(hidden) },
    forEach: {
      value(call: (value: V, key: K, map: ReadonlyMap<K, V>) => void, self?: unknown) {
        for (const [key, value] of hidden) call.call(self, value, key, map);
      },
    },
  });
  return map;
}
