// What a transport promises: octets both ways, whole and in order, and one word about the end.
import { deepEqual, equal, ok } from 'node:assert/strict';
import { EncodedFrame } from '../../message/encoded-frame.js';
import type { Connection, ConnectionListener, Transport } from '../../transport/transport.js';
import { casesOf, type Checks, type ConformanceCase, type Exceptions } from './conformance-case.js';
import { eventually } from './patience.js';

/** The client's end of one connection. */
export interface TransportClient {
  /** What has arrived, without the transport's framing. */
  readonly received: Uint8Array;
  /** How the connection ended, as the client sees it; undefined while it is open. */
  readonly closed: { readonly code: number; readonly reason: string } | undefined;
  send(octets: Uint8Array): void;
  /** Stops reading, so that what the server writes waits. */
  pause(): void;
  resume(): void;
  /** Says properly that it goes. */
  close(): void;
  /** Is gone without a word. */
  vanish(): void;
}

export interface OpenedTransport {
  readonly transport: Transport;
  /** A client that is connected. Called only while the transport is open. */
  connect(): Promise<TransportClient>;
  /** Ends what the transport stands on, as the HTTP server that it is attached to. */
  end?(): Promise<void>;
}

export interface TransportSubject {
  /** A new transport, opened with this acceptor. */
  open(acceptor: (connection: Connection) => void): Promise<OpenedTransport>;
}

/** @throws Error for an exception to a case that does not exist */
export function transportConformance(
  subject: TransportSubject,
  exceptions: Exceptions = {},
): readonly ConformanceCase[] {
  return casesOf(checks, subject, exceptions);
}

/** The server's end: keeps what it is told. */
class Ear implements ConnectionListener {
  readonly chunks: Buffer[] = [];
  readonly closings: { readonly code: number; readonly reason: string }[] = [];
  drains = 0;
  pongs = 0;

  constructor(readonly connection: Connection) {
    connection.listen(this);
  }

  get octets(): Buffer {
    return Buffer.concat(this.chunks);
  }

  say(text: string | Uint8Array, binary = false): void {
    const encoded = new EncodedFrame(Buffer.from(text as string), binary);
    this.connection.write(encoded.framedBy(this.connection.framing));
  }

  data(chunk: Uint8Array): void {
    // Copied, as the transport may use its memory again.
    this.chunks.push(Buffer.from(chunk));
  }

