// Faults C3 to C6, C9 and C11: headers, bodies and features of the protocols.
import {
  Controller,
  Header,
  MessageMapping,
  type Interceptor,
  type ServerOptions,
} from '../../../src/index.js';
import {
  everyProtocol,
  everyStomp,
  everywhere,
  stompInMemory,
  transports,
  WrongAnswer,
  type Case,
  type Protocol,
} from '../case.js';
import type { StompClient, StompFrame, StompHeaders } from '../../clients/stomp.js';
import { acknowledge, messagesOf } from '../client.js';
import { expectEnd, expectEqual, expectThat } from '../expect.js';
import { frameCase, type Script } from '../frame-case.js';
import type { Setup } from '../setup.js';

/** Users by their login; without one a client is anonymous. */
const authenticate: ServerOptions['authenticate'] = ({ login }) =>
  login === undefined ? undefined : { name: login };

/** White space before and after a name: blank, tab, blanks beyond ASCII, and invisible characters that some languages trim. */
const disguises: readonly ((name: string) => string)[] = [
  (name) => ` ${name}`,
  (name) => `\t${name}`,
  (name) => `${name} `,
  (name) => `\u00a0${name}`,
  (name) => `\u3000${name}`,
  (name) => `\u2028${name}`,
  (name) => `\u0085${name}`,
  (name) => `\u001c${name}`,
  (name) => `${name}\u200b`,
  (name) => `\ufeff \t${name} `,
];

/** SENDs headers with disguised names; no subscriber may receive one. */
async function expectNoDisguise(setup: Setup, names: readonly string[]): Promise<void> {
  await setup.start();
  const client = await setup.connect();
  await client.subscribe('news', '/topic/news');
  for (const disguise of disguises) {
    const forged = names.map((name) => [disguise(name), 'forged'] as const);
    client.send('SEND', { destination: '/topic/news', ...Object.fromEntries(forged) }, '1');
    const { headers } = await client.next('MESSAGE');
    const found = Object.entries(headers).filter(
      ([name, value]) => names.includes(name.trim()) && value.trim() === 'forged',
    );
    expectEqual('the forged headers', found, []);
  }
}

const forgedNames: Case = {
  fault: 'C3',
  name: 'white-space-around-server-owned-names',
  title: 'A header whose trimmed name belongs to the server does not reach subscribers',
  ...everywhere,
  run: (setup) =>
    expectNoDisguise(setup, [
      'user-name',
      'message-id',
      'subscription',
      'ack',
      'session',
      'redelivered',
      'original-destination',
    ]),
};

const escapedNames: Case = {
  fault: 'C3',
  name: 'escaped-line-end-before-a-server-owned-name',
  title:
    'A header whose name belongs to the server after an escaped line end does not reach subscribers',
  protocols: ['stomp-1.1', 'stomp-1.2'],
  transports,
  async run(setup) {
    await setup.start();
    const client = await setup.connect();
    await client.subscribe('news', '/topic/news');
    const ends = setup.protocol === 'stomp-1.2' ? ['\\n', '\\r'] : ['\\n'];
    for (const end of ends) {
      client.send('SEND', { destination: '/topic/news', [`${end}user-name`]: 'forged' }, '1');
      await client.next('MESSAGE');
    }
    expectThat(
      !JSON.stringify(client.history).includes('forged'),
      'The header reached a subscriber.',
    );
  },
};

const forgedReplyTo: Case = {
  fault: 'C3',
  name: 'white-space-before-reply-to',
  title:
    'A header whose trimmed name is reply-to does not reach subscribers in addition to reply-to',
  ...everywhere,
  async run(setup) {
    await setup.start();
    const client = await setup.connect();
    await client.subscribe('news', '/topic/news');
    for (const disguise of disguises) {
      client.send(
        'SEND',
        { destination: '/topic/news', [disguise('reply-to')]: '/user/queue/answers' },
        '1',
      );
      const { headers } = await client.next('MESSAGE');
      const found = Object.entries(headers).filter(
        ([name, value]) => name.trim() === 'reply-to' && value.trim() === '/user/queue/answers',
      );
      expectEqual('the unchanged reply-to headers', found, []);
    }
  },
};

