// The examples there are. A new one is a folder and an entry here.
import type { Example } from './example.js';
import { mount as greeting } from './greeting/greeting.server.js';

export const examples: readonly Example[] = [
  {
    name: 'greeting',
    title: 'Greeting',
    summary: 'A name goes in, and everybody who is connected sees the greeting.',
    mount: greeting,
  },
];
