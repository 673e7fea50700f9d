// The conformance suite of transports: bytes in both directions, back-pressure, pings, and every way to close.
import { deepEqual, equal, ok } from 'node:assert/strict';
import { systemClock } from '../../message/clock.js';
import { EncodedFrame } from '../../message/encoded-frame.js';
import { silentLogger } from '../../message/logger.js';
import {
  guardAccept,
  type Connection,
  type ConnectionListener,
  type Transport,
  type TransportContext,
} from '../../transport/transport.js';
import { casesOf, type Checks, type ConformanceCase, type Exceptions } from './conformance-case.js';
import { eventually } from './waiting.js';

/** The client's end of one connection. */
export interface TransportClient {
  /** All received bytes, without the framing of the transport. */
  readonly received: Uint8Array;
  /** Code and reason of the close that the client received; undefined while the connection is open. */
  readonly closed: { readonly code: number; readonly reason: string } | undefined;
  /** Sends bytes to the server. */
  send(bytes: Uint8Array): void;
  /** Stops reading, so that the server's bytes wait. */
  pause(): void;
  /** Continues to read after `pause`. */
  resume(): void;
  /** Closes the connection as the transport prescribes. */
  close(): void;
  /** Ends the connection without a close, like a network failure. */
  vanish(): void;
}

/** An open transport under test. */
export interface OpenedTransport {
  /** The open transport. */
  readonly transport: Transport;
  /** Connects a client. Called only while the transport is open. */
  connect(): Promise<TransportClient>;
  /** Releases resources that the transport does not own, such as the HTTP server that it is attached to. */
  end?(): Promise<void>;
}

/** The transport under test. */
export interface TransportSubject {
  /** Creates a transport and opens it with this context. A transport on HTTP adds `http` to the context. */
  open(context: TransportContext): Promise<OpenedTransport>;
}

/**
 * The cases of the suite for transports, for any test framework.
 *
 * @param exceptions cases that the transport fails, each with its reason
 * @throws {Error} when an exception names a case that does not exist
 * @example
 * ```ts
 * const subject: TransportSubject = {
 *   async open(context) {
 *     const transport = pipeTransport();
 *     await transport.open(context);
 *     return { transport, connect: () => connectPipe(transport) };
 *   },
 * };
 * for (const { name, run } of transportConformance(subject)) it(name, run);
 * ```
 */
export function transportConformance(
  subject: TransportSubject,
  exceptions: Exceptions = {},
): readonly ConformanceCase[] {
  return casesOf(checks, subject, exceptions);
}

/** The server's end of a connection; records its events. */
class ServerEnd implements ConnectionListener {
  readonly chunks: Buffer[] = [];
  /** Number of bytes of all chunks. */
  size = 0;
  readonly closings: { readonly code: number; readonly reason: string }[] = [];
  drains = 0;
  pongs = 0;

  constructor(readonly connection: Connection) {
    connection.listen(this);
  }

  get bytes(): Buffer {
    return Buffer.concat(this.chunks);
  }

  send(text: string | Uint8Array, binary = false): void {
    const encoded = new EncodedFrame(Buffer.from(text as string), binary);
    this.connection.write(encoded.framedBy(this.connection.framing));
  }

  data(chunk: Uint8Array): void {
    // Copied, because the transport may reuse its memory.
    this.chunks.push(Buffer.from(chunk));
    this.size += chunk.length;
  }

  ended(code: number, reason: string): void {
    this.connection.close(code, reason);
  }

  held(): boolean {
    return true;
  }

  drained(): void {
    this.drains++;
  }

  ponged(): void {
    this.pongs++;
  }

  closed(code: number, reason: string): void {
    this.closings.push({ code, reason });
  }
}

interface Stage {
  readonly opened: OpenedTransport;
  readonly servers: readonly ServerEnd[];
  /** Connects a client; returns it with the server's end of its connection. */
  readonly connect: () => Promise<readonly [client: TransportClient, server: ServerEnd]>;
}

const maxMessageBytes = 16 * 1024 * 1024;