const forgedOrigin: Case = {
  fault: 'C3',
  name: 'original-destination-of-dead-letters',
  title: 'A client cannot set original-destination on a message to the dead letters',
  ...everyProtocol,
  async run(setup) {
    await setup.start();
    const client = await setup.connect();
    await client.subscribe('dead', '/queue/dead-letters');
    client.send(
      'SEND',
      { destination: '/queue/dead-letters', 'original-destination': '/queue/secret' },
      '1',
    );
    const { headers } = await client.next('MESSAGE');
    expectEqual('original-destination', headers['original-destination'], undefined);
  },
};

/** Frames without a body, in an order in which each of them is valid. */
const framesWithoutBody: readonly (readonly [command: string, headers: StompHeaders])[] = [
  ['SUBSCRIBE', { id: '1', destination: '/topic/news' }],
  ['UNSUBSCRIBE', { id: '1' }],
  ['BEGIN', { transaction: 't' }],
  ['COMMIT', { transaction: 't' }],
  ['BEGIN', { transaction: 'u' }],
  ['ABORT', { transaction: 'u' }],
  ['DISCONNECT', {}],
];

/** The frames with this body, and the receipts that confirm all of them. */
function confirmed(body: string): Pick<Script, 'frames' | 'receives' | 'ends'> {
  return {
    frames: framesWithoutBody.map(([command, headers], i) => [
      command,
      { ...headers, receipt: `r-${i}` },
      body,
    ]),
    receives: framesWithoutBody.map((_, i) => ({
      command: 'RECEIPT',
      headers: { 'receipt-id': `r-${i}` },
    })),
    ends: 1000,
  };
}

const bodies: readonly Case[] = [
  frameCase(
    {
      fault: 'C4',
      name: 'body-of-every-frame',
      title: 'STOMP 1.0 ignores the body of every frame except SEND',
      protocols: ['stomp-1.0'],
      transports,
    },
    confirmed('a body\nof two lines'),
  ),
  ...Object.entries({ lf: '\n', crlf: '\r\n', 'several-lf': '\n\n\n' }).map(([name, end]) =>
    frameCase(
      {
        fault: 'C4',
        name: `line-end-in-every-frame-${name}`,
        title: `A body of ${JSON.stringify(end)} in a frame without body is ignored`,
        ...everyStomp,
      },
      confirmed(end),
    ),
  ),
  frameCase(
    {
      fault: 'C4',
      name: 'line-ends-between-frames',
      title: 'LF and CR LF after the NUL of a frame are ignored, also after CONNECT',
      ...everyStomp,
    },
    {
      connect: false,
      frames: (protocol) => [
        `CONNECT\naccept-version:${protocol.slice(-3)}\nhost:test\n\n\0\r\n\n`,
        'BEGIN\ntransaction:t\nreceipt:r\n\n\0\r\n\r\n\n',
        ['COMMIT', { transaction: 't', receipt: 's' }],
      ],
      receives: [
        { command: 'CONNECTED' },
        { command: 'RECEIPT', headers: { 'receipt-id': 'r' } },
        { command: 'RECEIPT', headers: { 'receipt-id': 's' } },
      ],
    },
  ),
  frameCase(
    {
      fault: 'C4',
      name: 'subscribe-with-a-body',
      title: 'STOMP 1.0 accepts SUBSCRIBE with a body and ignores the body',
      protocols: ['stomp-1.0'],
      transports,
    },
    {
      frames: [['SUBSCRIBE', { destination: '/topic/news', receipt: 'r' }, 'a body']],
      receives: [{ command: 'RECEIPT', headers: { 'receipt-id': 'r' } }],
    },
  ),
  frameCase(
    {
      fault: 'C4',
      name: 'line-end-after-connect',
      title: 'CONNECT whose body is a single line end is accepted',
      ...everyStomp,
    },
    {
      connect: false,
      frames: (protocol) => [
        ['CONNECT', { 'accept-version': protocol.slice(-3), host: 'test' }, '\n'],
        ['BEGIN', { transaction: 't', receipt: 'r' }],
      ],
      receives: [{ command: 'CONNECTED' }, { command: 'RECEIPT', headers: { 'receipt-id': 'r' } }],
    },
  ),
  frameCase(
    {
      fault: 'C4',
      name: 'line-end-after-other-frames',
      title: 'SUBSCRIBE whose body is a single line end is accepted',
      ...everyStomp,
    },
    {
      frames: [['SUBSCRIBE', { id: '1', destination: '/topic/news', receipt: 'r' }, '\n']],
      receives: [{ command: 'RECEIPT', headers: { 'receipt-id': 'r' } }],
    },
  ),
];

