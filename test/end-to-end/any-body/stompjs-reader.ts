// The same reader, by @stomp/stompjs.
import { Client, Versions, type IMessage } from '@stomp/stompjs';
import { WebSocket } from 'ws';
import type { Read, Reader, Tongue } from './reader.js';

export async function openStompjsReader(
  url: string,
  tongue: Exclude<Tongue, 'json'>,
  topic: string,
): Promise<Reader> {
  let heard: IMessage[] = [];
  let told = () => {};
  let fail: (reason: Error) => void = () => {};
  const client = new Client({
    webSocketFactory: () => new WebSocket(url, ['v12.stomp', 'v11.stomp', 'v10.stomp']),
    stompVersions: new Versions([tongue]),
    reconnectDelay: 0,
    onStompError: ({ headers }) => fail(new Error(headers['message'])),
    onWebSocketClose: () => fail(new Error('Closed.')),
  });
  await new Promise<void>((resolve, reject) => {
    fail = reject;
    client.onConnect = () => {
      client.watchForReceipt('ready', () => resolve());
      client.subscribe(
        topic,
        (message) => {
          heard.push(message);
          told();
        },
        { id: 'r', receipt: 'ready' },
      );
    };
    client.activate();
  });
  return {
    name: `stompjs ${tongue}`,
    tongue,
    until: (text) =>
      new Promise((resolve, reject) => {
        fail = reject;
        told = () => {
          if (heard.at(-1)?.body !== text) return;
          resolve(heard.map(readOf));
          heard = [];
        };
        told();
      }),
    close: () => void client.deactivate({ force: true }),
  };
}

function readOf({ command, headers, binaryBody }: IMessage): Read {
  return {
    command,
    headers: new Map(Object.entries(headers)),
    says: (body) => Buffer.from(binaryBody).equals(body),
  };
}
