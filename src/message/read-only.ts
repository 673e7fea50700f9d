// Maps that throw when they are changed: those that messages or sessions share.

const unchangeable: PropertyDescriptor = {
  value() {
    throw new TypeError(
      'This map is shared and read-only. Make a copy, as in new Map(headers), and pass on a frame that contains it.',
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
