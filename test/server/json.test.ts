// Tests the JSON protocol with whole servers: controllers, the broker, and problems without a subscription.
import { IsString, Length } from 'class-validator';
import { afterEach, describe, expect, it } from 'vitest';
import {
  Controller,
  createServer,
  memoryTransport,
  MessageMapping,
  Payload,
  SendTo,
  silentLogger,
  type Server,
  type ServerOptions,
} from '../../src/index.js';
import { connectJson, openJson } from '../clients/json.js';
import { connectStomp } from '../clients/stomp.js';

class Words {
  @IsString() @Length(1, 5) text!: string;
}

@Controller('/rooms')
class RoomController {
  @MessageMapping('/say')
  @SendTo('/topic/words')
  say(@Payload() { text }: Words) {
    if (text === 'throw') throw new Error('a secret');
    return { text };
  }
}

const running: Server[] = [];

async function serve(options: ServerOptions = {}) {
  const transport = memoryTransport();
  const server = await createServer({
    transports: [transport],
    controllers: [RoomController],
    logger: silentLogger,
    ...options,
  });
  running.push(server);
  await server.start();
  return { server, transport };
}

afterEach(async () => {
  await Promise.all(running.splice(0).map((server) => server.close()));
});

describe('a JSON client', () => {
  it('connects, subscribes and sends through a controller', async () => {
    const { transport } = await serve();
    const client = openJson(transport);
    client.send({ type: 'connect', heartbeat: [0, 5000] });
    expect(await client.next('connected')).toEqual({
      type: 'connected',
      session: expect.any(String),
      server: expect.stringMatching(/^signalbox\//),
      heartbeat: [5000, 0],
    });
    await client.subscribe('s1', '/topic/words');
    client.send({
      type: 'send',
      destination: '/app/rooms/say',
      payload: { text: 'hi' },
      receipt: 'r',
    });
    expect(await client.next('message')).toEqual({
      type: 'message',
      subscription: 's1',
      id: expect.any(String),
      destination: '/topic/words',
      payload: { text: 'hi' },
      headers: {},
    });
    expect(await client.next('receipt')).toEqual({ type: 'receipt', id: 'r' });
    client.send({ type: 'disconnect', receipt: 'bye' });
    expect(await client.next('receipt')).toEqual({ type: 'receipt', id: 'bye' });
    expect(await client.connection.closed).toMatchObject({ code: 1000 });
  });

  it('is recognized by its first byte if no subprotocol was negotiated', async () => {
    const { transport } = await serve();
    const client = await connectJson(transport, {}, { subprotocol: undefined });
    await client.subscribe('s1', '/topic/x');
  });

  it('and a STOMP client receive messages of each other', async () => {
    const { transport } = await serve();
    const json = await connectJson(transport);
    const stomp = await connectStomp(transport);
    await json.subscribe('j', '/topic/x');
    await stomp.subscribe('s', '/topic/x');
    json.send({ type: 'send', destination: '/topic/x', payload: { n: 1 }, headers: { a: 'b' } });
    expect(await stomp.next('MESSAGE')).toMatchObject({
      headers: { 'content-type': 'application/json', a: 'b' },
      body: '{"n":1}',
    });
    expect(await json.next('message')).toMatchObject({ payload: { n: 1 }, headers: { a: 'b' } });
    stomp.send('SEND', { destination: '/topic/x', 'content-type': 'application/json' }, '{"n": 2}');
    expect(await json.next('message')).toMatchObject({ payload: { n: 2 }, headers: {} });
    stomp.send('SEND', { destination: '/topic/x' }, 'plain');
    expect(await json.next('message')).toMatchObject({ payload: 'plain', headers: {} });
  });

  it('connects with its first frame, whatever its type', async () => {
    const { transport } = await serve();
    const client = openJson(transport);
    await client.subscribe('s1', '/topic/x');
    expect(client.received.map(({ type }) => type)).toEqual(['connected']);
  });

  it('must connect first if the server authenticates clients', async () => {
    const { transport } = await serve({
      authenticate: ({ login }) => ({ name: login ?? 'anonymous' }),
    });
    const silent = openJson(transport);
    silent.send({ type: 'subscribe', id: 's1', destination: '/topic/x' });
    expect(await silent.next('error')).toMatchObject({ code: 'not-connected', fatal: true });
    expect(await silent.connection.closed).toMatchObject({ code: 1002 });
    const ann = openJson(transport);
    ann.send({ type: 'connect', login: 'ann' });
    expect(await ann.next('connected')).toMatchObject({ user: 'ann' });
  });

  it('receives a pong for a ping, even before it connects', async () => {
    const { transport } = await serve();
    const client = openJson(transport);
    client.send({ type: 'ping' });
    expect(await client.next('pong')).toEqual({ type: 'pong' });
    expect(client.received).toEqual([]);
  });
});

describe('a problem', () => {
  it.each([
    [
      'of validation contains the fields',
      { destination: '/app/rooms/say', payload: { text: 'much too long' } },
      { code: 'payload-invalid', fields: [{ path: 'text', message: expect.any(String) }] },
    ],
    [
      'of conversion',
      { destination: '/app/rooms/say', payload: 'word' },
      { code: 'payload-invalid' },
    ],
    ['of no route', { destination: '/app/nowhere', payload: 1 }, { code: 'no-route' }],
    ['of a rejected frame', { destination: '/other/x', payload: 1 }, { code: 'no-route' }],
    [
      'of a failed handler hides the cause',
      { destination: '/app/rooms/say', payload: { text: 'throw' } },
      { code: 'handler-failed', message: 'The handler failed.' },
    ],
  ])('%s', async (_, sent, problem) => {
    const { transport } = await serve();
    const client = await connectJson(transport);
    client.send({ type: 'send', ...sent, receipt: 'r1' });
    const error = await client.next('error');
    expect(error).toMatchObject({
      ...problem,
      destination: sent.destination,
      receipt: 'r1',
      fatal: false,
    });
    expect(JSON.stringify(error)).not.toContain('secret');
    await client.subscribe('s1', '/topic/x');
  });

  it("of a rejected frame ends the session with onRejectedFrame 'close'", async () => {
    const { transport } = await serve({ onRejectedFrame: 'close' });
    const failing = await connectJson(transport);
    failing.send({ type: 'send', destination: '/app/rooms/say', payload: { text: 'throw' } });
    expect(await failing.next('error')).toMatchObject({ code: 'handler-failed', fatal: true });
    expect(await failing.connection.closed).toMatchObject({ code: 1011, reason: 'handler-failed' });

    const stomp = await connectStomp(transport);
    await stomp.subscribe('errors', '/user/queue/errors');
    stomp.send('SUBSCRIBE', { id: 'x', destination: '/nowhere' });
    expect(await stomp.next('ERROR')).toMatchObject({ headers: { code: 'no-route' } });
    expect(await stomp.connection.closed).toMatchObject({ code: 1008 });
  });
});
