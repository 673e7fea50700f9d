// Runs all steps of a shutdown, even if some fail.

/**
 * Runs the steps one after another. A step that throws or rejects does not stop the others.
 *
 * @throws the first error, after the last step
 */
export async function closeAll(steps: readonly (() => void | Promise<void>)[]): Promise<void> {
  const errors: unknown[] = [];
  for (const step of steps) {
    try {
      await step();
    } catch (error) {
      errors.push(error);
    }
  }
  if (errors.length > 0) throw errors[0];
}
