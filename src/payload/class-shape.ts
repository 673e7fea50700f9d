// Compares instances with the shape that decorators and the compiler recorded for their class.
import 'reflect-metadata';
import type { FieldProblem } from '../message/error.js';
import { fieldProblem } from './field-problem.js';
import { payloadTypeOf, type Constructor } from './payload-type.js';

type Validator = typeof import('class-validator');

export interface Shape {
  /** True when the class has a class-validator decorator. */
  readonly constrained: boolean;
  /** The constrained properties that are declared as arrays. */
  readonly lists: readonly string[];
  /** The nested properties that are declared as one object of a class. */
  readonly objects: readonly string[];
  /** The properties with `@ValidateNested`. */
  readonly nested: readonly string[];
}

const shapes = new WeakMap<object, Shape>();

export function shapeOf(type: object, validator: Validator): Shape {
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
  return {
    constrained: constraints.length > 0,
    lists: properties.filter((property) => declared(property) === Array),
    objects: nested.filter((property) => payloadTypeOf(declared(property))?.kind === 'class'),
    nested,
  };
}

/**
 * Finds arrays where the class declares one object, and values that are not arrays where it declares one. class-validator accepts
 * both.
 */
export function shapeProblems(
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
