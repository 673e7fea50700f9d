// Defines classes without recorded types, like modules that are evaluated before reflect-metadata or compiled by esbuild or tsx.

/** Runs the function while decorators cannot record the compiler's types. */
export function withoutTypes<T>(define: () => T): T {
  const { metadata, decorate } = Reflect;
  for (const name of ['metadata', 'decorate']) Reflect.deleteProperty(Reflect, name);
  try {
    return define();
  } finally {
    Object.assign(Reflect, { metadata, decorate });
  }
}
