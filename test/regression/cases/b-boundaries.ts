// Faults B: errors in code of the application that affect other sessions or the process.
import { fileURLToPath } from 'node:url';
import {
  Controller,
  createReplyDecorator,
  EmbeddedBroker,
  Header,
  jsonCodec,
  listOf,
  MessageMapping,
  MessagingError,
  stompCodec,
  SubscribeMapping,
  type Broker,
  type Constructor,
  type ErrorCode,
  type Interceptor,
  type PayloadConverter,
  type ServerFrame,
  type ServerOptions,
  type TextConverter,
  type WireCodec,
} from '../../../src/index.js';
import { sequentialIds } from '../../../src/testing.js';
import {
  bothLanguages,
  everyProtocol,
  everywhere,
  serverAlone,
  type Case,
  type Protocol,
} from '../case.js';
import { messagesOf, problemsOf } from '../client.js';
import { expectEnd, expectEqual, expectLog, expectThat } from '../expect.js';
import { memoryOf, replacing } from '../../replace.js';
import { turns } from '../setup.js';

const malformed = (protocol: Protocol) =>
  protocol === 'json' ? '{"type":"nonsense"}\n' : 'NONSENSE\n\n\0';

const outboundInterceptor: Case = {
  fault: 'B1',
  name: 'outbound-interceptor-breaks-a-frame',
  title: 'A session whose outbound interceptor returns an ERROR without text is closed with 1011',
  ...everywhere,
  async run(setup) {
    await setup.start({
      outboundInterceptors: [
        (frame) =>
          // JSON leaves out a field that is undefined, and cannot write a bigint.
          frame.kind === 'error'
            ? ({
                ...frame,
                message: setup.protocol === 'json' ? 1n : undefined,
              } as unknown as ServerFrame)
            : frame,
      ],
    });
    const client = await setup.connect();
    client.write(malformed(setup.protocol));
    await expectEnd(setup, client, 1011);
  },
};

const decoderThrows: Case = {
  fault: 'B1',
  name: 'decoder-throws',
  title: 'A session whose decoder throws is closed with 1011, and the log has the reason',
  ...everywhere,
  async run(setup) {
    const broken = (codec: WireCodec): WireCodec =>
      replacing(codec, {
        decoder(...given) {
          const inner = codec.decoder(...given);
          return replacing(inner, {
            push(chunk) {
              if (Buffer.from(chunk).includes('explode')) throw new Error('The decoder failed.');
              return inner.push(chunk);
            },
          });
        },
      });
    await setup.start({ codecs: [broken(stompCodec), broken(jsonCodec)] });
    const client = await setup.connect();
    client.send('SEND', { destination: '/topic/explode' }, '1');
    await expectEnd(setup, client, 1011);
    expectLog(setup, /The decoder failed/);
  },
};

const encoderThrows: Case = {
  fault: 'B1',
  name: 'encoder-throws',
  title: 'A session whose encoder throws is closed with 1011, and the log has the reason',
  ...everywhere,
  async run(setup) {
    const broken = (codec: WireCodec): WireCodec =>
      replacing(codec, {
        encoder(version) {
          const inner = codec.encoder(version);
          return replacing(inner, {
            encode(frame) {
              if (frame.kind === 'receipt' && frame.receipt === 'explode')
                throw new Error('The encoder failed.');
              return inner.encode(frame);
            },
          });
        },
      });
    await setup.start({ codecs: [broken(stompCodec), broken(jsonCodec)] });
    const client = await setup.connect();
    client.send('SEND', { destination: '/topic/none', receipt: 'explode' }, '1');
    await expectEnd(setup, client, 1011);
    expectLog(setup, /The encoder failed/);
  },
};

