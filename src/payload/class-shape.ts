// The shape of a payload class: the records of its decorators and of the compiler, read once per class.
import '../message/requirements.cjs';
import type { TargetMap } from 'class-transformer';
import type { ClassLibraries, SubType, TypeMetadata } from './class-libraries.js';
import { payloadTypeOf, type Constructor } from './payload-type.js';
import { compileQuickCheck, type QuickCheck } from './quick-check.js';
import { handleRejections } from './validator-rejections.js';

/** The form of a value that a class declares for a property. */
export type Form = 'list' | 'set' | 'map' | 'object';

/** Returns the class for a value. @param parent the object that has the property */
export type ItemType = (value: object, parent: object) => Constructor | undefined;

export interface PropertyShape {
  readonly name: string;
  /** True with a class-validator decorator; properties without one are unknown to the class. */
  readonly validated: boolean;
  /** True with `@ValidateNested`. */
  readonly nested: boolean;
  /** Undefined if the value may have any form, or if the compiler recorded no type. */
  readonly form: Form | undefined;
  /** The class of the value, or of its members; undefined if they are not converted to a class. */
  readonly itemType: ItemType | undefined;
  /** True when a function of `@Type` chooses the class by the payload. */
  readonly chosen: boolean;
  /** True with `@Transform`, which may return any value. */
  readonly transformed: boolean;
  /** True with a validator that accepts only dates. */
  readonly date: boolean;
  /** Undefined if `@Type` has no `discriminator`. */
  readonly discriminator: Discriminator | undefined;
}

/** A key of a value that selects its class. */
export interface Discriminator {
  readonly key: string;
  /** The names of the classes; undefined if other values select the class that `@Type` returns. */
  readonly names: readonly string[] | undefined;
}

export interface ClassShape {
  readonly type: Constructor;
  /** True when the class has a class-validator decorator. Other classes are only converted, and keep all keys. */
  readonly constrained: boolean;
  /** The properties with decorators, by the keys that they have in a payload. */
  readonly properties: ReadonlyMap<string, PropertyShape>;
  /** The names of the properties with class-validator decorators, as instances have them. */
  readonly validated: ReadonlySet<string>;
  /** The validated properties that must have a form, or have nested members. */
  readonly structured: readonly PropertyShape[];
  /** Recognizes valid instances; undefined when `validate` of class-validator always decides. */
  readonly quickCheck: QuickCheck | undefined;
  /** The inherited getters without a setter: class-transformer fails when a payload has such a key. */
  readonly inheritedGetters: ReadonlySet<string>;
  /** The classes of properties that need no `@Type`, because the compiler recorded them. */
  readonly implicitTypes: ReadonlyMap<string, Constructor>;
  /** True when a function of `@Transform` may have built a part of an instance. */
  transforms: boolean;
  /** The implicit types of this class and its nested classes, for class-transformer; undefined if there are none. */
  targetMaps: TargetMap[] | undefined;
}

/** The rules of a property: one for each of its class-validator decorators. */
export type Rules = ReturnType<
  ReturnType<ClassLibraries['validator']['getMetadataStorage']>['getTargetValidationMetadatas']
>;

/** The shapes that were read. */
export const shapes = new WeakMap<object, ClassShape>();

export function shapeOf(type: Constructor, libraries: ClassLibraries): ClassShape {
  const known = shapes.get(type);
  if (known !== undefined) return known;
  const shape = readShape(type, libraries);
  // Stored first, because a class may be nested in itself.
  shapes.set(type, shape);
  const targetMaps = reachableShapes(type, libraries).flatMap(targetMapOf);
  if (targetMaps.length > 0) shape.targetMaps = targetMaps;
  shape.transforms = shapesFrom(type, libraries, () => true).some((each) =>
    usesTransform(each, libraries),
  );
  return shape;
}

/** True also when a function of `@Type` chooses classes by the payload, because these are unknown. */
function usesTransform({ type, properties }: ClassShape, { storage }: ClassLibraries): boolean {
  for (const each of withBaseClasses(type)) if (storage._transformMetadatas.has(each)) return true;
  return [...properties.values()].some(({ chosen }) => chosen);
}

function targetMapOf({ type, implicitTypes }: ClassShape): TargetMap[] {
  if (implicitTypes.size === 0) return [];
  // Without prototype, because class-transformer looks up the keys of payloads in it.
  const properties = Object.assign(Object.create(null), Object.fromEntries(implicitTypes));
  return [{ target: type, properties }];
}

