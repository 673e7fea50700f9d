// The greeting's server as the environment wants it.
import { createServer, memoryTransport, silentLogger, type TcpTransport } from 'signalbox';
import { describe, expect, it } from 'vitest';
import { connect, open } from '../../stomp-client.js';
import { connectTcp } from '../../tcp-client.js';
import { fromEnvironment } from '../../../examples/greeting/environment.js';

describe('the environment', () => {
  it('says nothing by default', () => {
    expect(fromEnvironment({})).toEqual({});
  });

  it('sets heart-beats, a login and the largest frame', async () => {
    const options = fromEnvironment({
      HEARTBEAT: '500,700',
      LOGIN: 'guest:se:cret',
      MAX_FRAME: '1000000',
    });
    const transport = memoryTransport();
    const server = await createServer({
      transports: [transport],
      logger: silentLogger,
      ...options,
    });
    await server.start();
    expect(server.options.heartbeat).toEqual({ minSendInterval: 500, expectedInterval: 700 });
    expect(server.options.limits.maxFrameBytes).toBe(1_000_000);

    await connect(transport);
    const known = open(transport);
    known.say('CONNECT', {
      'accept-version': '1.2',
      host: 'x',
      login: 'guest',
      passcode: 'se:cret',
    });
    expect((await known.next('CONNECTED')).headers['user-name']).toBe('guest');
    const wrong = open(transport);
    wrong.say('CONNECT', { 'accept-version': '1.2', host: 'x', login: 'guest', passcode: 'no' });
    expect((await wrong.next('ERROR')).headers['code']).toBe('access-refused');
    await server.close();
  });

  it('opens a port for STOMP over TCP', async () => {
    const server = await createServer({
      logger: silentLogger,
      ...fromEnvironment({ STOMP_PORT: '0', HOST: '127.0.0.1' }),
    });
    await server.start();
    const [transport] = server.options.transports as [TcpTransport];
    const client = await connectTcp(transport.address()!.port);
    client.socket.end();
    await server.close();
  });

  it.each([
    { STOMP_PORT: 'stomp' },
    { STOMP_PORT: '65536' },
    { HEARTBEAT: '500' },
    { HEARTBEAT: 'a,b' },
    { LOGIN: 'guest' },
    { LOGIN: ':guest' },
    { MAX_FRAME: '1k' },
  ])('is refused in a sentence: %o', (environment) => {
    expect(() => fromEnvironment(environment)).toThrow(
      /^(STOMP_PORT|HEARTBEAT|LOGIN|MAX_FRAME) must be .*, unlike '.*'\.$/,
    );
  });
});
