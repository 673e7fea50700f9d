// Converts plain objects to instances of a class, and validates them with its decorators and the types of its properties.
import 'reflect-metadata';
import type { ValidationError } from 'class-validator';
import type { FieldProblem } from '../message/error.js';
import { fieldProblem, payloadInvalid } from './field-problem.js';
import { payloadTypeOf, type Constructor } from './payload-type.js';
import { compileQuickCheck, type QuickCheck } from './quick-check.js';

/** class-transformer recurses, and compares each key of an object with all others, so both are limited before it runs. */
const maxDepth = 32;
const maxKeys = 256;

type Validator = typeof import('class-validator');

interface Libraries {
  readonly transformer: typeof import('class-transformer');
  readonly validator: Validator;
}

let loading: Promise<Libraries> | undefined;
let loaded: Libraries | undefined;
const options = { whitelist: true, validationError: { target: false } };

/**
 * Converts and validates. Keys without a class-validator decorator are dropped (`whitelist`). If the class has no such decorator,
 * the value is only converted and keeps all keys. Returns a promise while the libraries load, and when the quick check does not
 * accept the instance.
 *
 * @throws {MessagingError} `payload-invalid` with the invalid fields; also when a constructor or a validator throws
 */
export function toInstance(plain: unknown, type: Constructor): object | Promise<object> {
  const excess = isPlainObject(plain) ? excessOf(plain, 1) : 'must be an object';
  if (excess !== undefined) throw payloadInvalid([{ path: '', message: excess }]);
  return loaded === undefined
    ? load().then((libraries) => convert(plain, type, libraries))
    : convert(plain, type, loaded);
}

function convert(
  plain: unknown,
  type: Constructor,
  { transformer, validator }: Libraries,
): object | Promise<object> {
  try {
    const instance = transformer.plainToInstance(type as new () => object, plain);
    const { constrained, quickCheck } = shapeOf(type, validator);
    return !constrained || quickCheck?.(instance) === true
      ? instance
      : validate(instance, validator);
  } catch (cause) {
    throw payloadInvalid([], cause);
  }
}

/** `validateSync` would ignore validators that return a promise, and only calling them shows which ones do. */
async function validate(instance: object, validator: Validator): Promise<object> {
  let problems: readonly FieldProblem[];
  try {
    const errors = await validator.validate(instance, options);
    problems = errors.length > 0 ? problemsOf(errors) : shapeProblems(instance, validator);
  } catch (cause) {
    throw payloadInvalid([], cause);
  }
  if (problems.length > 0) throw payloadInvalid(problems);
  return instance;
}

/** Importing both takes a tenth of a second, so they are imported when a class is first used. */
function load(): Promise<Libraries> {
  return (loading ??= Promise.all([import('class-transformer'), import('class-validator')]).then(
    ([transformer, validator]) => (loaded = { transformer, validator }),
  ));
}

function isPlainObject(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function excessOf(value: object, depth: number): string | undefined {
  if (depth > maxDepth) return `must not be nested deeper than ${maxDepth} levels`;
  const members: unknown[] = Array.isArray(value) ? value : Object.values(value);
  if (!Array.isArray(value) && members.length > maxKeys)
    return `must not have more than ${maxKeys} keys in an object`;
  for (const member of members) {
    if (typeof member !== 'object' || member === null) continue;
    const excess = excessOf(member, depth + 1);
    if (excess !== undefined) return excess;
  }
  return undefined;
}

function problemsOf(
  errors: readonly ValidationError[],
  parentPath: readonly string[] = [],
): FieldProblem[] {
  return errors.flatMap(({ property, constraints = {}, children = [], value }) => {
    // Despite its type, `property` is undefined in an error about an object of a class without decorators.
    const path =
      (property as string | undefined) === undefined ? parentPath : [...parentPath, property];
    const own = Object.values(constraints).map((message) => fieldProblem(path, message, value));
    return [...own, ...problemsOf(children, path)];
  });
}

/** The shape that decorators and the compiler recorded for a class. */
interface Shape {
  /** True when the class has a class-validator decorator. */
  readonly constrained: boolean;
  /** Recognizes valid instances; undefined when `validate` always decides. */
  readonly quickCheck: QuickCheck | undefined;
  /** The constrained properties that are declared as arrays. */
  readonly lists: readonly string[];
  /** The nested properties that are declared as one object of a class. */
  readonly objects: readonly string[];
  /** The properties with `@ValidateNested`. */
  readonly nested: readonly string[];
}

const shapes = new WeakMap<object, Shape>();

function shapeOf(type: object, validator: Validator): Shape {
  let shape = shapes.get(type);
  if (shape === undefined) shapes.set(type, (shape = readShape(type as Constructor, validator)));
  return shape;
}

function readShape(type: Constructor, validator: Validator): Shape {
  const constraints = validator
    .getMetadataStorage()
    .getTargetValidationMetadatas(type, '', false, false);
  const properties = [...new Set(constraints.map(({ propertyName }) => propertyName))];
  const nested = properties.filter((property) =>
    constraints.some(
      ({ propertyName, type: kind }) =>
        propertyName === property && kind === validator.ValidationTypes.NESTED_VALIDATION,
    ),
  );
  const declared = (property: string): unknown =>
    Reflect.getMetadata('design:type', type.prototype as object, property);
  const lists = properties.filter((property) => declared(property) === Array);
  return {
    constrained: constraints.length > 0,
    quickCheck: compileQuickCheck(type, constraints, lists, validator),
    lists,
    objects: nested.filter((property) => payloadTypeOf(declared(property))?.kind === 'class'),
    nested,
  };
}

/**
 * Finds arrays where the class declares one object, and values that are not arrays where it declares one. class-validator accepts
 * both.
 */
function shapeProblems(
  instance: object,
  validator: Validator,
  parentPath: readonly string[] = [],
): FieldProblem[] {
  const type: unknown = Reflect.get(Object.getPrototypeOf(instance) as object, 'constructor');
  const { lists, objects, nested } = shapeOf(type as object, validator);
  const valueOf = (property: string): unknown => Reflect.get(instance, property);
  const problem = (property: string, message: string) =>
    fieldProblem([...parentPath, property], message, undefined);
  return [
    ...lists
      .filter((property) => isPresent(valueOf(property)) && !Array.isArray(valueOf(property)))
      .map((property) => problem(property, 'must be an array')),
    ...objects
      .filter((property) => Array.isArray(valueOf(property)))
      .map((property) => problem(property, 'must be an object')),
    ...nested.flatMap((property) =>
      nestedObjects(valueOf(property), [...parentPath, property]).flatMap(([path, object]) =>
        shapeProblems(object, validator, path),
      ),
    ),
  ];
}

/** The objects in a nested property, each with its path. */
function nestedObjects(value: unknown, path: readonly string[]): [readonly string[], object][] {
  if (Array.isArray(value))
    return value.flatMap((item: unknown, i) => nestedObjects(item, [...path, String(i)]));
  return typeof value === 'object' && value !== null ? [[path, value]] : [];
}

function isPresent(value: unknown): boolean {
  return value !== undefined && value !== null;
}
