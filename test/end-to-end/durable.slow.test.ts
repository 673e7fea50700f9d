// A server that is killed twenty times under load: what it gave a receipt for is there when it comes back.
import { execFileSync, fork, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import type { HeardFrame } from '../stomp-client.js';
import { connectTcp, type TcpClient } from '../tcp-client.js';

const program = fileURLToPath(new URL('durable-server.mjs', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'durable-'));
const kills = 20;
const senders = 4;
const queue = '/queue/jobs';

afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function start(name = 'messages'): Promise<{ child: ChildProcess; port: number }> {
  const child = fork(program, [join(folder, name)]);
  const [{ port }] = (await once(child, 'message')) as [{ port: number }];
  return { child, port };
}

/** One whose files may not grow beyond so many KiB: writing fails as on a full disk, until `giveSpace`. */
async function startWithin(
  kilobytes: number,
  name: string,
): Promise<{ child: ChildProcess; port: number }> {
  const command = `ulimit -S -f ${kilobytes}; exec "$0" "$@"`;
  const child = spawn('bash', ['-c', command, process.execPath, program, join(folder, name)], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const [{ port }] = (await once(child, 'message')) as [{ port: number }];
  return { child, port };
}

function giveSpace({ pid }: ChildProcess): void {
  execFileSync('prlimit', ['--pid', String(pid), '--fsize=unlimited']);
}

async function kill(child: ChildProcess): Promise<void> {
  child.kill('SIGKILL');
  await once(child, 'exit');
}

/** What happened to each message, by its text: `<life> <sender> <number>`. */
class Ledger {
  readonly receipted = new Set<string>();
  /** Their ACK was said: where the end came before its receipt, it may have counted all the same. */
  readonly acknowledged = new Set<string>();
  /** Times that a message was delivered as new. */
  readonly asNew = new Map<string, number>();
  readonly received: string[] = [];

  take({ body, headers }: Awaited<ReturnType<TcpClient['next']>>): void {
    this.received.push(body);
    if (headers['redelivered'] !== 'true') this.asNew.set(body, (this.asNew.get(body) ?? 0) + 1);
  }
}

/** Sends numbered messages without end, noting those that got their receipt. */
async function send(port: number, life: number, sender: number, ledger: Ledger): Promise<void> {
  const client = await connectTcp(port);
  for (let n = 0; !client.socket.destroyed; n++) {
    const text = `${life} ${sender} ${n}`;
    client.say('SEND', { destination: queue, persistent: 'true', receipt: text }, text);
    const answered = await Promise.race([client.next('RECEIPT'), client.ended]);
    if (answered === undefined) return;
    ledger.receipted.add(answered.headers['receipt-id']!);
  }
}

/** Acknowledges every other message that comes, and waits for the word that it was. */
async function consume(port: number, ledger: Ledger): Promise<void> {
  const client = await connectTcp(port);
  client.say('SUBSCRIBE', { id: '1', destination: queue, ack: 'client-individual' });
  for (let n = 0; !client.socket.destroyed; n++) {
    const message = await Promise.race([client.next('MESSAGE'), client.ended]);
    if (message === undefined) return;
    ledger.take(message);
    if (n % 2 === 1) continue;
    ledger.acknowledged.add(message.body);
    client.say('ACK', { id: message.headers['ack']!, receipt: 'acknowledged' });
    if ((await Promise.race([client.next('RECEIPT'), client.ended])) === undefined) return;
  }
}

/** All that is left, in order. */
async function drain(port: number): Promise<readonly string[]> {
  const client = await connectTcp(port);
  client.say('SUBSCRIBE', { id: '1', destination: queue, receipt: 'live' });
  await client.next('RECEIPT');
  client.say('SEND', { destination: queue, receipt: 'last' }, 'the last');
  const texts: string[] = [];
  for (;;) {
    const { body } = await client.next('MESSAGE');
    if (body === 'the last') break;
    texts.push(body);
  }
  client.socket.destroy();
  return texts;
}

describe('a server that is killed', () => {
  it('loses nothing that it gave a receipt for', { timeout: 120_000 }, async () => {
    const ledger = new Ledger();
    for (let life = 0; life < kills; life++) {
      const { child, port } = await start();
      const before = ledger.receipted.size;
      const work = [
        ...Array.from({ length: senders }, (_, sender) => send(port, life, sender, ledger)),
        // Every third life nobody consumes, so that the queue grows.
        ...(life % 3 === 0 ? [] : [consume(port, ledger)]),
      ];
      const enough = 20 + 15 * (life % 4);
      while (ledger.receipted.size < before + enough)
        await new Promise((resolve) => setImmediate(resolve));
      await kill(child);
      await Promise.all(work);
    }

    const { child, port } = await start();
    const left = await drain(port);
    await kill(child);

    const there = new Set([...left, ...ledger.acknowledged]);
    expect([...ledger.receipted].filter((text) => !there.has(text))).toEqual([]);
    expect(new Set(left).size).toBe(left.length);
    expect([...ledger.asNew].filter(([, times]) => times > 1)).toEqual([]);
    for (let life = 0; life < kills; life++)
      for (let sender = 0; sender < senders; sender++) {
        const start = `${life} ${sender} `;
        const numbers = left
          .filter((text) => text.startsWith(start))
          .map((text) => Number(text.slice(start.length)));
        expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
      }
    expect(ledger.receipted.size).toBeGreaterThan(kills * 20);
    expect(left.length).toBeGreaterThan(50);
  });
});

/** Sends messages of 10 kB, numbered, and resolves with how each was answered. */
async function sender(port: number): Promise<(n: number) => Promise<HeardFrame>> {
  const client = await connectTcp(port);
  client.say('SUBSCRIBE', { id: 'problems', destination: '/user/queue/errors', receipt: 'live' });
  await client.next('RECEIPT');
  return async (n) => {
    const headers = { destination: queue, persistent: 'true', receipt: 'r' };
    client.say('SEND', headers, `${n}`.padEnd(10_000, '.'));
    while (client.heard.length === 0) await new Promise((resolve) => setImmediate(resolve));
    return client.next(client.heard[0]!.command);
  };
}

/** How many are accepted until one is refused, and how. */
async function fill(
  send: (n: number) => Promise<HeardFrame>,
): Promise<{ accepted: number; refused: HeardFrame }> {
  for (let n = 0; ; n++) {
    const answered = await send(n);
    if (answered.command !== 'RECEIPT') return { accepted: n, refused: answered };
  }
}

const numbersUpTo = (end: number) => Array.from({ length: end }, (_, n) => n);

const numbersOf = (texts: readonly string[]) => texts.map((text) => Number.parseInt(text, 10));

describe('a server whose disk is full', () => {
  it('says so to whoever sends, and goes on with what it has', async () => {
    const { child, port } = await startWithin(128, 'full');
    const { accepted, refused } = await fill(await sender(port));
    expect(JSON.parse(refused.body)).toMatchObject({ code: 'store-failed', receipt: 'r' });
    expect(accepted).toBeGreaterThan(5);
    expect(numbersOf(await drain(port))).toEqual(numbersUpTo(accepted));
    await kill(child);
  });

  it('loses nothing that it takes when there is space again', async () => {
    const small = await startWithin(128, 'space-again');
    const send = await sender(small.port);
    const { accepted } = await fill(send);
    giveSpace(small.child);
    const more = numbersUpTo(accepted + 20).slice(accepted);
    for (const n of more) expect((await send(n)).command).toBe('RECEIPT');
    await kill(small.child);

    const { child, port } = await start('space-again');
    expect(numbersOf(await drain(port))).toEqual(numbersUpTo(accepted + 20));
    await kill(child);
  });
});
