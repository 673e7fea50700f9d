// Recognizes valid instances of a class without the metadata look-ups, error objects and promises of class-validator.

type Validator = typeof import('class-validator');
type Rule = ReturnType<
  ReturnType<Validator['getMetadataStorage']>['getTargetValidationMetadatas']
>[number];
type Constraint = ReturnType<
  ReturnType<Validator['getMetadataStorage']>['getTargetValidatorConstraints']
>[number];

/** Returns true when the instance is valid. False means that `validate` of class-validator decides. */
export type QuickCheck = (instance: object) => boolean;

/** A validator of class-validator on a property. */
interface Check {
  readonly constraint: Constraint;
  readonly rule: Rule;
}

interface CheckedProperty {
  readonly name: string;
  /** True with `@IsOptional`: undefined and null are valid. */
  optional: boolean;
  /** True when it is declared as an array. */
  readonly list: boolean;
  readonly checks: Check[];
}

/**
 * Undefined when a decorator does not have the name of a validator of class-validator. Validators of the application may be
 * asynchronous or have side effects, so only `validate` calls them. A validator with the name of a library's validator may run
 * twice.
 *
 * @param rules the decorators of the class and its base classes
 * @param lists the properties that are declared as arrays
 */
export function compileQuickCheck(
  type: { readonly name: string },
  rules: readonly Rule[],
  lists: readonly string[],
  validator: Validator,
): QuickCheck | undefined {
  const names = ownNames(validator);
  const storage = validator.getMetadataStorage();
  const properties = new Map<string, CheckedProperty>();
  for (const rule of rules) {
    const { propertyName: name, validateIf } = rule;
    let property = properties.get(name);
    if (property === undefined) {
      property = { name, optional: false, list: lists.includes(name), checks: [] };
      properties.set(name, property);
    }
    if (rule.type === validator.ValidationTypes.WHITELIST) continue;
    if (rule.name === undefined || !names.has(rule.name) || validateIf !== undefined)
      return undefined;
    if (rule.name === validator.IS_OPTIONAL) property.optional = true;
    for (const constraint of storage.getTargetValidatorConstraints(rule.constraintCls))
      property.checks.push({ constraint, rule });
  }
  const checked = [...properties.values()];
  return (instance) => {
    // class-validator applies the decorators of the instance's class, and a constructor may return an instance of another class.
    if (instance.constructor !== type) return false;
    const values = instance as Record<string, unknown>;
    for (const { name, optional, list, checks } of checked) {
      const value = values[name];
      const isMissing = value === undefined || value === null;
      if (optional && isMissing) continue;
      if (list && !isMissing && !Array.isArray(value)) return false;
      for (const check of checks) if (!passes(check, value, instance, type.name)) return false;
    }
    return true;
  };
}

/** False also for collections other than arrays, which `validate` converts. */
function passes(
  { constraint, rule }: Check,
  value: unknown,
  object: object,
  targetName: string,
): boolean {
  const { propertyName: property, constraints, each } = rule;
  const details = { targetName, property, object, value, constraints };
  if (!each) return isTrue(constraint.instance.validate(value, details));
  return (
    Array.isArray(value) &&
    value.every((item) => isTrue(constraint.instance.validate(item, details)))
  );
}

/**
 * Ignores the rejection of a promise. A validator of the application may have the name of a library's validator and return a
 * promise.
 */
function isTrue(verdict: boolean | Promise<boolean>): boolean {
  if (verdict instanceof Promise) verdict.catch(() => undefined);
  return verdict === true;
}

/** The names of the library's own validators, which it exports as constants such as `IS_STRING`. */
export function ownNames(validator: Validator): ReadonlySet<unknown> {
  return new Set(Object.values(validator).filter((exported) => typeof exported === 'string'));
}
