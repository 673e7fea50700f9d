// A file server for the pages of the examples.
import { readFile } from 'node:fs/promises';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { extname, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

const contentTypes: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.ico': 'image/x-icon',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.map': 'application/json',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
};

const plain = { 'content-type': 'text/plain; charset=utf-8' };

/** Folders by path prefix, such as `''` or `stompjs/`. The longest prefix that matches is used. */
export type Folders = Readonly<Record<string, URL>>;

/** Answers all requests below `base`, and no others. */
export function serveFiles(http: Server, base: string, folders: Folders): void {
  http.on('request', (request, response) => {
    const path = pathOf(request);
    if (path.startsWith(base))
      void answerWithFile(request, response, folders, path.slice(base.length));
  });
}

/** Answers with the file of that path in its folder; a path that ends with a slash means its `index.html`. */
export async function answerWithFile(
  request: IncomingMessage,
  response: ServerResponse,
  folders: Folders,
  path: string,
): Promise<void> {
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    return answer(
      response,
      405,
      { ...plain, allow: 'GET, HEAD' },
      'Only GET and HEAD are allowed.\n',
    );
  }
  const file = findFile(folders, path);
  const content = file === undefined ? undefined : await readFile(file).catch(() => undefined);
  if (file === undefined || content === undefined)
    return answer(response, 404, plain, 'Not found.\n');
  answer(
    response,
    200,
    { 'content-type': contentTypes[extname(file)] ?? 'application/octet-stream' },
    content,
  );
}

/** Sends a response. Node omits the body of a response to HEAD. */
export function answer(
  response: ServerResponse,
  status: number,
  headers: Readonly<Record<string, string>>,
  body: string | Buffer,
): void {
  response.writeHead(status, {
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-cache',
    'x-content-type-options': 'nosniff',
    ...headers,
  });
  response.end(body);
}

/** The path as the client wrote it, without the query. */
export function pathOf(request: IncomingMessage): string {
  return (request.url ?? '').split('?', 1)[0]!;
}

/** Returns undefined for a path that is invalid or leads out of its folder. */
function findFile(folders: Folders, path: string): string | undefined {
  const prefixes = Object.keys(folders).filter((prefix) => path.startsWith(prefix));
  const prefix = prefixes.reduce(
    (longest, each) => (each.length > longest.length ? each : longest),
    '',
  );
  const folder = folders[prefix];
  const name = decode(path.slice(prefix.length));
  if (folder === undefined || name === undefined || name.includes('\0')) return undefined;
  const root = resolve(fileURLToPath(folder));
  const file = resolve(root, `./${name}`, name === '' || name.endsWith('/') ? 'index.html' : '');
  return file.startsWith(root + sep) ? file : undefined;
}

function decode(path: string): string | undefined {
  try {
    return decodeURIComponent(path);
  } catch {
    return undefined;
  }
}
