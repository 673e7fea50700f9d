// Faults D4 to D6 and D9 to D13: arguments, injection, authentication, and mistakes that must be found at start.
import 'reflect-metadata';
import { inject, injectable } from 'inversify';
import {
  Controller,
  DestinationVariable,
  EmbeddedBroker,
  errorCodes,
  Header,
  listOf,
  memoryTransport,
  MessageMapping,
  oneOf,
  Payload,
  uuid,
  WebSocketHandler,
  type Broker,
  type Constructor,
  type ServerOptions,
  type TextType,
} from '../../../src/index.js';
import { testClock } from '../../../src/testing.js';
import { bothLanguages, everyProtocol, oneClient, serverAlone, type Case } from '../case.js';
import { messagesOf, problemsOf } from '../client.js';
import { expectEnd, expectEqual, expectLog, expectThat } from '../expect.js';
import type { Setup } from '../setup.js';
import { withoutTypes } from './d-payloads.js';

/** The arguments of calls of `record`. */
type Calls = unknown[];

/** Makes a controller whose handler `/value/{value}` records its argument. */
type Define = (calls: Calls) => Constructor;

/** Sends `value` as a header and as a variable; gives the arguments, or undefined where the start refuses the controller. */
async function argumentsOf(
  setup: Setup,
  define: Define,
  value: string,
): Promise<{ readonly calls: Calls; readonly codes: readonly string[] } | undefined> {
  const calls: Calls = [];
  const controllers = [define(calls)];
  if ((await setup.startUnlessRefused({ controllers })) !== undefined) return undefined;
  const client = await setup.connect({ problems: true });
  client.send('SEND', { destination: `/app/value/${value}`, value });
  await setup.settle();
  return { calls, codes: problemsOf(client).map(({ code }) => code) };
}

/** A number parameter whose type the compiler may not have recorded. */
function numberParameter(name: string, title: string, define: Define, mayRefuse = true): Case {
  return {
    fault: 'D4',
    name,
    title,
    ...bothLanguages,
    async run(setup) {
      const outcome = await argumentsOf(setup, define, '5');
      if (outcome === undefined && mayRefuse) return;
      expectEqual('the arguments', outcome?.calls, [5]);
    },
  };
}

const numberOrRefusal = 'is a number, or the start refuses it';

const parameterTypes: readonly Case[] = [
  numberParameter(
    'header-of-a-union',
    `A header of type number | undefined ${numberOrRefusal}`,
    (calls) => {
      @Controller()
      class UnionController {
        @MessageMapping('/value/{value}')
        record(@Header('value') value: number | undefined) {
          calls.push(value);
        }
      }
      return UnionController;
    },
  ),
  numberParameter(
    'header-with-a-default',
    `A header with a number as default ${numberOrRefusal}`,
    (calls) => {
      @Controller()
      class DefaultController {
        @MessageMapping('/value/{value}')
        record(@Header('value') value = 3) {
          calls.push(value);
        }
      }
      return DefaultController;
    },
  ),
  numberParameter(
    'header-without-compiler-types',
    `A number header under esbuild and tsx ${numberOrRefusal}`,
    (calls) =>
      withoutTypes(() => {
        @Controller()
        class UntypedController {
          @MessageMapping('/value/{value}')
          record(@Header('value') value: number) {
            calls.push(value);
          }
        }
        return UntypedController;
      }),
  ),
  numberParameter(
    'variable-without-compiler-types',
    `A number variable under esbuild and tsx ${numberOrRefusal}`,
    (calls) =>
      withoutTypes(() => {
        @Controller()
        class UntypedController {
          @MessageMapping('/value/{value}')
          record(@DestinationVariable('value') value: number) {
            calls.push(value);
          }
        }
        return UntypedController;
      }),
  ),
  numberParameter(
    'header-with-a-named-type',
    "@Header('value', Number) gives a number under esbuild and tsx",
    (calls) =>
      withoutTypes(() => {
        @Controller()
        class NamedController {
          @MessageMapping('/value/{value}')
          record(@Header('value', Number) value: number) {
            calls.push(value);
          }
        }
        return NamedController;
      }),
    false,
  ),
];

