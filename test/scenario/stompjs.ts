// The scenario through @stomp/stompjs, over WebSocket.
import { Client, type IMessage, type StompSubscription } from '@stomp/stompjs';
import { WebSocket } from 'ws';
import { createServer } from '../../src/index.js';
import { portOf } from '../clients/server.js';
import { application } from './application.js';
import { shown, type Play, type Seen, type Step } from './scenario.js';

export const throughStompjs: Play = async (steps) => {
  const server = await createServer(application);
  await server.listen(0, '127.0.0.1');
  const actors = new Map<string, Actor>();
  const seen: Seen[] = [];
  try {
    for (const step of steps) {
      if (step.do !== 'connect') {
        seen.push(...(await actors.get(step.who)!.take(step)));
        continue;
      }
      const actor = new Actor(step.who, step.passcode, portOf(server));
      const refused = await actor.connected;
      if (refused === undefined) actors.set(step.who, actor);
      else seen.push({ who: step.who, refused });
    }
    return seen;
  } finally {
    for (const actor of actors.values()) await actor.leave();
    await server.close();
  }
};

class Actor {
  /** Undefined, or why the server refused it. */
  readonly connected: Promise<string | undefined>;
  readonly #client: Client;
  readonly #subscriptions = new Map<string, StompSubscription>();
  readonly #unread = new Map<string, IMessage[]>();
  readonly #latest = new Map<string, IMessage>();
  #receipts = 0;
  #arrived = () => {};

  constructor(
    private readonly who: string,
    passcode: string,
    port: number,
  ) {
    this.#client = new Client({
      webSocketFactory: () => new WebSocket(`ws://127.0.0.1:${port}/ws`, ['v12.stomp']),
      connectHeaders: { login: who, passcode },
      reconnectDelay: 0,
    });
    this.connected = new Promise((resolve) => {
      this.#client.onConnect = () => resolve(undefined);
      this.#client.onStompError = ({ headers }) => resolve(headers['message']);
    });
    this.#client.activate();
  }

  async take(step: Exclude<Step, { do: 'connect' }>): Promise<readonly Seen[]> {
    const { who } = this;
    switch (step.do) {
      case 'subscribe': {
        const { as, destination, ack = 'auto' } = step;
        this.#unread.set(as, []);
        await this.#answered((headers) => {
          const take = (message: IMessage) => this.#receive(as, message);
          const said = { ...headers, id: as, ack };
          this.#subscriptions.set(as, this.#client.subscribe(destination, take, said));
        });
        return [];
      }
      case 'send': {
        const { destination, payload, transaction } = step;
        const body = JSON.stringify(payload);
        const own = { 'content-type': 'application/json', ...(transaction && { transaction }) };
        const publish = (more: object) =>
          this.#client.publish({ destination, body, headers: { ...own, ...more } });
        // A frame that fails gets its problem in the place of a receipt.
        if (this.#unread.has('problems')) await this.#answeredOrRefused(publish);
        else await this.#answered(publish);
        return [];
      }
      case 'next': {
        const message = await this.#next(step.of);
        const { destination, redelivered } = message.headers;
        return [
          {
            who,
            of: step.of,
            destination: destination!,
            payload: shown(payloadOf(message)),
            redelivered: redelivered === 'true',
          },
        ];
      }
      case 'rest': {
        await this.#roundTrip();
        return [{ who, of: step.of, left: this.#unread.get(step.of)!.splice(0).length }];
      }
      case 'ack':
      case 'nack': {
        const message = this.#latest.get(step.of)!;
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
        await this.#answered((headers) => this.#subscriptions.get(step.of)!.unsubscribe(headers));
        return [];
      case 'disconnect':
        await this.leave();
        return [];
      default:
        return step satisfies never;
    }
  }

  async leave(): Promise<void> {
    await this.#client.deactivate();
  }

  /** What the server was told before has been worked off, and what came of it has arrived. */
  #roundTrip(): Promise<void> {
    const headers = { 'content-type': 'text/plain' };
    return this.#answered((more) =>
      this.#client.publish({
        destination: '/topic/nobody',
        body: '',
        headers: { ...headers, ...more },
      }),
    );
  }

  #answered(say: (headers: { receipt: string }) => void): Promise<void> {
    return new Promise((resolve) => {
      const receipt = `r-${++this.#receipts}`;
      this.#client.watchForReceipt(receipt, () => resolve());
      say({ receipt });
    });
  }

  #answeredOrRefused(say: (headers: { receipt: string }) => void): Promise<void> {
    const before = this.#unread.get('problems')!.length;
    const refused = new Promise<void>((resolve) => {
      this.#arrived = () => {
        if (this.#unread.get('problems')!.length > before) resolve();
      };
    });
    return Promise.race([this.#answered(say), refused]);
  }

  #receive(as: string, message: IMessage): void {
    this.#unread.get(as)!.push(message);
    this.#arrived();
  }

  async #next(of: string): Promise<IMessage> {
    const unread = this.#unread.get(of)!;
    while (unread.length === 0) await new Promise<void>((resolve) => (this.#arrived = resolve));
    const message = unread.shift()!;
    this.#latest.set(of, message);
    return message;
  }
}

function payloadOf({ headers, body }: IMessage): unknown {
  return headers['content-type']?.startsWith('application/json') === true ? JSON.parse(body) : body;
}
