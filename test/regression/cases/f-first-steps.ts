// Faults F: problems of new users.
import { readFile } from 'node:fs/promises';
import { injectable } from 'inversify';
import { MessagingError } from '../../../src/index.js';
import {
  Controller,
  MessageMapping,
  type Interceptor,
  type Logger,
  type ServerOptions,
} from '../../../src/index.js';
import { testServer } from '../../../src/testing.js';
import { everyProtocol, oneClient, serverAlone, type Case } from '../case.js';
import { problemsOf } from '../client.js';
import { expectEqual, expectLog, expectThat } from '../expect.js';
import { turns } from '../setup.js';

@Controller()
class HelloController {
  @MessageMapping('/hello')
  hello() {}

  @MessageMapping('/fails')
  fails() {
    throw new Error('The database is away.');
  }
}

const controllers = [HelloController];

const unservedSend: Case = {
  fault: 'F1',
  name: 'destination-of-no-route',
  title: 'The ERROR for a SEND that no handler serves, or the log, names the destination',
  ...everyProtocol,
  async run(setup) {
    await setup.start({ controllers });
    const client = await setup.connect();
    client.send('SEND', { destination: '/app/helo', receipt: 'r' }, '1');
    await setup.settle();
    const text = `${JSON.stringify(client.history)}\n${setup.logText}`;
    expectThat(text.includes('/app/helo'), 'Neither names /app/helo.');
  },
};

const refusedSubscribe: Case = {
  fault: 'F1',
  name: 'text-of-a-refused-subscribe',
  title:
    'The text for a SUBSCRIBE that is refused with destination-refused does not mention sending',
  ...everyProtocol,
  async run(setup) {
    const refusing: Interceptor = async (frame, _session, next) => {
      if (frame.kind === 'subscribe' && frame.destination.startsWith('/topic/staff'))
        throw new MessagingError('destination-refused');
      await next();
    };
    await setup.start({ interceptors: [refusing] });
    const client = await setup.connect({ problems: true });
    client.send('SUBSCRIBE', { id: '1', destination: '/topic/staff', receipt: 'r' });
    await setup.settle();
    const [problem] = problemsOf(client);
    expectThat(problem !== undefined, 'The client received no problem.');
    expectThat(!/send/i.test(problem!.message), `The text is: ${problem!.message}`);
    expectThat(/subscribe/i.test(problem!.message), `The text is: ${problem!.message}`);
  },
};

const forgedLine: Case = {
  fault: 'F1',
  name: 'line-end-in-a-destination',
  title: 'A destination with line ends and escape sequences is one line of the log, and short',
  ...everyProtocol,
  async run(setup) {
    await setup.start({ controllers });
    const client = await setup.connect();
    // JSON.stringify and STOMP write the line end as the same escape; STOMP 1.0 has no escapes and keeps it.
    const lineEnd = setup.protocol === 'json' ? '\n' : '\\n';
    const destination = `/app/${lineEnd}error: forged\u001b[2J\u2028${'x'.repeat(900)}`;
    client.send('SEND', { destination }, '1');
    client.send('SUBSCRIBE', { id: '1', destination });
    await setup.settle();
    const text = [setup.logText, ...problemsOf(client).map(({ message }) => message)].join('\n');
    expectThat(!/^error: forged|\u001b|\u2028/m.test(text), `The log has:\n${text}`);
    expectThat(!text.includes('x'.repeat(200)), 'The log has the whole destination.');
  },
};

/** A logger with the methods of pino: an error that follows a text is a value for `%s`, and is dropped without one. */
function pinoLike(lines: string[]): Logger {
  const log =
    (level: string) =>
    (first: unknown, ...more: readonly unknown[]) => {
      const { err = first } = (first ?? {}) as { readonly err?: unknown };
      const [text = '', ...values] = typeof first === 'string' ? [first, ...more] : more;
      const error = err instanceof Error ? `${err.stack}` : '';
      let used = 0;
      const message = String(text).replaceAll(/%[sdjoO]/g, () => String(values[used++]));
      lines.push(`${level} ${message} ${error}`);
    };
  const levels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'];
  const methods = Object.fromEntries(levels.map((level) => [level, log(level)]));
  const child = () => pinoLike(lines);
  const pino = { ...methods, level: 'info', bindings: () => ({}), child, silent: () => {} };
  return pino as unknown as Logger;
}

