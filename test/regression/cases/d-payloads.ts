// Faults D1 to D3, D7 and D8: payloads, from the bytes of a client to the handler's argument and back.
import 'reflect-metadata';
import { Exclude, Transform, Type } from 'class-transformer';
import {
  IsArray,
  IsDate,
  IsIn,
  IsInstance,
  IsNumber,
  IsObject,
  IsOptional,
  IsString,
  ValidateNested,
} from 'class-validator';
import { createRequire } from 'node:module';
import {
  Controller,
  MessageMapping,
  Payload,
  type Constructor,
  type ServerOptions,
} from '../../../src/index.js';
import { bothLanguages, oneClient, type Case } from '../case.js';
import { messagesOf, problemsOf } from '../client.js';
import { expectEqual, expectThat } from '../expect.js';
import type { Setup } from '../setup.js';
import { withoutTypes } from '../../payload/without-types.js';

export { withoutTypes };

/** The results of payloads that a client has sent to one handler. */
interface Outcome {
  /** The arguments of the handler, one for each call. */
  readonly received: readonly object[];
  /** The problems of the client: code and fields. */
  readonly problems: readonly { readonly code: string; readonly text: string }[];
  /** The error with which the server refused to start. */
  readonly refusal: string | undefined;
  readonly log: string;
}

/** Sends payloads to a handler whose argument is of this class. */
async function deliver(
  setup: Setup,
  type: Constructor,
  payloads: readonly unknown[],
  options: ServerOptions = {},
): Promise<Outcome> {
  const received: object[] = [];
  @Controller()
  class PayloadController {
    @MessageMapping('/payloads')
    take(@Payload(type) payload: object) {
      received.push(payload);
    }
  }
  const refusal = await setup.startUnlessRefused({ ...options, controllers: [PayloadController] });
  if (refusal !== undefined)
    return { received, problems: [], refusal: refusal.message, log: setup.logText };
  const client = await setup.connect({ problems: true });
  for (const payload of payloads)
    client.send('SEND', { destination: '/app/payloads' }, JSON.stringify(payload));
  await setup.settle();
  return { received, problems: problemsOf(client), refusal: undefined, log: setup.logText };
}

/** Expects the names of class and property in the refusal at start or in the log. */
function expectNamed({ refusal = '', log }: Outcome, ...names: readonly string[]): void {
  const text = `${refusal}\n${log}`;
  for (const name of names)
    expectThat(text.includes(name), `Neither a refusal at start nor the log names ${name}.`);
}

/** A new class for each run, as the log names a class once. */
function halfChecked(): Constructor {
  class Half {
    @IsString()
    name!: string;

    age!: number;
  }
  return Half;
}

function typedAlone(): Constructor {
  class Typed {
    @IsString()
    name!: string;

    @Type(() => Number)
    age!: number;
  }
  return Typed;
}

/** A property is dropped; the log must name it once for all messages. */
function droppedField(name: string, define: () => Constructor): Case {
  return {
    fault: 'D1',
    name,
    title: `A property that is dropped from a payload (${name}) is logged once, with @Allow()`,
    ...bothLanguages,
    async run(setup) {
      const type = define();
      const outcome = await deliver(setup, type, [
        { name: 'a', age: 3 },
        { name: 'b', age: 4 },
      ]);
      const ages = outcome.received.map((payload) => (payload as { age?: number }).age);
      if (ages.join() === '3,4') return;
      expectNamed(outcome, type.name, 'age', '@Allow()');
      const lines = setup.log.filter(({ text }) => text.includes('@Allow()'));
      expectThat(lines.length <= 1, `The log has ${lines.length} lines about it.`);
    },
  };
}

/** Payloads that would change more than a property if their keys were assigned. */
const pollutingPayloads = [
  '{"name":"a","__proto__":{"admin":true}}',
  '{"name":"a","constructor":{"prototype":{"admin":true}}}',
  '{"name":"a","more":{"__proto__":{"admin":true}}}',
  '{"name":"a","more":{"constructor":{"prototype":{"admin":true}}}}',
];

