// Finds mistakes in the decorators of payload classes that would reject every payload, or switch checks off.
import { foreignTransformerOf, type ClassLibraries } from './class-libraries.js';
import {
  declaredType,
  isTransformed,
  itemTypesOf,
  reachableShapes,
  rulesOf,
  shapeOf,
  type ClassShape,
  type PropertyShape,
  type Rules,
} from './class-shape.js';
import type { Constructor } from './payload-type.js';

/** Returns sentences that name class, property and fix, also for the classes that are nested in the class. */
export function findClassMistakes(type: Constructor, libraries: ClassLibraries): readonly string[] {
  return reachableShapes(type, libraries).flatMap((shape) => [
    ...foreignDecorators(shape, libraries),
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

function propertyMistakes(shape: ClassShape, libraries: ClassLibraries): string[] {
  const { type } = shape;
  const rules = rulesOf(type, libraries);
  return [...new Set(shape.properties.values())].flatMap((property) => {
    const { name } = property;
    // Its function may return a value of any form.
    if (isTransformed(type, name, libraries)) return [];
    const own = rules.get(name) ?? [];
    const mistake =
      untypedMistake(shape, property, own) ??
      collectionMistake(shape, property, libraries) ??
      nestedMistake(shape, property, libraries);
    return mistake === undefined ? [] : [`${type.name}.${name}: ${mistake}`];
  });
}

/** The validators that refuse all values that are not arrays, or not objects. */
const formValidators = /^(?:array[A-Z]|isArray$|isObject$|isNotEmptyObject$|isInstance$)/;

/** Without the compiler's type, arrays and single values are the same for `@ValidateNested` and `each`. */
function untypedMistake(
  { type }: ClassShape,
  { name, nested }: PropertyShape,
  rules: Rules,
): string | undefined {
  if (declaredType(type, name) !== undefined) return undefined;
  if (!nested && !rules.some(({ each }) => each)) return undefined;
  if (rules.some((rule) => formValidators.test(rule.name ?? ''))) return undefined;
  return "the compiler's type is missing, so arrays and single values cannot be told apart; import 'signalbox' or 'reflect-metadata' before the module of the class, and compile with emitDecoratorMetadata, or (esbuild, tsx) add @IsArray() or @IsObject().";
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

/** class-validator refuses each object whose class it does not know. */
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
  return `the class of its value is unknown, so every payload with this property would be invalid; add @Type() of class-transformer, as in @Type(() => Item).${secondCopyHint}`;
}

const secondCopyHint =
  ' If it is there, its class is undefined (a circular import) or class-transformer is installed twice (see npm ls class-transformer).';
