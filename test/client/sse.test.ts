// sse(): the requests of a connection, its end, and its continuation after a lost response.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { sse, type ClientSocket, type SseClientOptions } from '../../src/client.js';
import { FakeRequest, fakeFetch } from './fake-fetch.js';
import { microtasks, recordEvents } from './fake-socket.js';

const opening = 'event: open\nid: s.0\ndata: {"session":"s","protocol":"v12.stomp"}\n\n';
const get = '/ws/sse?protocols=v12.stomp%2Cv11.stomp%2Cv10.stomp';

let requests: FakeRequest[];
let socket: ClientSocket;
let events: string[];

beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(Math, 'random').mockReturnValue(0);
});

afterEach(async () => {
  socket.terminate!();
  await microtasks();
  if (vi.getTimerCount() > 0) throw new Error('A timer is left.');
  vi.useRealTimers();
  vi.restoreAllMocks();
});

async function connect(
  options: SseClientOptions = {},
  url = 'https://example.org/ws',
): Promise<void> {
  const fake = fakeFetch();
  ({ requests } = fake);
  socket = sse(url, { fetch: fake.fetch, ...options })();
  events = recordEvents(socket);
  await microtasks();
}

async function connectAndOpen(options?: SseClientOptions): Promise<void> {
  await connect(options);
  requests[0]!.stream(opening);
  await microtasks();
  expect(events).toEqual(['open']);
  events.length = 0;
}

/** The requests as texts, without the first one. */
function laterRequests(): string[] {
  return requests
    .slice(1)
    .map(({ method, path, messages }) =>
      [method, path, ...((messages ?? []) as string[])].join(' '),
    );
}

async function answer(status = 204): Promise<void> {
  requests.at(-1)!.respond(status);
  await microtasks();
}

async function write(text: string): Promise<void> {
  requests.findLast(({ method }) => method === 'GET')!.write(text);
  await microtasks();
}

/** Loses the response, waits, and returns the next request for events. */
async function loseResponse(delay = 250): Promise<FakeRequest> {
  const lost = requests.at(-1)!;
  if (lost.isAborted) throw new Error('The response has been aborted.');
  lost.fail();
  await microtasks();
  await vi.advanceTimersByTimeAsync(delay - 1);
  expect(requests.at(-1)).toBe(lost);
  await vi.advanceTimersByTimeAsync(1);
  return requests.at(-1)!;
}

describe('a connection', () => {
  it('requests the events of the endpoint, and opens with the first one', async () => {
    await connect();
    expect(requests.map(({ method, path }) => [method, path])).toEqual([['GET', get]]);
    expect(requests[0]!.init).toMatchObject({
      credentials: 'same-origin',
      cache: 'no-store',
      redirect: 'manual',
    });
    expect(socket).toMatchObject({ readyState: 0, protocol: '', url: 'https://example.org/ws' });
    requests[0]!.stream();
    await microtasks();
    expect(socket.readyState).toBe(0);
    await write(opening);
    expect(socket).toMatchObject({ readyState: 1, protocol: 'v12.stomp' });
    expect(events).toEqual(['open']);
  });

  it('opens once', async () => {
    await connectAndOpen();
    await write(opening);
    expect(events).toEqual([]);
  });

  it.each([
    ['wss://example.org/ws', [], '/ws/sse'],
    [
      'https://example.org/a/ws/?x=1',
      ['v1.json.signalbox'],
      '/a/ws/sse?x=1&protocols=v1.json.signalbox',
    ],
    ['https://example.org', [], '/sse'],
  ])('to %s with the subprotocols %j requests %s', async (url, protocols, path) => {
    await connect({ protocols }, url);
    expect(requests[0]!.path).toBe(path);
  });

  it('sends headers and credentials with each request', async () => {
    let token = 1;
    const headers = async () => ({ authorization: `Bearer ${token++}` });
    await connectAndOpen({ headers, credentials: 'include' });
    socket.send('a');
    await microtasks();
    await answer();
    socket.close();
    await microtasks();
    expect(requests.map(({ headers: sent }) => sent['authorization'])).toEqual([
      'Bearer 1',
      'Bearer 2',
      'Bearer 3',
    ]);
    expect(requests.map(({ init }) => init.credentials)).toEqual(Array(3).fill('include'));
  });

  it('is refused when its headers are not known in time', async () => {
    await connect({ headers: () => new Promise(() => {}), silenceTimeout: 1000 });
    await vi.advanceTimersByTimeAsync(1000);
    expect(requests).toEqual([]);
    expect(events.at(-1)).toBe(
      'close 1006 lost The server has not opened the connection for 1000 ms.',
    );
  });

  it('is refused when its headers cannot be determined', async () => {
    await connect({ headers: () => Promise.reject(new Error('no token')) });
    expect(events.at(-1)).toBe('close 1006 lost no token');
  });

  it('receives each message of an event, also if a character is cut', async () => {
    await connectAndOpen();
    const bytes = new TextEncoder().encode('id: s.1\ndata: ["é","b"]\n\n');
    requests[0]!.write(bytes.subarray(0, 16));
    requests[0]!.write(bytes.subarray(16));
    await write(':\n\nevent: unknown\nid: s.2\ndata: 1\n\nid: s.3\ndata: ["c"]\n\n');
    expect(events).toEqual(['message é', 'message b', 'message c']);
  });

  it('continues after an exception of a handler', async () => {
    await connectAndOpen();
    socket.onmessage = ({ data }) => {
      throw new Error(`of the handler: ${data as string}`);
    };
    await write('id: s.1\ndata: ["a"]\n\n');
    expect(() => vi.advanceTimersByTime(0)).toThrow('of the handler: a');
    expect(socket.readyState).toBe(1);
  });
});

