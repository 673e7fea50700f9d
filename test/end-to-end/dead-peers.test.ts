// Sessions of WebSocket handlers whose client is gone without a close: detected by pings over WebSocket, and by the delay over SockJS.
import { once } from 'node:events';
import { testClock } from 'signalbox/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import {
  createServer,
  silentLogger,
  WebSocketHandler,
  type Server,
  type WebSocketSession,
} from '../../src/index.js';
import { portOf } from '../clients/server.js';
import { RawConnection, requestText } from '../transport/http.js';

/** The ends of the sessions, in order. */
let ends: string[];
let ended: () => void;

@WebSocketHandler('/raw', { sockjs: true })
class RawHandler {
  message(session: WebSocketSession, data: string) {
    session.send(data);
  }
  close(_session: WebSocketSession, code: number, reason: string) {
    ends.push(`${code} ${reason}`);
    ended();
  }
}

const clock = testClock();
let server: Server;

beforeEach(async () => {
  ends = [];
  ended = () => {};
  server = await createServer({ controllers: [RawHandler], logger: silentLogger, clock });
  await server.listen(0);
});

afterEach(async () => {
  const closed = server.close();
  // It waits for a client between two polls.
  await clock.advance(5000);
  await closed;
});

const nextEnd = () => new Promise<void>((resolve) => (ended = resolve));

/** @param autoPong false for a client that answers no pings, as one whose network is lost */
async function open(path: string, autoPong: boolean): Promise<WebSocket> {
  const socket = new WebSocket(`ws://127.0.0.1:${portOf(server)}${path}`, { autoPong });
  // SockJS sends a frame at once, which arrives together with the handshake.
  await once(socket, 'open');
  return socket;
}

/** Moves the clock until the server sends a ping. */
async function nextPing(socket: WebSocket): Promise<void> {
  const ping = once(socket, 'ping');
  await clock.advance(25_000);
  await ping;
}

describe.each(['/raw', '/raw/websocket', '/raw/000/session/websocket'])(
  'a client over %s',
  (path) => {
    it('that does not answer two pings is disconnected with 4501', async () => {
      const socket = await open(path, false);
      const closed = once(socket, 'close');
      await nextPing(socket);
      await nextPing(socket);
      expect(ends).toEqual([]);
      const end = nextEnd();
      await clock.advance(25_000);
      const [code] = (await closed) as [number];
      await end;
      expect(code).toBe(4501);
      expect(ends).toEqual(['4501 heartbeat-lost']);
      expect(server.webSockets.size).toBe(0);
    });

    it('that answers pings, or sends messages, stays', async () => {
      const [silent, active] = [await open(path, true), await open(path, false)];
      for (let i = 0; i < 4; i++) {
        await nextPing(silent);
        const answer = once(active, 'message');
        active.send(path.includes('session') ? '["x"]' : 'x');
        await answer;
        // The pong of the silent client arrives.
        const pong = once(silent, 'pong');
        silent.ping();
        await pong;
      }
      expect(ends).toEqual([]);
      expect(server.webSockets.size).toBe(2);
      for (const socket of [silent, active]) socket.terminate();
    });

    it('whose connection is lost ends with 1006', async () => {
      const socket = await open(path, true);
      const end = nextEnd();
      socket.terminate();
      await end;
      expect(ends).toEqual(['1006 ']);
    });
  },
);

describe('a client of SockJS over HTTP', () => {
  /** Waits until the server has noticed the end of the last request, and starts the delay of the session. */
  async function delayBegins(): Promise<void> {
    await expect.poll(() => clock.timers).toContain(5000);
  }

  const begin = async (name: string): Promise<RawConnection> => {
    const connection = new RawConnection(portOf(server));
    connection.send(requestText(`/raw/000/a/${name}`, { method: 'POST' }));
    await connection.head();
    return connection;
  };

  it('that polls no more ends with 1006 after 5 seconds', async () => {
    const connection = await begin('xhr');
    await connection.read(/^o\n/);
    await delayBegins();
    await clock.advance(4999);
    expect(ends).toEqual([]);
    const end = nextEnd();
    await clock.advance(1);
    await end;
    expect(ends).toEqual(['1006 ']);
    connection.close();
  });

  it('that polls again in time stays', async () => {
    (await begin('xhr')).close();
    await delayBegins();
    for (let i = 0; i < 3; i++) {
      await clock.advance(4000);
      const poll = new RawConnection(portOf(server));
      poll.send(requestText('/raw/000/a/xhr', { method: 'POST' }));
      // The delay, of which 1,000 ms are left, ends when the server has received the poll.
      await expect.poll(() => clock.timers).not.toContain(1000);
      const send = new RawConnection(portOf(server));
      send.send(requestText('/raw/000/a/xhr_send', { method: 'POST', body: '["x"]' }));
      expect((await poll.answer()).body).toBe('a["x"]\n');
      for (const connection of [poll, send]) connection.close();
      await delayBegins();
    }
    expect(ends).toEqual([]);
  });

  it('whose streaming request is lost ends with 1006 at once', async () => {
    const connection = await begin('xhr_streaming');
    await connection.chunk();
    const end = nextEnd();
    connection.close();
    await end;
    expect(ends).toEqual(['1006 ']);
  });
});
