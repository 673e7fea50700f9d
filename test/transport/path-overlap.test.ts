// Paths whose requests over SockJS or SSE would reach another path of the same server.
import { describe, expect, it } from 'vitest';
import { pathOverlaps, servedPath } from '../../src/transport/path-overlap.js';

type Given = readonly [
  path: string,
  transports?: { readonly sockjs?: boolean; readonly sse?: boolean },
];

const sockjs = { sockjs: true };
const sse = { sse: true };

/** The URLs in the reports, with the transport. */
function overlapsOf(...given: readonly Given[]): readonly string[] {
  return pathOverlaps(given.map(([path, transports = {}]) => servedPath(path, transports))).map(
    (text) => /over (\w+) to .*, such as ('.*?'), would/.exec(text)!.slice(1).join(' '),
  );
}

describe('paths', () => {
  it.each<[string, Given[], string[]]>([
    [
      'a variable below SockJS, both with SockJS',
      [
        ['/chat', sockjs],
        ['/chat/{room}', sockjs],
      ],
      ["SockJS '/chat/info'"],
    ],
    [
      'two variables below SockJS',
      [
        ['/chat', sockjs],
        ['/chat/{a}/{b}', sockjs],
      ],
      ["SockJS '/chat/{server}/{session}/websocket'"],
    ],
    [
      'three variables',
      [['/chat', sockjs], ['/chat/{a}/{b}/{c}']],
      ["SockJS '/chat/{server}/{session}/websocket'"],
    ],
    [
      'a variable at the first place',
      [
        ['/{a}', sockjs],
        ['/{b}/{c}', sockjs],
      ],
      ["SockJS '/{a}/info'"],
    ],
    [
      'a variable with a regular expression',
      [
        ['/c', sockjs],
        ['/c/{id:[a-z]{2,9}}', sockjs],
      ],
      ["SockJS '/c/info'"],
    ],
    [
      'a path of SSE',
      [
        ['/chat', sse],
        ['/chat/sse', sockjs],
      ],
      ["SSE '/chat/sse'"],
    ],
  ])('are reported: %s', (_name, given, urls) => {
    expect(overlapsOf(...given)).toEqual(urls);
  });

  it.each<[string, Given[]]>([
    [
      'different paths',
      [
        ['/a', sockjs],
        ['/b', sockjs],
      ],
    ],
    [
      'a fixed path below SockJS',
      [
        ['/chat', sockjs],
        ['/chat/lobby', sockjs],
      ],
    ],
    ['a variable without SockJS', [['/chat', sockjs], ['/chat/{room}']]],
    [
      'a variable below SSE',
      [
        ['/chat', sse],
        ['/chat/{room}', sse],
      ],
    ],
    [
      'SockJS below SSE',
      [
        ['/chat', sse],
        ['/chat/{room}', sockjs],
      ],
    ],
    [
      'SSE below SockJS',
      [
        ['/chat', sockjs],
        ['/chat/{room}', sse],
      ],
    ],
    ['WebSocket only', [['/chat'], ['/chat/{room}'], ['/chat/{a}/{b}/{c}']]],
    [
      'a path for one value of a variable',
      [
        ['/{room}', sockjs],
        ['/chat', sockjs],
      ],
    ],
    [
      'a variable that could be the other path',
      [
        ['/ws', sockjs],
        ['/{tenant}/ws', sockjs],
      ],
    ],
    [
      'the same path, which is another mistake',
      [
        ['/chat/{a}', sockjs],
        ['/chat/{b}', sockjs],
      ],
    ],
  ])('are accepted: %s', (_name, given) => {
    expect(overlapsOf(...given)).toEqual([]);
  });

  it('are reported with both names and the fix', () => {
    const paths = [servedPath('/chat', sse), servedPath('/chat/sse', sockjs, 'Events')];
    expect(pathOverlaps(paths)).toEqual([
      "the endpoint '/chat' and Events: requests over SSE to '/chat', such as '/chat/sse', would reach '/chat/sse'; change one path, so that it does not begin as the other.",
    ]);
  });
});
