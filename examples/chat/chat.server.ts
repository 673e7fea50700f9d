// The server of the chat, and its page.
import type { Server as HttpServer } from 'node:http';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import {
  createServer,
  MessagingError,
  type ConnectFrame,
  type Server,
  type ServerOptions,
} from 'signalbox';
import { serveFiles } from '../static-files.js';
import { RoomController } from './room.controller.js';
import { WhisperController } from './whisper.controller.js';

const { resolve } = createRequire(import.meta.url);
/** public/name.js has the same rules, with a text for each. */
const names = /^[\p{L}\p{N}][\p{L}\p{N} ._-]{0,19}$/u;

/** The options of the chat, for its server and its tests. */
export const chat = {
  controllers: [RoomController, WhisperController],
  authenticate,
  // Only controllers publish to topics, so that every message is validated.
  clientPublish: false,
} satisfies ServerOptions;

export async function mount(http: HttpServer, base: string): Promise<Server> {
  const server = await createServer({ ...chat, endpoints: [{ path: `${base}ws`, sockjs: true }] });
  await server.attach(http);
  serveFiles(http, base, {
    '': new URL('public/', import.meta.url),
    'look/': new URL('../public/', import.meta.url),
    'stompjs/': new URL('../esm6/', pathToFileURL(resolve('@stomp/stompjs'))),
  });
  return server;
}

/** Accepts any valid name without a password. A user may have several sessions. */
function authenticate({ login }: ConnectFrame) {
  if (login === undefined || !names.test(login)) throw new MessagingError('access-refused');
  return { name: login };
}
