// Converts plain objects to instances of a class, and validates them with its decorators and the types of its properties.
import type { ValidationError } from 'class-validator';
import type { FieldProblem, MessagingError } from '../message/error.js';
import { findClassMistakes } from './class-mistakes.js';
import { importLibraries, usesClassValidator, type ClassLibraries } from './class-libraries.js';
import { shapeOf, shapes, type ClassShape, type PropertyShape } from './class-shape.js';
import { fieldLimit, fieldProblem, payloadInvalid, tooManyObjects } from './field-problem.js';
import type { Constructor } from './payload-type.js';

/** class-transformer recurses, and compares each key of an object with all others, so both are limited before it runs. */
const maxDepth = 32;
const maxKeys = 256;

/** What happens to a property of a payload for which the class has no class-validator decorator. */
export type UnknownProperties = 'drop' | 'reject' | 'keep';

/** How payloads are converted to classes. */
export interface ClassRules {
  readonly unknownProperties: UnknownProperties;
  /** Objects inside of one payload; an array in an array counts as an object. */
  readonly maxObjects: number;
  /** Called at start for a class without class-validator decorators. */
  onUnvalidated(type: Constructor): void;
  /** Called for each property that is dropped. */
  onDropped(type: Constructor, property: string): void;
  /** Returns false if the error should not be logged, because the log has it already. */
  onFailure(type: Constructor, error: unknown): boolean;
}

export const defaultClassRules: ClassRules = {
  unknownProperties: 'drop',
  maxObjects: 1000,
  onUnvalidated: () => {},
  onDropped: () => {},
  onFailure: () => true,
};

let loading: Promise<ClassLibraries> | undefined;
let loaded: ClassLibraries | undefined;

/** Imports the libraries if the application uses class-validator: the first payload is faster, and classes can be checked. */
export async function prepareClasses(): Promise<void> {
  if (usesClassValidator()) await load();
}

/** Returns sentences about mistakes in the decorators of a class and of the classes in it, each with its fix. */
export function checkClass(
  type: Constructor,
  rules: ClassRules = defaultClassRules,
): readonly string[] {
  const isUnvalidated =
    loaded === undefined ? !usesClassValidator() : !shapeOf(type, loaded).constrained;
  if (isUnvalidated) rules.onUnvalidated(type);
  return loaded === undefined ? [] : findClassMistakes(type, loaded);
}

/**
 * Converts and validates. A class without class-validator decorators is only converted, and keeps all properties. Returns a promise
 * while the libraries load, and when the quick check does not accept the instance.
 *
 * @throws {MessagingError} `payload-invalid` with the invalid fields; also when a constructor or a validator throws
 */
export function toInstance(
  plain: unknown,
  type: Constructor,
  rules: ClassRules = defaultClassRules,
): object | Promise<object> {
  if (!isPlainObject(plain)) throw payloadInvalid([{ path: '', message: 'must be an object' }]);
  return loaded === undefined
    ? load().then((libraries) => convert(plain, type, rules, libraries))
    : convert(plain, type, rules, loaded);
}

function convert(
  plain: object,
  type: Constructor,
  rules: ClassRules,
  libraries: ClassLibraries,
): object | Promise<object> {
  const shape = shapes.get(type) ?? shapeOf(type, libraries);
  const unknown = new PlainWalk(libraries, rules).check(plain, shape);
  if (unknown.length > 0) throw payloadInvalid(unknown);
  const { constrained, quickCheck, targetMaps } = shape;
  let instance: object;
  try {
    instance = libraries.transformer.plainToInstance(type as new () => object, plain, {
      targetMaps,
    });
  } catch (error) {
    throw failed(type, error, rules, [{ path: '', message: 'cannot be converted' }]);
  }
  try {
    if (!constrained || quickCheck?.(instance) === true) return instance;
  } catch (error) {
    throw failed(type, error, rules, []);
  }
  return validate(instance, shape, rules, libraries);
}

/** `validateSync` would ignore validators that return a promise, and only calling them shows which ones do. */
async function validate(
  instance: object,
  shape: ClassShape,
  rules: ClassRules,
  libraries: ClassLibraries,
): Promise<object> {
  let problems: readonly FieldProblem[];
  try {
    problems = await problemsOf(instance, shape, libraries);
  } catch (error) {
    throw failed(shape.type, error, rules, []);
  }
  if (problems.length > 0) throw payloadInvalid(problems);
  return instance;
}

