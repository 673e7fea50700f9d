// signalbox as an application uses it: STOMP subscribers, and its publisher called with a value.
import { createServer } from '../../../dist/index.js';
import { destination, quote } from '../quote.mjs';

/** @param {{ ownIds: boolean }} options ownIds: each client names its subscription otherwise, so that no two get equal bytes */
export async function open({ ownIds }) {
  const server = await createServer({ endpoints: [{ path: '/ws' }] });
  await server.listen(0, '127.0.0.1');

  /** @param {number} count */
  function publish(count) {
    for (let i = 0; i < count; i++) void server.publisher.publish(destination, quote);
  }

  const id = ownIds ? 'sub-{n}' : 'sub-0';
  return {
    port: server.address().port,
    dialogue: {
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
    },
    publish,
  };
}