const pollutingKeys = (['drop', 'reject', 'keep'] as const).map((unknownProperties): Case => ({
  fault: 'D1',
  name: `polluting-keys-with-${unknownProperties}`,
  title: `With unknownProperties '${unknownProperties}' keys that name a prototype change nothing, and log no error`,
  ...bothLanguages,
  async run(setup) {
    const payloads = pollutingPayloads.map((text): unknown => JSON.parse(text));
    const { received } = await deliver(setup, halfChecked(), payloads, { unknownProperties });
    for (const payload of received)
      expectEqual('admin', (payload as { admin?: boolean }).admin, undefined);
    expectEqual('admin of all objects', ({} as { admin?: boolean }).admin, undefined);
    expectEqual('the errors', setup.log.filter(({ level }) => level === 'error').length, 0);
  },
}));

const droppedFields: readonly Case[] = [
  ...pollutingKeys,
  droppedField('property-without-validator', halfChecked),
  droppedField('property-with-type-alone', typedAlone),
  {
    fault: 'D1',
    name: 'unknown-properties-rejected',
    title: "With unknownProperties 'reject' a payload with an unknown property is invalid",
    ...bothLanguages,
    async run(setup) {
      const options: ServerOptions = { unknownProperties: 'reject' };
      const payload = { name: 'a', age: 3 };
      const { problems, refusal } = await deliver(setup, halfChecked(), [payload], options);
      expectEqual('the refusal at start', refusal, undefined);
      expectEqual(
        'the problems',
        problems.map(({ code }) => code),
        ['payload-invalid'],
      );
    },
  },
  {
    fault: 'D1',
    name: 'unknown-properties-kept',
    title: "With unknownProperties 'keep' the handler gets every property",
    ...bothLanguages,
    async run(setup) {
      const options: ServerOptions = { unknownProperties: 'keep' };
      const payload = { name: 'a', age: 3 };
      const { received, refusal } = await deliver(setup, halfChecked(), [payload], options);
      expectEqual('the refusal at start', refusal, undefined);
      expectEqual('the payloads', received, [payload]);
    },
  },
];

class Item {
  @IsString()
  name!: string;
}

class SetOrder {
  @ValidateNested({ each: true })
  @Type(() => Item)
  items!: Set<Item>;
}

class ObjectOrder {
  @ValidateNested()
  @Type(() => Item)
  item!: Item;
}

class WordOrder {
  @IsString({ each: true })
  words!: string[];
}

class ListOrder {
  @IsArray()
  @ValidateNested({ each: true })
  @Type(() => Item)
  items!: Item[];
}

class MapOrder {
  @ValidateNested({ each: true })
  @Type(() => Item)
  items!: Map<string, Item>;
}

function wrongShape(name: string, type: Constructor, payload: unknown): Case {
  return {
    fault: 'D2',
    name,
    title: `The payload ${JSON.stringify(payload)} for ${type.name} is invalid`,
    ...bothLanguages,
    async run(setup) {
      const { problems, received } = await deliver(setup, type, [payload]);
      expectEqual('the number of calls', received.length, 0);
      expectEqual(
        'the problems',
        problems.map(({ code }) => code),
        ['payload-invalid'],
      );
    },
  };
}

const shapes: readonly Case[] = [
  wrongShape('list-in-place-of-an-item', ListOrder, { items: [[]] }),
  wrongShape('list-of-lists', ListOrder, { items: [[{ name: 'a' }]] }),
  wrongShape('object-in-place-of-a-list', ListOrder, { items: { name: 'a' } }),
  wrongShape('list-in-place-of-a-map', MapOrder, { items: [{ name: 'a' }] }),
  wrongShape('list-in-place-of-a-value-of-a-map', MapOrder, { items: { a: [{ name: 'a' }] } }),
  wrongShape('object-in-place-of-a-set', SetOrder, { items: { name: 'a' } }),
  wrongShape('list-in-place-of-a-member-of-a-set', SetOrder, { items: [[{ name: 'a' }]] }),
  wrongShape('list-in-place-of-an-object', ObjectOrder, { item: [{ name: 'a' }] }),
  wrongShape('empty-list-in-place-of-an-object', ObjectOrder, { item: [] }),
  wrongShape('text-in-place-of-a-list', WordOrder, { words: 'a' }),
  wrongShape('list-in-place-of-a-text', WordOrder, { words: [['a']] }),
];

