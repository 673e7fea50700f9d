// Runs only the echo, with its page at `/`.
import { serve } from '../serve.js';
import { mount } from './echo.server.js';

await serve('echo', async (http) => [await mount(http, '/')]);
