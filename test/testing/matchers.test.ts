// The matchers, in vitest's `expect`: what they take, and what they say when it is not so.
import 'signalbox/testing/vitest';
import { testServer } from 'signalbox/testing';
import { expect, it } from 'vitest';
import { ChatController } from './chat.js';

const start = () => testServer({ controllers: [ChatController] });

function said(check: () => unknown): string {
  try {
    check();
  } catch (error) {
    return (error as Error).message;
  }
  return 'It is so.';
}

it('toHavePublished', async () => {
  const app = await start();
  const ann = await app.connect({ user: 'ann' });
  await ann.send('/app/rooms/lobby/say', { text: 'hi' });
  expect(app).toHavePublished('/topic/rooms/lobby');
  expect(app).toHavePublished('/topic/rooms/*', { by: 'ann', text: expect.stringMatching('h') });
  expect(app).not.toHavePublished('/topic/rooms/lobby', { by: 'bob' });
  expect(said(() => expect(app).toHavePublished('/topic/rooms/loby', { by: 'ann' }))).toBe(
    "Expected { by: 'ann' } to be published to /topic/rooms/loby.\nPublished:\n  /topic/rooms/lobby { text: 'hi', by: 'ann' } to nobody <- nearest",
  );
  await app.close();
});

it('toHaveProblem', async () => {
  const app = await start();
  const ann = await app.connect({ user: 'ann' });
  expect(said(() => expect(ann).toHaveProblem('no-route'))).toBe(
    "Expected ann (session-1) to be told { code: 'no-route' }.\nIt was told nothing.",
  );
  await ann.send('/app/rooms/lobby/say', { text: '' });
  expect(ann).toHaveProblem('payload-invalid', { fields: [{ path: 'text' }] });
  expect(ann).not.toHaveProblem('no-route');
  expect(said(() => expect(ann).toHaveProblem('no-route'))).toContain(
    'It was told:\n  payload-invalid at /app/rooms/lobby/say: The payload is not valid. (text:',
  );
  await app.close();
});

it('toBeClosed', async () => {
  const app = await start();
  const ann = await app.connect({ user: 'ann' });
  expect(ann).not.toBeClosed();
  expect(said(() => expect(ann).toBeClosed(1000))).toBe(
    'Expected ann (session-1) to be closed with 1000.\nIt is open.',
  );
  await ann.disconnect();
  expect(ann).toBeClosed();
  expect(ann).toBeClosed(1000);
  expect(said(() => expect(ann).not.toBeClosed())).toBe(
    'Expected not ann (session-1) to be closed.\nIt was closed with 1000.',
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
    "Expected the next message of /topic/rooms/lobby to have the payload { text: 'one' }.\nIt has { text: 'two', by: 'ann' }.",
  );
  await expect(expect(room).toReceive({})).rejects.toThrow('has no message to read');
  await app.close();
});

it('say what they are for when they are given something else', async () => {
  const app = await start();
  const ann = await app.connect({ user: 'ann' });
  expect(said(() => expect(ann).toHavePublished('/topic/any'))).toBe(
    'toHavePublished is for a test server, and was given a TestClient.',
  );
  expect(said(() => expect(app).toHaveProblem('no-route'))).toBe(
    'toHaveProblem is for a client of a test, and was given a TestServer.',
  );
  expect(said(() => expect(undefined).toBeClosed())).toBe(
    'toBeClosed is for a client of a test, and was given undefined.',
  );
  await expect(expect(ann.subscribe('/topic/any')).toReceive({})).rejects.toThrow(
    'toReceive is for a subscription of a test, and was given a Promise.',
  );
  await app.close();
});
