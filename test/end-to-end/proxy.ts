// Reverse proxies for tests: nginx and HAProxy, started on a private port with the configuration of docs/deploy.md.
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../docs/free-port.js';
import { readPages } from '../docs/page.js';
import type { Certificate } from '../certificate.js';
import { reportMissing } from '../missing.js';

/** Replaces a text of the configuration. */
export type Change = readonly [text: string, by: string];

export interface Proxy {
  readonly port: number;
  close(): Promise<void>;
}

export interface ProxyKind {
  readonly name: 'nginx' | 'haproxy';
  /** The beginning of the address of a server on a Unix socket. */
  readonly unix: string;
  /** Distributes SockJS sessions by their ids. */
  readonly bySession: readonly Change[];
  /** The same for the WebSocket handler of docs/deploy.md, which has another path. */
  readonly byHandlerSession: readonly Change[];
  /** Cookies that name the server, each with the changes for it. */
  readonly byCookie: readonly { readonly cookie: string; readonly changes: readonly Change[] }[];
  /** Removes the rules for sticky sessions. */
  readonly withoutStickiness: readonly Change[];
}

export const nginx: ProxyKind = {
  name: 'nginx',
  unix: 'unix:',
  bySession: [],
  byHandlerSession: [
    [/map \$uri[^}]*\}\n/.exec(documented('nginx'))![0], documented('nginx map')],
    ['  location /ws {\n', documented('nginx locations')],
  ],
  byCookie: [],
  withoutStickiness: [['hash $sticky consistent;', '']],
};

const ownCookie = 'cookie SIGNALBOX insert indirect nocache httponly secure attr SameSite=None';

const withoutCookie: readonly Change[] = [
  [ownCookie, ''],
  [' cookie one', ''],
  [' cookie two', ''],
];

export const haproxy: ProxyKind = {
  name: 'haproxy',
  unix: 'unix@',
  bySession: [['balance source', 'balance hash path,field(4,/)'], ...withoutCookie],
  byHandlerSession: [['balance source', 'balance hash path,field(6,/)'], ...withoutCookie],
  byCookie: [
    { cookie: 'the cookie of the proxy', changes: [] },
    {
      cookie: 'the cookie of the server',
      changes: [[ownCookie, 'cookie JSESSIONID prefix nocache']],
    },
  ],
  withoutStickiness: [['balance source', 'balance roundrobin'], ...withoutCookie],
};

/** The path of a program; undefined when this machine does not have it. Debian keeps servers outside of the path of users. */
export function findProxy({ name }: ProxyKind): string | undefined {
  const env = { ...process.env, PATH: `${process.env['PATH']}:/usr/sbin` };
  const { status, stdout } = spawnSync('which', [name], { env, encoding: 'utf8' });
  return status === 0
    ? stdout.trim()
    : reportMissing(`${name} is missing. Install it to run tests of servers behind it.`);
}

/** Starts the program in front of the servers with these addresses. */
export async function startProxy(
  kind: ProxyKind,
  program: string,
  { key, cert }: Certificate,
  servers: readonly [string, string],
  changes: readonly Change[] = [],
): Promise<Proxy> {
  const folder = mkdtempSync(join(tmpdir(), 'signalbox-'));
  const port = await freePort();
  const file = (name: string, content: string | Buffer) => {
    writeFileSync(join(folder, name), content);
    return join(folder, name);
  };
  const configuration = changed(documented(kind.name), [
    ['127.0.0.1:8081', servers[0]],
    ['127.0.0.1:8082', servers[1]],
    ...(kind.name === 'nginx'
      ? ([
          ['listen 443 ssl', `listen 127.0.0.1:${port} ssl`],
          ['/etc/nginx/fullchain.pem', file('cert.pem', cert)],
          ['/etc/nginx/key.pem', file('key.pem', key)],
        ] as const)
      : ([
          ['bind :443', `bind 127.0.0.1:${port}`],
          ['/etc/haproxy/example.org.pem', file('both.pem', Buffer.concat([cert, key]))],
        ] as const)),
    ...changes,
  ]);
  const args =
    kind.name === 'nginx'
      ? ['-e', 'stderr', '-p', folder, '-c', file('nginx.conf', nginxAround(configuration))]
      : ['-db', '-f', file('haproxy.cfg', configuration)];
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  let errors = '';
  child.stderr.on('data', (data: Buffer) => void (errors += data.toString()));
  await listening(child, port, () => errors);
  return {
    port,
    async close() {
      const exit = once(child, 'exit');
      if (child.exitCode === null) child.kill('SIGTERM');
      await exit;
      rmSync(folder, { recursive: true });
    },
  };
}

/** A block of docs/deploy.md by the text after its backticks. */
export function documented(info: string): string {
  const page = readPages().find(({ path }) => path === 'docs/deploy.md')!;
  return `${page.fences.find((fence) => fence.info === info)!.code}\n`;
}

function changed(text: string, changes: readonly Change[]): string {
  return changes.reduce((changedText, [from, to]) => {
    if (!changedText.includes(from)) throw new Error(`docs/deploy.md has no '${from}'.`);
    return changedText.replaceAll(from, to);
  }, text);
}

/** The main file of nginx, with the parts that Debian's file sets for the whole machine. */
function nginxAround(configuration: string): string {
  const kinds = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  const folders = kinds.map((kind) => `${kind}_temp_path ${kind};`).join('\n');
  return `daemon off;\nmaster_process off;\npid nginx.pid;\nevents {}\nhttp {\naccess_log off;\n${folders}\n${configuration}\n}\n`;
}

/** Resolves when the program accepts connections; rejects when it ends before. */
async function listening(child: ChildProcess, port: number, errors: () => string): Promise<void> {
  let ended = false;
  child.once('exit', () => (ended = true));
  while (!(await accepts(port)))
    if (ended) throw new Error(`${child.spawnfile} has ended: ${errors()}`);
}

function accepts(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  return new Promise((resolve) => {
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => setImmediate(resolve, false));
  });
}