/** Opens a transport for one check, and closes it afterwards. */
function onStage(check: (stage: Stage) => Promise<void>) {
  return async (subject: TransportSubject): Promise<void> => {
    const servers: ServerEnd[] = [];
    const opened = await subject.open(
      contextWith((connection) => void servers.push(new ServerEnd(connection))),
    );
    const connect: Stage['connect'] = async () => {
      const before = servers.length;
      const client = await opened.connect();
      await eventually('The transport did not accept a client.', () => servers.length > before);
      return [client, servers[before]!];
    };
    try {
      await check({ opened, servers, connect });
    } finally {
      for (const { connection } of servers) connection.terminate();
      await close(opened);
    }
  };
}

function contextWith(accept: (connection: Connection) => void): TransportContext {
  return {
    accept: guardAccept(accept, silentLogger),
    gate: { refusal: () => undefined, begin: () => () => {} },
    clock: systemClock,
    logger: silentLogger,
    limits: { maxMessageBytes },
    http: undefined,
  };
}

async function close(opened: OpenedTransport): Promise<void> {
  await opened.transport.close();
  await opened.end?.();
}

const texts = Array.from({ length: 200 }, (_, i) => `${i} `);
const joined = texts.join('');
const megabyte = Buffer.alloc(1024 * 1024, '0123456789');

