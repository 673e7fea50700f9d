// One SEND that becomes one MESSAGE: a validated class payload, `@SendTo`, one subscriber, a WebSocket over loopback.
import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { IsString, Length } from 'class-validator';
import { Controller, createServer, MessageMapping, Payload, SendTo, silentLogger } from 'signalbox';
import { WebSocket } from 'ws';
import { systemClock, type Clock } from '../../src/message/clock.js';

/** Listeners for the events of the reported message. */
export interface MessageListeners {
  /** The server is idle, and the client sends next. */
  onSend(): void;
  /** The method of the controller is entered. */
  onHandle(): void;
  /** The server writes to its socket; the first write is the MESSAGE. */
  onWrite(): void;
}

class Greeting {
  @IsString()
  @Length(1, 100)
  name!: string;
}

/** The system clock with the longest delay that Node allows, so that no timeout or heart-beat fires. */
const clock: Clock = {
  ...systemClock,
  after: (_delay, action) => systemClock.after(2 ** 31 - 1, action),
};

const frames = {
  connect: 'CONNECT\naccept-version:1.2\nhost:test\n\n\0',
  subscribe: 'SUBSCRIBE\nid:a\ndestination:/topic/greetings\nreceipt:r\n\n\0',
  send: 'SEND\ndestination:/app/greet\ncontent-type:application/json\n\n{"name":"Ann"}\0',
};

/** Starts a server, sends two messages that fill its caches, then the reported one, and closes the server. */
export async function sendOneMessage(listeners: MessageListeners): Promise<void> {
  let isReported = false;

  @Controller()
  class GreetingController {
    @MessageMapping('/greet')
    @SendTo('/topic/greetings')
    greet(@Payload(Greeting) { name }: Greeting) {
      if (isReported) listeners.onHandle();
      return { text: `Hello, ${name}!` };
    }
  }

  const server = await createServer({
    controllers: [GreetingController],
    endpoints: [{ path: '/ws' }],
    logger: silentLogger,
    clock,
  });
  const http = createHttpServer();
  http.on('connection', (socket) => {
    onEachWrite(socket, () => {
      if (isReported) listeners.onWrite();
    });
  });
  await server.attach(http);
  await once(http.listen(0, '127.0.0.1'), 'listening');
  const { port } = http.address() as AddressInfo;
  const client = new WebSocket(`ws://127.0.0.1:${port}/ws`, 'v12.stomp');
  await once(client, 'open');

  async function exchange(request: string, expectedCommand: string): Promise<void> {
    const received = once(client, 'message');
    client.send(request);
    const [data] = (await received) as [Buffer];
    const answer = data.toString();
    if (!answer.startsWith(`${expectedCommand}\n`)) throw new Error(`unexpected frame: ${answer}`);
  }

  await exchange(frames.connect, 'CONNECTED');
  await exchange(frames.subscribe, 'RECEIPT');
  await exchange(frames.send, 'MESSAGE');
  await exchange(frames.send, 'MESSAGE');

  isReported = true;
  listeners.onSend();
  await exchange(frames.send, 'MESSAGE');
  isReported = false;

  client.close();
  await once(client, 'close');
  await server.close();
  http.close();
}

function onEachWrite(socket: Socket, listener: () => void): void {
  const write = socket.write.bind(socket) as (...args: unknown[]) => boolean;
  Object.assign(socket, {
    write(...args: unknown[]): boolean {
      listener();
      return write(...args);
    },
  });
}