describe('messages of the client', () => {
  it('of one turn are sent together, and later ones wait for the answer', async () => {
    await connectAndOpen();
    socket.send('a');
    socket.send('b');
    await microtasks();
    socket.send('c');
    socket.send('d');
    await microtasks();
    expect(laterRequests()).toEqual(['POST /ws/sse/s a b']);
    await answer();
    expect(laterRequests()).toEqual(['POST /ws/sse/s a b', 'POST /ws/sse/s c d']);
    await answer();
    socket.send('e');
    await microtasks();
    expect(laterRequests()).toHaveLength(3);
  });

  it('are sent in several requests when they are large', async () => {
    await connectAndOpen();
    const messages = ['x'.repeat(40_000), 'y'.repeat(25_000), 'z'.repeat(70_000), 'end'];
    for (const message of messages) socket.send(message);
    await microtasks();
    await answer();
    await answer();
    expect(requests.slice(1).map((request) => request.messages)).toEqual([
      messages.slice(0, 2),
      [messages[2]],
      ['end'],
    ]);
  });

  it('are text, or bytes that are text', async () => {
    await connectAndOpen();
    socket.send(new TextEncoder().encode('é'));
    expect(() => socket.send(Uint8Array.of(0xff))).toThrow(TypeError);
    await microtasks();
    expect(laterRequests()).toEqual(['POST /ws/sse/s é']);
  });

  it('need no preflight of another origin', async () => {
    await connectAndOpen();
    socket.send('a');
    await microtasks();
    expect([requests[0]!.headers, requests[1]!.headers]).toEqual([{}, {}]);
  });

  it('cannot be sent before the connection is open, and are dropped after its end', async () => {
    await connect();
    expect(() => socket.send('early')).toThrow('before the connection is open');
    requests[0]!.stream(opening);
    await microtasks();
    socket.terminate!();
    socket.send('late');
    await microtasks();
    expect(laterRequests()).toEqual(['DELETE /ws/sse/s']);
  });
});