  ended(code: number, reason: string): void {
    this.connection.close(code, reason);
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
  readonly ears: readonly Ear[];
  /** A client, and the server's end of its connection. */
  readonly meet: () => Promise<readonly [client: TransportClient, ear: Ear]>;
}

function onStage(check: (stage: Stage) => Promise<void>) {
  return async (subject: TransportSubject): Promise<void> => {
    const ears: Ear[] = [];
    const opened = await subject.open((connection) => void ears.push(new Ear(connection)));
    const meet: Stage['meet'] = async () => {
      const before = ears.length;
      const client = await opened.connect();
      await eventually('The acceptor was not told of a client.', () => ears.length > before);
      return [client, ears[before]!];
    };
    try {
      await check({ opened, ears, meet });
    } finally {
      for (const { connection } of ears) connection.terminate();
      await opened.transport.close();
      await opened.end?.();
    }
  };
}

const texts = Array.from({ length: 200 }, (_, i) => `${i} `);
const joined = texts.join('');
const megabyte = Buffer.alloc(1024 * 1024, '0123456789');

const checks: Checks<TransportSubject> = {
  'tells of each client, with what is known of it': onStage(async ({ meet, ears }) => {
    await meet();
    await meet();
    equal(ears.length, 2);
    const { handshake } = ears[0]!.connection;
    equal(typeof handshake.url, 'string');
    equal(typeof handshake.secure, 'boolean');
    ok(handshake.headers instanceof Map);
  }),

  'brings octets to the server, in order': onStage(async ({ meet }) => {
    const [client, ear] = await meet();
    for (const text of texts) client.send(Buffer.from(text));
    await hears(ear, joined);
  }),

  'brings each message whole where it has messages': onStage(async ({ meet }) => {
    const [client, ear] = await meet();
    for (const text of texts) client.send(Buffer.from(text));
    await hears(ear, joined);
    if (ear.connection.messages) deepEqual(ear.chunks.map(String), texts);
  }),

  'brings octets to the client, in order': onStage(async ({ meet }) => {
    const [client, ear] = await meet();
    for (const text of texts) ear.say(text);
    await gets(client, joined);
  }),

  'brings octets that are no text': onStage(async ({ meet }) => {
    const [client, ear] = await meet();
    const octets = Uint8Array.of(0xff, 0x00, 0xfe, 0x0a);
    ear.say(octets, true);
    await eventually('The octets did not arrive.', () => client.received.length >= 4);
    deepEqual([...client.received], [...octets]);
  }),

  'brings a megabyte both ways': onStage(async ({ meet }) => {
    const [client, ear] = await meet();
    client.send(megabyte);
    await hears(ear, megabyte.toString());
    ear.say(megabyte);
    await gets(client, megabyte.toString());
  }),

  'keeps its clients apart': onStage(async ({ meet }) => {
    const [[ann, ear], [bob, other]] = [await meet(), await meet()];
    ear.say('for ann');
    other.say('for bob');
    await gets(ann, 'for ann');
    await gets(bob, 'for bob');
  }),

  'frames alike for all of its clients': onStage(async ({ meet }) => {
    const [[, one], [, other]] = [await meet(), await meet()];
    equal(one.connection.framing, other.connection.framing);
  }),

  'stops reading while it is paused, and loses nothing': onStage(async ({ meet }) => {
    const [client, ear] = await meet();
    const [bystander, other] = await meet();
    ear.connection.pause();
    for (let i = 0; i < 8; i++) client.send(megabyte);
    other.say('meanwhile');
    await gets(bystander, 'meanwhile');
    ok(ear.octets.length < 8 * megabyte.length, 'It reads on while it is paused.');
    ear.connection.resume();
    await hears(ear, megabyte.toString().repeat(8));
  }),

  'counts what a client does not read, and tells when all has left': onStage(async ({ meet }) => {
    const [client, ear] = await meet();
    const { connection } = ear;
    client.pause();
    let written = 0;
    for (; connection.bufferedBytes === 0 && written < 64; written++) ear.say(megabyte);
    ok(connection.bufferedBytes > 0, 'Nothing is counted, though nobody reads.');
    equal(ear.drains, 0);
    client.resume();
    const size = written * megabyte.length;
    await eventually('Not everything arrived.', () => client.received.length >= size);
    await eventually('Nobody was told that all has left.', () => ear.drains > 0);
    equal(connection.bufferedBytes, 0);
  }),

  'writes what came before a close': onStage(async ({ meet }) => {
    const [client, ear] = await meet();
    for (const text of texts) ear.say(text);
    ear.connection.close(1000, 'done');
    await gets(client, joined);
    await eventually('The client was not told of the end.', () => client.closed !== undefined);
    await endsOnce(ear);
  }),

  'tells a client why it was closed': onStage(async ({ meet }) => {
    const [client, ear] = await meet();
    ear.connection.close(4500, 'slow-consumer');
    await eventually('The client was not told of the end.', () => client.closed !== undefined);
    deepEqual({ ...client.closed }, { code: 4500, reason: 'slow-consumer' });
  }),

  'drops what is written after a close': onStage(async ({ meet }) => {
    const [client, ear] = await meet();
    ear.say('before');
    ear.connection.close(1000, '');
    ear.say('after');
    await gets(client, 'before');
    await endsOnce(ear);
    ear.say('much later');
    await gets(client, 'before');
  }),

  'tells once that a client has closed': onStage(async ({ meet }) => {
    const [client, ear] = await meet();
    client.send(Buffer.from('bye'));
    await hears(ear, 'bye');
    client.close();
    await endsOnce(ear);
  }),

  'tells once that a client has vanished': onStage(async ({ meet }) => {
    const [client, ear] = await meet();
    client.vanish();
    await endsOnce(ear);
  }),

  'ends at once when told to': onStage(async ({ meet }) => {
    const [client, ear] = await meet();
    ear.connection.terminate();
    await eventually('The client was not told of the end.', () => client.closed !== undefined);
    await endsOnce(ear);
  }),

  'asks for a life sign, or says that it cannot': onStage(async ({ meet }) => {
    const [, ear] = await meet();
    if (ear.connection.ping())
      await eventually('The life sign of a client was not told.', () => ear.pongs > 0);
  }),

  'tells the others nothing of one that ended': onStage(async ({ meet }) => {
    const [[ann], [bob, other]] = [await meet(), await meet()];
    ann.vanish();
    other.say('still there');
    await gets(bob, 'still there');
    equal(other.closings.length, 0);
  }),

  'leaves open connections alone when it takes no more': onStage(async ({ meet, opened }) => {
    const [client, ear] = await meet();
    await opened.transport.close();
    ear.say('still there');
    await gets(client, 'still there');
    client.send(Buffer.from('so am I'));
    await hears(ear, 'so am I');
    equal(ear.closings.length, 0);
  }),
};

async function hears(ear: Ear, text: string): Promise<void> {
  await eventually('Not all octets reached the server.', () => ear.octets.length >= text.length);
  equal(ear.octets.toString(), text);
}

async function gets(client: TransportClient, text: string): Promise<void> {
  await eventually(
    'Not all octets reached the client.',
    () => client.received.length >= text.length,
  );
  equal(Buffer.from(client.received).toString(), text);
}

async function endsOnce(ear: Ear): Promise<void> {
  await eventually('The server was not told of the end.', () => ear.closings.length > 0);
  equal(ear.closings.length, 1);
}
