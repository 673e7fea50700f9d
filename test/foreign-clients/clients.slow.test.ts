// Clients of several languages against `npm start`: receipts, acknowledgements, transactions, heart-beats and large bodies.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Client } from '@stomp/stompjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { findBrowser, launchBrowser } from '../browser.js';
import { freePort } from '../docs/free-port.js';
import { build, go, spring, stompPy } from './foreign.js';
import { checkStompjs } from './stompjs.js';

const browser = findBrowser();
const python = build(stompPy);
const runGo = build(go);
const runSpring = build(spring);

const root = fileURLToPath(new URL('../../', import.meta.url));
let http: number;
let tcp: number;
let server: ChildProcess;

beforeAll(async () => {
  [http, tcp] = [await freePort(), await freePort()];
  const environment = { HEARTBEAT: '3000,3000', LOGIN: 'guest:guest', MAX_FRAME: '2000000' };
  server = spawn(process.execPath, ['scripts/launch.mjs', 'start', 'greeting'], {
    cwd: root,
    env: { ...process.env, PORT: String(http), STOMP_PORT: String(tcp), ...environment },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  for await (const chunk of server.stdout!) {
    output += String(chunk);
    if (output.includes('can be seen at')) break;
  }
}, 120_000);

afterAll(async () => {
  server.kill('SIGTERM');
  await once(server, 'exit');
});

const everything = [
  'refused',
  'connected 1.2',
  'receipt',
  'ack',
  'nack',
  'transaction',
  'heart-beats',
  'a body of 1 MiB',
  'disconnected',
];

describe.concurrent('is served', { timeout: 180_000 }, () => {
  it('@stomp/stompjs in Node', async () => {
    const url = `ws://127.0.0.1:${http}/gs-guide-websocket`;
    const dial = () => new WebSocket(url, ['v12.stomp']) as unknown as globalThis.WebSocket;
    expect(await checkStompjs(Client, dial, '/queue/node')).toEqual(everything);
  });

  it.skipIf(browser === undefined)('@stomp/stompjs in Chromium', async () => {
    const chromium = await launchBrowser(browser!);
    const page = await chromium.newPage();
    await page.goto(`http://127.0.0.1:${http}/`);
    const lines = await page.evaluate(`(async () => {
      const { Client } = await import('./stompjs/index.js');
      const check = ${checkStompjs.toString()};
      const url = 'ws://' + location.host + '/gs-guide-websocket';
      return check(Client, () => new WebSocket(url, ['v12.stomp']), '/queue/page');
    })()`);
    await chromium.close();
    expect(lines).toEqual(everything);
  });

  it.skipIf(python === undefined)('stomp.py over TCP', async () => {
    const program = fileURLToPath(new URL('stomp-py.py', import.meta.url));
    expect((await python!(program, `${tcp}`)).split('\n')).toEqual(everything);
  });

  it.skipIf(runGo === undefined)('go-stomp over TCP', async () => {
    expect((await runGo!(`${tcp}`)).split('\n')).toEqual(everything);
  });

  it.skipIf(runSpring === undefined)(
    'WebSocketStompClient of Spring, which has no transactions',
    async () => {
      const withoutTransactions = everything.filter((line) => line !== 'transaction');
      expect((await runSpring!('Client', `${http}`)).split('\n')).toEqual(withoutTransactions);
    },
  );
});