interface ParsingCase {
  readonly title: string;
  readonly protocols?: Case['protocols'];
  /** Bytes of a SEND to `/topic/news`, in parts. */
  readonly parts: readonly string[];
  /** The header `note` that the subscriber receives; undefined where the frame is malformed. */
  readonly note?: string;
}

const since11 = ['stomp-1.1', 'stomp-1.2'] as const;
const sendWith = (note: string) => `SEND\ndestination:/topic/news\n${note}\n\nx\0`;

/** The subjects of RabbitMQ's own tests of its STOMP parser (`frame_SUITE`). */
const parsing: Readonly<Record<string, ParsingCase>> = {
  'frame-in-single-bytes': {
    title: 'A frame that arrives byte by byte is read',
    parts: sendWith('note:a').split(''),
    note: 'a',
  },
  'line-ends-before-a-frame': {
    title: 'LF and CR LF before a frame are ignored',
    parts: ['\n\r\n', sendWith('note:a')],
    note: 'a',
  },
  'lines-with-crlf': {
    title: 'CR LF ends the lines of a frame in STOMP 1.2',
    protocols: ['stomp-1.2'],
    parts: [sendWith('note:a').replaceAll('\n', '\r\n')],
    note: 'a',
  },
  'cr-before-a-command': {
    title: 'A CR without LF before a command is an error',
    parts: [`\r${sendWith('note:a')}`],
  },
  'cr-in-a-command': {
    title: 'A CR inside a command is an error',
    parts: [sendWith('note:a').replace('SEND', 'SE\rND')],
  },
  'two-crs-after-a-command': {
    title: 'Two CRs after a command are an error',
    parts: [sendWith('note:a').replace('SEND', 'SEND\r\r')],
  },
  'header-without-colon': {
    title: 'A header line without a colon is an error',
    parts: [sendWith('note')],
  },
  'blanks-of-a-value': {
    title: 'Blanks around a value belong to it since STOMP 1.1',
    protocols: since11,
    parts: [sendWith('note: a ')],
    note: ' a ',
  },
  'colons-of-a-value': {
    title: 'A value may have colons, which are sent with escapes since STOMP 1.1',
    protocols: since11,
    parts: [sendWith('note:a:b')],
    note: String.raw`a\cb`,
  },
  'repeated-header': {
    title: 'The first of a repeated header counts',
    parts: [sendWith('note:right\nnote:wrong')],
    note: 'right',
  },
  'escapes-read-once': {
    title: 'A backslash that is the result of an escape does not begin another escape',
    protocols: since11,
    parts: [sendWith(String.raw`note:\\n\c\\c`)],
    note: String.raw`\\n\c\\c`,
  },
  'cr-as-an-escape': {
    title: 'STOMP 1.2 has an escape for CR',
    protocols: ['stomp-1.2'],
    parts: [sendWith(String.raw`note:a\rb`)],
    note: String.raw`a\rb`,
  },
};

const parsingCases: readonly Case[] = Object.entries(parsing).map(
  ([name, { title, protocols = everyStomp.protocols, parts, note }]) =>
    frameCase(
      { fault: 'C4', name, title, protocols, transports },
      {
        listener: '/topic/news',
        frames: parts,
        delivers: note === undefined ? [] : [{ command: 'MESSAGE', headers: { note }, body: 'x' }],
        ends: note === undefined ? 1002 : 'open',
      },
    ),
);

const foreignReplyTo: readonly Case[] = Object.entries({
  'a-name': 'amq.rabbitmq.reply-to',
  'a-topic': '/topic/answers',
  'a-queue': '/queue/answers',
  'another-scheme': 'tag@example.org',
  'a-queue-of-another-user': '/user/ann/queue/answers',
  'a-user-destination-without-a-broker-prefix': '/user/answers',
  // STOMP 1.0 and JSON have no escapes; STOMP 1.1 and 1.2 send the same characters back.
  'escaped-characters': String.raw`mailto\cann@example.org`,
}).map(([name, replyTo]) =>
  frameCase(
    {
      fault: 'C5',
      name: `reply-to-${name}`,
      title: `The header reply-to with the value ${replyTo} reaches subscribers unchanged`,
      ...everyProtocol,
    },
    {
      listener: '/topic/requests',
      frames: [['SEND', { destination: '/topic/requests', 'reply-to': replyTo }, '1']],
      delivers: [{ command: 'MESSAGE', headers: { 'reply-to': replyTo } }],
    },
  ),
);