describe('a request with messages', () => {
  beforeEach(async () => {
    await connectAndOpen();
    socket.send('a');
    await microtasks();
    socket.send('b');
  });

  it('is never sent again: the session ends when its answer is lost', async () => {
    requests[1]!.fail(new TypeError('fetch failed', { cause: new Error('connect ECONNREFUSED') }));
    await microtasks();
    const reason = 'fetch failed: connect ECONNREFUSED';
    expect(events).toEqual([`error ${reason}`, `close 1006 lost ${reason}`]);
    expect(laterRequests()).toEqual(['POST /ws/sse/s a', 'DELETE /ws/sse/s']);
    expect(requests[0]!.isAborted).toBe(true);
  });

  it.each([
    [413, 1009],
    [400, 1006],
    [503, 1006],
    [200, 1006],
    [302, 1006],
  ])('that is answered with %i ends the session with %i', async (status, code) => {
    await answer(status);
    const reason = `The server has answered ${status} to a message.`;
    expect(events).toEqual([`error ${reason}`, `close ${code} lost ${reason}`]);
    expect(laterRequests()).toEqual(['POST /ws/sse/s a', 'DELETE /ws/sse/s']);
  });

  it('that is answered with a redirect, which is not followed, ends the session', async () => {
    expect(requests[1]!.init.redirect).toBe('manual');
    await answer(0);
    expect(events.at(-1)).toBe(
      'close 1006 lost The server has answered with a redirect to a message.',
    );
    expect(laterRequests()).toEqual(['POST /ws/sse/s a', 'DELETE /ws/sse/s']);
  });

  it('that is answered with a page ends the session, and the page is not read', async () => {
    const isCancelled = requests[1]!.respondWithPage();
    await isCancelled;
    await microtasks();
    expect(events.at(-1)).toBe('close 1006 lost The server has answered 200 to a message.');
  });

  it('that is answered with 404 waits for the close event of the server', async () => {
    await answer(404);
    expect(events).toEqual([]);
    socket.send('c');
    await write('id: s.1\ndata: ["ERROR"]\n\n');
    await write('event: close\nid: s.2\ndata: {"code":1002,"reason":"frame-invalid"}\n\n');
    expect(events).toEqual(['message ERROR', 'close 1002 clean frame-invalid']);
    expect(laterRequests()).toEqual(['POST /ws/sse/s a']);
  });

  it('that is answered with 404 ends the session if the response continues', async () => {
    await answer(404);
    for (const i of [1, 2, 3, 4]) {
      await vi.advanceTimersByTimeAsync(1000);
      await write(`id: s.${i}\ndata: ["${i}"]\n\n`);
    }
    await vi.advanceTimersByTimeAsync(1000);
    expect(events.slice(-2)).toEqual([
      'error The server has answered 404 to a message.',
      'close 1006 lost The server has answered 404 to a message.',
    ]);
  });

  it('that is answered with 404 ends the session with its response', async () => {
    await answer(404);
    requests[0]!.fail();
    await microtasks();
    expect(events.at(-1)).toBe('close 1006 lost network error');
  });

  it('that is answered with 404 after the response was lost continues the session once', async () => {
    requests[0]!.fail();
    await microtasks();
    requests[1]!.respond(404);
    await microtasks();
    expect(requests.at(-1)!.headers).toEqual({ 'last-event-id': 's.0' });
    requests.at(-1)!.stream('event: close\nid: s.1\ndata: {"code":1001,"reason":"x"}\n\n');
    await microtasks();
    expect(events).toEqual(['close 1001 clean x']);
  });
});

describe('the server', () => {
  it('closes with code and reason', async () => {
    await connectAndOpen();
    await write('event: close\nid: s.1\ndata: {"code":1001,"reason":"server-stopping"}\n\n');
    expect(socket.readyState).toBe(3);
    expect(events).toEqual(['close 1001 clean server-stopping']);
    expect(requests).toHaveLength(1);
  });

  it.each([
    ['status 403', (request: FakeRequest) => request.respond(403), 'The server has answered 403.'],
    [
      'a page instead of events',
      (request: FakeRequest) => request.stream('<p>', 'text/html'),
      'The server has answered with text/html instead of text/event-stream.',
    ],
    ['no answer', (request: FakeRequest) => request.fail(), 'network error'],
    [
      'a response that ends',
      (request: FakeRequest) => {
        request.stream();
        request.end();
      },
      'The server has ended the response.',
    ],
  ])('refuses the connection: %s', async (_, refuse, reason) => {
    await connect();
    refuse(requests[0]!);
    await microtasks();
    expect(socket.readyState).toBe(3);
    expect(requests[0]!.isAborted).toBe(true);
    expect(events).toEqual([`error ${reason}`, `close 1006 lost ${reason}`]);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(requests).toHaveLength(1);
  });

  it.each([
    ['message', '['],
    ['message', '{}'],
    ['message', '3'],
    ['message', '"abc"'],
    ['message', '["a",null]'],
    ['open', '{"session":1,"protocol":""}'],
    ['close', 'null'],
    ['close', '{}'],
    ['close', '{"code":1000.5,"reason":""}'],
    ['close', '{"code":1000}'],
  ])('ends the session by an invalid event of the type %s: %s', async (type, data) => {
    await connectAndOpen();
    await write(`event: ${type}\nid: s.1\ndata: ${data}\n\n`);
    const reason = `The server has sent an invalid event of the type '${type}'.`;
    expect(events).toEqual([`error ${reason}`, `close 1006 lost ${reason}`]);
    expect(laterRequests()).toEqual(['DELETE /ws/sse/s']);
  });

  it.each(['{}', 'null', '{"session":"","protocol":""}', '{"session":"s"}'])(
    'does not open a connection without a session: %s',
    async (data) => {
      await connect();
      requests[0]!.stream(`event: open\nid: s.0\ndata: ${data}\n\n`);
      await microtasks();
      const reason = "The server has sent an invalid event of the type 'open'.";
      expect(events).toEqual([`error ${reason}`, `close 1006 lost ${reason}`]);
      expect(requests).toHaveLength(1);
    },
  );
});

