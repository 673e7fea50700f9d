// signalbox as an application uses it: STOMP or JSON subscribers, and a publisher that is called with a value.
import { createServer, tcpTransport } from '../../../dist/index.js';
import { destination, quote } from '../quote.mjs';

/** @typedef {import('../subscriber.mjs').Dialogue} Dialogue */

/** @type {Record<'stomp' | 'json', (id: string) => Dialogue>} */
const dialogues = {
  stomp: (id) => ({
    path: '/ws',
    subprotocol: 'v12.stomp',
    steps: [
      { send: 'CONNECT\naccept-version:1.2\nhost:127.0.0.1\n\n\0' },
      {
        receive: 'CONNECTED',
        send: `SUBSCRIBE\nid:${id}\ndestination:${destination}\nreceipt:live\n\n\0`,
      },
      { receive: 'RECEIPT' },
    ],
  }),
  json: (id) => ({
    path: '/ws',
    subprotocol: 'v1.json.signalbox',
    steps: [
      { send: JSON.stringify({ type: 'subscribe', id, destination, receipt: 'live' }) },
      { receive: '{"type":"receipt"' },
    ],
  }),
};

/**
 * @param {object} options
 * @param {'stomp' | 'json'} options.protocol
 * @param {boolean} options.ownIds true when each client uses a different subscription id, so that no two receive equal bytes
 * @param {'all' | 'every second'} [options.tcp] the subscribers that connect over TCP; by default none, all use WebSocket
 */
export async function open({ protocol, ownIds, tcp }) {
  const transport = tcpTransport({ port: 0 });
  const server = await createServer({ endpoints: [{ path: '/ws' }], transports: [transport] });
  await server.listen(0, '127.0.0.1');

  /** @param {number} count */
  function publish(count) {
    for (let i = 0; i < count; i++) void server.publisher.publish(destination, quote);
  }

  return {
    port: server.address().port,
    dialogue: {
      ...dialogues[protocol](ownIds ? 'sub-{n}' : 'sub-0'),
      ...(tcp && { tcp: { port: transport.address().port, subscribers: tcp } }),
    },
    publish,
  };
}