const replyToProblemQueue = frameCase(
  {
    fault: 'C5',
    name: 'reply-to-the-problem-queue',
    title:
      'The header reply-to:/user/queue/errors is refused, so that other clients cannot send problems',
    ...everyProtocol,
  },
  {
    problems: true,
    frames: [
      ['SEND', { destination: '/topic/requests', 'reply-to': '/user/queue/errors', receipt: 'r' }],
    ],
    problemCodes: ['destination-refused'],
  },
);

const temporaryQueue: Case = {
  fault: 'C5',
  name: 'temporary-queue-without-subscription',
  title:
    'Answers to reply-to:/temp-queue/x arrive with subscription:/temp-queue/x without a SUBSCRIBE',
  ...everyProtocol,
  async run(setup) {
    await setup.start();
    const worker = await setup.connect();
    await worker.subscribe('work', '/queue/requests');
    const asker = await setup.connect();
    asker.send(
      'SEND',
      { destination: '/queue/requests', 'reply-to': '/temp-queue/answers' },
      '"question"',
    );
    const { headers } = await worker.next('MESSAGE');
    await worker.request('SEND', { destination: headers['reply-to'] ?? '' }, '"answer"');
    await setup.settle();
    const received = messagesOf(asker).map((frame) => frame.headers['subscription']);
    expectEqual('the subscriptions of the answers', received, ['/temp-queue/answers']);
  },
};

const temporaryQueueUntilUnsubscribe: Case = {
  fault: 'C5',
  name: 'temporary-queue-until-unsubscribe',
  title:
    'UNSUBSCRIBE with id:/temp-queue/x ends the answers that arrive without SUBSCRIBE, and a SUBSCRIBE receives them under its id',
  ...everyProtocol,
  async run(setup) {
    await setup.start();
    const worker = await setup.connect();
    await worker.subscribe('work', '/queue/requests');
    const asker = await setup.connect();
    const queue = '/temp-queue/answers';
    const ask = async () => {
      asker.send('SEND', { destination: '/queue/requests', 'reply-to': queue }, '"question"');
      return (await worker.next('MESSAGE')).headers['reply-to'] ?? '';
    };
    const answer = async (destination: string) => {
      await worker.request('SEND', { destination }, '"answer"');
      await setup.settle();
    };
    const address = await ask();
    await asker.subscribe('own', queue);
    await answer(address);
    await asker.request('UNSUBSCRIBE', { id: 'own' });
    await answer(address);
    await answer(await ask());
    await asker.request('UNSUBSCRIBE', { id: queue });
    await answer(address);
    const received = messagesOf(asker).map((frame) => frame.headers['subscription']);
    expectEqual('the subscriptions of the answers', received, ['own', queue]);
  },
};

/** Other sessions must not read the answers, or send to the queue by its name. */
const temporaryQueueOfOneSession: Case = {
  fault: 'C5',
  name: 'temporary-queue-of-one-session',
  title: 'Answers to reply-to:/temp-queue/x reach only the session that asked',
  ...everyProtocol,
  async run(setup) {
    await setup.start();
    const worker = await setup.connect();
    await worker.subscribe('work', '/queue/requests');
    const [asker, other] = [await setup.connect(), await setup.connect()];
    for (const client of [asker, other])
      client.send(
        'SEND',
        { destination: '/queue/requests', 'reply-to': '/temp-queue/answers' },
        '"question"',
      );
    const [first, second] = [await worker.next('MESSAGE'), await worker.next('MESSAGE')];
    expectThat(
      first.headers['reply-to'] !== second.headers['reply-to'],
      'Two sessions have the same address.',
    );
    await worker.request('SEND', { destination: first.headers['reply-to'] }, '"answer"');
    worker.send('SEND', { destination: '/temp-queue/answers' }, '"guess"');
    await setup.settle();
    const counts = [asker, other].map((client) => messagesOf(client).length);
    expectEqual('the numbers of answers', counts, [1, 0]);
  },
};

const ackWithLength: Case = {
  fault: 'C6',
  name: 'ack-that-announces-a-body',
  title: 'ACK with a content-length above 0 is refused at once and closes with 1002',
  protocols: ['stomp-1.1', 'stomp-1.2'],
  transports,
  async run(setup) {
    await setup.start();
    const client = await setup.connect();
    client.write('ACK\nid:a\nmessage-id:a\nsubscription:s\ncontent-length:1000\n\n\0');
    client.send('BEGIN', { transaction: 't' });
    await expectEnd(setup, client, 1002);
  },
};