const unsafeInteger: Case = {
  fault: 'D5',
  name: 'integer-beyond-2-to-the-53',
  title: 'A header 9007199254740993 for a number is refused with argument-invalid, and not rounded',
  ...bothLanguages,
  async run(setup) {
    const define: Define = (calls) => {
      @Controller()
      class NumberController {
        @MessageMapping('/value/{value}')
        record(@Header('value') value: number) {
          calls.push(value);
        }
      }
      return NumberController;
    };
    const outcome = await argumentsOf(setup, define, '9007199254740993');
    expectEqual('the problems', outcome?.codes, ['argument-invalid']);
  },
};

const otherTypes: readonly Case[] = [
  {
    fault: 'D5',
    name: 'date-header',
    title: 'A header for a Date is a Date',
    ...bothLanguages,
    async run(setup) {
      const text = '2026-11-27T10:00:00.000Z';
      const outcome = await argumentsOf(
        setup,
        (calls) => {
          @Controller()
          class DateController {
            @MessageMapping('/value/{value}')
            record(@Header('value') value: Date) {
              calls.push(value instanceof Date ? value.toISOString() : value);
            }
          }
          return DateController;
        },
        text,
      );
      expectEqual('the arguments', outcome?.calls, [text]);
    },
  },
  {
    fault: 'D5',
    name: 'bigint-variable',
    title: 'A variable for a bigint is a bigint',
    ...bothLanguages,
    async run(setup) {
      const outcome = await argumentsOf(
        setup,
        (calls) => {
          @Controller()
          class BigintController {
            @MessageMapping('/value/{value}')
            record(@DestinationVariable('value') value: bigint) {
              calls.push(typeof value, String(value));
            }
          }
          return BigintController;
        },
        '9007199254740993',
      );
      expectEqual('the arguments', outcome?.calls, ['bigint', '9007199254740993']);
    },
  },
];

enum Color {
  Red = 'red',
  Blue = 'blue',
}

/** A header and a variable of a named type; undefined for a text that must be refused with argument-invalid. */
function namedType(name: string, type: TextType, text: string, value: unknown): Case {
  return {
    fault: 'D5',
    name,
    title:
      value === undefined
        ? `The text ${text} is refused with argument-invalid (${name})`
        : `The text ${text} is converted (${name})`,
    ...bothLanguages,
    async run(setup) {
      const outcome = await argumentsOf(
        setup,
        (calls) =>
          withoutTypes(() => {
            @Controller()
            class NamedController {
              @MessageMapping('/value/{value}')
              record(
                @Header('value', type) header: unknown,
                @DestinationVariable('value', type) variable: unknown,
              ) {
                calls.push(header, variable);
              }
            }
            return NamedController;
          }),
        text,
      );
      expectEqual('the arguments', outcome?.calls, value === undefined ? [] : [value, value]);
      expectEqual('the problems', outcome?.codes, value === undefined ? ['argument-invalid'] : []);
    },
  };
}

const namedTypes: readonly Case[] = [
  namedType('hexadecimal-number', Number, '0x10', undefined),
  namedType('exponent', Number, '1e3', undefined),
  namedType('boolean-of-spring', Boolean, 'on', true),
  namedType('word-for-a-boolean', Boolean, 'maybe', undefined),
  namedType('day-that-does-not-exist', Date, '2026-02-30', undefined),
  namedType(
    'uuid',
    uuid,
    '019C1F2E-8a4b-7c3d-9e5f-0123456789ab',
    '019c1f2e-8a4b-7c3d-9e5f-0123456789ab',
  ),
  namedType('text-for-a-uuid', uuid, '17', undefined),
  namedType('member-of-an-enum', oneOf(Color), 'blue', 'blue'),
  namedType('text-outside-an-enum', oneOf(Color), 'Blue', undefined),
  namedType('list-of-numbers', listOf(Number), '1,2', [1, 2]),
  namedType('list-with-a-word', listOf(Number), '1,x', undefined),
];

@injectable()
class Greeter {}

class ConstructorParent {
  constructor(@inject(Greeter) readonly greeter: Greeter) {}
}

class PropertyParent {
  @inject(Greeter)
  readonly greeter!: Greeter;
}

@injectable()
class ServiceParent {
  constructor(@inject(Greeter) readonly greeter: Greeter) {}
}

@injectable()
class Service extends ServiceParent {}