/** The error keeps its cause, which is logged, unless the log has it already. */
function failed(
  type: Constructor,
  error: unknown,
  rules: ClassRules,
  fields: readonly FieldProblem[],
): MessagingError {
  return payloadInvalid(fields, rules.onFailure(type, error) ? error : undefined);
}

function load(): Promise<ClassLibraries> {
  return (loading ??= importLibraries().then((libraries) => (loaded = libraries)));
}

const validatorOptions = { validationError: { target: false } };

async function problemsOf(
  instance: object,
  shape: ClassShape,
  libraries: ClassLibraries,
): Promise<readonly FieldProblem[]> {
  const misshapen: FieldProblem[] = [];
  if (shape.structured.length > 0) checkForms(instance, shape, libraries, [], misshapen);
  if (misshapen.length >= fieldLimit) return misshapen;
  const errors = await libraries.validator.validate(instance, validatorOptions);
  if (errors.length === 0) return misshapen;
  const invalid: FieldProblem[] = [];
  collectProblems(errors, [], invalid);
  return [
    ...misshapen,
    ...invalid.filter(({ path }) => !misshapen.some((each) => isWithin(path, each.path))),
  ];
}

/** True for the path of a value itself, and of its members. */
function isWithin(path: string, value: string): boolean {
  return path === value || path.startsWith(`${value}.`);
}

function isPlainObject(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** Collects at most the reported number of problems. */
function collectProblems(
  errors: readonly ValidationError[],
  parentPath: readonly string[],
  problems: FieldProblem[],
): void {
  for (const { property, constraints = {}, children = [], value } of errors) {
    // Despite its type, `property` is undefined in an error about an object of a class without decorators.
    const path =
      (property as string | undefined) === undefined ? parentPath : [...parentPath, property];
    for (const message of Object.values(constraints)) {
      if (problems.length >= fieldLimit) return;
      problems.push(fieldProblem(path, message, value));
    }
    collectProblems(children, path, problems);
  }
}

/**
 * Limits the size of a plain value before the libraries work on it, and applies the policy for unknown properties. class-validator
 * would do this after the conversion, when the unknown properties have overwritten the defaults of the class.
 */
class PlainWalk {
  readonly #path: string[] = [];
  readonly #unknown: FieldProblem[] = [];
  #objects = 0;

  constructor(
    private readonly libraries: ClassLibraries,
    private readonly rules: ClassRules,
  ) {}

  /** Returns the problems of unknown properties. @throws {MessagingError} `payload-invalid` when the value is too large */
  check(value: object, shape: ClassShape): readonly FieldProblem[] {
    this.#visitObject(value, shape, shape.constrained, undefined);
    return this.#unknown;
  }

  /** @param property the property that has this value, or this member; undefined if it is not converted to a class */
  #visit(
    value: object,
    property: PropertyShape | undefined,
    parent: object,
    checked: boolean,
    isMember: boolean,
  ): void {
    if (Array.isArray(value)) {
      this.#checkDepth();
      for (const [i, item] of value.entries())
        this.#enter(String(i), item, property, parent, checked, true);
    } else if (property?.form === 'map' && !isMember) {
      this.#checkDepth();
      for (const key of this.#keysOf(value))
        this.#enter(key, Reflect.get(value, key), property, parent, checked, true);
    } else {
      const type = property?.itemType?.(value, parent);
      const shape = type && (shapes.get(type) ?? shapeOf(type, this.libraries));
      const isChecked = checked && property?.nested === true && shape?.constrained === true;
      this.#visitObject(value, shape, isChecked, property?.discriminator);
    }
  }

  #visitObject(
    value: object,
    shape: ClassShape | undefined,
    checked: boolean,
    discriminator: string | undefined,
  ): void {
    this.#checkDepth();
    for (const key of this.#keysOf(value)) {
      const property = shape?.properties.get(key);
      const member: unknown = Reflect.get(value, key);
      this.#enter(key, member, property, value, checked, false);
      if (shape === undefined || key === discriminator) continue;
      const isKnown = property?.validated === true;
      if (shape.inheritedGetters.has(key)) this.#removeGetter(value, key, checked);
      else if (checked && !isKnown) this.#handleUnknown(value, key, shape);
    }
  }

  #enter(
    key: string,
    member: unknown,
    property: PropertyShape | undefined,
    parent: object,
    checked: boolean,
    isMember: boolean,
  ): void {
    if (typeof member !== 'object' || member === null) return;
    const { maxObjects } = this.rules;
    if ((isMember || !Array.isArray(member)) && ++this.#objects > maxObjects)
      throw tooManyObjects(maxObjects);
    this.#path.push(key);
    this.#visit(member, property, parent, checked, isMember);
    this.#path.pop();
  }

  #checkDepth(): void {
    if (this.#path.length >= maxDepth)
      throw tooLarge(`must not be nested deeper than ${maxDepth} levels`);
  }

  #keysOf(value: object): readonly string[] {
    const keys = Object.keys(value);
    if (keys.length > maxKeys)
      throw tooLarge(`must not have more than ${maxKeys} keys in an object`);
    // class-transformer takes this key for the class of the object; in the payload itself it ignores the key.
    if (this.#path.length > 0 && Object.hasOwn(value, 'constructor'))
      throw payloadInvalid([this.#problem("must not have the key 'constructor'")]);
    return keys;
  }

  /** class-transformer ignores the getters of the class itself, and fails at inherited ones. */
  #removeGetter(value: object, key: string, checked: boolean): void {
    if (checked && this.rules.unknownProperties === 'reject') this.#reject(key);
    else this.#remove(value, key);
  }

  #handleUnknown(value: object, key: string, { type }: ClassShape): void {
    const { unknownProperties } = this.rules;
    if (unknownProperties === 'keep') return;
    if (unknownProperties === 'reject') return this.#reject(key);
    this.#remove(value, key);
    this.rules.onDropped(type, key);
  }

  #remove(value: object, key: string): void {
    // A converter of the application may return frozen objects.
    if (!Reflect.deleteProperty(value, key)) this.#reject(key);
  }

  #reject(key: string): void {
    if (this.#unknown.length < fieldLimit) this.#unknown.push(this.#problem('is unknown', key));
  }

  #problem(message: string, ...key: readonly string[]): FieldProblem {
    return fieldProblem([...this.#path, ...key], message, undefined);
  }
}

