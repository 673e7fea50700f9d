// Faults C7, C8, C10 and C12: WebSocket and HTTP.
import {
  createServer as createHttpServer,
  request,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http';
import { once } from 'node:events';
import { connect as connectSocket, type Socket } from 'node:net';
import { WebSocket } from 'ws';
import { createServer, type ServerOptions } from '../../../src/index.js';
import { serverAlone, webSocket, WrongAnswer, type Case } from '../case.js';
import { frameText } from '../../clients/stomp.js';
import { expectEqual, expectThat } from '../expect.js';
import { listenOn, turns, type Setup } from '../setup.js';

/** A WebSocket text message of a client in one frame, with a mask of zeros. */
function maskedMessage(text: string): Buffer {
  const payload = Buffer.from(text);
  const head = Buffer.alloc(14);
  head[0] = 0x81;
  head[1] = 0xff;
  head.writeBigUInt64BE(BigInt(payload.length), 2);
  return Buffer.concat([head, payload]);
}

/** A connected client of `ws`, which gives access to its socket. */
async function openSocket(setup: Setup, perMessageDeflate = false) {
  const socket = new WebSocket(`ws://127.0.0.1:${setup.address.port}/ws`, ['v12.stomp'], {
    perMessageDeflate,
  });
  setup.defer(() => socket.terminate());
  let received = '';
  let code: number | undefined;
  socket.on('message', (data: Buffer) => (received += data.toString()));
  socket.on('close', (closed) => (code = closed));
  socket.on('error', () => {});
  await new Promise((resolve) => socket.on('open', resolve));
  socket.send(frameText('CONNECT', { 'accept-version': '1.2', host: 'test' }));
  await setup.until(() => received.includes('CONNECTED'), 'There was no CONNECTED.');
  return {
    socket,
    isReceived: (text: string) => received.includes(text),
    closeCode: () => code,
  };
}

const smallReads: Case = {
  fault: 'C7',
  name: 'message-in-small-reads',
  title:
    'A SEND of 1,500,000 bytes that arrives in reads of 1,400 bytes is taken where the limits allow it',
  ...webSocket,
  async run(setup) {
    const limit = 16 * 1024 * 1024;
    await setup.start({ limits: { maxFrameBytes: limit, maxMessageBytes: limit } });
    const { socket, isReceived, closeCode } = await openSocket(setup);
    const headers = { destination: '/topic/none', receipt: 'large' };
    const message = maskedMessage(frameText('SEND', headers, 'x'.repeat(1_500_000)));
    const { _socket: raw } = socket as unknown as { readonly _socket: Socket };
    raw.setNoDelay(true);
    for (let at = 0; at < message.length && closeCode() === undefined; at += 1400) {
      raw.write(message.subarray(at, at + 1400));
      // The server reads it before the next one is written.
      await turns(1);
    }
    await setup.until(
      () => isReceived('receipt-id:large') || closeCode() !== undefined,
      'The SEND got no answer.',
    );
    expectEqual('the close code', closeCode(), undefined);
  },
};

const fragments: Case = {
  fault: 'C7',
  name: 'message-in-fragments',
  title: 'A SEND of 1,500,000 bytes in fragments of 4,096 bytes is taken where the limits allow it',
  ...webSocket,
  async run(setup) {
    const limit = 16 * 1024 * 1024;
    await setup.start({ limits: { maxFrameBytes: limit, maxMessageBytes: limit } });
    const { socket, isReceived, closeCode } = await openSocket(setup);
    const message = frameText(
      'SEND',
      { destination: '/topic/none', receipt: 'large' },
      'x'.repeat(1_500_000),
    );
    for (let at = 0; at < message.length; at += 4096)
      socket.send(message.slice(at, at + 4096), { fin: at + 4096 >= message.length });
    await setup.until(
      () => isReceived('receipt-id:large') || closeCode() !== undefined,
      'The SEND got no answer.',
    );
    expectEqual('the close code', closeCode(), undefined);
  },
};

interface Answer {
  readonly status: number;
  readonly body: string;
}

/** The answer to an HTTP request; status 0 where the connection ended without one, 101 for an upgrade. */
function fetchAnswer(
  port: number,
  path: string,
  method: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  return new Promise((resolve) => {
    const sent = request({ port, host: '127.0.0.1', path, method, headers, agent: false });
    sent.on('response', (response: IncomingMessage) => {
      let body = '';
      response.on('data', (chunk: Buffer) => (body += chunk.toString()));
      response.on('close', () => resolve({ status: response.statusCode!, body }));
      response.on('error', () => {});
    });
    sent.on('upgrade', (_response, socket) => {
      socket.destroy();
      resolve({ status: 101, body: '' });
    });
    sent.on('error', () => resolve({ status: 0, body: '' }));
    sent.end();
  });
}

/** `Upgrade: h2c`, as curl and Java's HttpClient send it. */
const h2cHeaders = {
  Connection: 'Upgrade, HTTP2-Settings',
  Upgrade: 'h2c',
  'HTTP2-Settings': 'AAMAAABkAAQAoAAAAAIAAAAA',
};

const foreignUpgradeOfEndpoint: Case = {
  fault: 'C8',
  name: 'upgrade-of-an-endpoint-to-http-2',
  title: 'A request of an endpoint with Upgrade: h2c is answered with 426',
  ...webSocket,
  async run(setup) {
    await setup.start();
    const { status } = await fetchAnswer(setup.address.port, '/ws', 'GET', h2cHeaders);
    expectEqual('the status', status, 426);
  },
};

function plainRequest(method: string, statuses: readonly number[]): Case {
  return {
    fault: 'C8',
    name: `plain-${method.toLowerCase()}-on-an-endpoint`,
    title: `A plain ${method} on an endpoint is answered with ${statuses.join(' or ')}`,
    ...webSocket,
    async run(setup) {
      await setup.start();
      const { status } = await fetchAnswer(setup.address.port, '/ws', method);
      expectThat(statuses.includes(status), `The status is ${status}.`);
    },
  };
}

const upgradeHeaders = {
  Connection: 'Upgrade',
  Upgrade: 'websocket',
  'Sec-WebSocket-Version': '13',
  'Sec-WebSocket-Key': Buffer.alloc(16).toString('base64'),
};

const upgradeLines = (protocol: string) =>
  Object.entries({ ...upgradeHeaders, Upgrade: protocol })
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join('');

/** An application's HTTP server with one page, to which a server is attached. */
async function attach(
  setup: Setup,
  options: ServerOptions = {},
  serve = (response: ServerResponse) => void response.end('The page.'),
) {
  const http = createHttpServer((_request, response) => serve(response));
  const port = await listenOn(setup, http);
  const server = await createServer({ closeTimeout: 0, logger: setup.logger, ...options });
  setup.defer(() => server.close());
  await server.attach(http);
  return { http, server, port };
}

const foreignUpgrade: Case = {
  fault: 'C8',
  name: 'upgrade-to-http-2',
  title: "A request with Upgrade: h2c gets the application's page",
  ...serverAlone,
  async run(setup) {
    const { port } = await attach(setup);
    const answer = await fetchAnswer(port, '/page', 'GET', h2cHeaders);
    expectEqual('the answer', answer, { status: 200, body: 'The page.' });
  },
};

const upgradeAfterClose: Case = {
  fault: 'C8',
  name: 'upgrade-after-close',
  title: "An upgrade request after close() does not get the application's page",
  ...serverAlone,
  async run(setup) {
    const { port, server } = await attach(setup);
    await server.close();
    const { status } = await fetchAnswer(port, '/ws', 'GET', upgradeHeaders);
    expectThat(status !== 200, 'The status is 200.');
  },
};

function resetUpgrade(name: string, path: string, protocol: string): Case {
  return {
    fault: 'C8',
    name: `reset-after-a-pipelined-upgrade-${name}`,
    title: `A client that resets its connection after a pipelined upgrade of ${path} to ${protocol} does not end the process`,
    ...serverAlone,
    async run(setup) {
      let answer: (() => void) | undefined;
      const { http, port } = await attach(setup, {}, (response) => {
        answer = () => void response.end('The page.');
      });
      const accepted = once(http, 'connection') as Promise<[Socket]>;
      const upgraded = once(http, 'upgrade');
      const client = connectSocket(port, '127.0.0.1');
      client.write(
        `GET / HTTP/1.1\r\nHost: test\r\n\r\nGET ${path} HTTP/1.1\r\nHost: test\r\n${upgradeLines(protocol)}\r\n`,
      );
      await upgraded;
      client.resetAndDestroy();
      await once(client, 'close');
      const [socket] = await accepted;
      // `once` would handle an error of the socket.
      const closed = new Promise((resolve) => socket.on('close', resolve));
      answer!();
      await closed;
      await turns(1);
    },
  };
}

/** The handshake of a client behind a trusted proxy, as the server sees it. */
async function handshakeBehindProxy(setup: Setup, headers: Readonly<Record<string, string>>) {
  const server = await setup.start({
    endpoints: [{ path: '/ws', trustedProxies: ['127.0.0.1'] }],
  });
  const client = await setup.open({ httpHeaders: headers });
  if (client.end !== undefined) throw new WrongAnswer('The handshake was refused.');
  await setup.handshake(client);
  const id = client.history[0]!.headers['session']!;
  return server.sessions.get(id)!.handshake;
}

const proxyHeaders: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'x-forwarded': { 'X-Forwarded-For': '203.0.113.7', 'X-Forwarded-Proto': 'https' },
  'forged-x-forwarded': {
    'X-Forwarded-For': '198.51.100.1, 203.0.113.7:5000',
    'X-Forwarded-Proto': 'http, wss',
  },
  forwarded: { Forwarded: 'for=203.0.113.7;proto=https;host=example.org' },
  'forged-forwarded': {
    Forwarded: 'for=198.51.100.1;proto=http, For="203.0.113.7:5000";Proto=https',
  },
};