/** Complete except for the body that `content-length` announces. */
const announced = {
  SUBSCRIBE: 'id:1\ndestination:/topic/news\n',
  UNSUBSCRIBE: 'id:1\n',
  BEGIN: 'transaction:t\n',
  COMMIT: 'transaction:t\n',
  ABORT: 'transaction:t\n',
  NACK: 'id:a\nmessage-id:a\nsubscription:s\n',
  DISCONNECT: '',
};

const announcedBodies: readonly Case[] = [
  ...Object.entries(announced).map(([command, headers]) =>
    frameCase(
      {
        fault: 'C6',
        name: `${command.toLowerCase()}-that-announces-a-body`,
        title: `${command} with a content-length above 0 is refused before its body arrives`,
        protocols: ['stomp-1.1', 'stomp-1.2'],
        transports: ['memory'],
      },
      {
        frames: [`${command}\n${headers}receipt:r\ncontent-length:1000\n\n\0`],
        receives: [{ command: 'ERROR', headers: { code: 'body-unexpected', 'receipt-id': 'r' } }],
        ends: 1002,
      },
    ),
  ),
  frameCase(
    {
      fault: 'C6',
      name: 'announced-body-in-1.0',
      title:
        'STOMP 1.0 ignores the content-length of a frame without body, and reads the frames after it',
      protocols: ['stomp-1.0'],
      transports,
    },
    {
      frames: [
        'SUBSCRIBE\ndestination:/topic/news\nreceipt:r\ncontent-length:1000\n\n\0',
        ['SEND', { destination: '/topic/news' }, 'first'],
      ],
      receives: [
        { command: 'RECEIPT', headers: { 'receipt-id': 'r' } },
        { command: 'MESSAGE', body: 'first' },
      ],
    },
  ),
  frameCase(
    {
      fault: 'C6',
      name: 'connect-that-announces-a-body',
      title:
        'CONNECT with a content-length and no body is accepted, and the frames after it are read',
      ...everyStomp,
    },
    {
      connect: false,
      frames: (protocol) => [
        `CONNECT\naccept-version:${protocol.slice(-3)}\nhost:test\ncontent-length:9\n\n\0`,
        ['BEGIN', { transaction: 't', receipt: 'r' }],
      ],
      receives: [{ command: 'CONNECTED' }, { command: 'RECEIPT', headers: { 'receipt-id': 'r' } }],
    },
  ),
];

/** The test suite of the Ruby client compares them (`test_noack`). */
const redeliveredIds: Case = {
  fault: 'C6',
  name: 'message-id-of-a-redelivery',
  title: 'A message that another session receives again keeps its message-id, in each ack mode',
  ...everyProtocol,
  async run(setup) {
    await setup.start();
    const ids: (string | undefined)[] = [];
    for (const ack of ['client', 'client', 'auto']) {
      const client = await setup.connect();
      if (ids.length === 0) client.send('SEND', { destination: '/queue/work' }, '1');
      await client.subscribe('1', '/queue/work', { ack });
      ids.push((await client.next('MESSAGE')).headers['message-id']);
      client.connection.vanish();
      await setup.settle();
    }
    expectEqual('the ids', new Set(ids).size, 1);
  },
};

const messageIds: Case = {
  fault: 'C6',
  name: 'message-ids-of-two-sessions',
  title: 'Different messages have different message ids, also in different sessions',
  ...everyProtocol,
  async run(setup) {
    await setup.start();
    const ids: (string | undefined)[] = [];
    for (const queue of ['/queue/one', '/queue/two']) {
      const client = await setup.connect();
      await client.subscribe('1', queue, { ack: 'client' });
      client.send('SEND', { destination: queue }, '1');
      ids.push((await client.next('MESSAGE')).headers['message-id']);
    }
    expectThat(ids[0] !== ids[1], `Two messages have the id ${ids[0]}.`);
  },
};

const individualMode: Case = {
  fault: 'C6',
  name: 'client-individual-in-1.0',
  title: 'The ERROR for ack:client-individual in STOMP 1.0 does not recommend client-individual',
  protocols: ['stomp-1.0'],
  transports,
  async run(setup) {
    await setup.start();
    const client = await setup.connect();
    client.send('SUBSCRIBE', { destination: '/topic/news', ack: 'client-individual' });
    const { headers, body } = await client.next('ERROR');
    const text = `${headers['message']} ${body}`;
    expectThat(!/client-individual/.test(text) || /1\.1/.test(text), `The text is: ${text}`);
  },
};

