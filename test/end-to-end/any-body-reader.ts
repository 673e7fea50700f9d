// Subscribers in each protocol and version, which reject malformed frames.
import { deepEqual } from 'node:assert/strict';
import { Client, Versions, type IMessage } from '@stomp/stompjs';
import { WebSocket } from 'ws';
import { webSocketConnection } from '../clients/connection.js';
import { JsonClient, jsonSubprotocol, type JsonFrame } from '../clients/json.js';
import { connected, StompClient, type StompFrame, type StompVersion } from '../clients/stomp.js';

export interface ReceivedMessage {
  readonly headers: ReadonlyMap<string, string>;
  /** True for a body of these bytes, or of the value that they represent in JSON. */
  readonly hasBody: (body: Uint8Array) => boolean;
}

export type Protocol = StompVersion | 'json';

export const protocols: readonly Protocol[] = ['1.0', '1.1', '1.2', 'json'];

export interface Reader {
  readonly name: string;
  /** Returns the messages up to the one with this text. Rejects when a frame is malformed or the connection ends. */
  until(text: string): Promise<readonly ReceivedMessage[]>;
  close(): void;
}

/** Opens a client of this project's tests with the subscription `r` of the topic. */
export function openReader(port: number, protocol: Protocol, topic: string): Promise<Reader> {
  return protocol === 'json' ? openJsonReader(port, topic) : openStompReader(port, protocol, topic);
}

async function openStompReader(port: number, version: StompVersion, topic: string) {
  const subprotocols = [`v${version.replace('.', '')}.stomp`];
  const client = new StompClient(await webSocketConnection(port, { subprotocols }));
  await connected(client, { 'accept-version': version });
  await client.subscribe('r', topic);
  return {
    name: `STOMP ${version}`,
    async until(text: string) {
      const frames = [await client.expect('MESSAGE')];
      while (frames.at(-1)!.body !== text) frames.push(await client.expect('MESSAGE'));
      return frames.map((frame) => fromStomp(frame, version));
    },
    close: () => client.connection.vanish(),
  };
}

function fromStomp({ headers, bytes }: StompFrame, version: StompVersion): ReceivedMessage {
  const unescape = (text: string) =>
    version === '1.0' ? text.trim() : unescaped(text, version === '1.1' ? 'nc\\' : 'rnc\\');
  const pairs = Object.entries(headers).map((header) => header.map(unescape) as [string, string]);
  return { headers: new Map(pairs), hasBody: (body) => bytes.equals(body) };
}

function unescaped(text: string, letters: string): string {
  return text.replaceAll(/\\(.?)|:/gs, (escape, letter?: string) => {
    if (letter === undefined || letter === '' || !letters.includes(letter))
      throw new Error(`Not an escape: ${escape}`);
    return { r: '\r', n: '\n', c: ':', '\\': '\\' }[letter]!;
  });
}

async function openJsonReader(port: number, topic: string): Promise<Reader> {
  const subprotocols = [jsonSubprotocol];
  const client = new JsonClient(await webSocketConnection(port, { subprotocols }));
  client.send({ type: 'connect' });
  await client.next('connected');
  await client.subscribe('r', topic);
  return {
    name: 'JSON',
    async until(text) {
      const frames = [await client.next('message')];
      while (frames.at(-1)!['payload'] !== text) frames.push(await client.next('message'));
      deepEqual(client.received, []);
      return frames.map((frame) => fromJson(frame, client.textOf(frame)));
    },
    close: () => client.connection.vanish(),
  };
}

function fromJson(frame: JsonFrame, text: string): ReceivedMessage {
  const { subscription, id, destination, payload, payloadBase64 } = frame;
  const all = { subscription, 'message-id': id, destination, ...(frame['headers'] as object) };
  const headers = Object.entries(all).filter(([, value]) => value !== undefined);
  return {
    headers: new Map(headers as [string, string][]),
    hasBody(bytes) {
      const body = Buffer.from(bytes);
      if (typeof payloadBase64 === 'string')
        return Buffer.from(payloadBase64, 'base64').equals(body);
      if (payload === undefined) return body.length === 0;
      if (typeof payload === 'string' && Buffer.from(payload).equals(body)) return true;
      // A JSON value is sent unchanged, except for line ends.
      return text.includes(`"payload":${body.toString().replaceAll(/[\r\n]/g, ' ')},"headers"`);
    },
  };
}

/** Opens a client of @stomp/stompjs with the subscription `r` of the topic. */
export async function openStompjsReader(
  port: number,
  version: StompVersion,
  topic: string,
): Promise<Reader> {
  const url = `ws://127.0.0.1:${port}/ws`;
  const received: IMessage[] = [];
  let failure: string | undefined;
  let changed = () => {};
  const until = async (condition: () => boolean) => {
    while (!condition()) {
      if (failure !== undefined) throw new Error(failure);
      await new Promise<void>((resolve) => (changed = resolve));
    }
  };
  const fail = (reason = 'The connection ended.') => {
    failure ??= reason;
    changed();
  };
  const client = new Client({
    webSocketFactory: () => new WebSocket(url, ['v12.stomp', 'v11.stomp', 'v10.stomp']),
    stompVersions: new Versions([version]),
    reconnectDelay: 0,
    onStompError: ({ headers }) => fail(headers['message']),
    onWebSocketClose: () => fail(),
    onConnect: () => changed(),
  });
  client.activate();
  await until(() => client.connected);
  const receive = (message: IMessage) => {
    received.push(message);
    changed();
  };
  await new Promise<void>((resolve) => {
    client.watchForReceipt('ready', () => resolve());
    client.subscribe(topic, receive, { id: 'r', receipt: 'ready' });
  });
  return {
    name: `stompjs ${version}`,
    async until(text) {
      await until(() => received.at(-1)?.body === text);
      return received.splice(0).map(({ headers, binaryBody }) => ({
        headers: new Map(Object.entries(headers)),
        hasBody: (body) => Buffer.from(binaryBody).equals(body),
      }));
    },
    close: () => void client.deactivate({ force: true }),
  };
}