const proxies: readonly Case[] = Object.entries(proxyHeaders).map(([name, headers]): Case => ({
  fault: 'C10',
  name: `client-behind-a-proxy-with-${name}`,
  title: `remoteAddress and secure are the client's behind a trusted proxy that sends ${Object.entries(
    headers,
  )
    .map((entry) => entry.join(': '))
    .join(' and ')}`,
  ...webSocket,
  async run(setup) {
    const { remoteAddress, secure } = await handshakeBehindProxy(setup, headers);
    expectEqual(
      'the client',
      { remoteAddress, secure },
      { remoteAddress: '203.0.113.7', secure: true },
    );
  },
}));

const forwardedPort: Case = {
  fault: 'C10',
  name: 'origin-behind-a-proxy-with-a-port',
  title: 'X-Forwarded-Port of a trusted proxy is part of the origin that is allowed',
  ...webSocket,
  async run(setup) {
    await handshakeBehindProxy(setup, {
      Origin: 'https://example.org:8443',
      'X-Forwarded-Host': 'example.org',
      'X-Forwarded-Port': '8443',
      'X-Forwarded-Proto': 'https',
    });
  },
};

/** The extensions that a server agrees to. */
async function extensionsOf(setup: Setup, options: ServerOptions): Promise<string> {
  await setup.start(options);
  const socket = new WebSocket(`ws://127.0.0.1:${setup.address.port}/ws`, ['v12.stomp'], {
    perMessageDeflate: true,
  });
  setup.defer(() => socket.terminate());
  socket.on('error', () => {});
  await new Promise((resolve) => socket.on('open', resolve).on('close', resolve));
  return socket.extensions;
}