const checks: Checks<TransportSubject> = {
  'accepts each client, with its handshake': onStage(async ({ connect, servers }) => {
    await connect();
    await connect();
    equal(servers.length, 2);
    const { handshake } = servers[0]!.connection;
    equal(typeof handshake.url, 'string');
    equal(typeof handshake.secure, 'boolean');
    ok(handshake.headers instanceof Map);
  }),

  'delivers bytes to the server, in order': onStage(async ({ connect }) => {
    const [client, server] = await connect();
    for (const text of texts) client.send(Buffer.from(text));
    await serverReceives(server, joined);
  }),

  'delivers each message as one chunk, if it has messages': onStage(async ({ connect }) => {
    const [client, server] = await connect();
    for (const text of texts) client.send(Buffer.from(text));
    await serverReceives(server, joined);
    if (server.connection.wholeMessages) deepEqual(server.chunks.map(String), texts);
  }),

  'delivers bytes to the client, in order': onStage(async ({ connect }) => {
    const [client, server] = await connect();
    for (const text of texts) server.send(text);
    await clientReceives(client, joined);
  }),

  'delivers bytes that are not text': onStage(async ({ connect }) => {
    const [client, server] = await connect();
    const bytes = Uint8Array.of(0xff, 0x00, 0xfe, 0x0a);
    server.send(bytes, true);
    await eventually('The bytes did not arrive.', () => client.received.length >= 4);
    deepEqual([...client.received], [...bytes]);
  }),

  'delivers a megabyte in both directions': onStage(async ({ connect }) => {
    const [client, server] = await connect();
    client.send(megabyte);
    await serverReceives(server, megabyte.toString());
    server.send(megabyte);
    await clientReceives(client, megabyte.toString());
  }),

  'delivers bytes only to their client': onStage(async ({ connect }) => {
    const [[ann, server], [bob, other]] = [await connect(), await connect()];
    server.send('for ann');
    other.send('for bob');
    await clientReceives(ann, 'for ann');
    await clientReceives(bob, 'for bob');
  }),

  'uses one framing for all connections': onStage(async ({ connect }) => {
    const [[, one], [, other]] = [await connect(), await connect()];
    equal(one.connection.framing, other.connection.framing);
  }),

  'stops reading while paused, without losing bytes': onStage(async ({ connect }) => {
    const [client, server] = await connect();
    const [bystander, other] = await connect();
    server.connection.pause();
    for (let i = 0; i < 8; i++) client.send(megabyte);
    other.send('meanwhile');
    await clientReceives(bystander, 'meanwhile');
    ok(server.size < 8 * megabyte.length, 'It reads while it is paused.');
    server.connection.resume();
    await serverReceives(server, megabyte.toString().repeat(8));
  }),

  'counts bytes that a client does not read, and reports when all have left': onStage(
    async ({ connect }) => {
      const [client, server] = await connect();
      const { connection } = server;
      client.pause();
      let written = 0;
      for (; connection.bufferedBytes === 0 && written < 64; written++) server.send(megabyte);
      ok(connection.bufferedBytes > 0, 'No bytes are counted, although the client does not read.');
      equal(server.drains, 0);
      client.resume();
      const size = written * megabyte.length;
      await eventually('Some bytes did not arrive.', () => client.received.length >= size);
      await eventually('`drained` was not called.', () => server.drains > 0);
      equal(connection.bufferedBytes, 0);
    },
  ),

  'sends everything written before a close': onStage(async ({ connect }) => {
    const [client, server] = await connect();
    for (const text of texts) server.send(text);
    server.connection.close(1000, 'done');
    await clientReceives(client, joined);
    await clientCloses(client);
    await serverClosesOnce(server);
  }),

  'sends the code and the reason of a close to the client': onStage(async ({ connect }) => {
    const [client, server] = await connect();
    server.connection.close(4500, 'slow-consumer');
    await clientCloses(client);
    deepEqual({ ...client.closed }, { code: 4500, reason: 'slow-consumer' });
  }),

  'closes a connection within `accept`, before it has a listener': async (subject) => {
    const fail = () => {
      throw new Error('The server cannot accept this connection.');
    };
    const opened = await subject.open(contextWith(fail));
    try {
      await clientCloses(await opened.connect());
    } finally {
      await close(opened);
    }
  },

  'ignores writes after a close': onStage(async ({ connect }) => {
    const [client, server] = await connect();
    server.send('before');
    server.connection.close(1000, '');
    server.send('after');
    await clientReceives(client, 'before');
    await serverClosesOnce(server);
    server.send('much later');
    await clientReceives(client, 'before');
  }),

  'reports once that a client has closed': onStage(async ({ connect }) => {
    const [client, server] = await connect();
    client.send(Buffer.from('bye'));
    await serverReceives(server, 'bye');
    client.close();
    await serverClosesOnce(server);
  }),

  'reports once that a client is lost': onStage(async ({ connect }) => {
    const [client, server] = await connect();
    client.vanish();
    await serverClosesOnce(server);
  }),

  'terminates a connection': onStage(async ({ connect }) => {
    const [client, server] = await connect();
    server.connection.terminate();
    await clientCloses(client);
    await serverClosesOnce(server);
  }),

  'sends pings and reports pongs, or has no pings': onStage(async ({ connect }) => {
    const [, server] = await connect();
    if (server.connection.ping())
      await eventually('The pong of a client was not reported.', () => server.pongs > 0);
  }),

  'keeps other connections open when one is lost': onStage(async ({ connect }) => {
    const [[ann], [bob, other]] = [await connect(), await connect()];
    ann.vanish();
    other.send('still there');
    await clientReceives(bob, 'still there');
    equal(other.closings.length, 0);
  }),

  'keeps open connections when the transport closes': onStage(async ({ connect, opened }) => {
    const [client, server] = await connect();
    await opened.transport.close();
    server.send('still there');
    await clientReceives(client, 'still there');
    client.send(Buffer.from('so am I'));
    await serverReceives(server, 'so am I');
    equal(server.closings.length, 0);
  }),
};

async function serverReceives(server: ServerEnd, text: string): Promise<void> {
  await eventually('Some bytes did not reach the server.', () => server.size >= text.length);
  equal(server.bytes.toString(), text);
}

async function clientReceives(client: TransportClient, text: string): Promise<void> {
  await eventually(
    'Some bytes did not reach the client.',
    () => client.received.length >= text.length,
  );
  equal(Buffer.from(client.received).toString(), text);
}

async function clientCloses(client: TransportClient): Promise<void> {
  await eventually('The client did not receive the close.', () => client.closed !== undefined);
}

async function serverClosesOnce(server: ServerEnd): Promise<void> {
  await eventually('`closed` was not called.', () => server.closings.length > 0);
  equal(server.closings.length, 1);
}