/** The shapes of a class and of all classes that are nested in it. */
export function reachableShapes(type: Constructor, libraries: ClassLibraries): ClassShape[] {
  return shapesFrom(type, libraries, ({ nested }) => nested);
}

/** The shapes of a class and of the classes of its properties, at all depths. Follows the selected properties. */
function shapesFrom(
  type: Constructor,
  libraries: ClassLibraries,
  isFollowed: (property: PropertyShape) => boolean,
): ClassShape[] {
  const found = new Map<Constructor, ClassShape>();
  const visit = (each: Constructor) => {
    if (found.has(each)) return;
    const shape = shapeOf(each, libraries);
    found.set(each, shape);
    for (const property of shape.properties.values())
      if (isFollowed(property)) itemTypesOf(shape, property.name, libraries).forEach(visit);
  };
  visit(type);
  return [...found.values()];
}

/** The classes of the values of a property. Omits classes that `@Type` chooses by the payload. */
export function itemTypesOf(
  { type, implicitTypes }: ClassShape,
  name: string,
  { storage }: ClassLibraries,
): readonly Constructor[] {
  const metadata = storage.findTypeMetadata(type, name);
  const types =
    metadata === undefined
      ? [implicitTypes.get(name)]
      : [typeFrom(metadata, {}, name), ...subTypesOf(metadata).map(({ value }) => value)];
  return types.filter(isPayloadClass);
}

/** The rules of each property of a class, with the inherited ones. */
export function rulesOf(type: Constructor, { validator }: ClassLibraries): Map<string, Rules> {
  const rules = new Map<string, Rules>();
  for (const rule of validator
    .getMetadataStorage()
    .getTargetValidationMetadatas(type, '', false, false))
    rules.set(rule.propertyName, [...(rules.get(rule.propertyName) ?? []), rule]);
  return rules;
}

/** The type that the compiler recorded for a property; undefined if it recorded none. */
export function declaredType({ prototype }: Constructor, name: string): unknown {
  return Reflect.getMetadata('design:type', prototype as object, name);
}

function isTransformed(
  type: Constructor,
  name: string,
  { storage, transformer }: ClassLibraries,
): boolean {
  const { PLAIN_TO_CLASS } = transformer.TransformationType;
  return storage.findTransformMetadatas(type, name, PLAIN_TO_CLASS).length > 0;
}

function readShape(type: Constructor, libraries: ClassLibraries): ClassShape {
  const { storage, validator } = libraries;
  const rules = rulesOf(type, libraries);
  guardValidators([...rules.values()].flat(), libraries);
  const implicitTypes = new Map<string, Constructor>();
  const all: PropertyShape[] = [];
  const properties = new Map<string, PropertyShape>();
  const names = new Set([...rules.keys(), ...typedProperties(type, libraries)]);
  for (const name of names) {
    const own = rules.get(name) ?? [];
    const nested = own.some((rule) => rule.type === validator.ValidationTypes.NESTED_VALIDATION);
    const form = formOf(declaredType(type, name), nested);
    const metadata = storage.findTypeMetadata(type, name);
    const transformed = isTransformed(type, name, libraries);
    const implicit =
      metadata === undefined && !transformed
        ? implicitType(declaredType(type, name), form, own)
        : undefined;
    if (implicit !== undefined) implicitTypes.set(name, implicit);
    const property: PropertyShape = {
      name,
      validated: own.length > 0,
      nested,
      form,
      itemType: metadata === undefined ? constant(implicit) : itemTypeOf(metadata, name),
      chosen: metadata !== undefined && metadata.typeFunction.length > 0,
      transformed,
      date: own.some(isDateRule),
      discriminator: metadata && discriminatorOf(metadata),
    };
    all.push(property);
    properties.set(name, property);
  }
  // In a second loop, because class-transformer prefers the key of one property to the name of another.
  for (const property of all) {
    const key = storage.findExposeMetadata(type, property.name)?.options?.name;
    if (key !== undefined) properties.set(key, property);
  }
  const structured = all.filter(
    ({ validated, nested, form }) => validated && (nested || form !== undefined),
  );
  return {
    type,
    constrained: rules.size > 0,
    properties,
    validated: new Set(rules.keys()),
    structured,
    quickCheck: structured.every(({ form }) => form === 'list')
      ? compileQuickCheck(
          type,
          [...rules.values()].flat(),
          structured.map(({ name }) => name),
          validator,
        )
      : undefined,
    inheritedGetters: inheritedGettersOf(type),
    implicitTypes,
    transforms: false,
    targetMaps: undefined,
  };
}

