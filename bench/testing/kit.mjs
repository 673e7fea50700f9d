// One handler test through the kit.
import assert from 'node:assert/strict';
import { testServer } from '../../dist/testing.js';
import { ChatController, History } from './chat.mjs';

const fakeHistory = { add: (/** @type {object} */ said) => said };

/** @param {'stomp' | 'json'} protocol */
export function handlerTest(protocol) {
  return async () => {
    const override = [[History, fakeHistory]];
    const app = await testServer({ controllers: [ChatController], override, protocol });
    const ann = await app.connect({ user: 'ann' });
    const room = await ann.subscribe('/topic/rooms/lobby');
    await ann.send('/app/rooms/lobby/say', { text: 'hi' });
    assert.equal((await room.next()).payload.text, 'hi');
    await room.expectNone();
    await app.close();
  };
}
