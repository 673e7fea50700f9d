// The scenario through stomp.py, over TCP.
import { createServer, tcpTransport } from '../../src/index.js';
import { findStompPy } from '../stomp-py.js';
import { application } from './application.js';
import type { Play, Seen } from './scenario.js';

const program = new URL('stomp-py.py', import.meta.url);

/** Undefined where stomp.py cannot be had. */
export function throughStompPy(): Play | undefined {
  const python = findStompPy();
  if (python === undefined) return undefined;
  return async (steps) => {
    const transport = tcpTransport({ port: 0 });
    const server = await createServer({ ...application, transports: [transport] });
    await server.start();
    try {
      const { port } = transport.address()!;
      return JSON.parse(await python(program, [`${port}`, JSON.stringify(steps)])) as Seen[];
    } finally {
      await server.close();
    }
  };
}
