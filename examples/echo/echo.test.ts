// Tests the handlers of the echo without sockets.
import { testServer, type TestServer } from 'signalbox/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { handlersBelow } from './echo.handlers.js';

let app: TestServer;

beforeEach(async () => {
  app = await testServer({ controllers: handlersBelow('/') });
});

afterEach(() => app.close());

it.each(['/raw', '/echo', '/disabled_websocket_echo', '/cookie_needed_echo'])(
  '%s returns each message to its sender only',
  async (path) => {
    const [ann, bob] = [await app.connectWebSocket(path), await app.connectWebSocket(path)];
    await ann.send('hi');
    expect(ann.messages).toEqual(['hi']);
    expect(bob.messages).toEqual([]);
  },
);

it('/raw returns bytes as bytes', async () => {
  const ann = await app.connectWebSocket('/raw');
  await ann.send(Uint8Array.of(0, 255));
  expect(await ann.next()).toEqual(Buffer.of(0, 255));
});

it('/close closes each session at once', async () => {
  const ann = await app.connectWebSocket('/close');
  expect(ann.closed).toEqual({ code: 3000, reason: 'Go away!' });
});

describe('/amplify', () => {
  it.each([1, 2, 18])('answers %i with that power of two', async (n) => {
    const ann = await app.connectWebSocket('/amplify');
    await ann.send(String(n));
    expect(await ann.next()).toBe('x'.repeat(2 ** n));
  });

  it.each(['0', '19', '1.5', 'many', ''])('refuses %j', async (text) => {
    const ann = await app.connectWebSocket('/amplify');
    await ann.send(text);
    expect(ann.closed).toEqual({ code: 3001, reason: 'Send a number from 1 to 18.' });
  });
});