/** The greeter that a handler finds must not be undefined. */
function inheritedInjection(
  name: string,
  title: string,
  define: (seen: Calls) => Constructor,
): Case {
  return {
    fault: 'D6',
    name,
    title,
    ...oneClient,
    async run(setup) {
      const seen: Calls = [];
      const controllers = [define(seen)];
      if ((await setup.startUnlessRefused({ controllers })) !== undefined) return;
      const client = await setup.connect();
      client.send('SEND', { destination: '/app/greet' });
      await setup.settle();
      expectThat(seen[0] instanceof Greeter, `The handler found ${String(seen[0])}.`);
    },
  };
}

const injections: readonly Case[] = [
  inheritedInjection(
    'controller-without-constructor',
    'A controller that inherits its constructor gets its parameters, or the start refuses it',
    (seen) => {
      @Controller()
      class Child extends ConstructorParent {
        @MessageMapping('/greet')
        greet() {
          seen.push(this.greeter);
        }
      }
      return Child;
    },
  ),
  inheritedInjection(
    'inherited-property',
    'A controller that inherits an @inject() property gets it, or the start refuses it',
    (seen) => {
      @Controller()
      class Child extends PropertyParent {
        @MessageMapping('/greet')
        greet() {
          seen.push(this.greeter);
        }
      }
      return Child;
    },
  ),
  inheritedInjection(
    'service-without-constructor',
    'A service that inherits its constructor gets its parameters, or the start refuses it',
    (seen) => {
      @Controller()
      class ServiceController {
        constructor(@inject(Service) readonly service: Service) {}

        @MessageMapping('/greet')
        greet() {
          seen.push(this.service.greeter);
        }
      }
      return ServiceController;
    },
  ),
];

const noPrincipal: Readonly<Record<string, unknown>> = {
  null: null,
  'empty-object': {},
  'empty-name': { name: '' },
  'blank-name': { name: ' ' },
  'number-as-name': { name: 3 },
  text: 'ann',
  false: false,
};

const authentications: readonly Case[] = Object.entries(noPrincipal).flatMap(([name, result]) => [
  refusedResult(`authenticate-returns-${name}`, result),
  refusedResult(`authenticate-resolves-with-${name}`, Promise.resolve(result)),
]);

function refusedResult(name: string, result: unknown): Case {
  return {
    fault: 'D9',
    name,
    title: `A client is refused with 1008, and the log has the reason: ${name}`,
    ...everyProtocol,
    async run(setup) {
      const authenticate = (({ login }) =>
        login === 'neighbor' ? { name: login } : result) as ServerOptions['authenticate'];
      await setup.start({ authenticate });
      const client = await setup.open();
      await setup.handshake(client, { login: 'ann' }).catch(() => {});
      await expectEnd(setup, client, 1008);
      expectLog(setup, /authenticat|principal/i);
    },
  };
}

const authenticatorError: Case = {
  fault: 'D10',
  name: 'authenticate-throws',
  title: 'The log has the error that authenticate() throws',
  ...everyProtocol,
  async run(setup) {
    await setup.start({
      authenticate({ login }) {
        if (login !== 'neighbor') throw new Error('The directory is away.');
        return { name: login };
      },
    });
    const client = await setup.open();
    await setup.handshake(client, { login: 'ann' }).catch(() => {});
    await expectEnd(setup, client, 1008);
    expectLog(setup, /The directory is away/);
  },
};

const brokerError: Case = {
  fault: 'D10',
  name: 'broker-cannot-connect',
  title: 'The log has the exception of broker.connect(), and the client is closed with 1011',
  ...everyProtocol,
  async run(setup) {
    const embedded = new EmbeddedBroker();
    let sessions = 0;
    const broker: Broker = {
      start: (context) => embedded.start(context),
      stop: () => embedded.stop(),
      publish: (publication) => embedded.publish(publication),
      connect(subscriber) {
        // The first session is the neighbor.
        if (++sessions > 1) throw new Error('The broker has no connection.');
        return embedded.connect(subscriber);
      },
    };
    await setup.start({ broker });
    const client = await setup.open();
    await setup.handshake(client).catch(() => {});
    await expectEnd(setup, client, 1011);
    expectLog(setup, /The broker has no connection/);
    const received = JSON.stringify(client.history);
    expectThat(!received.includes('has no connection'), `The client received ${received}.`);
  },
};

