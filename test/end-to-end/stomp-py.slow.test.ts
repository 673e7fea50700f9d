// Tests stomp.py over TCP: each STOMP version, with receipts, heart-beats and a greeting.
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { GreetingController } from '../../examples/greeting/greeting.controller.js';
import { createServer, silentLogger, tcpTransport, type Server } from '../../src/index.js';
import { build, stompPy } from '../foreign-clients/foreign.js';

const python = build(stompPy);
const client = fileURLToPath(new URL('stomp-py-client.py', import.meta.url));
const transport = tcpTransport({ port: 0 });
let server: Server;

beforeAll(async () => {
  server = await createServer({
    controllers: [GreetingController],
    transports: [transport],
    heartbeat: { minSendInterval: 100, expectedInterval: 1000 },
    logger: silentLogger,
  });
  await server.start();
});

afterAll(() => server.close());

describe.skipIf(python === undefined)('stomp.py', () => {
  it.each([
    { version: '1.0', heartbeats: 0 },
    // Sent every 1.5 s: three of them take longer than the 4 s that the server waits for a silent client.
    { version: '1.1', heartbeats: 3 },
    { version: '1.2', heartbeats: 3 },
  ])(
    'receives the greeting in STOMP $version',
    { timeout: 60_000 },
    async ({ version, heartbeats }) => {
      const closeCode = new Promise<number>((resolve) => {
        const stop = server.events.on('disconnected', ({ code }) => {
          stop();
          resolve(code);
        });
      });
      const { port } = transport.address()!;
      const received = JSON.parse(await python!(client, `${port}`, version, `${heartbeats}`));
      expect(received).toMatchObject({
        connected: { version, server: expect.stringMatching(/^signalbox\//) },
        receipts: ['subscribed', 'sent', 'bye'],
        errors: [],
        message: {
          headers: { destination: '/topic/greetings', 'content-type': 'application/json' },
          body: '{"content":"Hello, Zoë!"}',
        },
      });
      expect(received.connected['heart-beat'] ?? '0,0').toBe(
        version === '1.0' ? '0,0' : '2000,1000',
      );
      expect(received.heartbeats).toBeGreaterThanOrEqual(heartbeats);
      expect(await closeCode).toBe(1000);
    },
  );
});
