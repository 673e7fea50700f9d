// The environment variables of the greeting example.
import { createServer, memoryTransport, silentLogger, type TcpTransport } from 'signalbox';
import { describe, expect, it } from 'vitest';
import { connectStomp, connectTcp, openStomp } from '../../clients/stomp.js';
import { fromEnvironment } from '../../../examples/greeting/environment.js';

describe('environment variables', () => {
  it('set no options by default', () => {
    expect(fromEnvironment({})).toEqual({});
  });

  it('set heart-beats, a login and the largest frame', async () => {
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

    await connectStomp(transport);
    const known = openStomp(transport);
    known.send('CONNECT', {
      'accept-version': '1.2',
      host: 'x',
      login: 'guest',
      passcode: 'se:cret',
    });
    expect((await known.next('CONNECTED')).headers['user-name']).toBe('guest');
    const wrong = openStomp(transport);
    wrong.send('CONNECT', { 'accept-version': '1.2', host: 'x', login: 'guest', passcode: 'no' });
    expect((await wrong.next('ERROR')).headers['code']).toBe('access-refused');
    await server.close();
  });

  it('open a port for STOMP over TCP', async () => {
    const server = await createServer({
      logger: silentLogger,
      ...fromEnvironment({ STOMP_PORT: '0', HOST: '127.0.0.1' }),
    });
    await server.start();
    const [transport] = server.options.transports as [TcpTransport];
    const client = await connectTcp(transport.address()!.port);
    client.connection.socket.end();
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
  ])('are rejected with a sentence that names the variable: %o', (environment) => {
    expect(() => fromEnvironment(environment)).toThrow(
      /^(STOMP_PORT|HEARTBEAT|LOGIN|MAX_FRAME) must be .*, not '.*'\.$/,
    );
  });
});