const repeatedSend = 'SEND\ndestination:/topic/tags\ntag:a\ntag:b\ntag:c\n\n1\0';

const repeatedHeaders: Case = {
  fault: 'C9',
  name: 'repeated-headers-in-a-handler',
  title: "@Header('tag', { all: true }) gives all values of a repeated header",
  ...stompInMemory,
  async run(setup) {
    let tags: unknown;
    @Controller()
    class TagController {
      @MessageMapping('tags')
      tags(@Header('tag', { all: true }) given: string[]) {
        tags = given;
      }
    }
    await setup.start({ controllers: [TagController] });
    const client = await setup.connect();
    client.write(repeatedSend.replace('/topic', '/app'));
    await setup.settle();
    expectEqual('the values', tags, ['a', 'b', 'c']);
  },
};

const relayedRepetition: Case = {
  fault: 'C9',
  name: 'repeated-headers-of-a-message',
  title: 'MESSAGE keeps repeated headers in order',
  ...stompInMemory,
  async run(setup) {
    await setup.start();
    const client = await setup.connect();
    await client.subscribe('tags', '/topic/tags');
    // The client keeps the first of a repeated header only.
    let text = '';
    const { onData } = client.connection;
    client.connection.onData = (bytes) => {
      text += Buffer.from(bytes).toString();
      onData?.(bytes);
    };
    client.write(repeatedSend);
    await client.next('MESSAGE');
    const lines = text.split('\n').filter((line) => line.startsWith('tag:'));
    expectEqual('the header lines', lines, ['tag:a', 'tag:b', 'tag:c']);
  },
};

const userNames: readonly Case[] = Object.entries({
  colon: 'ann:admin',
  backslash: 'home\\ann',
}).map(([name, user]): Case => ({
  fault: 'C9',
  name: `user-name-with-a-${name}`,
  title: `CONNECTED has a user-name that holds a ${name}`,
  ...everyProtocol,
  async run(setup) {
    await setup.start({
      authenticate: ({ login }) => ({ name: login === 'neighbor' ? 'neighbor' : user }),
    });
    const client = await setup.connect({ login: 'ann' });
    expectEqual('user-name', client.history[0]?.headers['user-name'], user);
  },
}));

/** TCP has no close code, and a client without CONNECTED has no session id, so only ERROR and the end are compared. */
async function expectRefusedConnect(setup: Setup, client: StompClient): Promise<void> {
  await setup.until(() => client.end !== undefined, 'The client still waits.');
  expectEqual('the code', client.history.at(-1)?.headers['code'], 'access-refused');
}

const droppedConnect: Case = {
  fault: 'C9',
  name: 'dropped-connect',
  title: 'A client whose CONNECT an interceptor drops is refused at once',
  ...everywhere,
  async run(setup) {
    const dropping: Interceptor = async (frame, _session, next) => {
      if (frame.kind === 'connect' && frame.login === 'dropped') return;
      await next();
    };
    await setup.start({ interceptors: [dropping] });
    const client = await setup.open();
    client.send('CONNECT', { 'accept-version': setup.protocol.slice(-3), login: 'dropped' });
    await expectRefusedConnect(setup, client);
  },
};

const caughtRefusal: Case = {
  fault: 'C9',
  name: 'caught-refusal-of-connect',
  title:
    'A client whose CONNECT is refused, and whose refusal an interceptor catches, is answered at once',
  ...everywhere,
  async run(setup) {
    const catching: Interceptor = async (frame, _session, next) => {
      await next().catch((error: unknown) => {
        if (frame.kind !== 'connect') throw error;
      });
    };
    await setup.start({
      interceptors: [catching],
      authenticate({ login }) {
        if (login === 'refused') throw new Error('refused');
        return undefined;
      },
    });
    const client = await setup.open();
    client.send('CONNECT', { 'accept-version': setup.protocol.slice(-3), login: 'refused' });
    await expectRefusedConnect(setup, client);
  },
};