const unknownErrorCode: Case = {
  fault: 'B1',
  name: 'unknown-error-code',
  title: 'A handler that throws a MessagingError with an unknown code has failed',
  ...everyProtocol,
  async run(setup) {
    @Controller()
    class NonsenseController {
      @MessageMapping('/nonsense')
      nonsense() {
        throw new MessagingError('nonsense' as ErrorCode, 'The text of the error.');
      }
    }
    await setup.start({ controllers: [NonsenseController] });
    const client = await setup.connect();
    client.send('SEND', { destination: '/app/nonsense', receipt: 'r' }, '1');
    const { headers } = await client.next('ERROR');
    expectEqual('the code', headers['code'], 'handler-failed');
    expectLog(setup, /The text of the error/);
  },
};

const writeThrows: Case = {
  fault: 'B2',
  name: 'write-throws',
  title: 'A session behind one whose transport throws gets its message, and idle() resolves',
  ...everyProtocol,
  async run(setup) {
    let breaks = false;
    const memory = memoryOf((connection) =>
      replacing(connection, {
        write(bytes) {
          if (breaks) throw new Error('The write failed.');
          connection.write(bytes);
        },
      }),
    );
    const server = await setup.start({ transports: [memory] });
    const broken = await setup.open({ memory });
    await setup.handshake(broken);
    await broken.subscribe('news', '/topic/news');
    const next = await setup.connect();
    await next.subscribe('news', '/topic/news');
    breaks = true;
    await server.publisher.publish('/topic/news', 'hello');
    await turns(20);
    expectEqual('the number of messages', messagesOf(next).length, 1);
    const idle = await Promise.race([server.idle().then(() => true), turns(100)]);
    expectThat(idle === true, 'idle() does not resolve.');
  },
};

const sharedHeaders: Case = {
  fault: 'B3',
  name: 'inbound-interceptor-adds-a-header',
  title: 'A header that an interceptor sets on one SEND is on no other message',
  ...everyProtocol,
  async run(setup) {
    const setting: Interceptor = async (frame, _session, next) => {
      if (frame.kind === 'send' && frame.message.destination === '/topic/first')
        (frame.message.headers as Map<string, string>).set('x', '1');
      await next();
    };
    await setup.start({ interceptors: [setting] });
    const sender = await setup.connect();
    sender.send('SEND', { destination: '/topic/first' });
    await setup.settle();
    expectLog(setup, /TypeError|read-only/);
    const client = await setup.connect();
    await client.subscribe('second', '/topic/second');
    client.send('SEND', { destination: '/topic/second' });
    const { headers } = await client.next('MESSAGE');
    expectEqual('the header x', headers['x'], undefined);
  },
};

const sharedEmptyHeaders: Case = {
  fault: 'B3',
  name: 'map-prototype-adds-a-header',
  title: 'A header that Map.prototype.set adds to one SEND is on no other message',
  ...everyProtocol,
  async run(setup) {
    const setting: Interceptor = async (frame, _session, next) => {
      if (frame.kind === 'send' && frame.message.destination === '/topic/first')
        Map.prototype.set.call(frame.message.headers, 'x', '1');
      await next();
    };
    await setup.start({ interceptors: [setting] });
    const sender = await setup.connect();
    sender.send('SEND', { destination: '/topic/first' });
    await setup.settle();
    const client = await setup.connect();
    await client.subscribe('second', '/topic/second');
    client.send('SEND', { destination: '/topic/second' });
    const { headers } = await client.next('MESSAGE');
    expectEqual('the header x', headers['x'], undefined);
  },
};

const sharedContentType: Case = {
  fault: 'B3',
  name: 'outbound-interceptor-adds-a-header',
  title:
    'An outbound interceptor that sets a header ends its own session, and the header is on no message',
  ...everyProtocol,
  async run(setup) {
    const server = await setup.start({
      outboundInterceptors: [
        (frame) => {
          if (frame.kind === 'message' && frame.message.destination === '/topic/first')
            (frame.message.headers as Map<string, string>).set('x', '1');
          return frame;
        },
      ],
    });
    const client = await setup.connect();
    await client.subscribe('first', '/topic/first');
    const other = await setup.connect();
    await other.subscribe('second', '/topic/second');
    // Without and with headers of the publisher.
    await server.publisher.publish('/topic/first', { n: 1 });
    await server.publisher.publish('/topic/second', { n: 2 });
    await server.publisher.publish('/topic/second', { n: 3 }, { headers: { own: '1' } });
    await expectEnd(setup, client, 1011);
    expectLog(setup, /TypeError|read-only/);
    expectEqual(
      'the header x',
      messagesOf(other, 'second').map(({ headers }) => headers['x']),
      [undefined, undefined],
    );
  },
};