function tooLarge(message: string) {
  return payloadInvalid([{ path: '', message }]);
}

const expectedForms = {
  list: 'must be an array',
  set: 'must be an array',
  map: 'must be an object',
  object: 'must be an object',
};

/**
 * Finds values and members that do not have the form that the class declares: class-validator accepts an array for an object, and
 * an object for an array.
 */
function checkForms(
  instance: object,
  { structured }: ClassShape,
  libraries: ClassLibraries,
  parentPath: readonly string[],
  problems: FieldProblem[],
): void {
  for (const { name, form, nested } of structured) {
    const value: unknown = Reflect.get(instance, name);
    if (value === undefined || value === null) continue;
    const path = [...parentPath, name];
    if (form !== undefined && !hasForm(value, form)) {
      problems.push(fieldProblem(path, expectedForms[form], undefined));
    } else if (nested) {
      for (const [key, member] of membersOf(value))
        checkMember(member, key === undefined ? path : [...path, key], libraries, problems);
    }
    if (problems.length >= fieldLimit) return;
  }
}

function hasForm(value: unknown, form: NonNullable<PropertyShape['form']>): boolean {
  switch (form) {
    case 'list':
      return Array.isArray(value);
    case 'set':
      return value instanceof Set;
    case 'map':
      return value instanceof Map;
    case 'object':
      // A value that is no object has a problem of class-validator.
      return !Array.isArray(value);
  }
}

/** A single object is its own member, without a key. */
function membersOf(value: unknown): Iterable<readonly [string | undefined, unknown]> {
  if (Array.isArray(value)) return value.map((item: unknown, i) => [String(i), item]);
  if (value instanceof Set) return [...value].map((item: unknown, i) => [String(i), item]);
  if (value instanceof Map) return value as Map<string, unknown>;
  return [[undefined, value]];
}

function checkMember(
  member: unknown,
  path: readonly string[],
  libraries: ClassLibraries,
  problems: FieldProblem[],
): void {
  if (problems.length >= fieldLimit || typeof member !== 'object' || member === null) return;
  if (Array.isArray(member)) {
    problems.push(fieldProblem(path, expectedForms.object, undefined));
    return;
  }
  const { constructor } = member;
  // Undefined for an object without prototype, which `@Transform` may return; class-validator refuses it.
  if (typeof constructor !== 'function') return;
  const shape = shapes.get(constructor) ?? shapeOf(constructor as Constructor, libraries);
  if (shape.structured.length > 0) checkForms(member, shape, libraries, path, problems);
}
