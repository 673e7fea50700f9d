// The type of an example: a server with a page, on an HTTP server that several examples may share.
import type { Server as HttpServer } from 'node:http';
import type { Server } from 'signalbox';

/**
 * Starts an example on an HTTP server. Each example has a separate broker.
 * @param base the path of its page: `/` when it runs alone, otherwise `/<name>/`
 */
export type Mount = (http: HttpServer, base: string) => Promise<Server>;

export interface Example {
  /** The name of its folder, and the first segment of its path. */
  readonly name: string;
  readonly title: string;
  /** One sentence for the page that lists all of them. */
  readonly summary: string;
  readonly mount: Mount;
}