/** Keeps `next` of each SEND to /topic/held, and calls it in none of them. */
function holding(held: (() => Promise<void>)[]): Interceptor {
  return async (frame, _session, next) => {
    if (frame.kind === 'send' && frame.message.destination === '/topic/held')
      return void held.push(next);
    await next();
  };
}

const droppedFrame: Case = {
  fault: 'B4',
  name: 'receipt-of-a-dropped-frame',
  title: 'A frame that an interceptor drops gets no RECEIPT',
  ...everyProtocol,
  async run(setup) {
    await setup.start({ interceptors: [holding([])] });
    const client = await setup.connect({ problems: true });
    client.send('SEND', { destination: '/topic/held', receipt: 'dropped' }, '1');
    await setup.settle();
    const receipts = client.history.filter(({ headers }) => headers['receipt-id'] === 'dropped');
    expectEqual(
      'the receipts',
      receipts.filter(({ command }) => command === 'RECEIPT'),
      [],
    );
  },
};

const lateNext: Case = {
  fault: 'B4',
  name: 'next-after-the-interceptor-returned',
  title:
    'A call of next() after its interceptor has returned ends only the session, with 1011 and a log line, and the frame stays dropped',
  ...everyProtocol,
  async run(setup) {
    const held: (() => Promise<void>)[] = [];
    await setup.start({ interceptors: [holding(held)] });
    const client = await setup.connect();
    await client.subscribe('held', '/topic/held');
    client.send('SEND', { destination: '/topic/held' }, '1');
    await setup.settle();
    // In a timer, an exception or an unhandled rejection would end the process.
    await new Promise<void>((resolve) =>
      setTimeout(() => {
        resolve();
        void held[0]!();
      }),
    );
    await expectEnd(setup, client, 1011);
    expectLog(setup, /next\(\) after it had returned/);
    expectEqual('the number of messages', messagesOf(client).length, 0);
  },
};

const changedFrame: Case = {
  fault: 'B4',
  name: 'next-with-a-changed-frame',
  title: 'next(frame) passes on the frame that the interceptor has changed',
  ...everyProtocol,
  async run(setup) {
    const changing: Interceptor = async (frame, _session, next) => {
      if (frame.kind !== 'send') return next();
      const message = { ...frame.message, headers: new Map([['tenant', 'blue']]) };
      await (next as (changed: typeof frame) => Promise<void>)({ ...frame, message });
    };
    await setup.start({ interceptors: [changing] });
    const client = await setup.connect();
    await client.subscribe('news', '/topic/news');
    client.send('SEND', { destination: '/topic/news' });
    const { headers } = await client.next('MESSAGE');
    expectEqual('the header tenant', headers['tenant'], 'blue');
  },
};

const failedConnect: Case = {
  fault: 'B5',
  name: 'broker-refuses-a-session',
  title:
    'A session that the broker refuses has no `disconnected` event without a `connected` event',
  ...everyProtocol,
  async run(setup) {
    const inner = new EmbeddedBroker();
    let sessions = 0;
    const broker: Broker = replacing<Broker>(inner, {
      connect(subscriber) {
        if (++sessions > 1) throw new Error('The broker is full.');
        return inner.connect(subscriber);
      },
    });
    const server = await setup.start({ broker });
    const seen: string[] = [];
    server.events.on('connected', () => void seen.push('connected'));
    server.events.on('disconnected', () => void seen.push('disconnected'));
    const client = await setup.open();
    await setup.handshake(client).catch(() => {});
    client.connection.vanish();
    await setup.settle();
    expectThat(
      seen.length === 0 || seen.join() === 'connected,disconnected',
      `The events of the session are ${seen.join(', ')}.`,
    );
  },
};

