// Tests the server of the echo as the tests of SockJS clients use it.
import { once } from 'node:events';
import { createServer, type Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import SockJS from 'sockjs-client';
import type { Server } from 'signalbox';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { mount } from './echo.server.js';

let http: HttpServer;
let server: Server;
let address: string;

beforeAll(async () => {
  http = createServer();
  server = await mount(http, '/');
  await once(http.listen(0, '127.0.0.1'), 'listening');
  address = `127.0.0.1:${(http.address() as AddressInfo).port}`;
});

afterAll(async () => {
  await server.close();
  http.closeAllConnections();
  http.close();
});

const get = (path: string, headers: Record<string, string> = {}) =>
  fetch(`http://${address}${path}`, { headers });
const post = (path: string, body?: string) =>
  fetch(`http://${address}${path}`, { method: 'POST', body });

describe.each(['websocket', 'xhr-streaming', 'eventsource', 'xhr-polling'])(
  'sockjs-client over %s',
  (transport) => {
    const open = (path: string) =>
      new SockJS(`http://${address}${path}`, undefined, { transports: [transport] });

    it('receives its messages from /echo, also beyond the limit of a response', async () => {
      const texts = ['hi', '<b> \u2028', 'x'.repeat(5000), 'last'];
      const socket = open('/echo');
      const received = await new Promise<readonly string[]>((resolve) => {
        const found: string[] = [];
        socket.onopen = () => texts.forEach((text) => socket.send(text));
        socket.onmessage = ({ data }) => {
          if (found.push(data) === texts.length) resolve(found);
        };
      });
      expect(received).toEqual(texts);
      socket.close();
    });

    it('receives the reason from /close', async () => {
      const socket = open('/close');
      const end = await new Promise((resolve) => (socket.onclose = resolve));
      expect(end).toMatchObject({ code: 3000, reason: 'Go away!' });
    });

    it('receives the largest answer of /amplify', async () => {
      const socket = open('/amplify');
      socket.onopen = () => socket.send('18');
      const data = await new Promise(
        (resolve) => (socket.onmessage = (event) => resolve(event.data)),
      );
      expect(data).toBe('x'.repeat(262_144));
      socket.close();
    });
  },
);

it('/raw returns messages over Server-Sent Events', async () => {
  const stream = (await get('/raw/sse')).body!.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  const until = async (pattern: RegExp) => {
    while (!pattern.test(text)) text += (await stream.read()).value;
    return pattern.exec(text)![1]!;
  };
  const session = await until(/^data: \{"session":"([^"]+)"/m);
  expect((await post(`/raw/sse/${session}`, '["hi"]')).status).toBe(204);
  expect(await until(/^data: (\[.*\])$/m)).toBe('["hi"]');
  await stream.cancel();
});

describe('/echo', () => {
  it('ends a streaming response after 4,096 bytes', async () => {
    const path = '/echo/000/limit';
    const stream = await post(`${path}/xhr_streaming`);
    for (const text of ['a', 'b', 'c', 'd'].map((letter) => letter.repeat(1500)))
      expect((await post(`${path}/xhr_send`, JSON.stringify([text]))).status).toBe(204);
    // The opening lines, and three messages.
    expect((await stream.text()).length).toBe(2049 + 2 + 3 * 1506);
  });

  it('serves JSONP', async () => {
    const response = await get('/echo/000/jsonp/jsonp?c=call');
    expect(await response.text()).toBe('/**/call("o");\r\n');
  });
});

it('/disabled_websocket_echo accepts no WebSockets', async () => {
  expect(await (await get('/disabled_websocket_echo/info')).json()).toMatchObject({
    websocket: false,
  });
  expect(await (await get('/echo/info')).json()).toMatchObject({ websocket: true });
  const socket = new WebSocket(`ws://${address}/disabled_websocket_echo/websocket`);
  const [error] = await once(socket, 'error');
  expect(String(error)).toContain('404');
});

it('/cookie_needed_echo sets the cookie of the session', async () => {
  const response = await post('/cookie_needed_echo/000/cookie/xhr');
  expect(response.headers.getSetCookie()).toContain('JSESSIONID=dummy; path=/');
  const cookies = (await post('/echo/000/no-cookie/xhr')).headers.getSetCookie();
  expect(cookies).toEqual([]);
});

describe.each(['null', 'https://elsewhere.example'])('a page of the origin %s', (origin) => {
  it('opens a WebSocket', async () => {
    const socket = new WebSocket(`ws://${address}/raw`, { origin });
    await once(socket, 'open');
    const answer = once(socket, 'message');
    socket.send(Uint8Array.of(0, 255));
    expect(await answer).toEqual([Buffer.of(0, 255), true]);
    socket.terminate();
  });

  it('sends requests with cookies', async () => {
    const { headers } = await get('/echo/info', { origin });
    expect(headers.get('access-control-allow-origin')).toBe(origin);
    expect(headers.get('access-control-allow-credentials')).toBe('true');
  });
});

describe('the page of the echo', () => {
  it.each([
    ['/', 'text/html', '<title>Echo'],
    ['/app.js', 'text/javascript', 'transports'],
    ['/look/look.css', 'text/css', 'prefers-color-scheme: dark'],
    ['/echo/sockjs.min.js', 'application/javascript', 'SockJS'],
  ])('is served: %s', async (path, type, part) => {
    const response = await get(path);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toContain(type);
    expect(await response.text()).toContain(part);
  });
});
