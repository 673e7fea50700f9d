// Tests the chat in both protocols, with the same frames as its page. test/end-to-end/chat-page.slow.test.ts tests the page.
import { testServer, type ClientProtocolName, type TestServer } from 'signalbox/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { chat } from './chat.server.js';
import type { Recent, Words } from './room.controller.js';
import type { ChatMessage } from './rooms.js';
import type { Whisper } from './whisper.controller.js';

interface Destinations {
  '/app/rooms/{room}/say': Words;
  '/app/rooms/{room}/typing': object;
  '/app/rooms/{room}/recent': Recent;
  '/app/whisper': Whisper;
  '/topic/rooms/{room}': ChatMessage;
  '/topic/rooms/{room}/people': readonly string[];
  '/topic/rooms/{room}/typing': { by: string };
  '/user/queue/whispers': Whisper & { by: string };
}

describe.each<ClientProtocolName>(['stomp', 'json'])('over %s', (protocol) => {
  let app: TestServer<Destinations>;

  beforeEach(async () => {
    app = await testServer<Destinations>({ ...chat, protocol });
  });

  afterEach(() => app.close());

  /** Connects a client and subscribes to everything that the page needs in the lobby. */
  async function enter(login: string) {
    const client = await app.connect({ login });
    return {
      client,
      room: await client.subscribe('/topic/rooms/lobby'),
      people: await client.subscribe('/topic/rooms/lobby/people'),
      recent: await client.subscribe('/app/rooms/lobby/recent'),
      whispers: await client.subscribe('/user/queue/whispers'),
    };
  }

  describe('a room', () => {
    it('sends its messages to all members, and keeps them for later members', async () => {
      const [ann, bob] = [await enter('Ann'), await enter('Bob')];
      await ann.client.send('/app/rooms/lobby/say', { text: 'hello' });
      const message = { by: 'Ann', text: 'hello' };
      for (const { room } of [ann, bob])
        expect(await room.next()).toMatchObject({ payload: message });
      const late = await enter('Cat');
      expect(await late.recent.next()).toMatchObject({ payload: { messages: [message] } });
    });

    it('returns the messages since an id, and whether they are complete', async () => {
      const ann = await enter('Ann');
      for (let n = 1; n <= 103; n++)
        await ann.client.send('/app/rooms/lobby/say', { text: String(n) });
      const ids = (await ann.room.drain()).map(({ payload }) => payload.id);
      const bob = await app.connect({ login: 'Bob' });
      const recentSince = async (id: number) => {
        const headers = { since: String(id) };
        return (await bob.subscribe('/app/rooms/lobby/recent', { headers })).next();
      };
      expect(await recentSince(ids[100]!)).toMatchObject({
        payload: { messages: [{ text: '102' }, { text: '103' }], last: ids[102], complete: true },
      });
      const { payload } = await recentSince(ids[0]!);
      expect(payload).toMatchObject({ complete: false });
      expect(payload.messages).toHaveLength(100);
    });

    it('publishes the list of its members', async () => {
      const ann = await enter('Ann');
      expect(await ann.recent.next()).toMatchObject({ payload: { people: ['Ann'] } });
      const bob = await enter('Bob');
      expect(await ann.people.next()).toMatchObject({ payload: ['Ann', 'Bob'] });
      await bob.client.vanish();
      expect(await ann.people.next()).toMatchObject({ payload: ['Ann'] });
    });

    it('keeps a member whose session still has another subscription of the room', async () => {
      const ann = await enter('Ann');
      const bob = await enter('Bob');
      const second = await bob.client.subscribe('/topic/rooms/lobby');
      await second.unsubscribe();
      expect((await ann.people.drain()).at(-1)).toMatchObject({ payload: ['Ann', 'Bob'] });
      await ann.client.send('/app/whisper', { to: 'Bob', text: 'psst' });
      expect(await bob.whispers.next()).toMatchObject({ payload: { text: 'psst' } });

      await bob.room.unsubscribe();
      expect(await ann.people.next()).toMatchObject({ payload: ['Ann'] });
    });

    it('publishes who is typing, and does not keep it', async () => {
      const [ann, bob] = [await enter('Ann'), await enter('Bob')];
      const typing = await bob.client.subscribe('/topic/rooms/lobby/typing');
      await ann.client.send('/app/rooms/lobby/typing', {});
      expect(await typing.next()).toMatchObject({ payload: { by: 'Ann' } });
      const again = await bob.client.subscribe('/app/rooms/lobby/recent');
      expect(await again.next()).toMatchObject({ payload: { messages: [] } });
    });

    it('reports the field of an invalid message', async () => {
      const { client } = await enter('Ann');
      await client.send('/app/rooms/lobby/say', { text: '   ' });
      expect(client.problems).toMatchObject([
        { code: 'payload-invalid', fields: [{ path: 'text', message: 'Enter a message.' }] },
      ]);
    });

    it('accepts messages only through its handlers', async () => {
      const { client } = await enter('Ann');
      await client.send('/topic/rooms/lobby', { id: 1, at: 1, by: 'Bob', text: 'not me' });
      await client.send('/app/rooms/NO ROOM/say', { text: 'x' });
      expect(client.problems).toMatchObject([
        { code: 'destination-refused' },
        { code: 'no-route' },
      ]);
      const headers = { since: 'yesterday' };
      await expect(client.subscribe('/app/rooms/lobby/recent', { headers })).rejects.toMatchObject({
        problem: { code: 'argument-invalid' },
      });
    });
  });

  describe('a private message', () => {
    it('goes to all sessions of its sender and its recipient, and to no others', async () => {
      const [ann, bob, eve] = [await enter('Ann'), await enter('Bob'), await enter('Eve')];
      const secondWindow = await enter('Bob');
      await ann.client.send('/app/whisper', { to: 'Bob', text: 'psst' });
      for (const { whispers } of [ann, bob, secondWindow])
        expect(await whispers.next()).toMatchObject({
          payload: { by: 'Ann', to: 'Bob', text: 'psst' },
        });
      await eve.whispers.expectNone();
      await eve.client.send('/app/whisper', { to: 'Eve', text: 'to myself' });
      expect(await eve.whispers.next()).toMatchObject({ payload: { text: 'to myself' } });
      await eve.whispers.expectNone();
    });

    it('is rejected at the field `to` if the recipient is not connected', async () => {
      const { client } = await enter('Ann');
      await client.send('/app/whisper', { to: 'Zoe', text: 'psst' });
      expect(client.problems).toMatchObject([
        {
          code: 'payload-invalid',
          fields: [{ path: 'to', message: 'This person is not online.' }],
        },
      ]);
    });
  });

  it.each(['', ' Ann', '<b>', 'x'.repeat(21)])('the name %j is rejected', async (login) => {
    const client = await app.connect({ login });
    expect(client.closed).toEqual({ code: 1008, reason: 'access-refused' });
  });
});
