// Finds mistakes in payload classes: decorators that reject every payload or disable a check.
import { foreignTransformerOf, type ClassLibraries } from './class-libraries.js';
import {
  declaredType,
  isDateRule,
  itemTypesOf,
  reachableShapes,
  rulesOf,
  shapeOf,
  subTypesOf,
  type ClassShape,
  type Form,
  type PropertyShape,
  type Rules,
} from './class-shape.js';
import type { Constructor } from './payload-type.js';

/** Returns sentences that name class, property and fix, for the class and its nested classes. */
export function findClassMistakes(type: Constructor, libraries: ClassLibraries): readonly string[] {
  return reachableShapes(type, libraries).flatMap((shape) => [
    ...foreignDecorators(shape, libraries),
    ...constructorMistakes(shape),
    ...propertyMistakes(shape, libraries),
  ]);
}

function foreignDecorators({ type }: ClassShape, libraries: ClassLibraries): string[] {
  const file = foreignTransformerOf(type, libraries);
  if (file === undefined) return [];
  return [
    `${type.name} has decorators of a second copy of class-transformer, ${file}, which have no effect; install one version (see npm ls class-transformer).`,
  ];
}

/** class-transformer passes no arguments. A constructor without parameters is not called, because it cannot need them. */
function constructorMistakes({ type }: ClassShape): string[] {
  if (type.length === 0) return [];
  try {
    Reflect.construct(type, []);
    return [];
  } catch (error) {
    return [
      `${type.name} cannot be created without arguments (${String(error)}), so every payload would be invalid; remove the parameters of its constructor, or give them default values.`,
    ];
  }
}

function propertyMistakes(shape: ClassShape, libraries: ClassLibraries): string[] {
  const { type } = shape;
  const rules = rulesOf(type, libraries);
  return [...new Set(shape.properties.values())].flatMap((property) => {
    const { name, transformed } = property;
    // `@Transform` may return a value of any form.
    if (transformed) return [];
    const own = rules.get(name) ?? [];
    const mistake =
      untypedMistake(shape, property, own) ??
      collectionMistake(shape, property, libraries) ??
      discriminatorMistake(shape, property, libraries) ??
      conversionMistake(shape, property, own, libraries) ??
      nestedMistake(shape, property, libraries) ??
      formlessMistake(shape, property, own) ??
      membersMistake(property, own) ??
      contradiction(property, own) ??
      uncheckedMistake(shape, property, libraries) ??
      excludedMistake(shape, property, own, libraries);
    return mistake === undefined ? [] : [`${type.name}.${name}: ${mistake}`];
  });
}

/** The validators that accept only arrays, or only objects. */
const formValidators = /^(?:array[A-Z]|isArray$|isObject$|isNotEmptyObject$|isInstance$)/;

const arrayValidators = /^(?:array[A-Z]|isArray$)/;
const objectValidators = /^(?:isObject|isNotEmptyObject)$/;

/** The first validator of the value itself, not of its members, with such a name. */
function validatorOf(rules: Rules, names: RegExp): string | undefined {
  return rules.find(({ name = '', each }) => !each && names.test(name))?.name;
}

/** If the form is unknown, `@ValidateNested` and `each` accept both arrays and single values. */
function lacksForm({ form, nested }: PropertyShape, rules: Rules): boolean {
  if (form !== undefined) return false;
  if (!nested && !rules.some(({ each }) => each)) return false;
  return validatorOf(rules, formValidators) === undefined;
}

function untypedMistake(
  { type }: ClassShape,
  property: PropertyShape,
  rules: Rules,
): string | undefined {
  if (declaredType(type, property.name) !== undefined || !lacksForm(property, rules))
    return undefined;
  return `the compiler's type is missing, so arrays and single values cannot be distinguished; import 'signalbox' or 'reflect-metadata' before the module of the class, and compile with emitDecoratorMetadata, or (esbuild, tsx) add ${formDecorators(property)}. ${collectionHint}`;
}

