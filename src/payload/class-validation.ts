// Converts plain objects to instances of a class, and validates them with its decorators and the types of its properties.
import type { ValidationError } from 'class-validator';
import type { FieldProblem, MessagingError } from '../message/error.js';
import { findClassMistakes } from './class-mistakes.js';
import {
  importLibraries,
  usesClassValidator,
  validatorCopies,
  type ClassLibraries,
} from './class-libraries.js';
import { defaultClassRules, type ClassRules } from './class-rules.js';
import { itemTypesOf, reachableShapes, shapeOf, shapes, type ClassShape } from './class-shape.js';
import { causeOf, fieldLimit, fieldProblem, payloadInvalid } from './field-problem.js';
import { InstanceWalk } from './instance-walk.js';
import type { Constructor } from './payload-type.js';
import { PlainWalk } from './plain-walk.js';
import { refusedTransform } from './transform-promises.js';

let loading: Promise<ClassLibraries> | undefined;
let loaded: ClassLibraries | undefined;

/** True when a class was checked before the libraries were imported. */
let areNeeded = false;

/**
 * Imports the libraries if the application uses class-validator, or if a payload class was checked: the first payload is faster,
 * and classes can be checked.
 *
 * @throws {MessagingError} `package-missing` when one of them is not installed
 */
export async function prepareClasses(rules: ClassRules = defaultClassRules): Promise<void> {
  if (!areNeeded && !usesClassValidator()) return;
  await load();
  const files = validatorCopies();
  if (files.length > 1) rules.onSecondCopy(files);
}

/** Returns sentences about mistakes in the decorators of a class and of the classes in it, each with its fix. */
export function checkClass(
  type: Constructor,
  rules: ClassRules = defaultClassRules,
): readonly string[] {
  const isUnvalidated =
    loaded === undefined ? !usesClassValidator() : !shapeOf(type, loaded).constrained;
  if (isUnvalidated) rules.onUnvalidated(type);
  areNeeded ||= loaded === undefined;
  if (loaded === undefined) return [];
  reportUndeclared(type, rules, loaded);
  return findClassMistakes(type, loaded);
}

/** Only a warning: a class may also be used for values that the server sends. */
function reportUndeclared(type: Constructor, rules: ClassRules, libraries: ClassLibraries): void {
  for (const shape of reachableShapes(type, libraries)) {
    if (!shape.constrained) continue;
    for (const { name, validated, chosen } of new Set(shape.properties.values())) {
      if (validated) continue;
      const nested = itemTypesOf(shape, name, libraries).some(
        (each) => shapeOf(each, libraries).constrained,
      );
      rules.onUndeclared(shape.type, name, nested || chosen);
    }
  }
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
  const walk = new PlainWalk(libraries, rules);
  const targetMaps = walk.check(plain, shape);
  const { unknown } = walk;
  const { constrained, quickCheck } = shape;
  let instance: object;
  try {
    instance = libraries.transformer.plainToInstance(type as new () => object, plain, {
      targetMaps,
    });
  } catch (error) {
    throw failed(type, error, rules, [...unknown, unconverted]);
  }
  if (shape.transforms) {
    const refused = refusedTransform(instance);
    if (refused !== undefined) throw failed(type, refused, rules, [...unknown, unconverted]);
  }
  try {
    if (unknown.length === 0 && (!constrained || quickCheck?.(instance) === true)) return instance;
  } catch (error) {
    throw failed(type, error, rules, []);
  }
  return validate(instance, shape, rules, libraries, unknown);
}

const unconverted: FieldProblem = { path: '', message: 'cannot be converted' };

/**
 * `validateSync` ignores validators that return a promise, and they can be recognized only by calling them.
 *
 * @param unknown the unknown properties, which make the payload invalid
 */
async function validate(
  instance: object,
  shape: ClassShape,
  rules: ClassRules,
  libraries: ClassLibraries,
  unknown: readonly FieldProblem[],
): Promise<object> {
  let problems: readonly FieldProblem[];
  try {
    problems = withOthers(unknown, await problemsOf(instance, shape, rules, libraries));
  } catch (error) {
    throw failed(shape.type, error, rules, unknown);
  }
  if (problems.length > 0) throw payloadInvalid(problems);
  return instance;
}

/** The error keeps its cause, so that it is logged, unless it is already in the log. */
function failed(
  type: Constructor,
  error: unknown,
  rules: ClassRules,
  fields: readonly FieldProblem[],
): MessagingError {
  return payloadInvalid(fields, rules.onFailure(type, error) ? causeOf(error) : undefined);
}

function load(): Promise<ClassLibraries> {
  return (loading ??= importLibraries().then((libraries) => (loaded = libraries)));
}

const validatorOptions = { validationError: { target: false } };

async function problemsOf(
  instance: object,
  shape: ClassShape,
  rules: ClassRules,
  libraries: ClassLibraries,
): Promise<readonly FieldProblem[]> {
  const misshapen =
    shape.structured.length > 0 ? new InstanceWalk(libraries, rules).check(instance, shape) : [];
  if (misshapen.length >= fieldLimit) return misshapen;
  const errors = await validationErrors(instance, libraries);
  if (errors.length === 0) return misshapen;
  const invalid: FieldProblem[] = [];
  collectProblems(errors, [], invalid);
  return withOthers(misshapen, invalid);
}

/** The first problems, and the others that do not concern the same values. */
function withOthers(
  first: readonly FieldProblem[],
  others: readonly FieldProblem[],
): readonly FieldProblem[] {
  if (first.length === 0) return others;
  return [
    ...first,
    ...others.filter(({ path }) => !first.some((each) => isWithin(path, each.path))),
  ];
}

/**
 * Works like `validate` of class-validator, which does not handle the rejections of asynchronous validators when another validator
 * throws: an unhandled rejection ends the process.
 */
async function validationErrors(
  instance: object,
  { validator, executors }: ClassLibraries,
): Promise<readonly ValidationError[]> {
  const executor = new executors.ValidationExecutor(new validator.Validator(), validatorOptions);
  const errors: ValidationError[] = [];
  try {
    executor.execute(instance, undefined, errors);
  } finally {
    for (const promise of executor.awaitingPromises) promise.catch(() => {});
  }
  await Promise.all(executor.awaitingPromises);
  return executor.stripEmptyErrors(errors);
}

/** True for the path of the value and for the paths of its members. */
function isWithin(path: string, value: string): boolean {
  return path === value || path.startsWith(`${value}.`);
}

function isPlainObject(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** Collects the problems that are reported, at most as many as one error may have. */
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
