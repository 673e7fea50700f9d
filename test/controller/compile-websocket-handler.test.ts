// Classes with @WebSocketHandler: their routes, and the mistakes that are reported together.
import { describe, expect, it } from 'vitest';
import {
  Controller,
  MessageMapping,
  WebSocketHandler,
  type WebSocketHandlerOptions,
} from '../../src/index.js';
import { servedPath } from '../../src/transport/path-overlap.js';
import { compileAll } from './serve.js';

type Type = new () => object;

/** A class with a handler of the path, also if the types do not allow it. */
function handler(
  name: string,
  path: unknown,
  options?: unknown,
  members: object = { message() {} },
): Type {
  const type = { [name]: class {} }[name]!;
  Object.assign(type.prototype, members);
  WebSocketHandler(path as string, options as WebSocketHandlerOptions)(type);
  return type;
}

function findings(...types: Type[]): string[] {
  try {
    compileAll(types, {
      endpoints: [servedPath('/ws', { sockjs: true, sse: true })],
    });
    return [];
  } catch (error) {
    return (error as Error).message.split('\n- ').slice(1);
  }
}

describe('a WebSocket handler', () => {
  it('is compiled with the decorator that it inherits', () => {
    @WebSocketHandler('/a/{x}', { subprotocols: ['s'] })
    class Parent {
      message() {}
    }
    class Child extends Parent {}
    const { routes, webSockets } = compileAll([Child]);
    expect(routes).toEqual([]);
    expect(webSockets).toMatchObject([
      { name: 'Child', pattern: { pattern: '/a/{x}' }, options: { subprotocols: ['s'] } },
    ]);
  });

  it('may have any of its methods and further members', () => {
    for (const name of ['open', 'message', 'close', 'error'])
      expect(findings(handler('A', '/a', {}, { [name]() {}, other() {} }))).toEqual([]);
  });
});

