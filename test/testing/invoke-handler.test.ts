// invokeHandler: the result, targets and problems of one handler.
import { Container } from 'inversify';
import type { Publisher } from 'signalbox';
import { invokeHandler, testServer } from 'signalbox/testing';
import { describe, expect, expectTypeOf, it, vi } from 'vitest';
import { ChatController, ChatHistory, fakeHistory, Gate, type ChatMessage } from './chat.js';

const variables = { room: 'lobby' };
const override = [[ChatHistory, fakeHistory]] as const;

describe('invokeHandler', () => {
  it('returns the result and its targets', async () => {
    const invoked = await invokeHandler(ChatController, 'say', {
      variables,
      payload: { text: 'hi' },
      principal: 'ann',
      override,
    });
    expectTypeOf(invoked.result).toEqualTypeOf<ChatMessage | undefined>();
    expect(invoked).toEqual({
      result: { text: 'hi', by: 'ann' },
      targets: [{ kind: 'destination', destination: '/topic/rooms/lobby' }],
      problem: undefined,
      thrown: undefined,
      published: [],
    });
  });

  it('runs a handler of SUBSCRIBE', async () => {
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

  it('converts variables and headers to the types of the parameters', async () => {
    const { result, targets } = await invokeHandler(ChatController, 'whisper', {
      variables: { room: 'lobby', to: 7 },
      headers: { tone: 'low' },
      principal: { name: 'ann' },
    });
    expect(result).toEqual({ to: 7, tone: 'low' });
    expect(targets).toEqual([{ kind: 'user', user: 'ann', destination: '/queue/whispers' }]);
  });

  it('validates the payload unless convert is false', async () => {
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
    expect(taken.result).toEqual({ text: '', by: 'anonymous' });
    const missing = await invokeHandler(ChatController, 'say', { variables, convert: false });
    expect(missing.problem).toMatchObject({ code: 'payload-missing' });
  });

  it('returns the problem and the error of a handler that throws', async () => {
    const { problem, thrown } = await invokeHandler(ChatController, 'fail', { variables });
    expect(problem).toMatchObject({ code: 'handler-failed' });
    expect(thrown).toMatchObject({ name: 'TypeError', message: 'The history is lost.' });
  });

  it('returns the result of the exception handler', async () => {
    const { result, targets, problem } = await invokeHandler(ChatController, 'enter', {
      variables,
    });
    expect(result).toEqual({ code: 'room-closed', room: 'lobby' });
    expect(targets).toEqual([
      { kind: 'session', session: 'session-0', destination: '/queue/errors' },
    ]);
    expect(problem).toBeUndefined();
  });

  it('returns what the handler published with a Publisher', async () => {
    const { published } = await invokeHandler(ChatController, 'announce', {
      variables,
      payload: 'dinner',
    });
    expect(published).toMatchObject([
      { destination: '/topic/rooms/lobby', payload: { text: 'dinner' } },
      // The user has no session.
      { destination: '/user/queue/notes', user: 'ann', payload: { room: 'lobby' } },
    ]);
  });

  it('returns a stream, which the signal ends', async () => {
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

  it('passes on the session and the destination of the test', async () => {
    const { result } = await invokeHandler(ChatController, 'both', {
      variables,
      destination: '/app/rooms/lobby/either',
      session: { id: 'mine' },
    });
    expect(result).toEqual({ destination: '/app/rooms/lobby/either', session: 'mine' });
  });

  it('accepts an instance of a controller', async () => {
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

  it('treats unknown properties of a payload as the server does', async () => {
    const payload = { text: 'hi', more: 1 };
    const options = {
      controllers: [ChatController],
      override,
      unknownProperties: 'reject' as const,
    };
    await using app = await testServer(options);
    const { problem } = await app.invoke(ChatController, 'say', { variables, payload });
    expect(problem?.fields).toEqual([{ path: 'more', message: 'is unknown' }]);
  });

  it('uses the services of a test server with app.invoke', async () => {
    await using app = await testServer({ controllers: [ChatController] });
    const ann = await app.connect({ user: 'ann' });
    await ann.send('/app/rooms/lobby/say', { text: 'hi' });
    const { result } = await app.invoke(ChatController, 'recent', { variables });
    expect(result).toEqual([{ text: 'hi', by: 'ann' }]);
    const { published } = await app.invoke(ChatController, 'announce', { variables, payload: 'x' });
    expect(published).toHaveLength(2);
  });
});

describe('invokeHandler rejects', () => {
  const messageOf = async (given: object, method = 'say') =>
    invokeHandler(ChatController, method as 'say', given).then(
      () => 'It did not throw.',
      (error: Error) => error.message,
    );

  it('options that match no handler or several', async () => {
    // @ts-expect-error no such method
    void (() => invokeHandler(ChatController, 'sya'));
    expect(await messageOf({}, 'sya')).toBe(
      'ChatController.sya is not a handler: it has neither @MessageMapping nor @SubscribeMapping. The nearest handler is ChatController.say.',
    );
    expect(await messageOf({}, 'closed')).toContain('ChatController.closed is not a handler');
    expect(await messageOf({})).toBe(
      'ChatController.say does not match the variables {}: it serves SEND /rooms/{room}/say.',
    );
    expect(await messageOf({ variables: { rom: 'a' } })).toContain('the variables {"rom":"a"}');
    expect(await messageOf({ variables: { room: 'a/b' } })).toContain(
      'the variables {"room":"a/b"}',
    );
    expect(await messageOf({ destination: '/app/rooms/lobby/sing' })).toContain(
      'does not match the destination /app/rooms/lobby/sing',
    );
    expect(await messageOf({ variables, on: 'subscribe' })).toContain(
      'does not serve SUBSCRIBE frames.',
    );
    expect(await messageOf({}, 'file')).toBe(
      "ChatController.file does not match the variables {}: it serves SEND /rooms/{room}/files/**. A pattern with wildcards needs the option 'destination'.",
    );
    expect(await messageOf({ variables }, 'file')).toContain("needs the option 'destination'.");
    expect(await messageOf({ destination: '/app/rooms/lobby/files/a/b' }, 'file')).toBe(
      'It did not throw.',
    );
    expect(await messageOf({ variables }, 'both')).toBe(
      "ChatController.both serves SEND /app/rooms/lobby/both and SEND /app/rooms/lobby/either: choose one with 'destination' or 'on'.",
    );
    expect(await messageOf({ variables, payload: () => {} })).toContain('No converter can write');
  });

  it('a controller that the container cannot create', async () => {
    const app = await testServer({ container: new Container() });
    await expect(app.invoke(ChatController, 'recent')).rejects.toThrow(
      'No bindings found for service: "ChatController"',
    );
    await app.close();
  });

  it.each([
    [null, 'unlike null'],
    ['x', "unlike 'x'"],
    [[null], 'item 0 is null'],
    [[[ChatHistory]], 'item 0 is [ [class ChatHistory] ]'],
    [
      [
        [ChatHistory, fakeHistory],
        [undefined, 1],
      ],
      'the token of item 1 is undefined',
    ],
  ])('an override that is not a list of tokens and values: %o', async (given, reason) => {
    const text = `The option 'override' must be a list of tokens and values, such as [[ChatHistory, fakeHistory]]`;
    expect(await messageOf({ variables, override: given })).toContain(text);
    expect(await messageOf({ variables, override: given })).toContain(reason);
    const instance = new ChatController(new ChatHistory(), {} as Publisher, new Gate());
    await expect(
      invokeHandler(instance, 'say', { variables, override: given as never }),
    ).rejects.toThrow(reason);
  });
});
