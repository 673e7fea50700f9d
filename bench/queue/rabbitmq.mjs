// Starts Debian's rabbitmq-server with its STOMP plugin, on free ports and in a temporary folder.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const program = '/usr/lib/rabbitmq/bin/rabbitmq-server';
/** Time that the server has to start, in milliseconds. */
const startTimeout = 60_000;

export const isInstalled = existsSync(program);

/** @returns {Promise<{ port: number, pid: number, end: () => Promise<void> }>} running, and open to `guest` */
export async function startRabbitmq() {
  const folder = mkdtempSync(join(tmpdir(), 'rabbitmq-'));
  const [port, distribution, mapper] = [await freePort(), await freePort(), await freePort()];
  const pidFile = join(folder, 'pid');
  writeFileSync(join(folder, 'plugins'), '[rabbitmq_stomp].');
  writeFileSync(
    join(folder, 'rabbitmq.conf'),
    `listeners.tcp = none\nstomp.listeners.tcp.1 = 127.0.0.1:${port}\n`,
  );
  const child = spawn(program, [], {
    stdio: 'ignore',
    env: {
      ...process.env,
      HOME: folder,
      RABBITMQ_NODENAME: `bench${port}@localhost`,
      RABBITMQ_MNESIA_BASE: join(folder, 'mnesia'),
      RABBITMQ_LOG_BASE: join(folder, 'log'),
      RABBITMQ_ENABLED_PLUGINS_FILE: join(folder, 'plugins'),
      RABBITMQ_CONFIG_FILE: join(folder, 'rabbitmq.conf'),
      RABBITMQ_GENERATED_CONFIG_DIR: join(folder, 'generated'),
      RABBITMQ_PID_FILE: pidFile,
      RABBITMQ_DIST_PORT: String(distribution),
      ERL_EPMD_PORT: String(mapper),
      ERL_EPMD_ADDRESS: '127.0.0.1',
    },
  });
  const stop = async () => {
    if (existsSync(pidFile)) process.kill(Number(readFileSync(pidFile, 'utf8')));
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    spawnSync('epmd', ['-port', String(mapper), '-kill']);
    rmSync(folder, { recursive: true, force: true });
  };
  const until = Date.now() + startTimeout;
  while (!(await answers(port))) {
    if (Date.now() < until && child.exitCode === null) continue;
    await stop();
    throw new Error('rabbitmq-server did not start.');
  }
  return { port, pid: Number(readFileSync(pidFile, 'utf8')), end: stop };
}

/** @returns {Promise<number>} */
async function freePort() {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  server.close();
  await once(server, 'close');
  return port;
}

/** @param {number} port */
async function answers(port) {
  await new Promise((resolve) => setTimeout(resolve, 200));
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