const subscribeAnswers: Case = {
  fault: 'B5',
  name: 'events-of-an-answered-subscribe',
  title: 'Every `subscribed` event of an answered SUBSCRIBE is followed by an `unsubscribed` event',
  ...everyProtocol,
  async run(setup) {
    @Controller()
    class StatusController {
      @SubscribeMapping('/status')
      status() {
        return 'fine';
      }
    }
    const server = await setup.start({ controllers: [StatusController] });
    const seen: string[] = [];
    server.events.on('subscribed', () => void seen.push('subscribed'));
    server.events.on('unsubscribed', () => void seen.push('unsubscribed'));
    const client = await setup.connect();
    client.send('SUBSCRIBE', { id: 'status', destination: '/app/status' });
    await client.next('MESSAGE');
    await setup.settle();
    expectThat(
      seen.length === 0 || seen.join() === 'subscribed,unsubscribed',
      `The events are ${seen.join(', ')}.`,
    );
  },
};

const acceptorError: Case = {
  fault: 'B5',
  name: 'session-cannot-be-made',
  title: 'A connection for which no session can be made is closed, and the log has the reason',
  protocols: ['stomp-1.2'],
  transports: ['WebSocket text', 'TCP'],
  async run(setup) {
    let sessions = 0;
    await setup.start({
      ids: {
        session() {
          if (++sessions > 1) throw new Error('There are no ids left.');
          return 'session-1';
        },
        message: () => 'message-1',
        reply: () => 'reply-1',
      },
    });
    const client = await setup.open();
    await setup.until(() => client.end !== undefined, 'The connection is open.');
    expectLog(setup, /There are no ids left/);
  },
};

const changedBuffer: Case = {
  fault: 'B6',
  name: 'bytes-changed-after-publish',
  title:
    'A message holds the bytes that its publisher gave, also when the buffer changes afterwards',
  ...bothLanguages,
  async run(setup) {
    const server = await setup.start();
    const bytes = Buffer.from('{"n":1}');
    await server.publisher.publish('/queue/news', bytes, {
      headers: { 'content-type': 'application/json' },
    });
    bytes.fill('!');
    const client = await setup.connect();
    await client.subscribe('news', '/queue/news');
    await setup.settle();
    expectEqual(
      'the bodies',
      messagesOf(client).map(({ body }) => body),
      ['{"n":1}'],
    );
  },
};

const publishAfterClose: Case = {
  fault: 'B6',
  name: 'publish-after-close',
  title: 'publish() rejects after close()',
  ...serverAlone,
  async run(setup) {
    const server = await setup.create({ endpoints: [] });
    await server.start();
    await server.close();
    const outcome = await server.publisher.publish('/topic/news', 'late').then(
      () => 'taken',
      () => 'rejected',
    );
    expectEqual('the publication', outcome, 'rejected');
  },
};

const secondCopy: Case = {
  fault: 'B7',
  name: 'error-of-another-copy',
  title: 'A MessagingError of a second copy of the package keeps its code',
  ...everyProtocol,
  async run(setup) {
    const path = fileURLToPath(new URL('../../../src/message/error.ts', import.meta.url));
    const copy = (await import(
      /* @vite-ignore */ `${path}?second-copy`
    )) as typeof import('../../../src/message/error.js');
    @Controller()
    class RefusingController {
      @MessageMapping('/refused')
      refuse() {
        throw new copy.MessagingError('destination-refused');
      }
    }
    await setup.start({ controllers: [RefusingController] });
    const client = await setup.connect({ problems: true });
    client.send('SEND', { destination: '/app/refused', receipt: 'r' });
    await setup.settle();
    expectEqual(
      'the problems',
      problemsOf(client).map(({ code }) => code),
      ['destination-refused'],
    );
  },
};

const reject = () => Promise.reject(new Error('The function rejects.')) as never;

