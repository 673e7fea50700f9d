// Faults C1 and C2: the effect of a failure on a session, and its close code.
import {
  Controller,
  EmbeddedBroker,
  MessageMapping,
  type RejectedFrameAnswer,
  type ServerOptions,
} from '../../../src/index.js';
import { testClock } from '../../../src/testing.js';
import { everyStomp, everywhere, WrongAnswer, type Case } from '../case.js';
import { expectEnd, expectThat } from '../expect.js';
import { frameCase } from '../frame-case.js';
import type { Setup } from '../setup.js';

@Controller()
class FailingController {
  @MessageMapping('/hello')
  hello() {}

  @MessageMapping('/fails')
  fails() {
    throw new Error('The database is away.');
  }

  @MessageMapping('/unwritable')
  unwritable() {
    return { n: 1n };
  }
}

const controllers = [FailingController];
const withReceipt = (destination: string) => ['SEND', { destination, receipt: 'r' }, '1'] as const;

const rejected = (onRejectedFrame: RejectedFrameAnswer) => () => ({ controllers, onRejectedFrame });

function failedHandler(name: string, code: string, destination: string): Case {
  return frameCase(
    {
      fault: 'C1',
      name,
      title: `A SEND with a receipt whose handler ends with ${code} gets ERROR and closes with 1011`,
      ...everyStomp,
    },
    {
      server: () => ({ controllers }),
      frames: [withReceipt(destination)],
      receives: [{ command: 'ERROR', headers: { 'receipt-id': 'r', code } }],
      ends: 1011,
    },
  );
}

const timeout: Case = {
  fault: 'C1',
  name: 'handler-timeout',
  title: 'A SEND with a receipt whose handler takes too long gets ERROR and closes with 1011',
  ...everyStomp,
  async run(setup) {
    const clock = testClock();
    let started = false;
    @Controller()
    class EndlessController {
      @MessageMapping('/endless')
      endless() {
        started = true;
        return new Promise(() => {});
      }
    }
    await setup.start({ controllers: [EndlessController], clock, handlerTimeout: 100 });
    const client = await setup.connect();
    client.send(...withReceipt('/app/endless'));
    await setup.until(() => started, 'The handler was not called.');
    await clock.advance(100);
    await expectEnd(setup, client, 1011);
  },
};

/** The session may end, but not with the close code of a protocol violation. */
async function expectNoViolation(setup: Setup, options: ServerOptions, sends: readonly string[]) {
  await setup.start(options);
  const client = await setup.connect();
  for (const destination of sends) client.send('SEND', { destination, receipt: 'r' }, '1');
  const code = await setup.closeCode(client);
  expectThat(
    client.history.some(({ command }) => command === 'ERROR'),
    'The frame got no ERROR.',
  );
  expectThat(code !== undefined, 'The session goes on after ERROR.');
  if (code === 1002)
    throw new WrongAnswer('A frame that breaks no rule of the protocol was answered with 1002.');
}

const queueFull: Case = {
  fault: 'C1',
  name: 'queue-full',
  title: 'A SEND to a full queue is not answered as a protocol violation',
  ...everyStomp,
  run: (setup) =>
    expectNoViolation(setup, { broker: new EmbeddedBroker({ queue: { maxMessages: 1 } }) }, [
      '/queue/small',
      '/queue/small',
    ]),
};

const noRoute: Case = {
  fault: 'C1',
  name: 'no-route',
  title: 'A SEND with a receipt that no handler serves is not answered as a protocol violation',
  ...everyStomp,
  run: (setup) => expectNoViolation(setup, { controllers }, ['/app/helo']),
};

/** Headers that STOMP does not define: their values break no rule of the protocol. */
const refusedHeaders = [
  ['prefetch-count', 'SUBSCRIBE', { id: 's', destination: '/queue/x', 'prefetch-count': '0' }],
  [
    'durable-without-client-id',
    'SUBSCRIBE',
    { id: 's', destination: '/topic/x', 'durable-subscription-name': 'news' },
  ],
  [
    'durable-without-name',
    'SUBSCRIBE',
    { id: 's', destination: '/topic/x', 'durable-subscription-name': ' ' },
  ],
  ['idempotency-key', 'SEND', { destination: '/topic/x', 'idempotency-key': 'k'.repeat(1000) }],
] as const;