/** Options with a mistake; the start must refuse them with an error code. */
function refusedAtStart(
  fault: string,
  name: string,
  title: string,
  make: () => ServerOptions,
): Case {
  return {
    fault,
    name,
    title,
    ...serverAlone,
    async run(setup) {
      const refusal = await setup.createUnlessRefused(make());
      if (refusal === undefined) return expectThat(false, 'The server was built.');
      expectThat(
        Object.hasOwn(errorCodes, refusal.code ?? ''),
        `The error is ${refusal.name}: ${refusal.message}`,
      );
    },
  };
}

/** Options with a probable mistake; the start must refuse them or log these names. */
function namedAtStart(
  name: string,
  title: string,
  names: readonly string[],
  make: () => ServerOptions,
): Case {
  return {
    fault: 'D12',
    name,
    title,
    ...serverAlone,
    async run(setup) {
      const refusal = await setup.createUnlessRefused(make());
      const text = `${refusal?.message ?? ''}\n${setup.logText}`;
      for (const each of names)
        expectThat(text.includes(each), `Neither a refusal nor the log names ${each}.`);
    },
  };
}

@Controller()
class ReplyingController {
  @MessageMapping('/say')
  say() {
    return 'hello';
  }
}

/** A controller with a decorator whose argument a circular import has made undefined, or that has a typing mistake. */
function mistakenArgument(name: string, define: () => ParameterDecorator): Case {
  return refusedAtStart(
    'D11',
    `mistaken-argument-${name}`,
    `A mistake in the argument of a decorator is reported at start: ${name}`,
    () => {
      class MistakenController {
        take(value: unknown) {
          return value;
        }
      }
      const { prototype } = MistakenController;
      define()(prototype, 'take', 0);
      const descriptor = Object.getOwnPropertyDescriptor(prototype, 'take')!;
      MessageMapping('/take/{id}')(prototype, 'take', descriptor);
      Controller()(MistakenController);
      return { controllers: [MistakenController] };
    },
  );
}

const circular = undefined as never;

