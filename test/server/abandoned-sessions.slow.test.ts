// 10,000 SockJS sessions on a whole server, of a WebSocket handler and of STOMP, opened and abandoned: nothing is left behind.
import { setImmediate as nextTurn } from 'node:timers/promises';
import { testClock } from 'signalbox/testing';
import { afterEach, describe, expect, it } from 'vitest';
import { silentLogger, WebSocketHandler, type Server } from '../../src/index.js';
import { createObservedServer } from '../../src/server/create-server.js';
import { frameText } from '../clients/stomp.js';
import { portOf } from '../clients/server.js';
import { collectGarbage } from '../collect-garbage.js';
import { RawConnection, requestText } from '../transport/http.js';

@WebSocketHandler('/raw', { sockjs: true })
class RawHandler {
  static open = 0;
  open() {
    RawHandler.open++;
  }
  close() {
    RawHandler.open--;
  }
}

const count = 10_000;
const clock = testClock();
let server: Server;

afterEach(() => server.close());

const post = (path: string, body = '') => requestText(path, { method: 'POST', body });

/** Sends the requests over one connection, and reads all answers. */
async function ask(connection: RawConnection, requests: readonly string[]): Promise<string[]> {
  connection.send(requests.join(''));
  const bodies: string[] = [];
  for (const _ of requests) bodies.push((await connection.answer()).body);
  return bodies;
}

describe.each<readonly [string, string, string]>([
  ['a WebSocket handler', '/raw', 'hello'],
  ['STOMP', '/ws', frameText('CONNECT', { 'accept-version': '1.2', host: 'x' })],
])('abandoned sessions of %s', (_name, path, first) => {
  it('are removed with everything that belongs to them', async () => {
    const limits = {
      maxSessions: 2 * count,
      maxSessionsPerAddress: count,
      maxHandshakes: count,
      shares: 1,
    };
    const sessions: WeakRef<object>[] = [];
    server = await createObservedServer(
      {
        controllers: [RawHandler],
        endpoints: [{ path: '/ws', sockjs: true }],
        logger: silentLogger,
        limits,
        clock,
      },
      {
        onConnection: (session) => {
          sessions.push(new WeakRef(session));
          return () => {};
        },
      },
    );
    await server.listen(0);
    for (let begin = 0; begin < count; begin += 100) {
      const connection = new RawConnection(portOf(server));
      const ids = Array.from({ length: 100 }, (_, i) => `${path}/0/s${begin + i}`);
      const opened = await ask(
        connection,
        ids.map((id) => post(`${id}/xhr`)),
      );
      expect(new Set(opened)).toEqual(new Set(['o\n']));
      await ask(
        connection,
        ids.map((id) => post(`${id}/xhr_send`, JSON.stringify([first]))),
      );
      connection.close();
    }
    expect(server.sessions.size + server.webSockets.size).toBe(count);
    await nextTurn();
    await clock.advance(5000);
    await server.idle();
    expect([server.sessions.size, server.webSockets.size, RawHandler.open]).toEqual([0, 0, 0]);
    // Closed sessions answer with their close frame for as long.
    await clock.advance(5000);
    await nextTurn();
    collectGarbage();
    expect(sessions).toHaveLength(count);
    expect(sessions.filter((each) => each.deref() !== undefined).length).toBeLessThan(10);
    // Another session begins with the first id, and can be abandoned as well.
    const connection = new RawConnection(portOf(server));
    expect(await ask(connection, [post(`${path}/0/s0/xhr`)])).toEqual(['o\n']);
    connection.close();
    await nextTurn();
    await clock.advance(5000);
  });
});
