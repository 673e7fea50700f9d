// Tests the RPC of @stomp/rx-stomp over WebSocket: answers in a queue without a subscription, and in a separate queue.
import { RxStomp, RxStompRPC, type RxStompRPCConfig } from '@stomp/rx-stomp';
import { firstValueFrom, map, take, toArray } from 'rxjs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import {
  Controller,
  createServer,
  Header,
  MessageMapping,
  Payload,
  Publisher,
  silentLogger,
  type Server,
} from '../../src/index.js';
import { portOf } from '../clients/server.js';

@Controller()
class SquareController {
  constructor(private readonly publisher: Publisher) {}

  @MessageMapping('/square')
  async square(
    @Payload(Number) n: number,
    @Header('reply-to') replyTo: string,
    @Header('correlation-id') correlation: string,
  ) {
    const headers = { 'correlation-id': correlation };
    for (const result of [n * n, n * n * n])
      await this.publisher.publish(replyTo, result, { headers });
  }
}

let server: Server;
let clients: RxStomp[] = [];

beforeEach(async () => {
  server = await createServer({ controllers: [SquareController], logger: silentLogger });
  await server.listen(0);
});

afterEach(async () => {
  await Promise.all(clients.map((client) => client.deactivate()));
  clients = [];
  await server.close();
});

function connect(): RxStomp {
  const client = new RxStomp();
  client.configure({
    webSocketFactory: () =>
      new WebSocket(`ws://127.0.0.1:${portOf(server)}/ws`, ['v12.stomp', 'v11.stomp', 'v10.stomp']),
  });
  client.activate();
  clients.push(client);
  return client;
}

const ownQueue = (replyQueueName: string): RxStompRPCConfig => ({
  replyQueueName,
  setupReplyQueue: (name, client) => client.watch(name),
});

describe.each([
  ['the default queue', undefined],
  ['a temporary queue that it watches', ownQueue('/temp-queue/own-replies')],
  ['a queue of the user', ownQueue('/user/queue/replies')],
  ['a queue of the broker', ownQueue('/queue/replies-of-ann')],
])('RxStompRPC with %s', (_name, config) => {
  it('receives the answers to its requests, each with its correlation-id', async () => {
    const rpc = new RxStompRPC(connect(), config);
    const ask = (n: number) =>
      firstValueFrom(
        rpc.rpc({ destination: '/app/square', body: `${n}` }).pipe(map(({ body }) => body)),
      );
    expect(await ask(7)).toBe('49');
    expect(await Promise.all([ask(2), ask(3)])).toEqual(['4', '9']);
  });

  it('receives a stream of answers', async () => {
    const rpc = new RxStompRPC(connect(), config);
    const answers = rpc.stream({ destination: '/app/square', body: '2' });
    const bodies = answers.pipe(
      map(({ body }) => body),
      take(2),
      toArray(),
    );
    expect(await firstValueFrom(bodies)).toEqual(['4', '8']);
  });

  it('receives the answer of another client', async () => {
    const worker = connect();
    worker.watch('/queue/requests').subscribe(({ headers, body }) => {
      const { 'reply-to': destination = '', 'correlation-id': correlation = '' } = headers;
      worker.publish({
        destination,
        headers: { 'correlation-id': correlation },
        body: `re: ${body}`,
      });
    });
    const rpc = new RxStompRPC(connect(), config);
    const { body } = await firstValueFrom(rpc.rpc({ destination: '/queue/requests', body: 'hi' }));
    expect(body).toBe('re: hi');
  });
});
