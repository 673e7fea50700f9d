// What an example is: a server with a page, mounted on an HTTP server that it may share with others.
import type { Server as HttpServer } from 'node:http';
import type { Server } from 'signalbox';

/**
 * Starts an example on an application's HTTP server, with a broker of its own.
 * @param base where its page lies: `/` when it runs alone, `/<name>/` beside others
 */
export type Mount = (http: HttpServer, base: string) => Promise<Server>;

export interface Example {
  /** Its folder, and its part of the address. */
  readonly name: string;
  readonly title: string;
  /** One sentence for the page that lists all of them. */
  readonly summary: string;
  readonly mount: Mount;
}
