// Runs only the portfolio, with its page at `/`, or below CONTEXT_PATH such as `/spring-websocket-portfolio`.
import { serve } from '../serve.js';
import { answer, pathOf } from '../static-files.js';
import { mount } from './portfolio.server.js';

const base = `${process.env['CONTEXT_PATH'] ?? ''}/`;

await serve('portfolio', async (http) => {
  http.on('request', (request, response) => {
    if (!pathOf(request).startsWith(base)) answer(response, 302, { location: base }, '');
  });
  return [await mount(http, base)];
});
