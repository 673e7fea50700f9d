// docs/problems.md: runs its table of rejected frames, and compares the results with its cells.
import { describe, expect, it } from 'vitest';
import {
  Controller,
  createServer,
  EmbeddedBroker,
  memoryTransport,
  MessageMapping,
  MessagingError,
  Payload,
  type Interceptor,
  type ServerOptions,
  type StandardSchema,
} from '../../src/index.js';
import { StompClient } from '../clients/stomp.js';
import { connect, formatOf, problemsOf } from '../regression/client.js';
import type { Protocol } from '../regression/case.js';
import { readPages } from './page.js';

type Frame = readonly [command: string, headers: Readonly<Record<string, string>>, body?: string];

/** The frames of each row; the last one is rejected. */
const frames: Readonly<Record<string, readonly Frame[]>> = {
  'SEND to an unknown destination': [['SEND', { destination: '/app/helo' }]],
  'SUBSCRIBE to an unknown destination': [['SUBSCRIBE', { id: '1', destination: '/news' }]],
  'SUBSCRIBE with an id that is in use': [
    ['SUBSCRIBE', { id: '1', destination: '/topic/a' }],
    ['SUBSCRIBE', { id: '1', destination: '/topic/b' }],
  ],
  'UNSUBSCRIBE of an unknown subscription': [['UNSUBSCRIBE', { id: 'none' }]],
  'ACK of an unknown message': [['ACK', { id: 'none', 'message-id': 'none', subscription: '1' }]],
  'COMMIT of an unknown transaction': [['COMMIT', { transaction: 'none' }]],
  'SUBSCRIBE that an interceptor rejects': [
    ['SUBSCRIBE', { id: '1', destination: '/topic/staff' }],
  ],
  'SUBSCRIBE with a wrong value of `prefetch-count`': [
    ['SUBSCRIBE', { id: '1', destination: '/queue/jobs', 'prefetch-count': 'many' }],
  ],
  'SEND with an invalid payload': [['SEND', { destination: '/app/hello' }, '"short"']],
  'SEND whose handler fails': [['SEND', { destination: '/app/fails' }]],
  'SEND to a full queue': [
    ['SEND', { destination: '/queue/small' }],
    ['SEND', { destination: '/queue/small' }],
  ],
  'CONNECT that the server refuses': [],
  'a frame that breaks the protocol': [['NONSENSE', {}]],
};

const Long: StandardSchema = {
  '~standard': { version: 1, vendor: 'test', validate: () => ({ issues: [{ message: 'short' }] }) },
};

@Controller()
class HelloController {
  @MessageMapping('/hello')
  hello(@Payload(Long) text: unknown) {
    return text;
  }

  @MessageMapping('/fails')
  fails() {
    throw new Error('The database is away.');
  }
}

const rejectStaff: Interceptor = async (frame, _session, next) => {
  if (frame.kind === 'subscribe' && frame.destination === '/topic/staff')
    throw new MessagingError('access-refused');
  await next();
};

interface Client {
  readonly protocol: Protocol;
  readonly problems: boolean;
  readonly receipt: boolean;
  readonly answer: NonNullable<ServerOptions['onRejectedFrame']>;
}

const stompVersions = ['stomp-1.0', 'stomp-1.1', 'stomp-1.2'] as const;
const plain = stompVersions.map((protocol) => ({ protocol, problems: false }));
const subscribed = stompVersions.map((protocol) => ({ protocol, problems: true }));
const json = { protocol: 'json', problems: false } as const;
const everyClient = [...plain, ...subscribed, json].flatMap((client) => [
  { ...client, receipt: false },
  { ...client, receipt: true },
]);

/** The clients of each column. */
const columns: readonly (readonly Client[])[] = [
  plain.map((client) => ({ ...client, answer: 'report', receipt: false })),
  plain.map((client) => ({ ...client, answer: 'report', receipt: true })),
  [...subscribed, json].flatMap((client) => [
    { ...client, answer: 'report', receipt: false },
    { ...client, answer: 'report', receipt: true },
  ]),
  everyClient.map((client) => ({ ...client, answer: 'close' })),
  everyClient.map((client) => ({ ...client, answer: 'ignore' })),
];

/** The result of a row for a client, in the words of the table. */
async function resultOf(row: string, { protocol, problems, receipt, answer }: Client) {
  const log: string[] = [];
  const transport = memoryTransport();
  const server = await createServer({
    controllers: [HelloController],
    transports: [transport],
    endpoints: [],
    broker: new EmbeddedBroker({ queue: { maxMessages: 1 } }),
    interceptors: [rejectStaff],
    onRejectedFrame: answer,
    logger: { error: (text) => log.push(text), warn: (text) => log.push(text), info: () => {} },
    ...(row.startsWith('CONNECT') && {
      authenticate: () => {
        throw new Error('unknown user');
      },
    }),
  });
  await server.start();
  try {
    const client = new StompClient(transport.connect(), formatOf(protocol));
    await connect(client, protocol, { problems }).catch(() => {});
    for (const [i, [command, headers, body]] of frames[row]!.entries()) {
      const last = i === frames[row]!.length - 1;
      client.send(command, { ...headers, ...(last && receipt && { receipt: 'r' }) }, body);
    }
    await server.idle();
    // The end of the connection is read in a later microtask.
    await new Promise((resolve) => setImmediate(resolve));
    const receipts = client.history.filter(
      ({ command, headers }) => command === 'RECEIPT' && headers['receipt-id'] === 'r',
    );
    expect(receipts).toEqual([]);
    if (client.end !== undefined) return `${client.history.at(-1)?.command} ${client.end.code}`;
    if (problemsOf(client).length > 0) return 'problem';
    return log.length > 0 ? 'log' : 'nothing';
  } finally {
    await server.close();
  }
}

const { prose } = readPages().find(({ path }) => path === 'docs/problems.md')!;
const cells = prose
  .split('\n')
  .filter((line) => line.startsWith('| '))
  .map((line) => line.slice(2, -2).split(' | '))
  .filter((row) => row.length === 7);
const rows = new Map(cells.slice(2).map(([row, ...results]) => [row!, results]));

describe('the table of rejected frames', () => {
  it('has a row for each kind of frame', () => {
    expect([...rows.keys()]).toEqual(Object.keys(frames));
  });

  it.each([...rows.keys()])('is right about %s', async (row) => {
    for (const [i, clients] of columns.entries()) {
      const expected = rows.get(row)![i];
      for (const client of clients)
        expect({ client, result: await resultOf(row, client) }).toEqual({
          client,
          result: expected,
        });
    }
  });
});