/** Functions of the application that must not return a promise, and a frame that makes the server call them. */
function asynchronous(
  name: string,
  options: () => ServerOptions,
  log: RegExp,
  controllers: readonly Constructor[] = [],
): Case {
  return {
    fault: 'B1',
    name: `asynchronous-${name}`,
    title: `A promise that the application returns fails only the frame or its session: ${name}`,
    ...bothLanguages,
    async run(setup) {
      await setup.start({ ...options(), controllers });
      const client = await setup.connect();
      client.send('SEND', { destination: '/app/answer', receipt: 'late' }, '1');
      await setup.settle();
      expectLog(setup, log);
    },
  };
}

@Controller()
class AnsweringController {
  @MessageMapping('/answer')
  answer(_payload: unknown) {
    return 'hello';
  }
}

@Controller()
class RedirectingController {
  @createReplyDecorator(reject)
  @MessageMapping('/answer')
  answer() {
    return 'hello';
  }
}

const broken: PayloadConverter = {
  name: 'late',
  mediaTypes: ['text/plain', 'application/json'],
  untyped: true,
  read: () => undefined,
  write: () => undefined,
};

const promises: readonly Case[] = [
  asynchronous(
    'outbound-interceptor',
    () => ({
      outboundInterceptors: [
        (frame) => (frame.kind === 'receipt' && frame.receipt === 'late' ? reject() : frame),
      ],
    }),
    /An outbound interceptor must return its result/,
    [AnsweringController],
  ),
  asynchronous(
    'read-of-a-converter',
    () => ({ converters: [{ ...broken, read: reject }] }),
    /read\(\) of the converter 'late' must return its result/,
    [AnsweringController],
  ),
  asynchronous(
    'write-of-a-converter',
    () => ({ converters: [{ ...broken, write: reject }] }),
    /write\(\) of the converter 'late' must return its result/,
    [AnsweringController],
  ),
  asynchronous('reply-rule', () => ({}), /createReplyDecorator\(\) must return its result/, [
    RedirectingController,
  ]),
  asynchronous(
    'ids',
    () => ({ ids: { ...sequentialIds(), message: reject } }),
    /ids.message\(\) must return its result/,
    [AnsweringController],
  ),
];

const rejectingLogger: Case = {
  fault: 'B1',
  name: 'rejecting-logger',
  title: 'A logger that rejects does not end the process',
  ...everyProtocol,
  async run(setup) {
    await setup.start({ logger: { error: reject, warn: reject, info: reject } });
    const client = await setup.connect();
    client.write(malformed(setup.protocol));
    await expectEnd(setup, client, 1002);
  },
};

const asynchronousConverter: Case = {
  fault: 'B1',
  name: 'rejecting-text-converter',
  title: 'A text converter that rejects fails the frame, also for each value of a header',
  ...bothLanguages,
  async run(setup) {
    const tag: TextConverter = { expected: 'a tag', read: reject };
    @Controller()
    class TagController {
      @MessageMapping('/all')
      all(@Header('tag', tag, { all: true }) tags: string[]) {
        return tags;
      }

      @MessageMapping('/list')
      list(@Header('tag', listOf(tag)) tags: string[]) {
        return tags;
      }
    }
    await setup.start({ controllers: [TagController] });
    const client = await setup.connect({ problems: true });
    client.send('SEND', { destination: '/app/all', tag: 'a' });
    client.send('SEND', { destination: '/app/list', tag: 'a,b' });
    await setup.settle();
    expectEqual(
      'the problems',
      problemsOf(client).map(({ code }) => code),
      ['handler-failed', 'handler-failed'],
    );
  },
};

export const boundaries: readonly Case[] = [
  ...promises,
  rejectingLogger,
  asynchronousConverter,
  outboundInterceptor,
  decoderThrows,
  encoderThrows,
  unknownErrorCode,
  writeThrows,
  sharedHeaders,
  sharedEmptyHeaders,
  sharedContentType,
  droppedFrame,
  lateNext,
  changedFrame,
  failedConnect,
  subscribeAnswers,
  acceptorError,
  changedBuffer,
  publishAfterClose,
  secondCopy,
];