/** All decorators that a nested property without a type needs, so that one start reports them. */
function formDecorators({ nested, itemType }: PropertyShape): string {
  const form = '@IsArray() or @IsObject()';
  return nested && itemType === undefined
    ? `${form}, and @Type(() => Item) of class-transformer`
    : form;
}

/** The compiler records a union, an interface and a mapped type as Object. */
function formlessMistake(
  { type }: ClassShape,
  property: PropertyShape,
  rules: Rules,
): string | undefined {
  if (declaredType(type, property.name) !== Object || !lacksForm(property, rules)) return undefined;
  return `the compiler records its type as Object, as it does for unions such as Item | null, and for Partial<Item>, so arrays and single values cannot be distinguished; add ${formDecorators(property)}. ${collectionHint}`;
}

/** Without the compiler's type, class-transformer treats a Map as one object. */
function membersMistake(property: PropertyShape, rules: Rules): string | undefined {
  if (property.form !== undefined || !rules.some(({ each }) => each)) return undefined;
  if (validatorOf(rules, objectValidators) === undefined) return undefined;
  return `the members of an object are validated only in a Map, so every payload with this property would be invalid; for a single object, remove each: true. ${collectionHint}`;
}

const collectionHint =
  "For a Map or Set, add @Reflect.metadata('design:type', Map) below the other decorators of the property.";

/** The validators that reject every value of a form. */
const refused: Readonly<Record<Form, RegExp>> = {
  list: objectValidators,
  set: /^(?:array[A-Z]|isArray$|isNotEmptyObject$)/,
  map: /^(?:array[A-Z]|isArray$|isNotEmptyObject$)/,
  object: arrayValidators,
};

function contradiction({ form }: PropertyShape, rules: Rules): string | undefined {
  const name = form && validatorOf(rules, refused[form]);
  if (name === undefined) return undefined;
  const decorator = `@${name[0]!.toUpperCase()}${name.slice(1)}()`;
  return `${decorator} refuses every value of the declared type; remove it, or declare another type.`;
}

/** class-transformer creates dates and instances only for properties with a known class. */
function conversionMistake(
  { type, implicitTypes }: ClassShape,
  { name }: PropertyShape,
  rules: Rules,
  { storage }: ClassLibraries,
): string | undefined {
  if (implicitTypes.has(name) || storage.findTypeMetadata(type, name) !== undefined)
    return undefined;
  if (rules.some(isDateRule))
    return `it accepts only dates, which JSON does not have, so every payload with this property would be invalid; add @Type(() => Date) of class-transformer.${untypedHint(type, name)}`;
  const expected: unknown = rules.find((rule) => rule.name === 'isInstance')?.constraints[0];
  if (typeof expected !== 'function' || expected === Object || expected === Array) return undefined;
  return `it accepts only instances of ${expected.name}, so every payload with this property would be invalid; add @Type(() => ${expected.name}) of class-transformer.`;
}

/** `@Type` converts, and only `@ValidateNested` validates. */
function uncheckedMistake(
  shape: ClassShape,
  { name, validated, nested }: PropertyShape,
  libraries: ClassLibraries,
): string | undefined {
  if (!validated || nested) return undefined;
  const unchecked = itemTypesOf(shape, name, libraries).find(
    (type) => shapeOf(type, libraries).constrained,
  );
  if (unchecked === undefined) return undefined;
  return `the decorators of its class ${unchecked.name} have no effect; add @ValidateNested(), for the members of an array, Set or Map with { each: true }.`;
}

function collectionMistake(
  { type }: ClassShape,
  { name, form, validated }: PropertyShape,
  { storage }: ClassLibraries,
): string | undefined {
  if (!validated || (form !== 'map' && form !== 'set')) return undefined;
  if (storage.findTypeMetadata(type, name) !== undefined) return undefined;
  const collection = form === 'map' ? 'Map' : 'Set';
  return `payloads are converted to a ${collection} only with @Type() of class-transformer; add it with the class of the members, as in @Type(() => Item).${secondCopyHint}`;
}

