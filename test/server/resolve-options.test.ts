// Options: their defaults, and the errors for invalid options.
import { describe, expect, it } from 'vitest';
import { MessagingError } from '../../src/message/error.js';
import type { ServerOptions } from '../../src/server/options.js';
import { resolveOptions } from '../../src/server/resolve-options.js';
import { jsonCodec } from '../../src/wire/json/codec.js';

const ofEndpoint = (more: object) => ({ endpoints: [{ path: '/ws', ...more }] });

describe('options', () => {
  it('have a default each', () => {
    expect(resolveOptions({})).toMatchObject({
      endpoints: [{ path: '/ws' }],
      prefixes: { application: ['/app'], broker: ['/topic', '/queue'], user: '/user' },
      separator: '/',
      heartbeat: { minSendInterval: 1000, expectedInterval: 10_000 },
      handlerTimeout: 30_000,
      stallTimeout: 60_000,
      concurrency: 1,
      connectTimeout: 60_000,
      clientPublish: true,
      ids: expect.objectContaining({ session: expect.any(Function) as unknown }) as unknown,
      limits: {
        maxFrameBytes: 65_536,
        maxMessageBytes: 131_072,
        maxHeaders: 64,
        maxHeaderBytes: 8192,
        maxConnectHeaderBytes: 16_384,
        maxSubscriptions: 128,
        maxOutboxBytes: 524_288,
        outboxTimeout: 10_000,
        maxWaitingFrames: 64,
      },
    });
  });

  it('follow the frame size where they depend on it, and an authenticator', () => {
    const { limits, connectTimeout } = resolveOptions({
      limits: { maxFrameBytes: 2_000_000 },
      authenticate: () => undefined,
    });
    expect(connectTimeout).toBe(10_000);
    expect(limits).toMatchObject({
      maxMessageBytes: 4_000_000,
      maxOutboxBytes: 4_000_000,
    });
  });

  it('may have messages as large as frames, and endpoints with different paths', () => {
    const { limits, endpoints } = resolveOptions({
      limits: { maxFrameBytes: 1000, maxMessageBytes: 1000 },
      endpoints: [{ path: '/ws' }, { path: '/' }],
    });
    expect(limits.maxMessageBytes).toBe(1000);
    expect(endpoints.map(({ path }) => path)).toEqual(['/ws', '/']);
  });

  it('of sessions follow the number of all sessions and of shares', () => {
    const limitsOf = (limits: ServerOptions['limits']) => resolveOptions({ limits }).limits;
    expect(limitsOf({})).toMatchObject({ maxSessionsPerUser: 256, maxSessionsPerAddress: 4096 });
    expect(limitsOf({ maxSessions: 800, shares: 4 })).toMatchObject({
      maxSessionsPerUser: 200,
      maxSessionsPerAddress: 200,
    });
    expect(limitsOf({ maxSessions: 2 })).toMatchObject({ maxSessionsPerAddress: 1 });
    expect(() => limitsOf({ shares: 0 })).toThrow(`The option 'limits.shares' must be`);
  });

  it('treat undefined as absent, and are frozen', () => {
    const options = resolveOptions({
      concurrency: undefined,
      limits: { maxFrameBytes: undefined },
    } as unknown as ServerOptions);
    expect([options.concurrency, options.limits.maxFrameBytes]).toEqual([1, 65_536]);
    const parts = [options, options.limits, options.slowConsumers, options.endpoints[0]];
    expect(parts.every(Object.isFrozen)).toBe(true);
    const endpoints = [{ path: '/own' }];
    resolveOptions({ endpoints });
    expect([endpoints, endpoints[0]].some(Object.isFrozen)).toBe(false);
  });

  it('are copied with their lists, which are frozen', () => {
    const given = {
      controllers: [],
      transports: [],
      codecs: [jsonCodec],
      interceptors: [],
      outboundInterceptors: [],
      prefixes: { application: ['/app'] },
      slowConsumers: { rules: [] },
      endpoints: [{ path: '/ws', allowedOrigins: ['https://a.test'] }],
    };
    const options = resolveOptions(given);
    const lists: readonly (readonly [unknown, unknown])[] = [
      [options.controllers, given.controllers],
      [options.transports, given.transports],
      [options.codecs, given.codecs],
      [options.converters, undefined],
      [options.interceptors, given.interceptors],
      [options.outboundInterceptors, given.outboundInterceptors],
      [options.prefixes.application, given.prefixes.application],
      [options.prefixes.broker, undefined],
      [options.slowConsumers.rules, given.slowConsumers.rules],
      [options.endpoints[0]!.allowedOrigins, given.endpoints[0]!.allowedOrigins],
    ];
    for (const [resolved, list] of lists) {
      expect(Object.isFrozen(resolved)).toBe(true);
      expect(Object.isFrozen(list)).toBe(list === undefined);
    }
    expect(options.codecs[0]).toBe(jsonCodec);
    expect(Object.isFrozen(jsonCodec)).toBe(false);
  });

  it.each([null, [], 5, 'ann'])('must be an object: %j', (given) => {
    expect(() => resolveOptions(given as ServerOptions)).toThrow(
      new MessagingError(
        'option-invalid',
        'The options must be an object, such as { controllers: ... }.',
      ),
    );
  });

  it.each<[string, object]>([
    ...['maxSessions', 'shares', 'maxFrameBytes'].flatMap((name) =>
      [1n, Symbol('limit'), Object.create(null) as object].map((value): [string, object] => [
        `The option 'limits.${name}' must be a number.`,
        { limits: { [name]: value } },
      ]),
    ),
    [`The option 'handlerTimeout' must be a number.`, { handlerTimeout: 1n }],
    [
      `The option 'prefixes' must be a list of texts; Symbol(app) is not a text.`,
      { prefixes: { application: [Symbol('app')] } },
    ],
    [
      `The option 'controler' is unknown; the nearest known one is 'controllers'.`,
      { controler: [] },
    ],
    [
      `The option 'limits.maxFramesize' is unknown; the nearest known one is 'limits.maxFrameBytes'.`,
      { limits: { maxFramesize: 1 } },
    ],
    [
      `The option 'limits.maxFrame' is unknown; the nearest known one is 'limits.maxFrameBytes'.`,
      { limits: { maxFrame: 1 } },
    ],
    [
      `The option 'endpoints.allowedOrigin' is unknown; the nearest known one is 'endpoints.allowedOrigins'.`,
      { endpoints: [{ path: '/ws', allowedOrigin: [] }] },
    ],
    [
      `The option 'limits.maxFrameBytes' must be a whole number of at least 1.`,
      { limits: { maxFrameBytes: 0.5 } },
    ],
    [`The option 'concurrency' must be a whole number of at least 1.`, { concurrency: 0 }],
    [`The option 'separator' must be '/' or '.'.`, { separator: ':' }],
    [
      `The option 'onRejectedFrame' must be 'report', 'close' or 'ignore'.`,
      { onRejectedFrame: 'problem' },
    ],
    [
      `The option 'unknownProperties' must be 'drop', 'reject' or 'keep'.`,
      { unknownProperties: 'ignore' },
    ],
    [`The option 'codecs' must not be empty.`, { codecs: [] }],
    ...[() => {}, undefined, 'Chat'].map((item): [string, object] => [
      `The option 'controllers' must be a list of classes; item 1 is not a class.`,
      { controllers: [class {}, item] },
    ]),
    [
      `The option 'limits.maxMessageBytes' must not be smaller than limits.maxFrameBytes.`,
      { limits: { maxMessageBytes: 10 } },
    ],
    [
      `The option 'prefixes' must begin with a slash, not end with one, and have no wildcards or control characters; 'app' is not valid.`,
      { prefixes: { application: ['app'] } },
    ],
    [
      `The option 'prefixes' must not contain each other; '/app/topic' lies within another prefix.`,
      { prefixes: { broker: ['/app/topic'] } },
    ],
    ...[
      ['/temp-queue', { broker: ['/topic', '/queue', '/temp-queue'] }] as const,
      ['/temp-queue/x', { broker: ['/temp-queue/x'] }] as const,
      ['/reply-queue', { broker: ['/topic', '/reply-queue'] }] as const,
      ['/temp-queue', { application: ['/temp-queue'] }] as const,
      ['/reply-queue/x', { application: ['/reply-queue/x'] }] as const,
      ['/temp-queue', { user: '/temp-queue' }] as const,
      ['/reply-queue', { user: '/reply-queue' }] as const,
    ].map(([prefix, prefixes]): [string, ServerOptions] => [
      `The option 'prefixes' must leave out /temp-queue and /reply-queue, which the server always serves; remove '${prefix}'.`,
      { prefixes },
    ]),
    [
      `The option 'endpoints' must have paths that begin with a slash and have no query; 'ws' has not.`,
      { endpoints: [{ path: 'ws' }] },
    ],
    [
      `The option 'endpoints' must have paths that begin with a slash and have no query; '/ws?a=b' has not.`,
      { endpoints: [{ path: '/ws?a=b' }] },
    ],
    [
      `The option 'endpoints' must have paths that begin with a slash and have no query; 'a/ws' has not.`,
      { endpoints: [{ path: 'a/ws' }] },
    ],
    [
      `The option 'endpoints.path' must be '/%C3%BC', as clients send it; '/ü' never matches.`,
      { endpoints: [{ path: '/ü' }] },
    ],
    [
      `The option 'endpoints' must have paths that begin with a slash and have no query; 'undefined' has not.`,
      { endpoints: [{}] },
    ],
    [`The option 'endpoints' must be a list.`, { endpoints: { path: '/ws' } }],
    [`Each of 'endpoints' must be an object, such as { path: ... }.`, { endpoints: ['/ws'] }],
    [
      `The option 'port' is unknown; pass the port to listen(), for example server.listen(8080).`,
      { port: 8080 },
    ],
    [
      `The option 'host' is unknown; pass the host to listen(), for example server.listen(8080, '0.0.0.0').`,
      { host: '0.0.0.0' },
    ],
    [
      `The option 'pingInterval' is unknown; docs/options.md lists all options.`,
      { pingInterval: 1 },
    ],
    [
      `The option 'container' must be a Container of inversify; it has no method bind, isBound, load, register, getAllAsync.`,
      { container: {} },
    ],
    [
      `The option 'broker' must be a Broker, such as new EmbeddedBroker(); it has no method start, stop, connect, publish.`,
      { broker: {} },
    ],
    [
      `The option 'transports.0' must be a Transport, such as tcpTransport(); it has no method open, close.`,
      { transports: [{}] },
    ],
    [
      `The option 'codecs.0' must be a WireCodec, such as stompCodec; it has no method begins, decoder, encoder.`,
      { codecs: ['stomp'] },
    ],
    [
      `The option 'converters.0' must be a PayloadConverter; it has no method write.`,
      { converters: [{ read: () => undefined }] },
    ],
    [
      `The option 'logger' must be a Logger, such as the console; it has no method error, warn, info.`,
      { logger: { log: () => {} } },
    ],
    [
      `The option 'clock' must be a Clock; it has no method after, soon.`,
      { clock: { now: () => 0, date: () => 0 } },
    ],
    [`The option 'ids' must be Ids; it has no method session, message, reply.`, { ids: {} }],
    ...([
      ['cors', "list the origins of an endpoint: endpoints: [{ path: '/ws', allowedOrigins: [] }]"],
      ['providers', "services need no list; for bindings of inversify, pass a 'container'"],
      ['queue', 'it is an option of the broker, as in broker: new EmbeddedBroker({ queue: {} })'],
      ['maxFrameBytes', "the nearest known one is 'limits.maxFrameBytes'"],
      ['maxFrameByte', "the nearest known one is 'limits.maxFrameBytes'"],
      ['allowedOrigins', "the nearest known one is 'endpoints.allowedOrigins'"],
      ['interceptor', "the nearest known one is 'interceptors'"],
    ].map(([name, fix]) => [`The option '${name}' is unknown; ${fix}.`, { [name!]: [] }]) as [
      string,
      object,
    ][]),
    ...(['interceptors', 'outboundInterceptors'] as const).map((name): [string, object] => [
      `The option '${name}.0' must be a function, not the class Audit; pass a function that calls a method of an instance.`,
      { [name]: [class Audit {}] },
    ]),
    [
      `The option 'authenticate' must be a function, not the class Users; pass a function that calls a method of an instance.`,
      { authenticate: class Users {} },
    ],
    [`The option 'interceptors.0' must be a function.`, { interceptors: [{}] }],
    [
      `The option 'outboundInterceptors.0' must be a function.`,
      { outboundInterceptors: [undefined] },
    ],
    [`The option 'endpoints.allowedOrigins' must be a list.`, ofEndpoint({ allowedOrigins: '*' })],
    [
      `'a.test' in allowedOrigins is not an origin such as https://*.example.org:[443,8443].`,
      ofEndpoint({ allowedOrigins: ['a.test'] }),
    ],
    [`The option 'clientPublish' must be true or false.`, { clientPublish: 'false' }],
    [`The option 'authenticate' must be a function.`, { authenticate: 'ann' }],
    [`The option 'limits' must be an object.`, { limits: null }],
    [`The option 'prefixes.application' must be a list.`, { prefixes: { application: '/app' } }],
    [`The option 'separator' must be a string.`, { separator: 0 }],
    [
      `The option 'slowConsumers.rules' must begin with a slash; 'topic' does not.`,
      { slowConsumers: { rules: [{ destination: 'topic', policy: 'conflate' }] } },
    ],
    [
      `The option 'endpoints.slowConsumers.rules' must begin with a slash; 'topic' does not.`,
      {
        endpoints: [
          { path: '/ws', slowConsumers: { rules: [{ destination: 'topic', policy: 'close' }] } },
        ],
      },
    ],
    [
      `The option 'slowConsumers.rules' must have a destination each.`,
      { slowConsumers: { rules: [{ policy: 'conflate' }] } },
    ],
    [
      `The option 'endpoints' must have different paths.`,
      { endpoints: [{ path: '/ws' }, { path: '/ws' }] },
    ],
    [
      `The option 'endpoints' is not valid: the endpoint '/ws' and the endpoint '/ws/{x}': requests over SockJS to '/ws', such as '/ws/info', would reach '/ws/{x}'; change one path, so that it does not begin as the other.`,
      {
        endpoints: [
          { path: '/ws', sockjs: true },
          { path: '/ws/{x}', sockjs: true },
        ],
      },
    ],
  ])('%s', (message, given) => {
    expect(() => resolveOptions(given as ServerOptions)).toThrow(
      new MessagingError('option-invalid', message),
    );
  });
});

