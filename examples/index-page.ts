// The page at `/` that lists the examples.
import type { Server } from 'node:http';
import type { Example } from './example.js';
import { answer, answerWithFile, pathOf } from './static-files.js';

const folders = { '': new URL('public/', import.meta.url) };

/** Answers all requests whose path belongs to no example. */
export function serveIndexPage(http: Server, examples: readonly Example[]): void {
  const page = write(examples);
  http.on('request', (request, response) => {
    const path = pathOf(request);
    if (examples.some(({ name }) => path.startsWith(`/${name}/`))) return;
    if (examples.some(({ name }) => path === `/${name}`))
      return answer(response, 301, { location: `${path}/` }, '');
    if (path === '/')
      return answer(response, 200, { 'content-type': 'text/html; charset=utf-8' }, page);
    void answerWithFile(request, response, folders, path.slice(1));
  });
}

function write(examples: readonly Example[]): string {
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <meta name="color-scheme" content="light dark" />
    <title>signalbox examples</title>
    <link rel="icon" href="data:," />
    <link rel="stylesheet" href="look.css" />
    <link rel="stylesheet" href="index.css" />
  </head>
  <body>
    <main>
      <h1>signalbox <span class="quiet">examples</span></h1>
      <nav class="links" aria-label="About signalbox">
        <a href="https://github.com/signalbox/signalbox/tree/main/examples">Source</a>
        <a href="https://github.com/signalbox/signalbox#readme">Documentation</a>
      </nav>
      <p class="quiet">All examples run on this server. <code>npm start -- chat</code> runs only the chat.</p>
      <ul>${examples.map(item).join('')}
      </ul>
    </main>
  </body>
</html>
`;
}

function item({ name, title, summary }: Example): string {
  return `
        <li class="panel">
          <a href="${name}/">${title}</a>
          <p class="quiet">${summary}</p>
        </li>`;
}