const EarlyOrder = withoutTypes(() => {
  class EarlyOrder {
    @ValidateNested()
    @Type(() => Item)
    item!: Item;
  }
  return EarlyOrder;
});

const earlyClass: Case = {
  fault: 'D3',
  name: 'class-defined-before-signalbox',
  title: 'A payload class that has lost the types of its properties is named at start',
  ...oneClient,
  async run(setup) {
    expectNamed(await deliver(setup, EarlyOrder, []), 'EarlyOrder');
  },
};

/** A second copy of a CommonJS package, as an application has it whose versions do not match. */
function secondCopy<T>(name: string): T {
  const require = createRequire(import.meta.url);
  const path = `/node_modules/${name}/`;
  const first = Object.entries(require.cache).filter(([id]) => id.includes(path));
  for (const [id] of first) Reflect.deleteProperty(require.cache, id);
  try {
    return require(name) as T;
  } finally {
    for (const id of Object.keys(require.cache))
      if (id.includes(path)) Reflect.deleteProperty(require.cache, id);
    for (const [id, module] of first) require.cache[id] = module;
  }
}

type Validator = typeof import('class-validator');
type Transformer = typeof import('class-transformer');

const foreignValidator: Case = {
  fault: 'D3',
  name: 'second-copy-of-class-validator',
  title:
    'A payload class decorated by a second copy of class-validator is named at start, or works',
  ...oneClient,
  async run(setup) {
    const { IsString: ForeignString } = secondCopy<Validator>('class-validator');
    class ForeignlyValidated {
      @ForeignString()
      name!: string;
    }
    const outcome = await deliver(setup, ForeignlyValidated, [{ name: 3 }]);
    const codes = outcome.problems.map(({ code }) => code);
    if (codes.join() !== 'payload-invalid') expectNamed(outcome, 'class-validator');
  },
};

const foreignTransformer: Case = {
  fault: 'D3',
  name: 'second-copy-of-class-transformer',
  title:
    'A payload class decorated by a second copy of class-transformer is named at start, or works',
  ...oneClient,
  async run(setup) {
    const { Type: ForeignType } = secondCopy<Transformer>('class-transformer');
    class ForeignlyTyped {
      @ValidateNested()
      @ForeignType(() => Item)
      item!: Item;
    }
    const outcome = await deliver(setup, ForeignlyTyped, [{ item: { name: 'a' } }]);
    if (outcome.received.length === 0) expectNamed(outcome, 'class-transformer');
  },
};

const EarlyNested = withoutTypes(() => {
  class EarlyNested {
    @ValidateNested()
    item!: Item;
  }
  return EarlyNested;
});

class Nested {
  @ValidateNested()
  item!: Item;
}

const nestedClasses: readonly Case[] = [Nested, EarlyNested].map((type): Case => ({
  fault: 'D7',
  name: type === Nested ? 'nested-class-without-type' : 'nested-class-without-any-type',
  title: `A nested class without @Type (${type.name}) is read, or its property is named at start`,
  ...oneClient,
  async run(setup) {
    const outcome = await deliver(setup, type, [{ item: { name: 'a' } }]);
    if (outcome.problems.length > 0) expectNamed(outcome, type.name, 'item');
  },
}));

class UnionOrder {
  @ValidateNested()
  @Type(() => Item)
  item!: Item | null;
}

class UnionList {
  @ValidateNested({ each: true })
  @Type(() => Item)
  items!: Item[] | null;
}

class UnionWords {
  @IsString({ each: true })
  words!: string[] | null;
}

class UnionMap {
  @IsObject()
  @ValidateNested({ each: true })
  @Type(() => Item)
  byName!: Map<string, Item> | null;
}

class UnionDate {
  @IsDate()
  at!: Date | null;
}

class DateList {
  @IsDate({ each: true })
  days!: Date[];
}