const pinoLogger: Case = {
  fault: 'F2',
  name: 'pino-as-logger',
  title: 'A pino logger gets the error of a failed handler, or is refused at start',
  ...oneClient,
  async run(setup) {
    const lines: string[] = [];
    const logger = pinoLike(lines);
    if ((await setup.startUnlessRefused({ controllers, logger })) !== undefined) return;
    const client = await setup.connect();
    client.send('SEND', { destination: '/app/fails' });
    await setup.settle();
    const text = lines.join('\n');
    expectThat(text.includes('The database is away.'), `The log has:\n${text}`);
  },
};

const listening: Case = {
  fault: 'F3',
  name: 'address-in-the-log',
  title: "listen() logs that it listens on 127.0.0.1 alone, and names host '0.0.0.0'",
  ...serverAlone,
  async run(setup) {
    const server = await setup.create();
    await server.listen(0);
    expectLog(setup, /127\.0\.0\.1[^]*0\.0\.0\.0/);
  },
};

const emptyHost: Case = {
  fault: 'F3',
  name: 'empty-host',
  title: 'listen() refuses an empty host, on which Node would accept all machines',
  ...serverAlone,
  async run(setup) {
    const server = await setup.create();
    const code = await server.listen(0, '').then(
      () => 'none',
      (error: MessagingError) => error.code,
    );
    expectEqual('the error', code, 'option-invalid');
  },
};

const slowStream: Case = {
  fault: 'F5',
  name: 'all-messages-of-a-slow-stream',
  title: "The test kit's drain() waits for a stream that pauses between its items",
  ...serverAlone,
  async run(setup) {
    let resume = () => {};
    const paused = new Promise<void>((resolve) => (resume = resolve));
    @Controller()
    class StreamController {
      @MessageMapping('/count')
      async *count() {
        yield 1;
        await paused;
        yield 2;
      }
    }
    const app = await testServer({ controllers: [StreamController] });
    setup.defer(() => app.close().catch(() => {}));
    const client = await app.connect();
    const numbers = await client.subscribe('/topic/count');
    await client.send('/app/count');
    const drained = numbers.drain().then(({ length }) => length);
    const early = await Promise.race([drained, turns(200)]);
    resume();
    expectEqual('the number of messages before the stream goes on', early, undefined);
    expectEqual('the number of messages', await drained, 2);
  },
};

/** A wrong option; the error must not name an unrelated option. */
function hint(name: string, options: object, misleading: string): Case {
  return {
    fault: 'F5',
    name,
    title: `The error for ${JSON.stringify(options)} does not name ${misleading}`,
    ...serverAlone,
    async run(setup) {
      const refusal = await setup.createUnlessRefused(options as ServerOptions);
      expectThat(refusal !== undefined, 'The server was built.');
      expectThat(!refusal!.message.includes(misleading), `The text is: ${refusal!.message}`);
    },
  };
}

interface Manifest {
  readonly repository?: unknown;
  readonly files: readonly string[];
}

const manifest: Case = {
  fault: 'F6',
  name: 'package-json',
  title: 'package.json has a repository, and the package contains the docs',
  ...serverAlone,
  async run() {
    const path = new URL('../../../package.json', import.meta.url);
    const { repository, files } = JSON.parse(await readFile(path, 'utf8')) as Manifest;
    expectThat(repository !== undefined, 'package.json has no repository.');
    expectThat(files.includes('docs'), 'The package has no docs.');
  },
};

@injectable()
class Greeter {}

const services: Case = {
  fault: 'F6',
  name: 'service-of-the-server',
  title: 'server.get(Greeter) returns the service that controllers receive',
  ...serverAlone,
  async run(setup) {
    const server = await setup.create({ controllers, endpoints: [] });
    // The name of the method is a proposal.
    const { get } = server as unknown as { readonly get?: (type: unknown) => unknown };
    expectThat(get !== undefined, 'The server has no get().');
    expectThat((await get!.call(server, Greeter)) instanceof Greeter, 'get() gave no Greeter.');
  },
};

export const firstSteps: readonly Case[] = [
  unservedSend,
  refusedSubscribe,
  forgedLine,
  pinoLogger,
  listening,
  emptyHost,
  slowStream,
  hint('hint-for-port', { port: 8080 }, "'errors'"),
  hint('hint-for-a-list-of-paths', { endpoints: ['/ws'] }, "'endpoints.0'"),
  manifest,
  services,
];