const mistakes: readonly Case[] = [
  namedAtStart(
    'websocket-handler-without-parentheses',
    '@WebSocketHandler without parentheses is named at start, with its fix',
    ['Uncalled', "@WebSocketHandler('/echo')"],
    () => {
      class Uncalled {
        message() {}
      }
      (WebSocketHandler as unknown as (type: unknown) => void)(Uncalled);
      return { controllers: [Uncalled] };
    },
  ),
  ...(['endpoint', 'WebSocket handler'] as const).map((place) =>
    namedAtStart(
      `path-of-a-${place === 'endpoint' ? place : 'websocket-handler'}-that-is-not-encoded`,
      `A path of a ${place} that no request can have is named at start, with its encoded form`,
      ['/ü', '/%C3%BC'],
      () => {
        if (place === 'endpoint') return { endpoints: [{ path: '/ü' }] };
        class Encoded {
          message() {}
        }
        WebSocketHandler('/ü')(Encoded);
        return { controllers: [Encoded] };
      },
    ),
  ),
  mistakenArgument('undefined-payload', () => Payload(circular)),
  mistakenArgument('null-payload', () => Payload(null as never)),
  mistakenArgument('undefined-header', () => Header('c', circular as TextType)),
  mistakenArgument('text-as-a-header-type', () => Header('c', 'number' as never)),
  mistakenArgument('empty-header', () => Header('', String)),
  mistakenArgument('undefined-variable', () => DestinationVariable('id', circular)),
  mistakenArgument('unknown-option', () => Payload({ requird: false } as never)),
  refusedAtStart(
    'D11',
    'default-reply-without-topics',
    'A handler whose default reply goes to /topic is refused where the broker serves no /topic',
    () => ({ controllers: [ReplyingController], prefixes: { broker: ['/queue'] } }),
  ),
  refusedAtStart(
    'D11',
    'ambiguous-routes-with-dots',
    "Two routes that match the same destinations are refused with separator '.'",
    () => {
      @Controller()
      class AmbiguousController {
        @MessageMapping('colors.{color}')
        one() {}

        @MessageMapping('colors.{name}')
        two() {}
      }
      return { controllers: [AmbiguousController], separator: '.' };
    },
  ),
  refusedAtStart(
    'D11',
    'ambiguous-routes-with-dots-and-slashes',
    "Two routes of equal rank that match colors/red.darks/blue are refused with separator '.'",
    () => {
      @Controller()
      class AmbiguousController {
        @MessageMapping('colors/red.{shade}')
        one() {}

        @MessageMapping('{color}.darks/blue')
        two() {}
      }
      return { controllers: [AmbiguousController], separator: '.' };
    },
  ),
  {
    fault: 'D11',
    name: 'class-pattern-of-two-stars',
    title: "A class pattern '/**' gives the same route for a method 'b' as for a method '/b'",
    ...serverAlone,
    async run(setup) {
      @Controller('/**')
      class WithoutSlash {
        @MessageMapping('b')
        b() {}
      }
      @Controller('/**')
      class WithSlash {
        @MessageMapping('/b')
        b() {}
      }
      const routesOf = async (type: Constructor) =>
        (await setup.create({ controllers: [type] }))
          .routes()
          .map(({ destination }) => destination);
      expectEqual('the routes', await routesOf(WithoutSlash), await routesOf(WithSlash));
    },
  },
  {
    fault: 'D11',
    name: 'list-of-mappings',
    title: '@MessageMapping([...]) serves each pattern of the list, as in Spring',
    ...serverAlone,
    async run(setup) {
      @Controller()
      class ListController {
        @MessageMapping(['/a', '/b'])
        handle() {}
      }
      const server = await setup.create({ controllers: [ListController] });
      const routes = server.routes().map(({ destination }) => destination);
      expectEqual('the routes', routes, ['/app/a', '/app/b']);
    },
  },
  refusedAtStart(
    'D11',
    'mapping-that-is-no-text',
    'A mapping that is undefined, as after a circular import, is refused with an error code',
    () => {
      @Controller()
      class UndefinedController {
        @MessageMapping(undefined as unknown as string)
        handle() {}
      }
      return { controllers: [UndefinedController] };
    },
  ),
  ...Object.entries({
    transports: [{}],
    codecs: [{}],
    converters: [{ mediaTypes: ['text/csv'] }],
    logger: {},
    clock: {},
    ids: {},
    interceptors: [{}],
    outboundInterceptors: [undefined],
  }).map(([option, value]) =>
    refusedAtStart(
      'D11',
      `${option}-of-a-wrong-shape`,
      `The option ${option} is refused with an error code when methods are missing`,
      () => ({ [option]: value }) as unknown as ServerOptions,
    ),
  ),
  ...['/temp-queue', '/reply-queue'].map((prefix) =>
    refusedAtStart(
      'D12',
      `prefix${prefix.replace('/', '-')}`,
      `The prefix ${prefix} for the broker is refused, because every client could read the answers for one session`,
      () => ({ prefixes: { broker: [prefix, '/topic', '/queue'] } }),
    ),
  ),
  refusedAtStart(
    'D11',
    'container-that-is-none',
    'An empty object in place of a container is refused with an error code',
    () => ({ container: {} }) as unknown as ServerOptions,
  ),
  refusedAtStart(
    'D11',
    'broker-that-is-none',
    'An empty object in place of a broker is refused with an error code',
    () => ({ broker: {} }) as unknown as ServerOptions,
  ),
  {
    fault: 'D12',
    name: 'topic-for-a-user',
    title: "publishToUser('ann', '/topic/x') rejects, or is logged",
    ...serverAlone,
    async run(setup) {
      const memory = memoryTransport();
      const server = await setup.create({ endpoints: [], transports: [memory] });
      await server.start();
      const outcome = await server.publisher.publishToUser('ann', '/topic/x', 'hello').then(
        () => 'taken',
        () => 'rejected',
      );
      expectThat(
        outcome === 'rejected' || setup.logText.includes('/topic/x'),
        'It was accepted without an error.',
      );
    },
  },
  {
    fault: 'D12',
    name: 'publish-without-a-name',
    title:
      'A publication without a user, session, queue or readable headers rejects with an error code',
    ...serverAlone,
    async run(setup) {
      const server = await setup.create({ endpoints: [], transports: [memoryTransport()] });
      await server.start();
      const { publisher } = server;
      const none = undefined as unknown as string;
      for (const [name, publishing] of Object.entries({
        'no user': publisher.publishToUser(none, '/queue/x', 1),
        'an empty user': publisher.publishToUser('', '/queue/x', 1),
        'an empty queue': publisher.publishToUser('ann', '', 1),
        'no session': publisher.publishToSession(none, '/queue/x', 1),
        'no destination': publisher.publish(none, 1),
        'headers that are null': publisher.publish('/topic/x', 1, { headers: null as never }),
        'headers in a Set': publisher.publish('/topic/x', 1, { headers: new Set() as never }),
      })) {
        const code: unknown = await publishing.then(
          () => 'taken',
          (error: { readonly code?: unknown }) => error.code,
        );
        expectThat(Object.hasOwn(errorCodes, String(code)), `${name}: ${String(code)}`);
      }
    },
  },
  namedAtStart(
    'application-prefix-in-a-mapping',
    "A mapping '/app/say' is refused or logged, as it is served as /app/app/say",
    ['/app/say'],
    () => {
      @Controller()
      class PrefixedController {
        @MessageMapping('/app/say')
        say() {}
      }
      return { controllers: [PrefixedController] };
    },
  ),
  namedAtStart(
    'controller-without-mappings',
    'A controller without mappings is refused or logged',
    ['EmptyController'],
    () => {
      @Controller()
      class EmptyController {}
      return { controllers: [EmptyController] };
    },
  ),
  namedAtStart(
    'payload-class-without-validators',
    'A payload class without validators is refused or logged',
    ['Unchecked'],
    () => {
      class Unchecked {
        name!: string;
      }
      @Controller()
      class UncheckedController {
        @MessageMapping('/say')
        say(@Payload(Unchecked) _payload: Unchecked) {}
      }
      return { controllers: [UncheckedController] };
    },
  ),
];

