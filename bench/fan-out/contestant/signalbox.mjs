// signalbox as an application uses it: STOMP or JSON subscribers, and its publisher called with a value.
import { createServer } from '../../../dist/index.js';
import { destination, quote } from '../quote.mjs';

/** @typedef {import('../subscriber.mjs').Dialogue} Dialogue */

/** @type {Record<'stomp' | 'json', (id: string) => Dialogue>} */
const dialogues = {
  stomp: (id) => ({
    path: '/ws',
    subprotocol: 'v12.stomp',
    steps: [
      { say: 'CONNECT\naccept-version:1.2\nhost:127.0.0.1\n\n\0' },
      {
        hear: 'CONNECTED',
        say: `SUBSCRIBE\nid:${id}\ndestination:${destination}\nreceipt:live\n\n\0`,
      },
      { hear: 'RECEIPT' },
    ],
  }),
  json: (id) => ({
    path: '/ws',
    subprotocol: 'v1.json.signalbox',
    steps: [
      { say: JSON.stringify({ type: 'subscribe', id, destination, receipt: 'live' }) },
      { hear: '{"type":"receipt"' },
    ],
  }),
};

/**
 * @param {object} options
 * @param {'stomp' | 'json'} options.protocol
 * @param {boolean} options.ownIds each client names its subscription otherwise, so that no two get equal bytes
 */
export async function open({ protocol, ownIds }) {
  const server = await createServer({ endpoints: [{ path: '/ws' }] });
  await server.listen(0, '127.0.0.1');

  /** @param {number} count */
  function publish(count) {
    for (let i = 0; i < count; i++) void server.publisher.publish(destination, quote);
  }

  return {
    port: server.address().port,
    dialogue: dialogues[protocol](ownIds ? 'sub-{n}' : 'sub-0'),
    publish,
  };
}
