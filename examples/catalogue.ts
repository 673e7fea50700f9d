// The examples there are. A new one is a folder and an entry here.
import { mount as chat } from './chat/chat.server.js';
import type { Example } from './example.js';
import { mount as greeting } from './greeting/greeting.server.js';

export const examples: readonly Example[] = [
  {
    name: 'greeting',
    title: 'Greeting',
    summary: 'A name goes in, and everybody who is connected sees the greeting.',
    mount: greeting,
  },
  {
    name: 'chat',
    title: 'Chat',
    summary: 'Rooms with a memory, private words, and who is here; over STOMP or JSON.',
    mount: chat,
  },
];