/** class-validator rejects each object of a class that has no decorators. */
function nestedMistake(
  shape: ClassShape,
  { name, nested, itemType }: PropertyShape,
  libraries: ClassLibraries,
): string | undefined {
  if (!nested) return undefined;
  const types = itemTypesOf(shape, name, libraries);
  if (types.length > 0 && types.every((type) => !shapeOf(type, libraries).constrained))
    return `its class ${types[0]!.name} has no decorators of class-validator, so every payload with this property would be invalid; add decorators, or remove @ValidateNested().`;
  if (itemType !== undefined) return undefined;
  const hint = `${untypedHint(shape.type, name)}${secondCopyHint}`;
  return `the class of its value is unknown, so every payload with this property would be invalid; add @Type() of class-transformer, as in @Type(() => Item).${hint}`;
}

function discriminatorMistake(
  { type }: ClassShape,
  { name, nested, discriminator }: PropertyShape,
  libraries: ClassLibraries,
): string | undefined {
  const metadata = libraries.storage.findTypeMetadata(type, name);
  if (metadata === undefined || discriminator === undefined) return undefined;
  const subTypes = subTypesOf(metadata);
  const missing = subTypes.find(({ value }) => value === undefined);
  if (missing !== undefined)
    return `the class of '${missing.name}' in the discriminator is undefined (a circular import), so every payload with this name would be invalid; move the class to the module of ${type.name}, or to one that does not import it.`;
  if (!nested || metadata.options.keepDiscriminatorProperty === true) return undefined;
  const { key } = discriminator;
  const requiring = subTypes.find(({ value }) =>
    isRequired(rulesOf(value!, libraries).get(key) ?? [], libraries),
  );
  if (requiring === undefined) return undefined;
  return `class-transformer removes the discriminator '${key}', and ${requiring.value!.name} has a validator for it, so every payload with this property would be invalid; add keepDiscriminatorProperty: true to the options of @Type().`;
}

/** True when a validator refuses a value that is missing. */
function isRequired(rules: Rules, { validator }: ClassLibraries): boolean {
  const { CONDITIONAL_VALIDATION, WHITELIST, NESTED_VALIDATION } = validator.ValidationTypes;
  const types = rules.map((rule) => rule.type);
  if (types.includes(CONDITIONAL_VALIDATION)) return false;
  // A missing object is valid for `@ValidateNested`.
  return types.some((each) => each !== WHITELIST && each !== NESTED_VALIDATION);
}

/** class-transformer drops a property with `@Exclude()`. */
function excludedMistake(
  { type }: ClassShape,
  { name }: PropertyShape,
  rules: Rules,
  libraries: ClassLibraries,
): string | undefined {
  const { storage, transformer } = libraries;
  const { PLAIN_TO_CLASS } = transformer.TransformationType;
  const isExcluded =
    storage.getExcludedProperties(type, PLAIN_TO_CLASS).includes(name) ||
    (storage.getStrategy(type) === 'excludeAll' &&
      !storage.getExposedProperties(type, PLAIN_TO_CLASS).includes(name));
  if (!isExcluded || !isRequired(rules, libraries) || hasDefault(type, name)) return undefined;
  return '@Exclude() removes it from every payload, so every payload would be invalid; remove its validators, or write @Exclude({ toPlainOnly: true }), which keeps it in the payloads of clients.';
}

/** True when the class itself initializes the property. */
function hasDefault(type: Constructor, name: string): boolean {
  try {
    return Reflect.get(Reflect.construct(type, []) as object, name) !== undefined;
  } catch {
    return true;
  }
}

/** A class that was evaluated before reflect-metadata has lost its types. */
function untypedHint(type: Constructor, name: string): string {
  return declaredType(type, name) === undefined
    ? " The compiler's type is missing: if you compile with emitDecoratorMetadata, import 'signalbox' or 'reflect-metadata' before the module of the class."
    : '';
}

const secondCopyHint =
  ' If it is there, its class is undefined (a circular import) or class-transformer is installed twice (see npm ls class-transformer).';
