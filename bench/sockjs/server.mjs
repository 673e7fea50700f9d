// The server process of one contestant: echoes messages or publishes on request, and reports its CPU time and its memory.
import { once } from 'node:events';
import { createServer } from 'node:http';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { stompMessage } from '../fan-out/quote.mjs';
import { settle } from '../idle/settle.mjs';

/** @param {object} message */
const send = (message) => process.send?.(message);

process.on('disconnect', () => process.exit());

/**
 * @typedef {object} Contestant
 * @property {number} port
 * @property {() => void} publish sends one message to all clients
 */

/** @type {Record<string, (load: string) => Promise<Contestant>>} */
const contestants = { 'npm sockjs': npmSockJs, signalbox };

try {
  const [name = '', load = ''] = process.argv.slice(2);
  const { port, publish } = await contestants[name](load);
  process.on('message', (question) => void answer(publish, question));
  send({ port });
} catch (error) {
  send({ error: String(error) });
}

/**
 * @param {() => void} publish
 * @param {{ kind: string, perTurn: number, turns: number }} question
 */
async function answer(publish, { kind, perTurn, turns }) {
  if (kind === 'publish') {
    for (let turn = 0; turn < turns; turn++) {
      for (let i = 0; i < perTurn; i++) publish();
      await nextTurn();
    }
    return send({ published: perTurn * turns });
  }
  if (kind === 'memory') await settle();
  const { user, system } = process.cpuUsage();
  send({ cpu: user + system, rss: process.memoryUsage().rss });
}

/** Echoes each message; publishes by a loop over all connections, as its documentation shows. */
async function npmSockJs() {
  const { default: sockjs } = await import('sockjs');
  const echo = sockjs.createServer({ log: () => {} });
  const connections = new Set();
  echo.on('connection', (connection) => {
    connections.add(connection);
    connection.on('data', (message) => connection.write(message));
    connection.on('close', () => connections.delete(connection));
  });
  const http = createServer();
  echo.installHandlers(http, { prefix: '/ws' });
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  return {
    port: http.address().port,
    publish() {
      for (const connection of connections) connection.write(stompMessage);
    },
  };
}

/** @param {string} load echo of the transport alone, or a topic of a whole server */
async function signalbox(load) {
  return load === 'echo' ? transportAlone() : wholeServer();
}

/** The same as npm `sockjs` does: each message goes back, without STOMP. */
async function transportAlone() {
  const dist = new URL('../../dist/', import.meta.url).href;
  const [
    { sockJsTransport },
    { defaultSockJs },
    { httpHostOf },
    { systemClock },
    { EncodedFrame },
  ] = await Promise.all(
    [
      'transport/sockjs/sockjs.js',
      'transport/sockjs/options.js',
      'transport/http-host.js',
      'message/clock.js',
      'message/encoded-frame.js',
    ].map((file) => import(`${dist}${file}`)),
  );
  const http = createServer();
  const transport = sockJsTransport({
    path: '/ws',
    subprotocol: () => undefined,
    origin: () => true,
    client: ({ headers, socket }) => ({
      address: socket.remoteAddress,
      secure: false,
      host: headers.host,
      scheme: undefined,
    }),
    allowedOrigins: [],
    options: defaultSockJs,
  });
  await transport.open({
    accept: (connection) =>
      connection.listen({
        data: (chunk) =>
          connection.write(new EncodedFrame(chunk, false).framedBy(connection.framing)),
        ended: (code, reason) => connection.close(code, reason),
        held: () => true,
        drained() {},
        ponged() {},
        closed() {},
      }),
    gate: { refusal: () => undefined, begin: () => () => {} },
    clock: systemClock,
    logger: console,
    limits: { maxMessageBytes: 131_072 },
    http: httpHostOf(http),
  });
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  return { port: http.address().port, publish() {} };
}

/** A topic with STOMP subscribers: each has the same subscription id, as the clients of one page have. */
async function wholeServer() {
  const { createServer: createSignalbox } = await import('../../dist/index.js');
  const server = await createSignalbox({
    endpoints: [{ path: '/ws', sockjs: true }],
    limits: { shares: 1 },
    logger: { error() {}, warn() {}, info() {} },
  });
  await server.listen(0, '127.0.0.1');
  const { body } = /\n\n(?<body>[^]*)\0/.exec(stompMessage)?.groups ?? {};
  return {
    port: server.address().port,
    publish: () => void server.publisher.publish('/topic/prices', JSON.parse(body)),
  };
}
