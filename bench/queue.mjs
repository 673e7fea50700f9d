// Queue: acknowledged messages through one queue for a second of CPU time of the server, compared with rabbitmq-server.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { answer, ask, benchmark, end, start } from './child.mjs';
import { interleave, machine, printRatios } from './measure.mjs';
import { isInstalled, startRabbitmq } from './queue/rabbitmq.mjs';

const quick = process.argv.includes('--quick');
const base = 'RabbitMQ';
const messages = quick ? 5000 : 20_000;
const rounds = quick ? 3 : 9;
/** The ticks per second of `/proc`, in which the system counts the time of a process. */
const ticksPerSecond = 100;

const loads = [
  { title: 'one consumer, in memory', consumers: 1, persistent: false },
  { title: '100 consumers, in memory', consumers: 100, persistent: false },
  { title: '100 consumers, on disk', consumers: 100, persistent: true },
];

if (!isInstalled) {
  console.error('The peer is missing: install the Debian package rabbitmq-server.');
  process.exit(1);
}

await benchmark(async () => {
  console.log(`${machine()}; ${rounds} rounds of ${messages} messages of 150 bytes`);
  const rabbitmq = await startRabbitmq();
  const folder = mkdtempSync(join(tmpdir(), 'queue-'));
  const memory = await startSignalbox([]);
  const disk = await startSignalbox([join(folder, 'messages')]);
  try {
    for (const { title, ...load } of loads) {
      const servers = new Map([
        [base, rabbitmq],
        ['signalbox', load.persistent ? disk : memory],
      ]);
      const clients = new Map();
      for (const [name, server] of servers) {
        const client = start(new URL('queue/client.mjs', import.meta.url), [name]);
        await ask(client, { kind: 'open', port: server.port, ...load });
        await ask(client, { kind: 'run', messages });
        clients.set(name, client);
      }
      const results = await interleave([...servers.keys()], rounds, async (name) => {
        const { pid } = /** @type {{ pid: number }} */ (servers.get(name));
        const before = secondsOf(pid);
        await ask(clients.get(name), { kind: 'run', messages });
        return messages / (secondsOf(pid) - before);
      });
      printRatios(
        `Acknowledged messages per second of server CPU, ${title}`,
        results,
        base,
        'a second',
      );
      await Promise.all([...clients.values()].map((client) => end(client)));
    }
  } finally {
    await Promise.all([rabbitmq.end(), end(memory.child), end(disk.child)]);
    rmSync(folder, { recursive: true });
  }
});

/** @param {readonly string[]} args */
async function startSignalbox(args) {
  const child = start(new URL('queue/server.mjs', import.meta.url), args);
  const { port } = await answer(child);
  return { child, port, pid: child.pid ?? 0 };
}

/**
 * CPU time of a process, user and system.
 *
 * @param {number} pid
 */
function secondsOf(pid) {
  // After the name, which is in brackets: fields 14 and 15 of proc(5).
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
}