describe('close()', () => {
  it('sends the waiting messages, then ends the session', async () => {
    await connectAndOpen();
    socket.send('a');
    socket.close(3001, 'enough');
    expect(socket.readyState).toBe(2);
    socket.send('late');
    await write('id: s.1\ndata: ["late"]\n\n');
    expect(laterRequests()).toEqual(['POST /ws/sse/s a']);
    await answer();
    expect(laterRequests()).toEqual(['POST /ws/sse/s a', 'DELETE /ws/sse/s']);
    expect(requests[0]!.isAborted).toBe(true);
    expect(requests[2]!.init.keepalive).toBe(true);
    expect(events).toEqual([]);
    await answer();
    expect(events).toEqual(['close 3001 clean enough']);
  });

  it('has the code 1000 by default', async () => {
    await connectAndOpen();
    socket.close();
    await microtasks();
    await answer();
    expect(events).toEqual(['close 1000 clean ']);
  });

  it('is clean when the session has ended before', async () => {
    await connectAndOpen();
    socket.close();
    await microtasks();
    await answer(404);
    expect(events).toEqual(['close 1000 clean ']);
  });

  it.each([500, 200])('is not clean when the server answers %i', async (status) => {
    await connectAndOpen();
    socket.close();
    await microtasks();
    await answer(status);
    expect(events.at(-1)).toBe(
      `close 1006 lost The server has answered ${status} to the end of the session.`,
    );
  });

  it('waits for the server a limited time', async () => {
    await connectAndOpen({ closeTimeout: 300 });
    socket.close();
    await vi.advanceTimersByTimeAsync(299);
    expect(events).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(events.at(-1)).toBe(
      'close 1006 lost The server has not confirmed the end of the session.',
    );
  });

  it('does not continue a session whose response is lost', async () => {
    await connectAndOpen();
    socket.send('a');
    socket.close();
    await microtasks();
    requests[0]!.fail();
    await vi.advanceTimersByTimeAsync(300);
    expect(laterRequests()).toEqual(['POST /ws/sse/s a']);
    await answer();
    await answer();
    expect(events).toEqual(['close 1000 clean ']);
  });

  it('reports lost messages', async () => {
    await connectAndOpen();
    socket.send('a');
    socket.close();
    await microtasks();
    await answer(404);
    expect(events.at(-1)).toBe('close 1006 lost The server has answered 404 to a message.');
    expect(laterRequests()).toEqual(['POST /ws/sse/s a', 'DELETE /ws/sse/s']);
  });

  it('before the connection is open ends it', async () => {
    await connect();
    socket.close();
    expect(socket.readyState).toBe(3);
    expect(requests[0]!.isAborted).toBe(true);
    expect(events).toEqual([]);
    await microtasks();
    expect(events).toEqual(['close 1006 lost The client has ended the connection.']);
    expect(requests).toHaveLength(1);
  });

  it('reports the end once', async () => {
    await connectAndOpen();
    socket.close();
    socket.close();
    await microtasks();
    await answer();
    socket.close();
    socket.terminate!();
    await microtasks();
    expect(events).toEqual(['close 1000 clean ']);
    expect(requests).toHaveLength(2);
  });
});

it('terminate() ends the session without waiting for the server', async () => {
  await connectAndOpen();
  socket.send('a');
  await microtasks();
  socket.terminate!();
  expect(socket.readyState).toBe(3);
  await microtasks();
  expect(events).toEqual(['close 1006 lost The client has ended the connection.']);
  expect(requests.map(({ isAborted }) => isAborted)).toEqual([true, true, false]);
  expect(laterRequests()).toEqual(['POST /ws/sse/s a', 'DELETE /ws/sse/s']);
});

