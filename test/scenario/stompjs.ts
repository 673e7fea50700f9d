// The scenario through @stomp/stompjs, over WebSocket.
import { Client, type IMessage, type StompSubscription } from '@stomp/stompjs';
import { WebSocket } from 'ws';
import { createServer } from '../../src/index.js';
import { portOf } from '../clients/server.js';
import { application } from './application.js';
import { comparable, runSteps, type Actor, type Runner, type StepOf } from './scenario.js';

export const throughStompjs: Runner = async (steps) => {
  const server = await createServer(application);
  await server.listen(0, '127.0.0.1');
  const clients: Client[] = [];
  try {
    return await runSteps(steps, async ({ client: login, passcode }) => {
      const client = new Client({
        webSocketFactory: () => new WebSocket(`ws://127.0.0.1:${portOf(server)}/ws`, ['v12.stomp']),
        connectHeaders: { login, passcode },
        reconnectDelay: 0,
      });
      const refusal = await new Promise<string | undefined>((resolve) => {
        client.onConnect = () => resolve(undefined);
        client.onStompError = ({ headers }) => resolve(headers['message']);
        client.activate();
      });
      clients.push(client);
      return refusal ?? actorOf(client);
    });
  } finally {
    for (const client of clients) await client.deactivate();
    await server.close();
  }
};

function actorOf(client: Client): Actor {
  const subscriptions = new Map<string, StompSubscription>();
  const unread = new Map<string, IMessage[]>();
  const latest = new Map<string, IMessage>();
  let receipts = 0;
  let onMessage = () => {};

  /** Sends a frame and waits for its receipt, or for a problem, which replaces the receipt. */
  const answered = (send: (headers: { receipt: string }) => void) =>
    new Promise<void>((resolve) => {
      const problems = () => unread.get('problems')?.length ?? 0;
      const before = problems();
      onMessage = () => {
        if (problems() > before) resolve();
      };
      const receipt = `r-${++receipts}`;
      client.watchForReceipt(receipt, () => resolve());
      send({ receipt });
    });
  const publish = (destination: string, body: string, headers: Readonly<Record<string, string>>) =>
    answered((receipt) =>
      client.publish({ destination, body, headers: { ...headers, ...receipt } }),
    );
  /** Waits until the server has processed all earlier frames, and their messages have arrived. */
  const roundTrip = () => publish('/topic/without/subscribers', '', {});
  const settle = ({ do: kind, subscription }: StepOf<'ack' | 'nack'>) =>
    answered((headers) => latest.get(subscription)![kind](headers));
  const transact = ({ do: kind, transaction }: StepOf<'begin' | 'commit' | 'abort'>) => {
    client[kind](transaction);
    return roundTrip();
  };

  return {
    subscribe: ({ subscription: id, destination, ack = 'auto' }) =>
      answered((receipt) => {
        unread.set(id, []);
        const receive = (message: IMessage) => {
          unread.get(id)!.push(message);
          onMessage();
        };
        subscriptions.set(id, client.subscribe(destination, receive, { ...receipt, id, ack }));
      }),
    send: ({ destination, payload, transaction }) =>
      publish(destination, JSON.stringify(payload), {
        'content-type': 'application/json',
        ...(transaction && { transaction }),
      }),
    async next({ subscription }) {
      const messages = unread.get(subscription)!;
      while (messages.length === 0) await new Promise<void>((resolve) => (onMessage = resolve));
      const message = messages.shift()!;
      latest.set(subscription, message);
      const { destination, redelivered } = message.headers;
      const payload = comparable(payloadOf(message));
      return { subscription, destination, payload, redelivered: redelivered === 'true' };
    },
    async count({ subscription }) {
      await roundTrip();
      return { subscription, unread: unread.get(subscription)!.splice(0).length };
    },
    ack: settle,
    nack: settle,
    begin: transact,
    commit: transact,
    abort: transact,
    unsubscribe: ({ subscription }) =>
      answered((headers) => subscriptions.get(subscription)!.unsubscribe(headers)),
    disconnect: () => client.deactivate(),
  };
}

function payloadOf({ headers, body }: IMessage): unknown {
  return headers['content-type']?.startsWith('application/json') === true ? JSON.parse(body) : body;
}
