// The server of the greeting, and its page.
import type { Server as HttpServer } from 'node:http';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { createServer, type Server } from 'signalbox';
import { serveFiles } from '../static-files.js';
import { fromEnvironment } from './environment.js';
import { GreetingController } from './greeting.controller.js';

const { resolve } = createRequire(import.meta.url);

/** The path that the page of the guide uses. */
const endpoint = '/gs-guide-websocket';

export async function mount(http: HttpServer, base: string): Promise<Server> {
  const server = await createServer({
    ...fromEnvironment(process.env),
    controllers: [GreetingController],
    // The page of the guide always connects to ws://localhost:8080, which is another origin if the page was opened at 127.0.0.1.
    endpoints: [
      {
        path: endpoint,
        allowedOrigins: ['http://localhost:[*]', 'http://127.0.0.1:[*]'],
        sockjs: true,
      },
    ],
  });
  await server.attach(http);
  serveFiles(http, base, {
    '': new URL('public/', import.meta.url),
    'look/': new URL('../public/', import.meta.url),
    'stompjs/': new URL('../esm6/', pathToFileURL(resolve('@stomp/stompjs'))),
  });
  return server;
}
