// A client that stops reading while 50 MB are published to its topic: it is disconnected, and other clients receive everything.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { frameText } from '../clients/stomp.js';

const readerCount = 20;
const size = 16 * 1024;
const messages = 3200;
const warmUp = 256;
const burst = 16;
const maxOutboxBytes = 512 * 1024;

/** A client that counts messages and checks their order. It parses no frames, so that it needs little processor time. */
class Reader {
  readonly socket: WebSocket;
  readonly subscribed: Promise<void>;
  received = 0;
  inOrder = true;
  #expected = Infinity;
  #arrived = () => {};

  constructor(port: number) {
    this.socket = new WebSocket(`ws://127.0.0.1:${port}/ws`);
    this.socket.on('open', () => {
      const headers = { id: '1', destination: '/topic/load', receipt: 'r' };
      this.socket.send(frameText('CONNECT', { 'accept-version': '1.2', host: 'x' }));
      this.socket.send(frameText('SUBSCRIBE', headers));
    });
    this.subscribed = new Promise((resolve) => {
      this.socket.on('message', (data: Buffer) => {
        const command = data.toString('latin1', 0, 7);
        if (command === 'RECEIPT') resolve();
        if (command === 'MESSAGE') this.#receive(data);
      });
    });
  }

  /** Resolves when this number of messages has arrived. */
  async until(count: number): Promise<void> {
    this.#expected = count;
    if (this.received < count) await new Promise<void>((resolve) => (this.#arrived = resolve));
  }

  #receive(data: Buffer): void {
    const body = data.indexOf('\n\n') + 2;
    this.inOrder &&= Number(data.toString('latin1', body, body + 8)) === this.received;
    if (++this.received >= this.#expected) this.#arrived();
  }
}

interface Report {
  /** The most memory that was in use, in bytes. */
  readonly highest: number;
  /** Reasons why clients were disconnected. */
  readonly disconnected: readonly string[];
  readonly sessions: number;
}

it(
  'a client that stops reading is disconnected at the limit, and other clients receive everything in order',
  { timeout: 300_000 },
  async () => {
    const child = fork(fileURLToPath(new URL('slow-consumer-server.mjs', import.meta.url)), {
      execArgv: ['--expose-gc'],
    });
    const nextReport = async <T>() => ((await once(child, 'message')) as [T])[0];
    const { port } = await nextReport<{ port: number }>();
    const readers = Array.from({ length: readerCount }, () => new Reader(port));
    const stopping = new Reader(port);
    await Promise.all([...readers, stopping].map(({ subscribed }) => subscribed));

    /** Publishes in bursts, each when all readers have received the one before. */
    const publish = async (from: number, to: number): Promise<Report> => {
      let report: Report = { highest: 0, disconnected: [], sessions: 0 };
      for (let n = from; n < to; n += burst) {
        child.send({ from: n, to: n + burst, size });
        const next = await nextReport<Report>();
        report = { ...next, highest: Math.max(report.highest, next.highest) };
        await Promise.all(readers.map((reader) => reader.until(n + burst)));
      }
      return report;
    };

    const before = await publish(0, warmUp);
    stopping.socket.pause();
    const after = await publish(warmUp, messages);
    expect(readers.every(({ received, inOrder }) => inOrder && received === messages)).toBe(true);
    expect(after.disconnected).toEqual(['slow-consumer']);
    expect(after.sessions).toBe(readerCount);
    expect(after.highest - before.highest).toBeLessThan(2 * maxOutboxBytes);
    for (const { socket } of [...readers, stopping]) socket.terminate();
    child.disconnect();
    await once(child, 'exit');
  },
);
