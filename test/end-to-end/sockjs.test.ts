// sockjs-client in Node over each of its transports: texts, closes, and @stomp/stompjs on top of it.
import { Client, type IMessage } from '@stomp/stompjs';
import SockJS from 'sockjs-client';
import { afterEach, describe, expect, it } from 'vitest';
import {
  createServer,
  silentLogger,
  WebSocketHandler,
  type Server,
  type WebSocketSession,
} from '../../src/index.js';
import { awkwardTexts } from '../clients/awkward-texts.js';
import { portOf } from '../clients/server.js';
import { activate, exchangeThousand, receipt, roundTrip } from '../clients/stompjs.js';
import { openEndpoints, type Endpoints } from '../transport/sockjs/endpoints.js';

/** The transports of sockjs-client that need no page. */
const transports = ['websocket', 'xhr-streaming', 'eventsource', 'xhr-polling'];

function open(port: number, path: string, transport: string): SockJS {
  return new SockJS(`http://127.0.0.1:${port}${path}`, undefined, { transports: [transport] });
}

/** Sends all texts when the socket opens. Resolves with as many messages. */
function exchange(socket: SockJS, texts: readonly string[]): Promise<readonly string[]> {
  return new Promise((resolve) => {
    const received: string[] = [];
    socket.onopen = () => texts.forEach((text) => socket.send(text));
    socket.onmessage = ({ data }) => {
      if (received.push(data) === texts.length) resolve(received);
    };
  });
}

describe.each(transports)('sockjs-client over %s', (transport) => {
  let endpoints: Endpoints;

  afterEach(() => endpoints.close());

  async function start(): Promise<SockJS> {
    endpoints = await openEndpoints({
      '/echo': {},
      '/close': { accept: (connection) => connection.close(3000, 'Go away!') },
    });
    return open(endpoints.port, '/echo', transport);
  }

  it('receives each text as it has sent it', async () => {
    const socket = await start();
    expect(await exchange(socket, awkwardTexts)).toEqual(awkwardTexts);
    expect(socket.transport).toBe(transport);
    socket.close();
  });

  it('closes', async () => {
    const socket = await start();
    await new Promise<void>((resolve) => (socket.onopen = resolve));
    const closed = new Promise((resolve) => (socket.onclose = resolve));
    socket.close(3001, 'enough');
    expect(await closed).toMatchObject({ code: 3001, reason: 'enough' });
    await endpoints.accepted[0]!.when((entries) => entries.at(-1)?.startsWith('closed ') === true);
  });

  it('receives code and reason when the server closes', async () => {
    await start();
    const socket = open(endpoints.port, '/close', transport);
    const closed = await new Promise((resolve) => (socket.onclose = resolve));
    expect(closed).toMatchObject({ code: 3000, reason: 'Go away!', wasClean: true });
  });
});

describe.each(transports)('a WebSocket handler over %s of sockjs-client', (transport) => {
  @WebSocketHandler('/rooms/{room}', { sockjs: true })
  class Echo {
    message(session: WebSocketSession, text: string) {
      session.send(text);
    }
  }

  it('returns each text as it was sent', async () => {
    const server = await createServer({ controllers: [Echo], logger: silentLogger });
    await server.listen(0);
    const socket = open(portOf(server), '/rooms/lobby', transport);
    expect(await exchange(socket, awkwardTexts)).toEqual(awkwardTexts);
    socket.close();
    await server.close();
  });
});

describe.each(transports)('@stomp/stompjs over %s', (transport) => {
  let server: Server;
  let client: Client;

  afterEach(async () => {
    await client.deactivate();
    await server.close();
  });

  async function connect(reconnectDelay = 0): Promise<void> {
    server = await createServer({
      // The close of the server waits so long for clients that do not poll again.
      endpoints: [{ path: '/ws', sockjs: { disconnectDelay: 1000 } }],
      logger: silentLogger,
    });
    await server.listen(0);
    client = new Client({
      webSocketFactory: () => open(portOf(server), '/ws', transport),
      reconnectDelay,
    });
    await activate(client);
  }

  it('receives 1,000 messages in order, and receipts', async () => {
    await connect();
    const { sent, received } = await exchangeThousand(client);
    expect(received).toEqual(sent);
  });

  it('acknowledges messages of a queue, and receives rejected ones again', async () => {
    await connect();
    const deliveries: IMessage[] = [];
    let delivered = () => {};
    const next = () => new Promise<void>((resolve) => (delivered = resolve));
    const onMessage = (message: IMessage) => {
      deliveries.push(message);
      delivered();
    };
    const ack = { ack: 'client-individual' };
    await receipt(client, (id) =>
      client.subscribe('/queue/orders', onMessage, { ...ack, receipt: id }),
    );
    const first = next();
    client.publish({ destination: '/queue/orders', body: 'order' });
    await first;
    const second = next();
    deliveries[0]!.nack();
    await second;
    await receipt(client, (id) => deliveries[1]!.ack({ receipt: id }));
    expect(deliveries.map(({ body, headers }) => [body, headers['redelivered']])).toEqual([
      ['order', undefined],
      ['order', 'true'],
    ]);
  });

  it('receives the receipt of DISCONNECT before the close', async () => {
    await connect();
    const events: string[] = [];
    client.onDisconnect = ({ command }) => void events.push(command);
    client.onWebSocketClose = ({ code, wasClean }) => void events.push(`${code} ${wasClean}`);
    await client.deactivate();
    expect(events).toEqual(['RECEIPT', '1000 true']);
  });

  it('connects again when the server closes its session', async () => {
    await connect(10);
    const again = new Promise<void>((resolve) => {
      client.onConnect = () => resolve();
    });
    [...server.sessions.all()][0]!.close(1013, 'again');
    await again;
    const received = new Promise((resolve) => {
      client.subscribe('/topic/news', ({ body }) => resolve(body));
    });
    await roundTrip(client);
    await server.publisher.publish('/topic/news', 'news');
    expect(await received).toBe('news');
  });

  it('receives the reason when the server stops', async () => {
    await connect();
    const closed = new Promise((resolve) => (client.onWebSocketClose = resolve));
    await server.close();
    expect(await closed).toMatchObject({ code: 1001, reason: 'server-stopping' });
  });

  it('is refused with ERROR and 1003 when a message is not text', async () => {
    await connect();
    const [error, closed] = [
      new Promise<string>(
        (resolve) => (client.onStompError = ({ headers }) => resolve(headers['code']!)),
      ),
      new Promise((resolve) => (client.onWebSocketClose = resolve)),
    ];
    await receipt(client, (id) => client.subscribe('/topic/bytes', () => {}, { receipt: id }));
    await server.publisher.publish('/topic/bytes', Uint8Array.of(0xff));
    expect(await error).toBe('text-required');
    expect(await closed).toMatchObject({ code: 1003, reason: 'text-required' });
  });
});
