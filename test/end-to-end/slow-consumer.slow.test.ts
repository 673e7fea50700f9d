// A reader that stops while 100 MB go to its topic: it is let go, and nobody else notices.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { frameText } from '../stomp-client.js';

const readers = 50;
const size = 16 * 1024;
const messages = 6400;
const warmUp = 256;
const burst = 16;
const outboxLimit = 512 * 1024;

/** A client that counts what it hears and checks that it comes in order. */
function reader(port: number) {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/ws`);
  const state = { socket, heard: 0, inOrder: true, subscribed: Promise.resolve() };
  state.subscribed = new Promise((resolve) => {
    socket.on('open', () => {
      socket.send(frameText('CONNECT', { 'accept-version': '1.2', host: 'x' }));
      socket.send(frameText('SUBSCRIBE', { id: '1', destination: '/topic/load', receipt: 'r' }));
    });
    socket.on('message', (data: Buffer) => {
      const command = data.toString('latin1', 0, 7);
      if (command === 'RECEIPT') resolve();
      if (command !== 'MESSAGE') return;
      const body = data.indexOf('\n\n') + 2;
      state.inOrder &&= Number(data.toString('latin1', body, body + 8)) === state.heard;
      state.heard++;
    });
  });
  return state;
}

interface Report {
  readonly highest: number;
  readonly memory: number;
  readonly gone: readonly string[];
  readonly sessions: number;
}

describe('a reader that stops', () => {
  it(
    'is closed by the limit, costs less than twice it, and 50 others get everything in order',
    { timeout: 180_000 },
    async () => {
      const child = fork(fileURLToPath(new URL('slow-consumer-server.mjs', import.meta.url)), {
        execArgv: ['--expose-gc'],
      });
      const hear = async <T>() => ((await once(child, 'message')) as [T])[0];
      const { port } = await hear<{ port: number }>();
      const others = Array.from({ length: readers }, () => reader(port));
      const stopping = reader(port);
      await Promise.all([...others, stopping].map(({ subscribed }) => subscribed));

      /** Publishes in bursts, each when everybody who reads has got the one before. */
      const publish = async (from: number, to: number): Promise<Report> => {
        let report: Report = { highest: 0, memory: 0, gone: [], sessions: 0 };
        for (let n = from; n < to; n += burst) {
          child.send({ from: n, to: n + burst, size });
          const next = await hear<Report>();
          report = { ...next, highest: Math.max(report.highest, next.highest) };
          while (others.some(({ heard }) => heard < n + burst))
            await new Promise((resolve) => setImmediate(resolve));
        }
        return report;
      };

      const before = await publish(0, warmUp);
      stopping.socket.pause();
      const after = await publish(warmUp, messages);
      expect(others.every(({ heard, inOrder }) => inOrder && heard === messages)).toBe(true);
      expect(after.gone).toEqual(['slow-consumer']);
      expect(after.sessions).toBe(readers);
      console.log(
        `slow consumer: ${after.highest - before.highest} octets more at the highest, limit ${outboxLimit}`,
      );
      expect(after.highest - before.highest).toBeLessThan(2 * outboxLimit);
      for (const { socket } of [...others, stopping]) socket.terminate();
      child.disconnect();
      await once(child, 'exit');
    },
  );
});
