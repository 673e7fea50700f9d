// STOMP with @stomp/stompjs, which reconnects.
import { Client, ReconnectionTimeMode } from '@stomp/stompjs';
import { createPending } from './pending.js';

/** The close code of a server that refuses the client. */
const refused = 1008;

/** @type {(openSocket: () => WebSocket, name: string, handlers: import('./connection.js').Handlers) => import('./connection.js').Connection} */
export function openStomp(openSocket, name, handlers) {
  const pending = createPending();

  const client = new Client({
    webSocketFactory: openSocket,
    connectHeaders: { login: name },
    connectionTimeout: 20_000,
    reconnectDelay: 500,
    maxReconnectDelay: 10_000,
    reconnectTimeMode: ReconnectionTimeMode.EXPONENTIAL,
    // If the network is down, the server does not answer a close frame either.
    discardWebsocketOnCommFailure: true,
    onConnect() {
      client.subscribe('/user/queue/errors', ({ body }) => {
        const problem = JSON.parse(body);
        if (!pending.fail(problem)) handlers.failed(problem);
      });
      handlers.opened();
    },
    onStompError: ({ headers }) => handlers.failed({ message: headers.message }),
    onWebSocketClose({ code }) {
      pending.lose();
      if (!client.active) return;
      if (code !== refused) return handlers.lost();
      void client.deactivate();
      handlers.refused();
    },
  });

  client.activate();
  return {
    subscribe(destination, listen, headers = {}) {
      const receive = ({ body }) => client.active && listen(JSON.parse(body));
      const { unsubscribe } = client.subscribe(destination, receive, headers);
      return () => client.connected && unsubscribe();
    },
    send: (destination, payload) =>
      pending.send((receipt) => {
        client.watchForReceipt(receipt, () => pending.done(receipt));
        client.publish({
          destination,
          headers: { receipt, 'content-type': 'application/json' },
          body: JSON.stringify(payload),
        });
      }),
    close: () => void client.deactivate(),
  };
}