const brokerParts: readonly Case[] = [
  {
    fault: 'D13',
    name: 'separator-of-the-server',
    title: "An EmbeddedBroker that is given to a server with separator '.' separates at dots",
    ...bothLanguages,
    async run(setup) {
      await setup.start({ separator: '.', broker: new EmbeddedBroker() });
      const client = await setup.connect();
      await client.subscribe('prices', '/topic/price.*');
      await client.request('SEND', { destination: '/topic/price.one' }, '1');
      await client.request('SEND', { destination: '/topic/price.one.two' }, '2');
      await setup.settle();
      expectEqual(
        'the bodies',
        messagesOf(client).map(({ body }) => body),
        ['1'],
      );
    },
  },
  {
    fault: 'D13',
    name: 'ids-of-the-server',
    title: "An EmbeddedBroker that is given to a server uses the server's ids",
    ...bothLanguages,
    async run(setup) {
      let count = 0;
      const next = (kind: string) => () => `server-${kind}-${++count}`;
      const ids = { session: next('session'), message: next('message'), reply: next('reply') };
      await setup.start({ ids, broker: new EmbeddedBroker() });
      const client = await setup.connect();
      await client.subscribe('news', '/topic/news');
      client.send('SEND', { destination: '/topic/news' }, '1');
      const { headers } = await client.next('MESSAGE');
      expectThat(
        headers['message-id']!.startsWith('server-message-'),
        `The message id is ${headers['message-id']}.`,
      );
    },
  },
  {
    fault: 'D13',
    name: 'clock-of-the-server',
    title: "An EmbeddedBroker that is given to a server uses the server's clock",
    ...bothLanguages,
    async run(setup) {
      const clock = testClock();
      await setup.start({ clock, broker: new EmbeddedBroker() });
      const client = await setup.connect();
      // In the future of the server's clock, in the past of the system's.
      const expires = `${clock.date() + 60_000}`;
      await client.request('SEND', { destination: '/queue/offers', expires }, '1');
      await client.subscribe('offers', '/queue/offers');
      await setup.settle();
      expectEqual('the number of messages', messagesOf(client).length, 1);
    },
  },
];

export const start: readonly Case[] = [
  ...parameterTypes,
  unsafeInteger,
  ...otherTypes,
  ...namedTypes,
  ...injections,
  ...authentications,
  authenticatorError,
  brokerError,
  ...mistakes,
  ...brokerParts,
];
