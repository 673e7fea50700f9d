// The chat as its page uses it, in JSON; what the page does over STOMP, test/end-to-end/chat-page.test.ts shows.
import { createServer as createHttp, type Server as HttpServer } from 'node:http';
import type { Server } from 'signalbox';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { WebSocket } from 'ws';
import { mount } from './chat.server.js';

type Frame = Readonly<Record<string, unknown>>;

let http: HttpServer;
let server: Server;
const sockets: WebSocket[] = [];

beforeEach(async () => {
  http = createHttp();
  server = await mount(http, '/chat/');
  await once(http.listen(0, '127.0.0.1'), 'listening');
});

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.terminate();
  await server.close();
  http.close();
});

/** Somebody with a window open. */
async function arrive(login: string) {
  const { port } = http.address() as AddressInfo;
  const socket = new WebSocket(`ws://127.0.0.1:${port}/chat/ws`, 'v1.json.signalbox');
  sockets.push(socket);
  await once(socket, 'open');
  const heard: Frame[] = [];
  let wake = () => {};
  socket.on('message', (data: Buffer) => {
    heard.push(JSON.parse(data.toString()) as Frame);
    wake();
  });
  const say = (type: string, fields: object) => socket.send(JSON.stringify({ type, ...fields }));
  /** The next frame of a kind: a type, or the id of a subscription. */
  const next = async (kind: string): Promise<Frame> => {
    for (;;) {
      const index = heard.findIndex(
        (frame) => frame['type'] === kind || frame['subscription'] === kind,
      );
      if (index >= 0) return heard.splice(index, 1)[0]!;
      await new Promise<void>((resolve) => (wake = resolve));
    }
  };
  say('connect', { login });
  await once(socket, 'message');
  return {
    socket,
    next,
    async subscribe(id: string, destination: string, headers = {}) {
      say('subscribe', { id, destination, headers, receipt: id });
      await next('receipt');
    },
    send: (destination: string, payload: object) => say('send', { destination, payload }),
  };
}

/** Somebody who is in a room and knows what was said before. */
async function enter(login: string, room = 'lobby') {
  const person = await arrive(login);
  await person.subscribe('room', `/topic/rooms/${room}`);
  await person.subscribe('people', `/topic/rooms/${room}/people`);
  await person.subscribe('recent', `/app/rooms/${room}/recent`);
  return person;
}

describe('a room', () => {
  it('hears what is said in it, and remembers', async () => {
    const [ann, bob] = [await enter('Ann'), await enter('Bob')];
    ann.send('/app/rooms/lobby/say', { text: 'hello' });
    for (const each of [ann, bob])
      expect(await each.next('room')).toMatchObject({
        payload: { by: 'Ann', text: 'hello' },
      });
    const late = await enter('Cat');
    expect(await late.next('recent')).toMatchObject({
      payload: { messages: [{ by: 'Ann', text: 'hello' }] },
    });
  });

  it('tells who comes back what was said since, and whether that is all', async () => {
    const ann = await enter('Ann');
    const ids: number[] = [];
    for (let n = 1; n <= 103; n++) {
      ann.send('/app/rooms/lobby/say', { text: String(n) });
      ids.push(((await ann.next('room'))['payload'] as { id: number }).id);
    }
    const bob = await arrive('Bob');
    await bob.subscribe('since', '/app/rooms/lobby/recent', { since: String(ids[100]) });
    expect(await bob.next('since')).toMatchObject({
      payload: { messages: [{ text: '102' }, { text: '103' }], last: ids[102], complete: true },
    });
    await bob.subscribe('long', '/app/rooms/lobby/recent', { since: String(ids[0]) });
    const { payload } = await bob.next('long');
    expect(payload).toMatchObject({ complete: false });
    expect((payload as { messages: object[] }).messages).toHaveLength(100);
  });

  it('knows who is here', async () => {
    const ann = await enter('Ann');
    expect(await ann.next('recent')).toMatchObject({ payload: { people: ['Ann'] } });
    const bob = await enter('Bob');
    expect(await ann.next('people')).toMatchObject({ payload: ['Ann', 'Bob'] });
    bob.socket.terminate();
    expect(await ann.next('people')).toMatchObject({ payload: ['Ann'] });
  });

  it('shows who is typing, and keeps it not', async () => {
    const [ann, bob] = [await enter('Ann'), await enter('Bob')];
    await bob.subscribe('typing', '/topic/rooms/lobby/typing');
    ann.send('/app/rooms/lobby/typing', {});
    expect(await bob.next('typing')).toMatchObject({ payload: { by: 'Ann' } });
    await bob.subscribe('again', '/app/rooms/lobby/recent');
    expect(await bob.next('again')).toMatchObject({ payload: { messages: [] } });
  });

  it('says at which field something is wrong', async () => {
    const ann = await enter('Ann');
    ann.send('/app/rooms/lobby/say', { text: '   ' });
    expect(await ann.next('error')).toMatchObject({
      code: 'payload-invalid',
      fields: [{ path: 'text', message: 'Say something.' }],
    });
  });

  it('is spoken to through its handlers alone', async () => {
    const ann = await enter('Ann');
    ann.send('/topic/rooms/lobby', { by: 'Bob', text: 'not me' });
    expect(await ann.next('error')).toMatchObject({ code: 'destination-refused' });
    ann.send('/app/rooms/NO ROOM/say', { text: 'x' });
    expect(await ann.next('error')).toMatchObject({ code: 'no-route' });
    void ann.subscribe('no', '/app/rooms/lobby/recent', { since: 'yesterday' });
    expect(await ann.next('error')).toMatchObject({ code: 'argument-invalid' });
  });
});

describe('a private word', () => {
  it('comes to every window of the two, and to nobody else', async () => {
    const [ann, bob, eve] = [await enter('Ann'), await enter('Bob'), await enter('Eve')];
    const secondWindow = await enter('Bob');
    for (const each of [ann, bob, eve, secondWindow])
      await each.subscribe('whispers', '/user/queue/whispers');
    ann.send('/app/whisper', { to: 'Bob', text: 'psst' });
    for (const each of [ann, bob, secondWindow])
      expect(await each.next('whispers')).toMatchObject({
        payload: { by: 'Ann', to: 'Bob', text: 'psst' },
      });
    eve.send('/app/whisper', { to: 'Eve', text: 'to myself' });
    expect(await eve.next('whispers')).toMatchObject({ payload: { text: 'to myself' } });
  });

  it('for somebody who is not here is a problem of the field', async () => {
    const ann = await enter('Ann');
    ann.send('/app/whisper', { to: 'Zoe', text: 'psst' });
    expect(await ann.next('error')).toMatchObject({
      code: 'payload-invalid',
      fields: [{ path: 'to', message: 'Nobody of this name is here now.' }],
    });
  });
});

it.each(['', ' Ann', '<b>', 'x'.repeat(21)])('nobody is called %j', async (login) => {
  const { socket } = await arrive(login);
  const [code] = (await once(socket, 'close')) as [number];
  expect(code).toBe(1008);
});
