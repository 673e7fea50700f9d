// A server that is killed under load several times: messages with a receipt are stored when it starts again.
import { execFileSync, fork, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { connectTcp, type StompClient, type StompFrame } from '../clients/stomp.js';

const program = fileURLToPath(new URL('durable-server.mjs', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'durable-'));
const kills = 12;
const senders = 4;
const queue = '/queue/jobs';

afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function portOf(child: ChildProcess): Promise<number> {
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`The server ended with ${code} before it listened.`);
  });
  const [{ port }] = (await Promise.race([once(child, 'message'), ended])) as [{ port: number }];
  // The server is killed later.
  ended.catch(() => {});
  return port;
}

async function start(name = 'messages'): Promise<{ child: ChildProcess; port: number }> {
  const child = fork(program, [join(folder, name)]);
  return { child, port: await portOf(child) };
}

/** A server whose files cannot grow beyond a size: writing fails as on a full disk, until `giveSpace`. */
async function startWithin(
  kilobytes: number,
  name: string,
): Promise<{ child: ChildProcess; port: number }> {
  const command = `ulimit -S -f ${kilobytes}; exec "$0" "$@"`;
  const child = spawn('bash', ['-c', command, process.execPath, program, join(folder, name)], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  return { child, port: await portOf(child) };
}

function giveSpace({ pid }: ChildProcess): void {
  execFileSync('prlimit', ['--pid', String(pid), '--fsize=unlimited']);
}

async function kill(child: ChildProcess): Promise<void> {
  child.kill('SIGKILL');
  await once(child, 'exit');
}

/** The state of each message. Its text is `<process> <sender> <number>`. */
class Ledger {
  readonly receipted = new Set<string>();
  /** ACK was sent. When the server ended before its receipt, it may have stored the ACK or not. */
  readonly acknowledged = new Set<string>();
  /** Number of deliveries of each message without `redelivered`. */
  readonly deliveredAsNew = new Map<string, number>();
  #expected = Infinity;
  #reached = () => {};

  addReceipt(text: string): void {
    this.receipted.add(text);
    if (this.receipted.size >= this.#expected) this.#reached();
  }

  /** Resolves when this number of receipts has arrived. */
  receipts(count: number): Promise<void> {
    this.#expected = count;
    return new Promise((resolve) => (this.#reached = resolve));
  }

  addDelivery({ body, headers }: StompFrame): void {
    if (headers['redelivered'] !== 'true')
      this.deliveredAsNew.set(body, (this.deliveredAsNew.get(body) ?? 0) + 1);
  }
}

/** The next frame of a command; undefined when the connection ends before. */
function nextOrEnd(client: StompClient, command: string): Promise<StompFrame | undefined> {
  return client.next(command).catch(() => undefined);
}

/** Sends numbered messages until the server is killed, and records the receipts. */
async function send(port: number, life: number, sender: number, ledger: Ledger): Promise<void> {
  const client = await connectTcp(port);
  for (let n = 0; ; n++) {
    const text = `${life} ${sender} ${n}`;
    client.publish(queue, { persistent: 'true', receipt: text }, text);
    const receipt = await nextOrEnd(client, 'RECEIPT');
    if (receipt === undefined) return;
    ledger.addReceipt(receipt.headers['receipt-id']!);
  }
}

/** Acknowledges every other message with a receipt, until the server is killed. */
async function consume(port: number, ledger: Ledger): Promise<void> {
  const client = await connectTcp(port);
  client.send('SUBSCRIBE', { id: '1', destination: queue, ack: 'client-individual' });
  for (let n = 0; ; n++) {
    const message = await nextOrEnd(client, 'MESSAGE');
    if (message === undefined) return;
    ledger.addDelivery(message);
    if (n % 2 === 1) continue;
    ledger.acknowledged.add(message.body);
    client.send('ACK', { id: message.headers['ack'], receipt: 'acknowledged' });
    if ((await nextOrEnd(client, 'RECEIPT')) === undefined) return;
  }
}

/** Returns the texts of all stored messages in order. */
async function drain(port: number): Promise<readonly string[]> {
  const client = await connectTcp(port);
  await client.subscribe('1', queue);
  client.publish(queue, {}, 'the last');
  const texts: string[] = [];
  for (;;) {
    const { body } = await client.next('MESSAGE');
    if (body === 'the last') break;
    texts.push(body);
  }
  client.connection.vanish();
  return texts;
}

describe('a server that is killed', () => {
  it('keeps all messages that it sent a receipt for', { timeout: 300_000 }, async () => {
    const ledger = new Ledger();
    for (let life = 0; life < kills; life++) {
      const { child, port } = await start();
      const before = ledger.receipted.size;
      const work = [
        ...Array.from({ length: senders }, (_, sender) => send(port, life, sender, ledger)),
        // Without a consumer in every third process, so that the queue grows.
        ...(life % 3 === 0 ? [] : [consume(port, ledger)]),
      ];
      const enough = 20 + 15 * (life % 4);
      await ledger.receipts(before + enough);
      await kill(child);
      await Promise.all(work);
    }

    const { child, port } = await start();
    const left = await drain(port);
    await kill(child);

    const there = new Set([...left, ...ledger.acknowledged]);
    expect([...ledger.receipted].filter((text) => !there.has(text))).toEqual([]);
    expect(new Set(left).size).toBe(left.length);
    expect([...ledger.deliveredAsNew].filter(([, times]) => times > 1)).toEqual([]);
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

/** Connects a client, and returns a function that sends a message of 10 kB and returns the answer: RECEIPT or a problem. */
async function sender(port: number): Promise<(n: number) => Promise<StompFrame>> {
  const client = await connectTcp(port);
  await client.subscribe('problems', '/user/queue/errors');
  return (n) => {
    const headers = { persistent: 'true', receipt: 'r' };
    client.publish(queue, headers, `${n}`.padEnd(10_000, '.'));
    return client.expect('RECEIPT', 'MESSAGE');
  };
}

/** Sends until a message is rejected. Returns the number of accepted messages and the problem. */
async function fill(
  send: (n: number) => Promise<StompFrame>,
): Promise<{ accepted: number; refused: StompFrame }> {
  for (let n = 0; ; n++) {
    const answered = await send(n);
    if (answered.command !== 'RECEIPT') return { accepted: n, refused: answered };
  }
}

const numbersUpTo = (end: number) => Array.from({ length: end }, (_, n) => n);

const numbersOf = (texts: readonly string[]) => texts.map((text) => Number.parseInt(text, 10));

describe('a server whose disk is full', () => {
  it('rejects messages, and keeps the stored ones', async () => {
    const { child, port } = await startWithin(128, 'full');
    const { accepted, refused } = await fill(await sender(port));
    expect(JSON.parse(refused.body)).toMatchObject({ code: 'store-failed', receipt: 'r' });
    expect(accepted).toBeGreaterThan(5);
    expect(numbersOf(await drain(port))).toEqual(numbersUpTo(accepted));
    await kill(child);
  });

  it('keeps all messages that it accepts when there is space again', async () => {
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