describe('it is reported', () => {
  it.each<[string, Type[], string[]]>([
    [
      'a class without a method of a handler',
      [handler('A', '/a', {}, { onMessage() {} })],
      [
        'A: it has none of the methods open, message, close, error; add one, as message(session, data).',
      ],
    ],
    [
      'paths that are not valid, all together',
      [handler('A', 'a'), handler('B', '/b?x'), handler('C', undefined), handler('D', '/d/{x')],
      [
        "A: its path 'a' is not valid; begin it with a slash, and leave out query and spaces.",
        "B: its path '/b?x' is not valid; begin it with a slash, and leave out query and spaces.",
        'C: its path undefined is not valid; begin it with a slash, and leave out query and spaces.',
        expect.stringMatching(/^D: its path '\/d\/\{x' is not valid: /) as unknown as string,
      ],
    ],
    [
      'two handlers of the same path',
      [handler('A', '/a'), handler('B', '/a')],
      ["A and B: their paths '/a' and '/a' match the same requests; change one."],
    ],
    [
      'two handlers whose variables match the same paths',
      [handler('A', '/a/{x}'), handler('B', '/a/{y}'), handler('C', '/a/b')],
      ["A and B: their paths '/a/{x}' and '/a/{y}' match the same requests; change one."],
    ],
    [
      'the path of an endpoint',
      [handler('A', '/ws')],
      [
        "A: its path '/ws' is an endpoint of STOMP; change one of them, such as the one in the option 'endpoints'.",
      ],
    ],
    [
      'a path that would receive the SockJS requests of an endpoint',
      [handler('Room', '/ws/{room}', { sockjs: true })],
      [
        "the endpoint '/ws' and Room: requests over SockJS to '/ws', such as '/ws/info', would reach '/ws/{room}'; change one path, so that it does not begin as the other.",
      ],
    ],
    [
      'an unknown option of a transport',
      [handler('A', '/a', { sockjs: { heartBeat: 3 } })],
      [
        "A: its @WebSocketHandler is not valid: The option 'sockjs.heartBeat' is unknown; the nearest known one is 'sockjs.heartbeatInterval'.",
      ],
    ],
    [
      'options that are not valid',
      [
        handler('A', '/a', { subprotocol: 'x' }),
        handler('B', '/b', { subprotocols: ['a b'] }),
        handler('C', '/c', { instance: 'session' }),
        handler('D', '/d', { allowedOrigins: ['example.org'] }),
        handler('E', '/e', { handshakeInterceptors: [{}] }),
        handler('F', '/{x}', { sockjs: true }),
        handler('G', '/g', { maxMessageBytes: 0 }),
        handler('H', '/h', { maxPartBytes: 1023 }),
        handler('J', '/j/**', { sockjs: true }),
        handler('I', '/i', { maxPartBytes: 1024, perMessageDeflate: true }),
        handler('K', '/k', { perMessageDeflate: { level: 10 } }),
        handler('L', '/l', { sockjs: 'yes' }),
        handler('M', '/m', { sse: 'yes' }),
        handler('N', '/n', null as never),
      ],
      [
        "A: its @WebSocketHandler is not valid: The option 'subprotocol' is unknown; the nearest known one is 'subprotocols'.",
        "B: its @WebSocketHandler is not valid: The option 'subprotocols' must be a list of tokens; 'a b' is not a token.",
        "C: its @WebSocketHandler is not valid: The option 'instance' must be 'shared' or 'connection'.",
        expect.stringContaining(
          "'example.org' in allowedOrigins is not an origin",
        ) as unknown as string,
        expect.stringContaining('handshakeInterceptors.0') as unknown as string,
        "F: its @WebSocketHandler is not valid: The option 'sockjs' needs a path with a fixed segment, unlike '/{x}'.",
        "G: its @WebSocketHandler is not valid: The option 'maxMessageBytes' must be a whole number of at least 1.",
        "H: its @WebSocketHandler is not valid: The option 'maxPartBytes' must be a whole number of at least 1024.",
        "J: its @WebSocketHandler is not valid: The option 'sockjs' needs a path without '**', unlike '/j/**'.",
        "I: its @WebSocketHandler is not valid: The option 'maxPartBytes' cannot be used with 'perMessageDeflate': compressed messages cannot be divided.",
        "K: its @WebSocketHandler is not valid: The option 'perMessageDeflate.level' must not be greater than 9.",
        "L: its @WebSocketHandler is not valid: The option 'sockjs' must be true, false or an object.",
        "M: its @WebSocketHandler is not valid: The option 'sse' must be true, false or an object.",
        'N: its @WebSocketHandler is not valid: The options must be an object, such as { allowedOrigins: ... }.',
      ],
    ],
    [
      'paths that no request has, with the form that clients send',
      [
        handler('A', '/ü'),
        handler('B', '/{id:[^/]+}/a/../"b"'),
        handler('C', '/%C3%BC/{id:\\d{3}}'),
      ],
      [
        "A: its path '/ü' never matches, because clients send '/%C3%BC'; write it like this.",
        `B: its path '/{id:[^/]+}/a/../"b"' never matches, because clients send '/{id:[^/]+}/%22b%22'; write it like this.`,
      ],
    ],
    [
      'a class without a name',
      [handler('', '/a', {}, {})],
      [
        '(anonymous class): it has none of the methods open, message, close, error; add one, as message(session, data).',
      ],
    ],
  ])('%s', (_name, types, expected) => {
    expect(findings(...types)).toEqual(expected);
  });

  it('a decorator without parentheses, which gets the class', () => {
    class A {
      message() {}
    }
    expect((WebSocketHandler as unknown as (type: unknown) => unknown)(A)).toBe(A);
    expect(findings(A)).toEqual([
      "A: its decorator has no parentheses; write them, as in @WebSocketHandler('/echo').",
    ]);
  });

  it('a class that is a controller, too, and decorators without effect', () => {
    @Controller()
    @WebSocketHandler('/a')
    class Both {
      @MessageMapping('/x')
      message() {}
    }
    @WebSocketHandler('/b')
    class Mapped {
      @MessageMapping('/x')
      message() {}
    }
    @WebSocketHandler('/c')
    @WebSocketHandler('/d')
    class Twice {
      message() {}
    }
    expect(findings(Both, Mapped, Twice)).toEqual([
      'Both: it has both @Controller and @WebSocketHandler; divide it into two classes.',
      'Mapped: its decorators for messages have no effect, because it has no @Controller; remove them.',
      'Twice: it has several @WebSocketHandler; keep one.',
    ]);
  });
});