const percentNames: Case = {
  fault: 'C9',
  name: 'user-name-with-a-percent-sign',
  title:
    'A SEND to the user a%2Fb, written a%252Fb, reaches that user, and a%2Fb reaches the user a/b',
  ...everyProtocol,
  async run(setup) {
    await setup.start({ authenticate });
    const received: Record<string, readonly StompFrame[]> = {};
    const sender = await setup.connect({ login: 'sender' });
    for (const login of ['a/b', 'a%2Fb']) {
      const client = await setup.connect({ login });
      await client.subscribe('news', '/user/queue/news');
      received[login] = client.history;
    }
    await sender.request('SEND', { destination: '/user/a%2Fb/queue/news' }, '1');
    await sender.request('SEND', { destination: '/user/a%252Fb/queue/news' }, '2');
    await setup.settle();
    const bodiesOf = (login: string) =>
      received[login]!.filter(({ command }) => command === 'MESSAGE').map(({ body }) => body);
    expectEqual('the messages of a/b', bodiesOf('a/b'), ['1']);
    expectEqual('the messages of a%2Fb', bodiesOf('a%2Fb'), ['2']);
  },
};

const encodedNames: Case = {
  fault: 'C9',
  name: 'user-name-with-escapes',
  title: 'A SEND reaches a user whose name is encoded by encodeURIComponent()',
  ...everyProtocol,
  async run(setup) {
    await setup.start({ authenticate });
    const sender = await setup.connect({ login: 'sender' });
    const received: Record<string, readonly StompFrame[]> = {};
    const names: Readonly<Record<string, readonly string[]>> = {
      'a/b': ['a%2fb', 'a%2Fb'],
      'a b': ['a%20b', 'a b'],
      'a@b.c': ['a%40b.c', 'a@b.c'],
      ünï: ['%C3%BCn%C3%AF', '%c3%bcn%c3%af', 'ünï'],
      '50%': ['50%25'],
    };
    for (const login of Object.keys(names)) {
      const client = await setup.connect({ login });
      await client.subscribe('news', '/user/queue/news');
      received[login] = client.history;
    }
    for (const text of Object.values(names).flat())
      await sender.request('SEND', { destination: `/user/${text}/queue/news` }, text);
    await setup.settle();
    for (const [login, texts] of Object.entries(names)) {
      const messages = received[login]!.filter(({ command }) => command === 'MESSAGE');
      expectEqual(
        `the messages of ${login}`,
        messages.map(({ body }) => body),
        texts,
      );
    }
    sender.send('SEND', { destination: '/user/50%/queue/news', receipt: 'r' }, '1');
    const { headers } = await sender.next('ERROR');
    expectEqual('the code', headers['code'], 'destination-invalid');
  },
};

const unsupportedHeaders: Readonly<Record<string, StompHeaders>> = {
  selector: { destination: '/topic/news', selector: 'region = 1' },
  'activemq-durable-name': { destination: '/topic/news', 'activemq.subscriptionName': 'news' },
  'rabbitmq-durable': { destination: '/topic/news', durable: 'true' },
  'activemq-wildcard': { destination: '/topic/>' },
  'rabbitmq-wildcard': { destination: '/topic/#' },
  'activemq-wildcard-after-a-dot': { destination: '/topic/price.>' },
  'rabbitmq-wildcard-after-a-dot': { destination: '/topic/price.#' },
  'wildcard-of-a-queue': { destination: '/queue/>' },
  'selector-of-a-queue': { destination: '/queue/work', selector: 'region = 1' },
  'selector-of-a-user-queue': { destination: '/user/queue/news', selector: 'region = 1' },
  'selector-of-a-temporary-queue': { destination: '/temp-queue/news', selector: 'region = 1' },
  'old-activemq-durable-name': { destination: '/topic/news', 'activemq.subcriptionName': 'news' },
  'hornetq-durable-name': { destination: '/topic/news', 'durable-subscriber-name': 'news' },
  'rabbitmq-auto-delete': { destination: '/topic/news', 'auto-delete': 'false' },
  'rabbitmq-queue-name': { destination: '/topic/news', 'x-queue-name': 'news' },
  'artemis-no-local': { destination: '/topic/news', 'no-local': 'true' },
  'selector-of-a-handler': { destination: '/app/prices', selector: 'region = 1' },
  'durable-subscription-of-a-handler': { destination: '/app/prices', durable: 'true' },
  'selector-with-white-space': { destination: '/topic/news', ' selector': 'region = 1' },
  'activemq-selector': { destination: '/topic/news', 'activemq.selector': 'region = 1' },
  'activemq-retroactive': { destination: '/topic/news', 'activemq.retroactive': 'true' },
  'activemq-browser': { destination: '/queue/work', browser: 'true' },
  'apollo-persistent': { destination: '/topic/news', persistent: 'true' },
  'rabbitmq-stream-offset': { destination: '/queue/work', 'x-stream-offset': 'first' },
  'rabbitmq-durable-in-upper-case': { destination: '/topic/news', durable: 'TRUE' },
  'activemq-exclusive': { destination: '/queue/work', 'activemq.exclusive': 'true' },
};