const headersOfExtensions: readonly Case[] = refusedHeaders.map(([name, command, headers]) =>
  frameCase(
    {
      fault: 'C1',
      name: `header-refused-${name}`,
      title: `A ${command} with a receipt and a refused header closes with 1008: ${name}`,
      ...everyStomp,
    },
    {
      frames: [[command, { ...headers, receipt: 'r' }]],
      receives: [{ command: 'ERROR', headers: { 'receipt-id': 'r', code: 'header-refused' } }],
      ends: 1008,
    },
  ),
);

const plainClients: readonly Case[] = [
  frameCase(
    {
      fault: 'C2',
      name: 'unserved-send',
      title:
        'SEND that no handler serves is logged with a similar destination, and the session continues',
      ...everyStomp,
    },
    {
      server: () => ({ controllers }),
      frames: [['SEND', { destination: '/app/helo' }, '1']],
      logs: /\/app\/helo[^]*\/app\/hello/,
    },
  ),
  frameCase(
    {
      fault: 'C2',
      name: 'unserved-subscribe',
      title:
        'SUBSCRIBE that nothing serves is logged with its destination, and the session goes on',
      ...everyStomp,
    },
    {
      server: () => ({ controllers }),
      frames: [['SUBSCRIBE', { id: '1', destination: '/news/today' }]],
      logs: /\/news\/today/,
    },
  ),
  frameCase(
    {
      fault: 'C2',
      name: 'duplicate-subscription-id',
      title: 'SUBSCRIBE with an id that is in use is logged, and the session goes on',
      ...everyStomp,
    },
    {
      frames: [
        ['SUBSCRIBE', { id: '1', destination: '/topic/a' }],
        ['SUBSCRIBE', { id: '1', destination: '/topic/b' }],
      ],
      logs: /subscription-exists/,
    },
  ),
  frameCase(
    {
      fault: 'C2',
      name: 'unknown-unsubscribe',
      title: 'UNSUBSCRIBE of an unknown subscription is logged, and the session goes on',
      ...everyStomp,
    },
    { frames: [['UNSUBSCRIBE', { id: 'none' }]], logs: /subscription-unknown/ },
  ),
  frameCase(
    {
      fault: 'C2',
      name: 'failing-handler',
      title: 'SEND without a receipt whose handler fails is logged, and the session goes on',
      ...everyStomp,
    },
    {
      server: () => ({ controllers }),
      frames: [['SEND', { destination: '/app/fails' }, '1']],
      logs: /\/app\/fails[^]*The database is away/,
    },
  ),
];

const modes: readonly Case[] = [
  frameCase(
    {
      fault: 'C2',
      name: 'rejected-frames-are-reported',
      title:
        "With onRejectedFrame 'report' a subscriber of its problems gets the problem, and the session goes on",
      ...everywhere,
    },
    {
      server: rejected('report'),
      problems: true,
      frames: [withReceipt('/app/helo')],
      problemCodes: ['no-route'],
    },
  ),
  {
    fault: 'C2',
    name: 'rejected-frames-close',
    title:
      "With onRejectedFrame 'close' a rejected frame gets ERROR and ends the session, with a code other than 1002",
    ...everywhere,
    run: (setup) => expectNoViolation(setup, rejected('close')(), ['/app/helo']),
  },
  frameCase(
    {
      fault: 'C2',
      name: 'rejected-frames-are-ignored',
      title:
        "With onRejectedFrame 'ignore' a rejected frame gets no answer, and the session goes on",
      ...everywhere,
    },
    {
      server: rejected('ignore'),
      problems: true,
      frames: [['SEND', { destination: '/app/helo' }, '1']],
      problemCodes: [],
    },
  ),
];

export const closeCodes: readonly Case[] = [
  failedHandler('handler-failed', 'handler-failed', '/app/fails'),
  failedHandler('payload-unwritable', 'payload-unwritable', '/app/unwritable'),
  timeout,
  queueFull,
  noRoute,
  ...headersOfExtensions,
  ...plainClients,
  ...modes,
];
