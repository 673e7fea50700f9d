// Imports class-transformer and class-validator, and finds second copies of them.
import { createRequire } from 'node:module';
import type { ValidationError } from 'class-validator';
import { importFrom } from '../message/package.js';
import type { Constructor } from './payload-type.js';

type Validator = typeof import('class-validator');
type Transformer = typeof import('class-transformer');
type Metadata = ReadonlyMap<object, ReadonlyMap<string, unknown>>;

/** A class that a discriminator selects. Its value is undefined in a circular import. */
export interface SubType {
  readonly name: string;
  readonly value: Constructor | undefined;
}

/** The record of `@Type` for a property. */
export interface TypeMetadata {
  readonly typeFunction: (options: {
    readonly newObject: object;
    readonly object: object;
    readonly property: string;
  }) => unknown;
  readonly options: {
    readonly keepDiscriminatorProperty?: boolean;
    readonly discriminator?: {
      readonly property: string;
      readonly subTypes?: readonly SubType[];
    };
  };
}

/** The decorators that one copy of class-transformer has recorded. Version 0.5.1 does not export it from its main module. */
export interface TransformerStorage {
  readonly _typeMetadatas: Metadata;
  readonly _transformMetadatas: Metadata;
  readonly _exposeMetadatas: Metadata;
  readonly _excludeMetadatas: Metadata;
  findTypeMetadata(type: object, property: string): TypeMetadata | undefined;
  findTransformMetadatas(type: object, property: string, kind: number): readonly unknown[];
  /** The class-level decorator: `excludeAll` for `@Exclude()`. */
  getStrategy(type: object): 'excludeAll' | 'exposeAll' | 'none';
  getExposedProperties(type: object, kind: number): readonly (string | undefined)[];
  getExcludedProperties(type: object, kind: number): readonly (string | undefined)[];
  findExposeMetadata(
    type: object,
    property: string,
  ): { readonly options?: { readonly name?: string } } | undefined;
}

/** One validation. class-validator does not export it from its main module. */
export interface ValidationExecutor {
  /** The promises of asynchronous validators that have been called. */
  readonly awaitingPromises: readonly Promise<unknown>[];
  execute(instance: object, schema: undefined, errors: ValidationError[]): void;
  stripEmptyErrors(errors: readonly ValidationError[]): readonly ValidationError[];
}

interface ExecutorModule {
  readonly ValidationExecutor: new (
    validator: InstanceType<Validator['Validator']>,
    options: object,
  ) => ValidationExecutor;
}

export interface ClassLibraries {
  readonly transformer: Transformer;
  readonly validator: Validator;
  readonly executors: ExecutorModule;
  readonly storage: TransformerStorage;
}

interface StorageModule {
  readonly defaultMetadataStorage: TransformerStorage;
}

const { cache } = createRequire(import.meta.url);

/**
 * Imports both libraries, which takes a tenth of a second.
 *
 * @throws {MessagingError} `package-missing` when one of them is not installed
 * @throws {Error} when a bundle contains class-transformer twice
 */
export async function importLibraries(): Promise<ClassLibraries> {
  const [transformer, validator, { defaultMetadataStorage: storage }, executors] = await importFrom(
    ['class-transformer', 'class-validator'],
    () =>
      Promise.all([
        import('class-transformer'),
        import('class-validator'),
        // @ts-expect-error -- the module has no declarations
        import('class-transformer/cjs/storage.js') as Promise<StorageModule>,
        // @ts-expect-error -- the package declares its types for other paths
        import('class-validator/cjs/validation/ValidationExecutor.js') as Promise<ExecutorModule>,
      ]),
  );
  requireOneCopy(transformer, storage);
  return { transformer, validator, storage, executors };
}

/** True when a module of the process has imported class-validator, which keeps its decorators in a global variable. */
export function usesClassValidator(): boolean {
  return 'classValidatorMetadataStorage' in globalThis;
}

/** The main files of all copies of class-validator that the process has loaded, without those in a bundle. */
export function validatorCopies(): readonly string[] {
  return Object.keys(cache).filter((file) =>
    /[\\/]class-validator[\\/]cjs[\\/]index\.js$/.test(file),
  );
}

/** The file of a second copy of class-transformer that has recorded decorators of the class; our copy ignores them. */
export function foreignTransformerOf(
  type: Constructor,
  { storage }: ClassLibraries,
): string | undefined {
  return Object.keys(cache).find((file) => {
    if (!/[\\/]class-transformer[\\/]cjs[\\/]storage\.js$/.test(file)) return false;
    const { defaultMetadataStorage: other } = cache[file]!.exports as StorageModule;
    return other !== storage && hasDecorators(type, other);
  });
}

function hasDecorators(type: Constructor, storage: TransformerStorage): boolean {
  const { _typeMetadatas, _transformMetadatas, _exposeMetadatas, _excludeMetadatas } = storage;
  return [_typeMetadatas, _transformMetadatas, _exposeMetadatas, _excludeMetadatas].some((each) =>
    each.has(type),
  );
}

/** @throws {Error} when the storage belongs to another copy, as some bundlers arrange it */
function requireOneCopy({ Type }: Transformer, storage: TransformerStorage): void {
  class Probe {}
  Type(() => Probe)(Probe.prototype, 'probe');
  if (storage.findTypeMetadata(Probe, 'probe') !== undefined) return;
  throw new Error(
    'class-transformer is in the bundle twice; exclude class-transformer and signalbox from it.',
  );
}
