// A bare STOMP client on a TCP socket: says octets, hears frames, and keeps its side open until told otherwise.
import { connect, type Socket } from 'node:net';
import { frameText, parseFrames, type HeardFrame } from './stomp-client.js';

export interface TcpClient {
  readonly socket: Socket;
  /** Frames heard and not yet taken by `next`. */
  readonly heard: readonly HeardFrame[];
  /** Resolves when the server has ended its side, or the connection is lost. */
  readonly ended: Promise<void>;
  say(command: string, headers?: Readonly<Record<string, string>>, body?: string): void;
  /** The next frame of this command; frames of other commands before it stay in `heard`. */
  next(command: string): Promise<HeardFrame>;
}

/** @param socket connected or connecting, TCP or TLS */
export function clientOn(socket: Socket): TcpClient {
  const heard: HeardFrame[] = [];
  let pending: Buffer[] = [];
  let wake = () => {};
  socket.on('data', (chunk: Buffer) => {
    const end = chunk.lastIndexOf(0) + 1;
    pending.push(chunk);
    if (end === 0) return;
    const octets = Buffer.concat(pending);
    const rest = chunk.subarray(end);
    heard.push(...parseFrames(octets.toString('utf8', 0, octets.length - rest.length)));
    pending = [rest];
    wake();
  });
  socket.on('error', () => {});
  return {
    socket,
    heard,
    ended: new Promise((resolve) => {
      for (const end of ['end', 'close']) socket.on(end, () => resolve());
    }),
    say: (command, headers, body) => void socket.write(frameText(command, headers, body)),
    async next(command) {
      for (;;) {
        const index = heard.findIndex((frame) => frame.command === command);
        if (index >= 0) return heard.splice(index, 1)[0]!;
        await new Promise<void>((resolve) => (wake = resolve));
      }
    },
  };
}

/** A client that has not said CONNECT. */
export function openTcp(port: number): TcpClient {
  return clientOn(connect({ port, host: '127.0.0.1', allowHalfOpen: true }));
}

export const connectText = frameText('CONNECT', { 'accept-version': '1.2', host: 'x' });

/** A connected client. */
export async function connectTcp(
  port: number,
  headers: Readonly<Record<string, string>> = {},
): Promise<TcpClient> {
  const client = openTcp(port);
  client.say('CONNECT', { 'accept-version': '1.2', host: 'x', ...headers });
  await client.next('CONNECTED');
  return client;
}