class InstanceOrder {
  @IsInstance(Item)
  item!: Item;
}

class ArrayOfSet {
  @IsArray()
  @IsString({ each: true })
  @Type(() => String)
  words!: Set<string>;
}

class TypedOrder {
  @IsObject()
  @Type(() => Item)
  item!: Item;
}

abstract class Vehicle {
  @IsString()
  kind!: string;
}

class Bike extends Vehicle {
  @IsNumber()
  gears!: number;
}

const byKind = { property: 'kind', subTypes: [{ name: 'bike', value: Bike }] };

class RemovedName {
  @IsObject()
  @ValidateNested()
  @Type(() => Vehicle as typeof Bike, { discriminator: byKind })
  vehicle!: Vehicle;
}

class LateVehicle {
  @IsObject()
  @ValidateNested()
  @Type(() => Vehicle as typeof Bike, {
    discriminator: { property: 'kind', subTypes: [{ name: 'late', value: undefined as never }] },
  })
  vehicle!: Vehicle;
}

class ExcludedName {
  @IsString()
  @Exclude()
  name!: string;
}

class Garage {
  @IsOptional()
  @ValidateNested()
  @Type(() => Vehicle as typeof Bike, { keepDiscriminatorProperty: true, discriminator: byKind })
  vehicle?: Vehicle;

  @IsOptional()
  @IsArray()
  @ValidateNested({ each: true })
  @Type(() => Vehicle as typeof Bike, { keepDiscriminatorProperty: true, discriminator: byKind })
  vehicles?: Vehicle[];
}

const unknownNames: Case = {
  fault: 'D2',
  name: 'unknown-discriminator',
  title: 'An object whose discriminator names no class makes the payload invalid',
  ...bothLanguages,
  async run(setup) {
    const wrong = [{ kind: 'car' }, { kind: 'constructor' }, { kind: '__proto__' }, {}];
    const { received, problems } = await deliver(setup, Garage, [
      { vehicle: { kind: 'bike', gears: 1 } },
      ...wrong.flatMap((vehicle) => [{ vehicle }, { vehicles: [vehicle] }]),
    ]);
    expectEqual('the payloads', received, [{ vehicle: { kind: 'bike', gears: 1 } }]);
    expectEqual('the number of problems', problems.length, 2 * wrong.length);
  },
};

/** Classes that would accept wrong payloads, or refuse all: the server names class and property at start. */
const mistakenClasses: readonly (readonly [string, Constructor, string])[] = [
  ['D2', UnionOrder, 'item'],
  ['D2', UnionList, 'items'],
  ['D2', UnionWords, 'words'],
  ['D7', UnionMap, 'byName'],
  ['D7', UnionDate, 'at'],
  ['D7', DateList, 'days'],
  ['D7', InstanceOrder, 'item'],
  ['D7', ArrayOfSet, 'words'],
  ['D7', TypedOrder, 'item'],
  ['D7', RemovedName, 'vehicle'],
  ['D7', LateVehicle, 'vehicle'],
  ['D7', ExcludedName, 'name'],
];

const mistakes = mistakenClasses.map(([fault, type, property]): Case => ({
  fault,
  name: `mistake-in-${type.name}`,
  title: `The property ${property} of ${type.name} is named at start`,
  ...oneClient,
  async run(setup) {
    const { refusal } = await deliver(setup, type, []);
    expectThat(
      refusal?.includes(`${type.name}.${property}`) === true,
      `The refusal at start is ${String(refusal)}.`,
    );
  },
}));

class NeededArgument {
  @IsString()
  name: string;

  constructor(given: { name: string }) {
    this.name = given.name;
  }
}

const neededArgument: Case = {
  fault: 'D7',
  name: 'constructor-that-needs-an-argument',
  title: 'A payload class whose constructor needs an argument is named at start',
  ...oneClient,
  async run(setup) {
    const { refusal } = await deliver(setup, NeededArgument, []);
    expectThat(
      refusal?.includes('NeededArgument cannot be created without arguments') === true,
      `The refusal at start is ${String(refusal)}.`,
    );
  },
};

