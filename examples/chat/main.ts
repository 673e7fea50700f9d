// Runs only the chat, with its page at `/`.
import { serve } from '../serve.js';
import { mount } from './chat.server.js';

await serve('chat', async (http) => [await mount(http, '/')]);
