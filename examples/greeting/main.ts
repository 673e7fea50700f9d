// Runs only the greeting, with its page at `/`.
import { serve } from '../serve.js';
import { mount } from './greeting.server.js';

await serve('greeting', async (http) => [await mount(http, '/')]);