class Dated {
  @IsDate()
  at!: Date;
}

class Chosen {
  @IsString()
  kind!: string;

  @IsObject()
  @ValidateNested()
  @Type((options) => ((options!.object as Chosen).kind === 'nested' ? Nested : Item))
  chosen!: object;
}

const chosenClass: Case = {
  fault: 'D7',
  name: 'nested-class-in-a-class-chosen-by-the-payload',
  title: 'A nested class without @Type is read in a class that @Type chooses by the payload',
  ...bothLanguages,
  async run(setup) {
    const payload = { kind: 'nested', chosen: { item: { name: 'a' } } };
    const { received } = await deliver(setup, Chosen, [payload]);
    expectEqual('the payloads', received, [payload]);
  },
};

/** A new class for each run, as the log names a property once. */
function builtByTransform(): Constructor {
  class BuiltOrder {
    @ValidateNested()
    @Transform(({ value }) => Object.assign(new Item(), value))
    item!: Item;
  }
  return BuiltOrder;
}

const builtObjects = (['drop', 'reject'] as const).map((unknownProperties): Case => ({
  fault: 'D1',
  name: `object-built-by-transform-with-${unknownProperties}`,
  title: `With unknownProperties '${unknownProperties}' an object that @Transform builds has no unknown property`,
  ...bothLanguages,
  async run(setup) {
    const payload = { item: { name: 'a', admin: true } };
    const { received, problems } = await deliver(setup, builtByTransform(), [payload], {
      unknownProperties,
    });
    expectEqual('admin', JSON.stringify(received).includes('admin'), false);
    expectEqual('the number of problems', problems.length, unknownProperties === 'drop' ? 0 : 1);
  },
}));

const secret = 'h4rmful';

class Tags {
  @IsIn(['red'], { each: true, message: ({ value }) => `${String(value)} is not allowed` })
  tags!: string[];
}

class Settings {
  @IsIn(['red'], {
    message: ({ value }) => `${Object.values(value as object).join()} is not allowed`,
  })
  setting!: unknown;
}

function quotedValue(name: string, type: Constructor, payload: unknown): Case {
  return {
    fault: 'D7',
    name,
    title: `A problem does not repeat what the client has sent (${name})`,
    ...bothLanguages,
    async run(setup) {
      const { problems } = await deliver(setup, type, [payload]);
      expectEqual(
        'the problems',
        problems.map(({ code }) => code),
        ['payload-invalid'],
      );
      expectThat(!problems[0]!.text.includes(secret), `The problem is ${problems[0]!.text}.`);
    },
  };
}

class Prefixed {
  @IsIn(['red'], { message: 'xx$value' })
  color!: string;
}

class Named {
  get label(): string {
    return 'label';
  }
}

class Person extends Named {
  @IsString()
  name!: string;
}

const inheritedGetter: Case = {
  fault: 'D7',
  name: 'key-of-an-inherited-getter',
  title: 'A key named like an inherited getter does not log an error for every message',
  ...bothLanguages,
  async run(setup) {
    const payload = { name: 'a', label: 'x' };
    await deliver(setup, Person, [payload, payload, payload]);
    const errors = setup.log.filter(({ level }) => level === 'error');
    expectThat(errors.length <= 1, `The log has ${errors.length} errors: ${errors[0]?.text}`);
  },
};

class Numbered {
  @IsNumber()
  @Type(() => Number)
  count!: number;
}

class Circle {
  @IsNumber()
  radius!: number;
}

class Drawing {
  @ValidateNested({ each: true })
  @Type(() => Circle, {
    discriminator: { property: 'kind', subTypes: [{ name: 'circle', value: Circle }] },
  })
  shapes!: Circle[];
}

/** Payloads at which class-transformer throws an error. */
const unconvertible: readonly (readonly [string, Constructor, unknown])[] = [
  ['object-for-a-number', Numbered, { count: { valueOf: 1, toString: 1 } }],
  ['null-for-one-of-several-classes', Drawing, { shapes: [null] }],
  ['constructor-in-an-object', Person, { name: 'a', more: { constructor: 5 } }],
];