describe('several invalid options', () => {
  const textOf = (given: object) => {
    try {
      resolveOptions(given as ServerOptions);
    } catch (error) {
      return (error as MessagingError).message.split('\n- ');
    }
    return undefined;
  };

  it('are reported together: names and types', () => {
    const given = {
      limit: {},
      clientPublish: 1,
      limits: { maxHeader: 1, shares: '8' },
      heartbeat: { minSendIntervall: 1 },
      endpoints: [{ pfad: '/ws' }],
    };
    expect(textOf(given)).toEqual([
      'Some options are not valid:',
      "The option 'limit' is unknown; the nearest known one is 'limits'.",
      "The option 'clientPublish' must be true or false.",
      "The option 'heartbeat.minSendIntervall' is unknown; the nearest known one is 'heartbeat.minSendInterval'.",
      "The option 'limits.maxHeader' is unknown; the nearest known one is 'limits.maxHeaders'.",
      "The option 'limits.shares' must be a number.",
      "The option 'endpoints.pfad' is unknown; docs/options.md lists all options.",
    ]);
  });

  it('are reported together: values', () => {
    const given = {
      broker: {},
      limits: { maxFrameBytes: 0 },
      handlerTimeout: -1,
      onRejectedFrame: 'x',
      endpoints: [{ path: 'ws' }],
    };
    expect(textOf(given)).toEqual([
      'Some options are not valid:',
      "The option 'broker' must be a Broker, such as new EmbeddedBroker(); it has no method start, stop, connect, publish.",
      "The option 'limits.maxFrameBytes' must be a whole number of at least 1.",
      "The option 'handlerTimeout' must be a whole number of at least 0.",
      "The option 'onRejectedFrame' must be 'report', 'close' or 'ignore'.",
      "The option 'endpoints' must have paths that begin with a slash and have no query; 'ws' has not.",
    ]);
  });
});

describe('the slow consumers of an endpoint', () => {
  it.each([
    [{ policy: 'drop' }, 'endpoints.slowConsumers'],
    [{ polcy: 'close' }, 'endpoints.slowConsumers.polcy'],
    [
      { rules: [{ destination: '/topic/x', policy: 'close', keys: 'x' }] },
      'endpoints.slowConsumers.rules.keys',
    ],
  ])('%j is refused by its name', (slowConsumers, name) => {
    const options = { endpoints: [{ path: '/ws', slowConsumers }] } as ServerOptions;
    expect(() => resolveOptions(options)).toThrow(`The option '${name}'`);
  });

  it('have patterns that are checked immediately, like the patterns of all options', () => {
    const rules = [{ destination: '/topic/{x', policy: 'conflate' }] as const;
    for (const options of [
      { slowConsumers: { rules } },
      { endpoints: [{ path: '/ws', slowConsumers: { rules } }] },
    ])
      expect(() => resolveOptions(options)).toThrow(
        new MessagingError(
          'pattern-invalid',
          `The pattern '/topic/{x' is not valid at position 7: a brace is not closed.`,
        ),
      );
  });
});
