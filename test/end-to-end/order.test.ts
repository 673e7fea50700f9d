// Tests order: every subscriber receives the messages of each of 50 sessions in the order of sending, for any delays of handlers.
import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import {
  Controller,
  createServer,
  memoryTransport,
  MessageMapping,
  Payload,
  SendTo,
  SendToUser,
  silentLogger,
  tcpTransport,
  type MemoryTransport,
  type Server,
  type TcpTransport,
} from '../../src/index.js';
import { portOf } from '../clients/server.js';

const sessions = 50;
const messagesEach = 200;

interface NumberedMessage {
  readonly by: number;
  readonly n: number;
}

/** Handlers take no time, a microtask, or some turns of the event loop. */
async function delay(): Promise<void> {
  const turns = Math.floor(Math.random() * 6) - 3;
  for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setImmediate(resolve));
}

@Controller()
class RelayController {
  @MessageMapping('/relay')
  @SendTo('/topic/relayed')
  async relay(@Payload() message: NumberedMessage) {
    await delay();
    return message;
  }

  @MessageMapping('/reply')
  @SendToUser('/queue/replies', { broadcast: false })
  async reply(@Payload() message: NumberedMessage) {
    await delay();
    return message;
  }
}

interface Wire {
  send(text: string): void;
  onText: (text: string) => void;
  end(): void;
}

interface Transports {
  readonly server: Server;
  readonly memory: MemoryTransport;
  readonly tcp: TcpTransport;
}

type Dial = (transports: Transports) => Promise<Wire>;

const dials: Readonly<Record<string, Dial>> = {
  memory: ({ memory }) => {
    const client = memory.connect();
    const wire: Wire = {
      send: (text) => client.send(text),
      onText: () => {},
      end: () => client.close(),
    };
    client.onData = (bytes) => wire.onText(Buffer.from(bytes).toString());
    return Promise.resolve(wire);
  },
  WebSocket: async ({ server }) => {
    const socket = new WebSocket(`ws://127.0.0.1:${portOf(server)}/ws`);
    await once(socket, 'open');
    const wire: Wire = {
      send: (text) => socket.send(text),
      onText: () => {},
      end: () => socket.close(),
    };
    socket.on('message', (data: Buffer) => wire.onText(data.toString()));
    return wire;
  },
  TCP: async ({ tcp }) => {
    const socket = connect(tcp.address()!.port, '127.0.0.1');
    await once(socket, 'connect');
    const wire: Wire = {
      send: (text) => void socket.write(text),
      onText: () => {},
      end: () => void socket.end(),
    };
    socket.on('data', (data) => wire.onText(data.toString()));
    return wire;
  },
};

/** A session that sends numbered messages to three destinations, and checks the order of all messages it receives. */
class Member {
  /** The last number received, by subscription and sender. */
  readonly #last = new Map<string, number>();
  readonly disorder: string[] = [];
  received = 0;
  #rest = '';

  constructor(
    private readonly wire: Wire,
    private readonly by: number,
    private readonly onReceived: () => void,
  ) {
    wire.onText = (text) => this.#receive(text);
  }

  subscribe(): void {
    for (const destination of ['/topic/relayed', '/topic/straight', '/user/queue/replies'])
      this.#sendFrame({ type: 'subscribe', id: destination, destination });
    this.#sendFrame({ type: 'send', destination: '/topic/ready', receipt: 'ready' });
  }

  send(n: number): void {
    const payload: NumberedMessage = { by: this.by, n };
    const to = n % 10 === 0 ? '/app/relay' : n % 10 === 5 ? '/topic/straight' : '/app/reply';
    this.#sendFrame({ type: 'send', destination: to, payload });
  }

  end(): void {
    this.wire.end();
  }

  #sendFrame(frame: object): void {
    this.wire.send(`${JSON.stringify(frame)}\n`);
  }

  #receive(text: string): void {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop()!;
    for (const line of lines) {
      const frame = JSON.parse(line) as {
        type: string;
        subscription: string;
        payload: NumberedMessage;
      };
      if (frame.type === 'receipt' || frame.type === 'message') this.received++;
      if (frame.type !== 'message') continue;
      const { by, n } = frame.payload;
      const source = `${frame.subscription} from ${by}`;
      const before = this.#last.get(source) ?? -1;
      if (n <= before) this.disorder.push(`${source}: ${n} after ${before}`);
      this.#last.set(source, n);
    }
    this.onReceived();
  }
}

describe.each(Object.entries(dials))('over %s', (_, dial) => {
  it(
    'every subscriber receives the messages of each sender in order',
    { timeout: 60_000 },
    async () => {
      const [memory, tcp] = [memoryTransport(), tcpTransport({ port: 0 })];
      const server = await createServer({
        controllers: [RelayController],
        transports: [memory, tcp],
        limits: { maxOutboxBytes: 16 * 1024 * 1024 },
        logger: silentLogger,
      });
      await server.listen(0);
      let wake = () => {};
      const members = await Promise.all(
        Array.from(
          { length: sessions },
          async (__, by) => new Member(await dial({ server, memory, tcp }), by, () => wake()),
        ),
      );
      const allReceive = async (count: number) => {
        while (members.some(({ received }) => received < count))
          await new Promise<void>((resolve) => (wake = resolve));
      };
      for (const member of members) member.subscribe();
      await allReceive(1);
      for (let n = 0; n < messagesEach; n++) {
        for (const member of members) member.send(n);
        if (n % 20 === 0) await new Promise((resolve) => setImmediate(resolve));
      }
      const perSession = messagesEach / 10;
      await allReceive(1 + 2 * perSession * sessions + 8 * perSession);
      expect(members.flatMap(({ disorder }) => disorder)).toEqual([]);
      await server.idle();
      expect(members.map(({ received }) => received)).toEqual(
        members.map(() => 1 + 2 * perSession * sessions + 8 * perSession),
      );
      for (const member of members) member.end();
      await server.close();
    },
  );
});
