// The matchers in `expect` of vitest: what they accept, and their failure messages.
import 'signalbox/testing/vitest';
import { testServer } from 'signalbox/testing';
import { expect, it } from 'vitest';
import { ChatController } from './chat.js';

const start = () => testServer({ controllers: [ChatController] });

/** The failure message of an expectation. */
function failureOf(check: () => unknown): string {
  try {
    check();
  } catch (error) {
    return (error as Error).message;
  }
  return 'It did not fail.';
}

it('toHavePublished', async () => {
  const app = await start();
  const ann = await app.connect({ user: 'ann' });
  await ann.send('/app/rooms/lobby/say', { text: 'hi' });
  expect(app).toHavePublished('/topic/rooms/lobby');
  expect(app).toHavePublished('/topic/rooms/*', { by: 'ann', text: expect.stringMatching('h') });
  expect(app).not.toHavePublished('/topic/rooms/lobby', { by: 'bob' });
  expect(failureOf(() => expect(app).toHavePublished('/topic/rooms/loby', { by: 'ann' }))).toBe(
    "Expected { by: 'ann' } to be published to /topic/rooms/loby.\nPublished:\n  /topic/rooms/lobby { text: 'hi', by: 'ann' } to no client <- nearest",
  );
  await app.close();
});

it('toHaveProblem', async () => {
  const app = await start();
  const ann = await app.connect({ user: 'ann' });
  expect(failureOf(() => expect(ann).toHaveProblem('no-route'))).toBe(
    "Expected ann (session-1) to have the problem { code: 'no-route' }.\nIt received no problem.",
  );
  await ann.send('/app/rooms/lobby/say', { text: '' });
  expect(ann).toHaveProblem('payload-invalid', { fields: [{ path: 'text' }] });
  expect(ann).not.toHaveProblem('no-route');
  expect(failureOf(() => expect(ann).toHaveProblem('no-route'))).toContain(
    'It received:\n  payload-invalid at /app/rooms/lobby/say: The payload is not valid. (text:',
  );
  await app.close();
});

it('toBeClosed', async () => {
  const app = await start();
  const ann = await app.connect({ user: 'ann' });
  expect(ann).not.toBeClosed();
  expect(failureOf(() => expect(ann).toBeClosed(1000))).toBe(
    'Expected ann (session-1) to be closed with 1000.\nIt is open.',
  );
  await ann.disconnect();
  expect(ann).toBeClosed();
  expect(ann).toBeClosed(1000);
  expect(failureOf(() => expect(ann).not.toBeClosed())).toBe(
    'Expected ann (session-1) not to be closed.\nIt was closed with 1000.',
  );
  await app.close();
});

it('toReceive', async () => {
  const app = await start();
  const ann = await app.connect({ user: 'ann' });
  const room = await ann.subscribe('/topic/rooms/lobby');
  for (const text of ['one', 'two']) await ann.send('/app/rooms/lobby/say', { text });
  await expect(room).toReceive({ text: 'one' });
  await expect(expect(room).toReceive({ text: 'one' })).rejects.toThrow(
    "Expected the next message from /topic/rooms/lobby to have the payload { text: 'one' }.\nIt has { text: 'two', by: 'ann' }.",
  );
  await expect(expect(room).toReceive({})).rejects.toThrow('has no message to read');
  await app.close();
});

it('the matchers report a wrong argument of expect()', async () => {
  const app = await start();
  const ann = await app.connect({ user: 'ann' });
  expect(failureOf(() => expect(ann).toHavePublished('/topic/any'))).toBe(
    'toHavePublished needs a TestServer, but expect() was called with a TestClient.',
  );
  expect(failureOf(() => expect(app).toHaveProblem('no-route'))).toBe(
    'toHaveProblem needs a TestClient, but expect() was called with a TestServer.',
  );
  expect(failureOf(() => expect(undefined).toBeClosed())).toBe(
    'toBeClosed needs a TestClient, but expect() was called with undefined.',
  );
  await expect(expect(ann.subscribe('/topic/any')).toReceive({})).rejects.toThrow(
    'toReceive needs a TestSubscription, but expect() was called with a Promise.',
  );
  await app.close();
});
