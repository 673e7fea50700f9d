// How payloads are converted to classes.
import type { Constructor } from './payload-type.js';

/** The treatment of a property for which the class has no class-validator decorator. */
export type UnknownProperties = 'drop' | 'reject' | 'keep';

export const unknownPropertyRules: readonly UnknownProperties[] = ['drop', 'reject', 'keep'];

/** How payloads are converted to classes. */
export interface ClassRules {
  readonly unknownProperties: UnknownProperties;
  /** The most objects in one payload; an array in an array counts as an object. */
  readonly maxObjects: number;
  /** Called at start for a class without class-validator decorators. */
  onUnvalidated(type: Constructor): void;
  /**
   * Called at start for a property that has `@Type()` and no class-validator decorator, so that payloads lose it.
   *
   * @param nested true when the class of its value has class-validator decorators
   */
  onUndeclared(type: Constructor, property: string, nested: boolean): void;
  /** Called at start when the process has loaded several copies of class-validator. */
  onSecondCopy(files: readonly string[]): void;
  /** Called for each property that is dropped. */
  onDropped(type: Constructor, property: string): void;
  /** Returns false if this error is already in the log. */
  onFailure(type: Constructor, error: unknown): boolean;
}

export const defaultClassRules: ClassRules = {
  unknownProperties: 'drop',
  maxObjects: 1000,
  onUnvalidated: () => {},
  onUndeclared: () => {},
  onSecondCopy: () => {},
  onDropped: () => {},
  onFailure: () => true,
};