const unsupported: readonly Case[] = Object.entries(unsupportedHeaders).map(([name, headers]) =>
  frameCase(
    {
      fault: 'C11',
      name,
      title: `SUBSCRIBE with ${Object.entries(headers)
        .map((each) => each.join(':'))
        .join(' and ')} is refused with not-supported`,
      ...everyProtocol,
    },
    {
      problems: true,
      frames: [['SUBSCRIBE', { id: '1', receipt: 'r', ...headers }]],
      problemCodes: ['not-supported'],
    },
  ),
);

/** A server with a client that works on a queue, and a client that reads the dead letters. */
async function startWithDeadLetters(setup: Setup, ack: string) {
  await setup.start();
  const dead = await setup.connect();
  await dead.subscribe('dead', '/queue/dead-letters');
  const client = await setup.connect();
  await client.subscribe('work', '/queue/work', { ack });
  return { client, dead };
}

/** Sends NACK with requeue:false. */
function reject(
  client: StompClient,
  protocol: Protocol,
  message: StompFrame,
  more: StompHeaders = {},
): void {
  if (protocol !== 'json') {
    acknowledge(client, protocol, message, 'NACK', { requeue: 'false', ...more });
    return;
  }
  // The field takes a boolean, which headers of the test client cannot be.
  const id = message.headers['ack'];
  client.write(`${JSON.stringify({ type: 'nack', id, requeue: false, ...more })}\n`);
}

const rejectedInTransaction: Case = {
  fault: 'C11',
  name: 'nack-without-requeue-in-a-transaction',
  title: 'NACK with requeue:false takes effect at COMMIT, with all messages that it covers',
  protocols: ['stomp-1.1', 'stomp-1.2', 'json'],
  transports: ['memory'],
  async run(setup) {
    const { client, dead } = await startWithDeadLetters(setup, 'client');
    for (const body of ['one', 'two']) client.send('SEND', { destination: '/queue/work' }, body);
    await client.next('MESSAGE');
    client.send('BEGIN', { transaction: 't' });
    reject(client, setup.protocol, await client.next('MESSAGE'), { transaction: 't' });
    await setup.settle();
    expectEqual('the dead letters before COMMIT', messagesOf(dead).length, 0);
    client.send('COMMIT', { transaction: 't' });
    await setup.settle();
    const bodies = messagesOf(dead).map(({ body }) => body);
    expectEqual('the dead letters', bodies, ['one', 'two']);
  },
};

const rejectedMessage: Case = {
  fault: 'C11',
  name: 'nack-without-requeue',
  title: 'NACK with requeue:false sends the message to the dead letters',
  protocols: ['stomp-1.1', 'stomp-1.2', 'json'],
  transports: ['memory'],
  async run(setup) {
    const { client, dead } = await startWithDeadLetters(setup, 'client-individual');
    client.send('SEND', { destination: '/queue/work' }, 'broken');
    reject(client, setup.protocol, await client.next('MESSAGE'));
    await setup.settle();
    const [message] = messagesOf(dead);
    if (message === undefined) throw new WrongAnswer('The dead letters got no message.');
    expectEqual('the body', message.body, 'broken');
    expectEqual('the number of deliveries', messagesOf(client).length, 1);
  },
};

export const protocolFaults: readonly Case[] = [
  forgedNames,
  escapedNames,
  forgedReplyTo,
  forgedOrigin,
  ...bodies,
  ...parsingCases,
  ...foreignReplyTo,
  replyToProblemQueue,
  temporaryQueue,
  temporaryQueueUntilUnsubscribe,
  temporaryQueueOfOneSession,
  ackWithLength,
  ...announcedBodies,
  messageIds,
  redeliveredIds,
  individualMode,
  repeatedHeaders,
  relayedRepetition,
  ...userNames,
  droppedConnect,
  caughtRefusal,
  percentNames,
  encodedNames,
  ...unsupported,
  rejectedMessage,
  rejectedInTransaction,
];