const unconvertiblePayloads = unconvertible.map(([name, type, payload]): Case => ({
  fault: 'D7',
  name: `payload-that-cannot-be-converted-${name}`,
  title: `A payload at which the conversion fails (${name}) does not log an error for every message`,
  ...bothLanguages,
  async run(setup) {
    const { problems } = await deliver(setup, type, [payload, payload, payload]);
    expectEqual(
      'the problems',
      problems.map(({ code }) => code).join(),
      Array(3).fill('payload-invalid').join(),
    );
    const errors = setup.log.filter(({ level }) => level === 'error');
    expectThat(errors.length <= 1, `The log has ${errors.length} errors: ${errors[0]?.text}`);
  },
}));

const wrongConverter: Case = {
  fault: 'D8',
  name: 'converter-that-writes-text',
  title: 'A converter that writes no bytes fails with payload-unwritable, and closes no session',
  ...bothLanguages,
  async run(setup) {
    @Controller()
    class TextController {
      @MessageMapping('/text')
      text() {
        return written;
      }
    }
    const written = { a: 1 };
    const wrong = {
      name: 'wrong',
      mediaTypes: ['text/wrong'],
      untyped: true,
      read: () => undefined,
      write: (value: unknown) =>
        value === written ? { body: 'text' as never, contentType: 'text/wrong' } : undefined,
    };
    await setup.start({ controllers: [TextController], converters: [wrong] });
    const client = await setup.connect({ problems: true });
    await client.subscribe('text', '/topic/text');
    for (let i = 0; i < 2; i++) client.send('SEND', { destination: '/app/text' });
    await setup.settle();
    expectEqual(
      'the problems',
      problemsOf(client).map(({ code }) => code),
      ['payload-unwritable', 'payload-unwritable'],
    );
  },
};

const returned: Readonly<Record<string, () => unknown>> = {
  map: () => new Map([['a', 1]]),
  'map-of-to-json': () => ({ toJSON: () => new Map([['a', 1]]) }),
  'set-of-to-json': () => ({ toJSON: () => new Set(['a']) }),
  'error-of-to-json': () => ({ toJSON: () => new Error('It failed.') }),
  set: () => new Set(['a']),
  'array-buffer': () => new Uint8Array([1, 2, 3]).buffer,
  error: () => new Error('It failed.'),
  blob: () => new Blob(['a']),
  bigint: () => 1n,
};

const returnedValues: readonly Case[] = Object.entries(returned).map(([name, make]): Case => ({
  fault: 'D8',
  name: `returned-${name}`,
  title: `A handler's ${name} is published with its contents, or fails with payload-unwritable`,
  ...bothLanguages,
  async run(setup) {
    @Controller()
    class ReturningController {
      @MessageMapping('/value')
      value() {
        return make();
      }
    }
    await setup.start({ controllers: [ReturningController] });
    const client = await setup.connect({ problems: true });
    await client.subscribe('value', '/topic/value');
    client.send('SEND', { destination: '/app/value' });
    await setup.settle();
    const bodies = messagesOf(client).map(({ body }) => body);
    const codes = problemsOf(client).map(({ code }) => code);
    expectThat(
      codes.join() === 'payload-unwritable' || (bodies.length === 1 && bodies[0] !== '{}'),
      `The bodies are ${JSON.stringify(bodies)}, the problems ${JSON.stringify(codes)}.`,
    );
  },
}));

export const payloads: readonly Case[] = [
  ...droppedFields,
  ...shapes,
  earlyClass,
  foreignValidator,
  foreignTransformer,
  ...nestedClasses,
  ...mistakes,
  unknownNames,
  neededArgument,
  wrongShape('true-for-a-date', Dated, { at: true }),
  chosenClass,
  ...builtObjects,
  quotedValue('members-of-a-list', Tags, { tags: [secret] }),
  quotedValue('values-of-an-object', Settings, { setting: { a: secret } }),
  quotedValue('value-inside-of-a-word', Prefixed, { color: secret }),
  wrongConverter,
  inheritedGetter,
  ...unconvertiblePayloads,
  ...returnedValues,
];
