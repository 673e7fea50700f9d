// Runs only the portfolio, with its page at `/`, or below CONTEXT_PATH such as `/spring-websocket-portfolio`.
import { serve } from '../serve.js';
import { mount } from './portfolio.server.js';

const base = `${process.env['CONTEXT_PATH'] ?? ''}/`;

await serve('portfolio', async (http) => [await mount(http, base)]);
