// Checks a plain value before it is converted to a class: its size, its unknown properties, and members that cannot be objects.
import type { TargetMap } from 'class-transformer';
import type { FieldProblem } from '../message/error.js';
import type { ClassLibraries } from './class-libraries.js';
import type { ClassRules } from './class-rules.js';
import {
  shapeOf,
  shapes,
  type ClassShape,
  type Discriminator,
  type PropertyShape,
} from './class-shape.js';
import { fieldLimit, fieldProblem, payloadInvalid, tooManyObjects } from './field-problem.js';

/** class-transformer recurses, and compares each key of an object with all others, so both are limited before it runs. */
const maxDepth = 32;
const maxKeys = 256;

/**
 * Limits the size of a plain value before the libraries work on it, and applies the policy for unknown properties. class-validator
 * would do this after the conversion, when the unknown properties have overwritten the defaults of the class.
 */
export class PlainWalk {
  readonly #path: string[] = [];
  /** The unknown properties that make the payload invalid. They were removed, so that the rest can be validated. */
  readonly unknown: FieldProblem[] = [];
  /** The problems that prevent the conversion. */
  readonly #problems: FieldProblem[] = [];
  /** Members that are neither objects nor arrays, although the class declares objects. */
  readonly #misshapen: FieldProblem[] = [];
  /** The classes that a function of `@Type` has chosen by the payload. */
  readonly #chosen = new Set<ClassShape>();
  #objects = 0;

  constructor(
    private readonly libraries: ClassLibraries,
    private readonly rules: ClassRules,
  ) {}

  /**
   * Returns the implicit types for the conversion.
   *
   * @throws {MessagingError} `payload-invalid` when the value is too large, or has unknown properties that are rejected
   */
  check(value: object, shape: ClassShape): TargetMap[] | undefined {
    this.#visitObject(value, shape, shape.constrained, undefined);
    if (this.#problems.length > 0) throw payloadInvalid([...this.unknown, ...this.#problems]);
    if (this.#chosen.size === 0) return shape.targetMaps;
    return [shape, ...this.#chosen].flatMap(({ targetMaps = [] }) => targetMaps);
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
      // class-transformer reads the discriminator of each member, which fails for null.
      const refusesNull = property?.discriminator !== undefined;
      for (const [i, item] of value.entries())
        if (refusesNull && (item === null || item === undefined))
          this.#report('must be an object', String(i));
        else this.#enter(String(i), item, property, parent, checked, true);
    } else if (property?.form === 'map' && !isMember) {
      this.#checkDepth();
      for (const key of this.#keysOf(value)) {
        this.#requireKept(key, Map.prototype);
        this.#enter(key, Reflect.get(value, key), property, parent, checked, true);
      }
    } else {
      const discriminator = property?.discriminator;
      if (discriminator !== undefined && !this.#isNamed(value, discriminator)) return;
      const type = property?.itemType?.(value, parent);
      const shape = type && (shapes.get(type) ?? shapeOf(type, this.libraries));
      if (shape !== undefined && property?.chosen === true) this.#chosen.add(shape);
      const isChecked = checked && property?.nested === true && shape?.constrained === true;
      this.#visitObject(value, shape, isChecked, discriminator?.key);
    }
  }

  /** False, with a problem, if the value names no class: class-transformer would make an instance of the base class. */
  #isNamed(value: object, { key, names }: Discriminator): boolean {
    if (names === undefined || names.includes(Reflect.get(value, key) as string)) return true;
    this.#report(`must be one of: ${names.join(', ')}`, key);
    return false;
  }

  #visitObject(
    value: object,
    shape: ClassShape | undefined,
    checked: boolean,
    discriminator: string | undefined,
  ): void {
    this.#checkDepth();
    for (const key of this.#keysOf(value)) {
      if (shape === undefined && key !== '__proto__') this.#requireKept(key, Object.prototype);
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
    if (checked && property !== undefined) this.#checkMember(key, member, property, isMember);
    if (typeof member !== 'object' || member === null) return;
    const { maxObjects } = this.rules;
    if ((isMember || !Array.isArray(member)) && ++this.#objects > maxObjects)
      throw tooManyObjects(maxObjects);
    this.#path.push(key);
    this.#visit(member, property, parent, checked, isMember);
    this.#path.pop();
  }

  /** class-validator creates an error object for each member that is not an object: 30,000 of them take 0.2 s. */
  #checkMember(
    key: string,
    member: unknown,
    { transformed, nested, itemType, date }: PropertyShape,
    isMember: boolean,
  ): void {
    if (transformed) return;
    // class-transformer converts true and false to dates.
    if (date && typeof member === 'boolean') this.#report('must be a date', key);
    // An array counts as an object here; the check of the instance rejects a misplaced one.
    const isContainer = typeof member === 'object' && member !== null;
    if (!isMember || !nested || itemType === undefined || isContainer) return;
    this.#misshapen.push(this.#problem('must be an object', key));
    if (this.#misshapen.length >= fieldLimit) throw payloadInvalid(this.#misshapen);
  }

  #checkDepth(): void {
    if (this.#path.length >= maxDepth)
      throw tooLarge(`must not be nested deeper than ${maxDepth} levels`);
  }

  #keysOf(value: object): readonly string[] {
    const keys = Object.keys(value);
    if (keys.length > maxKeys)
      throw tooLarge(`must not have more than ${maxKeys} keys in an object`);
    // class-transformer uses this key as the class of the object, except in the payload itself, where it ignores the key.
    if (this.#path.length > 0 && Object.hasOwn(value, 'constructor'))
      throw payloadInvalid([this.#problem("must not have the key 'constructor'")]);
    return keys;
  }

  /** class-transformer ignores keys that the new object inherits, such as `size` in a Map and `toString` in an object. */
  #requireKept(key: string, prototype: object): void {
    if (key in prototype) throw payloadInvalid([this.#problem(`must not have the key '${key}'`)]);
  }

  /** class-transformer ignores getters of the class and throws for inherited getters. */
  #removeGetter(value: object, key: string, checked: boolean): void {
    if (checked && this.rules.unknownProperties === 'reject') this.#refuse(value, key);
    else this.#remove(value, key);
  }

  #handleUnknown(value: object, key: string, { type }: ClassShape): void {
    const { unknownProperties } = this.rules;
    if (unknownProperties === 'keep') return;
    if (unknownProperties === 'reject') return this.#refuse(value, key);
    this.#remove(value, key);
    this.rules.onDropped(type, key);
  }

  #refuse(value: object, key: string): void {
    if (!this.#remove(value, key) || this.unknown.length >= fieldLimit) return;
    this.unknown.push(this.#problem('is unknown', key));
  }

  /** Returns false for an object that cannot be changed: a converter of the application may return frozen objects. */
  #remove(value: object, key: string): boolean {
    const isRemoved = Reflect.deleteProperty(value, key);
    if (!isRemoved) this.#report('is unknown', key);
    return isRemoved;
  }

  #report(message: string, key: string): void {
    if (this.#problems.length < fieldLimit) this.#problems.push(this.#problem(message, key));
  }

  #problem(message: string, ...key: readonly string[]): FieldProblem {
    return fieldProblem([...this.#path, ...key], message, undefined);
  }
}

function tooLarge(message: string) {
  return payloadInvalid([{ path: '', message }]);
}
