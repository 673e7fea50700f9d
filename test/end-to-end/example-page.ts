// Starts an example for the tests of its page, and checks the page in a browser.
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Page } from 'playwright-core';
import type { Server } from 'signalbox';
import type { Mount } from '../../examples/example.js';

export interface RunningExample {
  readonly server: Server;
  readonly port: number;
  stop(): Promise<void>;
}

/** @param at the port; 0 selects a free one */
export async function startExample(mount: Mount, at = 0): Promise<RunningExample> {
  const http = createServer();
  const server = await mount(http, '/');
  await once(http.listen(at, '127.0.0.1'), 'listening');
  return {
    server,
    port: (http.address() as AddressInfo).port,
    async stop() {
      await server.close();
      http.closeAllConnections();
      http.close();
      await once(http, 'close');
    },
  };
}

/** Adds errors on the console and uncaught exceptions of the page to the list, and returns it. */
export function recordErrors(page: Page, errors: string[] = []): string[] {
  page.on('console', (message) => {
    if (message.type() === 'error') errors.push(message.text());
  });
  page.on('pageerror', (error) => void errors.push(error.message));
  return errors;
}

/** Resolves with true when the page is wider than its window. */
export function isTooWide(page: Page): Promise<unknown> {
  // A string, because the types of Node do not include those of the browser.
  return page.evaluate('document.documentElement.scrollWidth > innerWidth');
}