/** Only for rules with `each`: the promises of other rules are handled by the validation. */
function guardValidators(rules: Rules, { validator }: ClassLibraries): void {
  const storage = validator.getMetadataStorage();
  for (const { each, constraintCls } of rules)
    if (each) storage.getTargetValidatorConstraints(constraintCls).forEach(handleRejections);
}

/** The properties with `@Type`, also inherited ones. */
function* typedProperties(type: Constructor, { storage }: ClassLibraries): Iterable<string> {
  for (const each of withBaseClasses(type)) yield* storage._typeMetadatas.get(each)?.keys() ?? [];
}

function* withBaseClasses(type: Constructor): Iterable<object> {
  for (let each: unknown = type; typeof each === 'function'; each = Object.getPrototypeOf(each))
    yield each;
}

function formOf(declared: unknown, nested: boolean): Form | undefined {
  if (declared === Array) return 'list';
  if (declared === Set) return 'set';
  if (declared === Map) return 'map';
  return nested && isPayloadClass(declared) ? 'object' : undefined;
}

/** True for `@IsDate`, `@MinDate` and `@MaxDate`. */
export function isDateRule({ name }: Rules[number]): boolean {
  return name === 'isDate' || name === 'minDate' || name === 'maxDate';
}

/** The class of a nested object, and Date for a validator of dates: without it every payload would be invalid. */
function implicitType(
  declared: unknown,
  form: Form | undefined,
  rules: Rules,
): Constructor | undefined {
  const isDate = declared === Date && rules.some(isDateRule);
  return form === 'object' || isDate ? (declared as Constructor) : undefined;
}

function itemTypeOf(metadata: TypeMetadata, name: string): ItemType | undefined {
  const subTypes = subTypesOf(metadata);
  if (subTypes.length === 0 && metadata.typeFunction.length === 0)
    return constant(typeFrom(metadata, {}, name));
  const key = metadata.options.discriminator?.property;
  return (value, parent) => {
    const selected: unknown = key && Reflect.get(value, key);
    const type =
      subTypes.find((subType) => subType.name === selected)?.value ??
      typeFrom(metadata, parent, name);
    return isPayloadClass(type) ? type : undefined;
  };
}

function discriminatorOf(metadata: TypeMetadata): Discriminator | undefined {
  const key = metadata.options.discriminator?.property;
  if (key === undefined) return undefined;
  const names = subTypesOf(metadata).map(({ name }) => name);
  // A function that chooses the class by the payload is meant for the values that have no name.
  const isNamed = names.length > 0 && metadata.typeFunction.length === 0;
  return { key, names: isNamed ? names : undefined };
}

function constant(type: unknown): ItemType | undefined {
  return isPayloadClass(type) ? () => type : undefined;
}

/** The classes that the discriminator of `@Type` selects. */
export function subTypesOf({ options }: TypeMetadata): readonly SubType[] {
  return options.discriminator?.subTypes ?? [];
}

/** Undefined when the function throws, because it needs another payload. */
function typeFrom({ typeFunction }: TypeMetadata, object: object, property: string): unknown {
  try {
    return typeFunction({ newObject: {}, object, property });
  } catch {
    return undefined;
  }
}

function isPayloadClass(type: unknown): type is Constructor {
  return payloadTypeOf(type)?.kind === 'class';
}

function inheritedGettersOf({ prototype }: Constructor): ReadonlySet<string> {
  const getters = new Set<string>();
  const seen = new Set(Object.getOwnPropertyNames(prototype));
  let each = Object.getPrototypeOf(prototype) as object | null;
  for (; each !== null && each !== Object.prototype; each = Object.getPrototypeOf(each) as object) {
    const descriptors = Object.entries(Object.getOwnPropertyDescriptors(each));
    for (const [name, property] of descriptors) {
      const isGetter = property.get !== undefined && property.set === undefined;
      if (isGetter && !seen.has(name)) getters.add(name);
      seen.add(name);
    }
  }
  return getters;
}
