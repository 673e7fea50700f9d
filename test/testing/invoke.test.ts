// One handler alone: its result, where that would go, and what went wrong, as data.
import { Container } from 'inversify';
import type { Publisher } from 'signalbox';
import { invokeHandler, testServer } from 'signalbox/testing';
import { describe, expect, expectTypeOf, it, vi } from 'vitest';
import { ChatController, ChatHistory, fakeHistory, Gate, type Said } from './chat.js';

const variables = { room: 'lobby' };
const override = [[ChatHistory, fakeHistory]] as const;

describe('a handler alone', () => {
  it('gives its result, and where that would go', async () => {
    const said = await invokeHandler(ChatController, 'say', {
      variables,
      payload: { text: 'hi' },
      principal: 'ann',
      override,
    });
    expectTypeOf(said.result).toEqualTypeOf<Said | undefined>();
    expect(said).toEqual({
      result: { text: 'hi', by: 'ann' },
      targets: [{ kind: 'destination', destination: '/topic/rooms/lobby' }],
      problem: undefined,
      thrown: undefined,
      published: [],
    });
  });

  it('answers a SUBSCRIBE', async () => {
    const recent = await invokeHandler(ChatController, 'recent', { variables, override });
    expect(recent.result).toEqual(fakeHistory.last());
    expect(recent.targets).toEqual([
      {
        kind: 'subscription',
        session: 'session-0',
        subscription: 'sub-1',
        destination: '/app/rooms/lobby/recent',
      },
    ]);
  });

  it('gets variables and headers as its parameters want them', async () => {
    const { result, targets } = await invokeHandler(ChatController, 'whisper', {
      variables: { room: 'lobby', to: 7 },
      headers: { tone: 'low' },
      principal: { name: 'ann' },
    });
    expect(result).toEqual({ to: 7, tone: 'low' });
    expect(targets).toEqual([{ kind: 'user', user: 'ann', destination: '/queue/whispers' }]);
  });

  it('validates its payload, or takes it is', async () => {
    const payload = { text: '' };
    const refused = await invokeHandler(ChatController, 'say', { variables, payload });
    expect(refused.problem).toMatchObject({
      code: 'payload-invalid',
      destination: '/app/rooms/lobby/say',
      fields: [{ path: 'text' }],
    });
    expect([refused.result, refused.targets]).toEqual([undefined, []]);
    const taken = await invokeHandler(ChatController, 'say', {
      variables,
      payload,
      convert: false,
    });
    expect(taken.result).toEqual({ text: '', by: 'nobody' });
    const missing = await invokeHandler(ChatController, 'say', { variables, convert: false });
    expect(missing.problem).toMatchObject({ code: 'payload-missing' });
  });

  it('tells what it threw', async () => {
    const { problem, thrown } = await invokeHandler(ChatController, 'fail', { variables });
    expect(problem).toMatchObject({ code: 'handler-failed' });
    expect(thrown).toMatchObject({ name: 'TypeError', message: 'The history is lost.' });
  });

  it('gives what its exception handler says', async () => {
    const { result, targets, problem } = await invokeHandler(ChatController, 'enter', {
      variables,
    });
    expect(result).toEqual({ code: 'room-closed', room: 'lobby' });
    expect(targets).toEqual([
      { kind: 'session', session: 'session-0', destination: '/queue/errors' },
    ]);
    expect(problem).toBeUndefined();
  });

  it('tells what it published by itself', async () => {
    const { published } = await invokeHandler(ChatController, 'announce', {
      variables,
      payload: 'dinner',
    });
    expect(published).toMatchObject([
      { destination: '/topic/rooms/lobby', payload: { text: 'dinner' } },
    ]);
  });

  it('gives its stream, which ends by the signal', async () => {
    const stop = new AbortController();
    const given = { variables, signal: stop.signal };
    const { result } = await invokeHandler(ChatController, 'feed', given);
    const got: unknown[] = [];
    for await (const item of result!) {
      got.push(item);
      stop.abort();
    }
    expect(got).toEqual([{ n: 1 }]);
  });

  it('finds the session that the test gives', async () => {
    const { result } = await invokeHandler(ChatController, 'both', {
      variables,
      destination: '/app/rooms/lobby/either',
      session: { id: 'mine' },
    });
    expect(result).toEqual({ destination: '/app/rooms/lobby/either', session: 'mine' });
  });

  it('may be that of an object', async () => {
    const history = new ChatHistory();
    const add = vi.spyOn(history, 'add');
    const publish = vi.fn<Publisher['publish']>();
    const publisher = { publish, publishToUser: publish, publishToSession: publish };
    const controller = new ChatController(history, publisher, new Gate());
    const given = { variables, payload: { text: 'hi' }, principal: 'ann' };
    expect((await invokeHandler(controller, 'say', given)).result).toEqual({
      text: 'hi',
      by: 'ann',
    });
    expect(add).toHaveBeenCalledWith('ann', 'hi');
    await invokeHandler(controller, 'announce', { variables, payload: 'dinner' });
    expect(publish.mock.calls.map(([destination]) => destination)).toEqual([
      '/topic/rooms/lobby',
      'ann',
    ]);
  });

  it('runs with the services of a server', async () => {
    await using app = await testServer({ controllers: [ChatController] });
    const ann = await app.connect({ user: 'ann' });
    await ann.send('/app/rooms/lobby/say', { text: 'hi' });
    const { result } = await app.invoke(ChatController, 'recent', { variables });
    expect(result).toEqual([{ text: 'hi', by: 'ann' }]);
    const { published } = await app.invoke(ChatController, 'announce', { variables, payload: 'x' });
    expect(published).toHaveLength(2);
  });
});

describe('what cannot be run', () => {
  const refused = async (given: object, method = 'say') =>
    invokeHandler(ChatController, method as 'say', given).then(
      () => 'It was run.',
      (error: Error) => error.message,
    );

  it('is said at once', async () => {
    // @ts-expect-error no such method
    void (() => invokeHandler(ChatController, 'sya'));
    expect(await refused({}, 'sya')).toBe(
      'ChatController.sya is no handler: it has neither @MessageMapping nor @SubscribeMapping. The nearest handler is ChatController.say.',
    );
    expect(await refused({}, 'closed')).toContain('ChatController.closed is no handler');
    expect(await refused({})).toBe(
      'ChatController.say does not take the variables {}: it serves SEND /rooms/{room}/say.',
    );
    expect(await refused({ variables: { rom: 'a' } })).toContain('the variables {"rom":"a"}');
    expect(await refused({ variables: { room: 'a/b' } })).toContain('the variables {"room":"a/b"}');
    expect(await refused({ destination: '/app/rooms/lobby/sing' })).toContain(
      'does not take the destination /app/rooms/lobby/sing',
    );
    expect(await refused({ variables, on: 'subscribe' })).toContain('it serves no such frames.');
    expect(await refused({ variables }, 'both')).toBe(
      "ChatController.both serves SEND /app/rooms/lobby/both and SEND /app/rooms/lobby/either: say by 'destination' or 'on' which one.",
    );
    expect(await refused({ variables, payload: () => {} })).toContain('No converter writes');
  });

  it('is a controller that the container cannot build', async () => {
    const app = await testServer({ container: new Container() });
    await expect(app.invoke(ChatController, 'recent')).rejects.toThrow(
      'No bindings found for service: "ChatController"',
    );
    await app.close();
  });
});
