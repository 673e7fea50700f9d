// What the decorators and the compiler say of a class, and where an instance is of another shape.
import 'reflect-metadata';
import type { FieldProblem } from '../message/error.js';
import { fieldProblem } from './field-problem.js';
import { payloadTypeOf, type Constructor } from './payload-type.js';

type Validator = typeof import('class-validator');

export interface Shape {
  /** Whether it has any class-validator decorator. */
  readonly constrained: boolean;
  /** Its constrained properties that are declared as arrays. */
  readonly lists: readonly string[];
  /** Its nested properties that are declared as one object of a class. */
  readonly objects: readonly string[];
  readonly nested: readonly string[];
}

const shapes = new WeakMap<object, Shape>();

export function shapeOf(type: object, validator: Validator): Shape {
  let shape = shapes.get(type);
  if (shape === undefined) shapes.set(type, (shape = look(type as Constructor, validator)));
  return shape;
}

function look(type: Constructor, validator: Validator): Shape {
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

/** class-validator checks an array item by item and one object as it is, whichever of the two the property is declared as. */
export function misshapen(
  instance: object,
  validator: Validator,
  above: readonly string[] = [],
): FieldProblem[] {
  const type: unknown = Reflect.get(Object.getPrototypeOf(instance) as object, 'constructor');
  const { lists, objects, nested } = shapeOf(type as object, validator);
  const valueOf = (property: string): unknown => Reflect.get(instance, property);
  const problem = (property: string, message: string) =>
    fieldProblem([...above, property], message, undefined);
  return [
    ...lists
      .filter((property) => isPresent(valueOf(property)) && !Array.isArray(valueOf(property)))
      .map((property) => problem(property, 'must be an array')),
    ...objects
      .filter((property) => Array.isArray(valueOf(property)))
      .map((property) => problem(property, 'must be an object')),
    ...nested.flatMap((property) =>
      membersOf(valueOf(property), [...above, property]).flatMap(([path, member]) =>
        misshapen(member, validator, path),
      ),
    ),
  ];
}

/** The objects that a nested property holds, with the way to each. */
function membersOf(value: unknown, path: readonly string[]): [readonly string[], object][] {
  if (Array.isArray(value))
    return value.flatMap((item: unknown, i) => membersOf(item, [...path, String(i)]));
  return typeof value === 'object' && value !== null ? [[path, value]] : [];
}

function isPresent(value: unknown): boolean {
  return value !== undefined && value !== null;
}
