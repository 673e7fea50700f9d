// The server of the echo, and its page.
import type { Server as HttpServer } from 'node:http';
import { createServer, type Server } from 'signalbox';
import { serveFiles } from '../static-files.js';
import { handlersBelow } from './echo.handlers.js';

export async function mount(http: HttpServer, base: string): Promise<Server> {
  const server = await createServer({ controllers: handlersBelow(base), endpoints: [] });
  await server.attach(http);
  serveFiles(http, base, {
    '': new URL('public/', import.meta.url),
    'look/': new URL('../public/', import.meta.url),
  });
  return server;
}
