// SockJS sessions of a server: STOMP over polls, heart-beats, slow readers, and the end of the server.
import { testClock } from 'signalbox/testing';
import { afterEach, describe, expect, it } from 'vitest';
import {
  createServer,
  silentLogger,
  type EndpointOptions,
  type HandshakeInterceptor,
  type Server,
  type ServerOptions,
} from '../../src/index.js';
import { errorCodes } from '../../src/message/error.js';
import { webSocketConnection } from '../clients/connection.js';
import { portOf } from '../clients/server.js';
import { connected, frameText, StompClient } from '../clients/stomp.js';
import { gate } from '../gate.js';
import { userInterceptor } from './user-interceptor.js';

let server: Server;
/** Ids of the sessions that poll. */
let polling: string[] = [];

afterEach(async () => {
  const closed = server.close();
  // The server waits for clients between two polls.
  await Promise.all(polling.map((id) => post(`${id}/xhr`).catch(() => {})));
  polling = [];
  await closed;
});

async function start(options: ServerOptions = {}): Promise<void> {
  server = await createServer({
    endpoints: [{ path: '/ws', sockjs: true }],
    logger: silentLogger,
    ...options,
  });
  await server.listen(0);
}

const post = async (path: string, frames?: readonly string[]) => {
  const url = `http://127.0.0.1:${portOf(server)}/ws/0/${path}`;
  const response = await fetch(url, { method: 'POST', body: JSON.stringify(frames) });
  return response.text();
};

/** Opens a session that polls, with a subscription of `/topic/x`; returns the frame of its first answers. */
async function subscribed(id: string, heartbeat = '0,0'): Promise<string> {
  polling.push(id);
  expect(await post(`${id}/xhr`)).toBe('o\n');
  const headers = { 'accept-version': '1.2', host: 'x', 'heart-beat': heartbeat };
  await post(`${id}/xhr_send`, [
    frameText('CONNECT', headers),
    frameText('SUBSCRIBE', { id: 's', destination: '/topic/x', receipt: 'r' }),
  ]);
  let answers = '';
  while (!answers.includes('RECEIPT')) answers += await post(`${id}/xhr`);
  return answers;
}