const bomb: Case = {
  fault: 'C12',
  name: 'compressed-bomb',
  title: 'A message of 20 KB that inflates to 20 MB is closed with 1009',
  ...webSocket,
  async run(setup) {
    await setup.start({ endpoints: [{ path: '/ws', perMessageDeflate: true }] });
    const { socket } = await openSocket(setup, true);
    const closed = new Promise((resolve) => socket.on('close', resolve));
    socket.send('x'.repeat(20_000_000), { compress: true });
    expectEqual('the close code', await closed, 1009);
  },
};

const compression: readonly Case[] = [
  bomb,
  {
    fault: 'C12',
    name: 'compression-on',
    title: 'An endpoint with perMessageDeflate agrees to permessage-deflate',
    ...webSocket,
    async run(setup) {
      const endpoint = { path: '/ws', perMessageDeflate: true };
      expectEqual(
        'the extensions',
        await extensionsOf(setup, { endpoints: [endpoint] }),
        'permessage-deflate',
      );
    },
  },
  {
    fault: 'C12',
    name: 'compression-off',
    title: 'An endpoint does not compress by default',
    ...webSocket,
    async run(setup) {
      expectEqual('the extensions', await extensionsOf(setup, {}), '');
    },
  },
];

export const http: readonly Case[] = [
  smallReads,
  fragments,
  plainRequest('GET', [400, 426]),
  plainRequest('HEAD', [426]),
  plainRequest('POST', [405]),
  plainRequest('OPTIONS', [405]),
  foreignUpgradeOfEndpoint,
  foreignUpgrade,
  upgradeAfterClose,
  resetUpgrade('of-an-endpoint', '/ws', 'websocket'),
  resetUpgrade('of-another-path', '/nowhere', 'websocket'),
  resetUpgrade('to-http-2', '/ws', 'h2c'),
  ...proxies,
  forwardedPort,
  ...compression,
];