describe('a lost response', () => {
  beforeEach(async () => {
    await connectAndOpen();
    await write('id: s.1\ndata: ["a"]\n\nid: s.2\ndata: ["cut');
    events.length = 0;
  });

  it('is continued after the last complete event', async () => {
    const next = await loseResponse();
    expect([next.method, next.path, next.headers]).toEqual([
      'GET',
      get,
      { 'last-event-id': 's.1' },
    ]);
    expect(socket.readyState).toBe(1);
    next.stream('id: s.2\ndata: ["cut"]\n\n');
    await microtasks();
    expect(events).toEqual(['message cut']);
  });

  it('ends the connection when another session answers', async () => {
    const next = await loseResponse();
    next.stream(opening.replaceAll('"s"', '"t"') + 'id: t.1\ndata: ["of t"]\n\n');
    await microtasks();
    const reason = 'The server has not continued the session.';
    expect(events).toEqual([`error ${reason}`, `close 1006 lost ${reason}`]);
    expect(laterRequests().at(-1)).toBe('DELETE /ws/sse/s');
    expect(next.isAborted).toBe(true);
  });

  it('is not requested again after a redirect, for example to a login', async () => {
    const next = await loseResponse();
    next.respond(0);
    await microtasks();
    expect(events.at(-1)).toBe('close 1006 lost The server has answered with a redirect.');
  });

  it('does not delay messages of the client', async () => {
    requests[0]!.end();
    await microtasks();
    socket.send('b');
    await microtasks();
    expect(laterRequests()).toEqual(['POST /ws/sse/s b']);
  });

  it('is requested again with longer delays, and then the connection is lost', async () => {
    for (const delay of [250, 500, 1000, 2000, 4000]) await loseResponse(delay);
    expect(events).toEqual([]);
    requests.at(-1)!.respond(502);
    await microtasks();
    const reason = 'The server has answered 502.';
    expect(events).toEqual([`error ${reason}`, `close 1006 lost ${reason}`]);
  });

  it.each([408, 429, 503])('is requested again after the answer %i', async (status) => {
    const next = await loseResponse();
    next.respond(status);
    await microtasks();
    await vi.advanceTimersByTimeAsync(500);
    expect(laterRequests()).toHaveLength(2);
    expect(events).toEqual([]);
  });

  it('may be lost again after each byte of the server', async () => {
    for (let i = 0; i < 10; i++) {
      const next = await loseResponse();
      next.stream(':\n\n');
      await microtasks();
    }
    expect(events).toEqual([]);
  });

  it('is not requested again when the server has ended the session', async () => {
    const next = await loseResponse();
    next.respond(404);
    await microtasks();
    expect(events.at(-1)).toBe('close 1006 lost The server has answered 404.');
    expect(laterRequests()).toHaveLength(1);
  });

  it('is not requested again after terminate()', async () => {
    requests[0]!.fail();
    await microtasks();
    socket.terminate!();
    await vi.advanceTimersByTimeAsync(300);
    expect(laterRequests()).toEqual(['DELETE /ws/sse/s']);
  });
});

it('a random part of the delay is left out', async () => {
  vi.spyOn(Math, 'random').mockReturnValue(0.999);
  await connectAndOpen();
  requests[0]!.fail();
  await vi.advanceTimersByTimeAsync(126);
  expect(requests).toHaveLength(2);
});

it('maxRetries: 0 ends the connection with its response', async () => {
  await connectAndOpen({ maxRetries: 0 });
  requests[0]!.fail();
  await microtasks();
  expect(events.at(-1)).toBe('close 1006 lost network error');
});

describe('a server that sends nothing', () => {
  it('counts as lost, and the session continues', async () => {
    await connectAndOpen({ silenceTimeout: 1000, retryDelay: 100 });
    await vi.advanceTimersByTimeAsync(999);
    await write(':\n\n');
    await vi.advanceTimersByTimeAsync(999);
    expect(requests[0]!.isAborted).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    expect(requests[0]!.isAborted).toBe(true);
    await vi.advanceTimersByTimeAsync(100);
    expect(requests[1]!.headers).toEqual({ 'last-event-id': 's.0' });
    expect(events).toEqual([]);
  });

  it('at the beginning is refused', async () => {
    await connect({ silenceTimeout: 1000 });
    await vi.advanceTimersByTimeAsync(1000);
    expect(events.at(-1)).toBe(
      'close 1006 lost The server has not opened the connection for 1000 ms.',
    );
  });

  it('but comments does not open the connection', async () => {
    await connect({ silenceTimeout: 1000 });
    requests[0]!.stream();
    for (let i = 0; i < 5; i++) {
      await write(':\n\n');
      await vi.advanceTimersByTimeAsync(200);
    }
    expect(events.at(-1)).toBe(
      'close 1006 lost The server has not opened the connection for 1000 ms.',
    );
  });

  it('has the whole time again after the opening', async () => {
    await connect({ silenceTimeout: 1000 });
    await vi.advanceTimersByTimeAsync(999);
    requests[0]!.stream(opening);
    await microtasks();
    await vi.advanceTimersByTimeAsync(999);
    expect(requests[0]!.isAborted).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    expect(requests[0]!.isAborted).toBe(true);
  });
});