describe('a SockJS session', () => {
  it('has an id that its client has not chosen', async () => {
    await start();
    const [, id] = /session:([\w-]+)/.exec(await subscribed('chosen'))!;
    expect(id).not.toContain('chosen');
    expect(server.sessions.get(id!)?.protocol).toBe('stomp 1.2');
    expect(server.sessions.get('chosen')).toBeUndefined();
  });

  it('receives messages together with WebSockets on the same URL', async () => {
    await start();
    await subscribed('a');
    const client = new StompClient(await webSocketConnection(portOf(server)));
    await connected(client, { 'accept-version': '1.2' });
    await client.subscribe('s', '/topic/x');
    await server.publisher.publish('/topic/x', 'to both');
    expect(await client.texts(1)).toEqual(['to both']);
    expect(await post('a/xhr')).toMatch(/^a\["MESSAGE\\n.*to both\\u0000"\]\n$/);
    client.connection.vanish();
  });

  it('gets no SockJS heart-beat while STOMP heart-beats are agreed', async () => {
    const clock = testClock();
    await start({ clock });
    await subscribed('a', '0,20000');
    const polled = post('a/xhr');
    await expect.poll(() => clock.timers.length).toBeGreaterThan(0);
    await clock.advance(15_000);
    expect(await polled).toBe('a["\\n"]\n');
  });

  it('that does not poll is disconnected as a slow reader', async () => {
    await start({ limits: { maxOutboxBytes: 100_000 } });
    await subscribed('a');
    const ended = new Promise((resolve) =>
      server.events.on('disconnected', ({ code, reason }) => resolve(`${code} ${reason}`)),
    );
    for (let i = 0; i < 20; i++) await server.publisher.publish('/topic/x', 'x'.repeat(10_000));
    while ((await post('a/xhr')).startsWith('a'));
    expect(await ended).toBe('4500 slow-consumer');
    expect(await post('a/xhr')).toBe('c[4500,"slow-consumer"]\n');
  });

  it('that does not poll loses messages where the policy drops them', async () => {
    await start({
      limits: { maxOutboxBytes: 100_000 },
      slowConsumers: { policy: 'drop-oldest' },
    });
    await subscribed('a');
    for (let i = 0; i < 20; i++)
      await server.publisher.publish('/topic/x', `${i} ${'x'.repeat(10_000)}`);
    const received: string[] = [];
    while (received.at(-1) !== '19')
      for (const [, number] of (await post('a/xhr')).matchAll(/\\n\\n\\?"?(\d+) x/g))
        received.push(number!);
    expect(received.length).toBeLessThan(20);
    expect(received[0]).toBe('0');
  });
});

describe('a session whose user an interceptor has identified', () => {
  /** Returns the URL and the status of each request that the interceptor has accepted. */
  async function startWithUsers(
    before?: HandshakeInterceptor['before'],
    sockjs: EndpointOptions['sockjs'] = true,
  ): Promise<readonly unknown[]> {
    const { interceptor, results } = userInterceptor(before);
    await start({ endpoints: [{ path: '/ws', sockjs }], handshakeInterceptors: [interceptor] });
    return results;
  }

  async function request(path: string, user: string | undefined, body = '') {
    const url = `http://127.0.0.1:${portOf(server)}/ws/0/${path}`;
    const headers: Record<string, string> = user === undefined ? {} : { 'x-user': user };
    const response = await fetch(url, { method: 'POST', body, headers });
    return `${response.status} ${await response.text()}`;
  }

  const connect = JSON.stringify([frameText('CONNECT', { 'accept-version': '1.2', host: 'x' })]);

  it('serves the requests of this user, and answers 404 to all others', async () => {
    await startWithUsers();
    expect(await request('a/xhr', 'ann')).toBe('200 o\n');
    for (const user of ['bob', undefined]) {
      for (const name of ['xhr', 'xhr_streaming', 'xhr_send'])
        expect(await request(`a/${name}`, user, connect)).toBe('404 ');
    }
    expect(await request('a/xhr_send', 'ann', connect)).toBe('204 ');
    expect(await request('a/xhr', 'ann')).toMatch(/^200 a\["CONNECTED.*user-name:ann/);
    [...server.sessions.all()][0]!.close(3000, 'bye');
    expect(await request('a/xhr', 'bob')).toBe('404 ');
    expect(await request('a/xhr', 'ann')).toBe('200 c[3000,"bye"]\n');
  });

  it('answers as the interceptor when it refuses a request', async () => {
    await startWithUsers();
    await request('a/xhr', 'ann');
    for (const name of ['xhr', 'xhr_send'])
      expect(await request(`a/${name}`, 'expired', connect)).toBe('401 Sign in again.');
    expect(await request('a/xhr_send', 'ann', connect)).toBe('204 ');
    expect(await request('a/xhr', 'ann')).toMatch(/^200 a/);
    [...server.sessions.all()][0]!.close();
  });

  it('reports the status of each request to the interceptor', async () => {
    const results = await startWithUsers();
    await request('a/xhr', 'ann');
    await request('a/xhr_send', 'ann', connect);
    await request('a/xhr', 'bob');
    await request('a/xhr_send', 'bob', connect);
    expect(results).toEqual([
      ['/ws/0/a/xhr', 200],
      ['/ws/0/a/xhr_send', 204],
      ['/ws/0/a/xhr', 404],
      ['/ws/0/a/xhr_send', 404],
    ]);
    [...server.sessions.all()][0]!.close();
  });

  it('is begun by one of two users who choose the same id at the same time', async () => {
    await startWithUsers(async ({ headers }) => {
      await new Promise((resolve) => setImmediate(resolve));
      return { principal: { name: headers.get('x-user')! } };
    });
    const answers = await Promise.all([request('a/xhr', 'ann'), request('a/xhr', 'bob')]);
    expect(answers.toSorted()).toEqual(['200 o\n', '404 ']);
    polling.push('a');
  });

  it('needs the secret cookie as well', async () => {
    await startWithUsers(undefined, { sessionCookie: true });
    await request('a/xhr', 'ann');
    expect(await request('a/xhr', 'ann')).toBe('404 ');
  });

  it('has at most 16 requests that wait for the interceptor', async () => {
    const decision = gate();
    let asked = 0;
    await startWithUsers(async () => {
      if (++asked > 1) await decision.opened;
      return { principal: { name: 'ann' } };
    });
    await request('a/xhr', 'ann');
    const sending = Array.from({ length: 16 }, () => request('a/xhr_send', 'ann', '[]'));
    await expect.poll(() => asked).toBe(17);
    for (const name of ['xhr_send', 'xhr'])
      expect(await request(`a/${name}`, 'ann', '[]')).toMatch(/^429 /);
    decision.open();
    expect(new Set(await Promise.all(sending))).toEqual(new Set(['204 ']));
    polling.push('a');
  });
});

describe('the end of a server', () => {
  it('reaches clients that poll, also between two polls', async () => {
    await start();
    await subscribed('a');
    await subscribed('b');
    const waiting = post('a/xhr');
    await expect.poll(() => server.sessions.size).toBe(2);
    const closed = server.close();
    expect(await waiting).toBe('c[1001,"server-stopping"]\n');
    expect(await post('b/xhr')).toBe('c[1001,"server-stopping"]\n');
    await closed;
    expect(server.address()).toBeUndefined();
  });

  it('begins no further session', async () => {
    await start();
    await subscribed('a');
    const closed = server.close();
    await Promise.resolve();
    expect(await post('new/xhr')).toBe(errorCodes['server-stopping'].text);
    expect(await post('a/xhr')).toMatch(/^c/);
    await closed;
  });
});
