// Writers of each protocol and version, who say whatever their protocol lets them.
import { once } from 'node:events';
import { WebSocket } from 'ws';
import type { Said } from './message.js';
import type { Tongue } from './reader.js';

/** What is sent of a message, and the headers that could be said. */
export interface Written {
  readonly octets: Uint8Array;
  readonly headers: readonly (readonly [string, string])[];
}

export interface Writer {
  say(octets: Uint8Array): void;
  close(): void;
}

export async function openWriter(url: string, tongue: Tongue): Promise<Writer> {
  const json = tongue === 'json';
  const socket = new WebSocket(url, json ? 'v1.json.signalbox' : 'v12.stomp');
  await once(socket, 'open');
  if (!json) socket.send(`CONNECT\naccept-version:${tongue}\nhost:x\n\n\0`);
  return { say: (octets) => socket.send(octets), close: () => socket.terminate() };
}

export function written(tongue: Tongue, destination: string, said: Said): Written {
  return tongue === 'json' ? asJson(destination, said) : asStomp(tongue, destination, said);
}

function asJson(destination: string, { headers, body }: Said): Written {
  const payloadBase64 = Buffer.from(body).toString('base64');
  const frame = { type: 'send', destination, headers, payloadBase64 };
  return { octets: Buffer.from(JSON.stringify(frame)), headers: Object.entries(headers) };
}

function asStomp(version: Tongue, destination: string, { headers, body }: Said): Written {
  const sayable = Object.entries(headers).filter(([name, value]) =>
    isSayable(version, name, value),
  );
  const lines = sayable.map(([name, value]) =>
    [name, value].map((text) => escaped(version, text)).join(':'),
  );
  const head = ['SEND', `destination:${destination}`, `content-length:${body.length}`, ...lines];
  const octets = Buffer.concat([Buffer.from(`${head.join('\n')}\n\n`), body, Buffer.of(0)]);
  return { octets, headers: sayable };
}

function isSayable(version: Tongue, name: string, value: string): boolean {
  if (version !== '1.0') return true;
  return !/[\n:]/.test(name) && !value.includes('\n') && name.trim() !== '';
}

/** CR has no escape before 1.2, where it is a character as any other. */
function escaped(version: Tongue, text: string): string {
  if (version === '1.0') return text;
  const escapes = { '\\': '\\\\', '\n': '\\n', ':': '\\c', '\r': version === '1.1' ? '\r' : '\\r' };
  return text.replaceAll(/[\\\n:\r]/g, (character) => escapes[character as keyof typeof escapes]);
}
