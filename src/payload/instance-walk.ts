// Checks an instance after the conversion: the form of its values, and the unknown properties of objects that @Transform has built.
import type { FieldProblem } from '../message/error.js';
import type { ClassLibraries } from './class-libraries.js';
import type { ClassRules } from './class-rules.js';
import { shapeOf, shapes, type ClassShape, type Form } from './class-shape.js';
import { fieldLimit, fieldProblem } from './field-problem.js';
import type { Constructor } from './payload-type.js';

const expectedForms: Readonly<Record<Form, string>> = {
  list: 'must be an array',
  set: 'must be an array',
  map: 'must be an object',
  object: 'must be an object',
};

/** Needed because class-validator accepts an array for an object, and an object for an array. */
export class InstanceWalk {
  readonly #path: string[] = [];
  readonly #problems: FieldProblem[] = [];

  constructor(
    private readonly libraries: ClassLibraries,
    private readonly rules: ClassRules,
  ) {}

  check(instance: object, shape: ClassShape): readonly FieldProblem[] {
    this.#visit(instance, shape, false);
    return this.#problems;
  }

  /** @param isBuilt true for an object from `@Transform`: its properties were not checked before the conversion */
  #visit(instance: object, shape: ClassShape, isBuilt: boolean): void {
    if (isBuilt && shape.constrained) this.#handleUnknown(instance, shape);
    for (const { name, form, nested, transformed } of shape.structured) {
      const value: unknown = Reflect.get(instance, name);
      if (value === undefined || value === null) continue;
      this.#path.push(name);
      if (form !== undefined && !hasForm(value, form)) this.#report(expectedForms[form]);
      else if (nested) this.#visitMembers(value, isBuilt || transformed);
      this.#path.pop();
      if (this.#problems.length >= fieldLimit) return;
    }
  }

  /** A single object is its own member, without a key. */
  #visitMembers(value: unknown, isBuilt: boolean): void {
    if (Array.isArray(value) || value instanceof Set) {
      let i = 0;
      for (const item of value) this.#enter(String(i++), item, isBuilt);
    } else if (value instanceof Map) {
      for (const [key, item] of value) this.#enter(String(key), item, isBuilt);
    } else {
      this.#visitMember(value, isBuilt);
    }
  }

  #enter(key: string, member: unknown, isBuilt: boolean): void {
    this.#path.push(key);
    this.#visitMember(member, isBuilt);
    this.#path.pop();
  }

  #visitMember(member: unknown, isBuilt: boolean): void {
    if (this.#problems.length >= fieldLimit || typeof member !== 'object' || member === null)
      return;
    if (Array.isArray(member)) return this.#report(expectedForms.object);
    const { constructor } = member;
    // Undefined for an object without prototype, which `@Transform` may return; class-validator rejects it.
    if (typeof constructor !== 'function') return;
    const shape = shapes.get(constructor) ?? shapeOf(constructor as Constructor, this.libraries);
    if (isBuilt || shape.structured.length > 0) this.#visit(member, shape, isBuilt);
  }

  /** Works like `whitelist` of class-validator, but also checks properties that the class initializes. */
  #handleUnknown(instance: object, { type, validated }: ClassShape): void {
    const { unknownProperties } = this.rules;
    if (unknownProperties === 'keep') return;
    for (const [key, value] of Object.entries(instance)) {
      // Some compilers define declared properties as undefined.
      if (validated.has(key) || value === undefined) continue;
      if (unknownProperties === 'drop' && Reflect.deleteProperty(instance, key))
        this.rules.onDropped(type, key);
      else this.#report('is unknown', key);
    }
  }

  #report(message: string, ...key: readonly string[]): void {
    if (this.#problems.length < fieldLimit)
      this.#problems.push(fieldProblem([...this.#path, ...key], message, undefined));
  }
}

function hasForm(value: unknown, form: Form): boolean {
  switch (form) {
    case 'list':
      return Array.isArray(value);
    case 'set':
      return value instanceof Set;
    case 'map':
      return value instanceof Map;
    case 'object':
      // class-validator reports a value that is not an object.
      return !Array.isArray(value);
  }
}
