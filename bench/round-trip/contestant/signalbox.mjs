// A controller of signalbox that answers its sender, over STOMP or JSON.
import {
  Controller,
  createServer,
  MessageMapping,
  Payload,
  SendToUser,
} from '../../../dist/index.js';
import { Words, words } from '../words.mjs';

class SayController {
  /** @param {Words} said */
  say(said) {
    return said;
  }
}
// The output of a compiler for decorators.
const say = Object.getOwnPropertyDescriptor(SayController.prototype, 'say');
Payload(Words)(SayController.prototype, 'say', 0);
SendToUser('/queue/said', { broadcast: false })(SayController.prototype, 'say', say);
MessageMapping('/say')(SayController.prototype, 'say', say);
Controller()(SayController);

const json = JSON.stringify(words);

/** @type {Record<'stomp' | 'json', Omit<import('../client.mjs').Dialogue, 'path'>>} */
const dialogues = {
  stomp: {
    subprotocol: 'v12.stomp',
    hello: [
      'CONNECT\naccept-version:1.2\nhost:127.0.0.1\n\n\0',
      'SUBSCRIBE\nid:said\ndestination:/user/queue/said\nreceipt:live\n\n\0',
    ],
    ask: `SEND\ndestination:/app/say\ncontent-type:application/json\ncontent-length:${json.length}\n\n${json}\0`,
    answer: 'MESSAGE',
  },
  json: {
    subprotocol: 'v1.json.signalbox',
    hello: [
      '{"type":"connect"}',
      '{"type":"subscribe","id":"said","destination":"/user/queue/said","receipt":"live"}',
    ],
    ask: `{"type":"send","destination":"/app/say","payload":${json}}`,
    answer: '{"type":"message"',
  },
};

/** @param {'stomp' | 'json'} protocol */
export async function open(protocol) {
  const server = await createServer({ controllers: [SayController], endpoints: [{ path: '/ws' }] });
  await server.listen(0, '127.0.0.1');
  return { port: server.address().port, dialogue: { path: '/ws', ...dialogues[protocol] } };
}
