// The scenario through @stomp/stompjs, over WebSocket.
import { Client, type IMessage, type StompSubscription } from '@stomp/stompjs';
import { WebSocket } from 'ws';
import { createServer } from '../../src/index.js';
import { portOf } from '../clients/server.js';
import { application } from './application.js';
import { comparable, type Result, type Runner, type Step } from './scenario.js';

export const throughStompjs: Runner = async (steps) => {
  const server = await createServer(application);
  await server.listen(0, '127.0.0.1');
  const actors = new Map<string, Actor>();
  const results: Result[] = [];
  try {
    for (const step of steps) {
      if (step.do !== 'connect') {
        results.push(...(await actors.get(step.client)!.run(step)));
        continue;
      }
      const actor = new Actor(step.client, step.passcode, portOf(server));
      const refused = await actor.connected;
      if (refused === undefined) actors.set(step.client, actor);
      else results.push({ client: step.client, refused });
    }
    return results;
  } finally {
    for (const actor of actors.values()) await actor.disconnect();
    await server.close();
  }
};

class Actor {
  /** Resolves with undefined, or with the text with which the server has refused the client. */
  readonly connected: Promise<string | undefined>;
  readonly #client: Client;
  readonly #subscriptions = new Map<string, StompSubscription>();
  readonly #unread = new Map<string, IMessage[]>();
  readonly #latest = new Map<string, IMessage>();
  #receipts = 0;
  #onMessage = () => {};

  constructor(
    private readonly name: string,
    passcode: string,
    port: number,
  ) {
    this.#client = new Client({
      webSocketFactory: () => new WebSocket(`ws://127.0.0.1:${port}/ws`, ['v12.stomp']),
      connectHeaders: { login: name, passcode },
      reconnectDelay: 0,
    });
    this.connected = new Promise((resolve) => {
      this.#client.onConnect = () => resolve(undefined);
      this.#client.onStompError = ({ headers }) => resolve(headers['message']);
    });
    this.#client.activate();
  }

  async run(step: Exclude<Step, { do: 'connect' }>): Promise<readonly Result[]> {
    const client = this.name;
    switch (step.do) {
      case 'subscribe': {
        const { subscription: id, destination, ack = 'auto' } = step;
        this.#unread.set(id, []);
        await this.#answered((headers) => {
          const receive = (message: IMessage) => {
            this.#unread.get(id)!.push(message);
            this.#onMessage();
          };
          const all = { ...headers, id, ack };
          this.#subscriptions.set(id, this.#client.subscribe(destination, receive, all));
        });
        return [];
      }
      case 'send': {
        const { destination, payload, transaction } = step;
        const body = JSON.stringify(payload);
        const own = { 'content-type': 'application/json', ...(transaction && { transaction }) };
        await this.#answered((receipt) =>
          this.#client.publish({ destination, body, headers: { ...own, ...receipt } }),
        );
        return [];
      }
      case 'next': {
        const message = await this.#next(step.subscription);
        const { destination, redelivered } = message.headers;
        return [
          {
            client,
            subscription: step.subscription,
            destination: destination!,
            payload: comparable(payloadOf(message)),
            redelivered: redelivered === 'true',
          },
        ];
      }
      case 'count': {
        await this.#roundTrip();
        const unread = this.#unread.get(step.subscription)!.splice(0).length;
        return [{ client, subscription: step.subscription, unread }];
      }
      case 'ack':
      case 'nack': {
        const message = this.#latest.get(step.subscription)!;
        await this.#answered((headers) => message[step.do](headers));
        return [];
      }
      case 'begin':
        this.#client.begin(step.transaction);
        await this.#roundTrip();
        return [];
      case 'commit':
      case 'abort':
        this.#client[step.do](step.transaction);
        await this.#roundTrip();
        return [];
      case 'unsubscribe':
        await this.#answered((headers) =>
          this.#subscriptions.get(step.subscription)!.unsubscribe(headers),
        );
        return [];
      case 'disconnect':
        await this.disconnect();
        return [];
      default:
        return step satisfies never;
    }
  }

  async disconnect(): Promise<void> {
    await this.#client.deactivate();
  }

  /** Waits until the server has processed all earlier frames, and their messages have arrived. */
  #roundTrip(): Promise<void> {
    const headers = { 'content-type': 'text/plain' };
    const destination = '/topic/without/subscribers';
    return this.#answered((receipt) =>
      this.#client.publish({ destination, body: '', headers: { ...headers, ...receipt } }),
    );
  }

  /** Sends a frame and waits for its receipt, or for a problem, which replaces the receipt. */
  #answered(send: (headers: { receipt: string }) => void): Promise<void> {
    return new Promise((resolve) => {
      const problems = () => this.#unread.get('problems')?.length ?? 0;
      const before = problems();
      this.#onMessage = () => {
        if (problems() > before) resolve();
      };
      const receipt = `r-${++this.#receipts}`;
      this.#client.watchForReceipt(receipt, () => resolve());
      send({ receipt });
    });
  }

  async #next(subscription: string): Promise<IMessage> {
    const unread = this.#unread.get(subscription)!;
    while (unread.length === 0) await new Promise<void>((resolve) => (this.#onMessage = resolve));
    const message = unread.shift()!;
    this.#latest.set(subscription, message);
    return message;
  }
}

function payloadOf({ headers, body }: IMessage): unknown {
  return headers['content-type']?.startsWith('application/json') === true ? JSON.parse(body) : body;
}
