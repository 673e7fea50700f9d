// The list of examples. A new example is a folder and an entry here.
import { mount as chat } from './chat/chat.server.js';
import { mount as echo } from './echo/echo.server.js';
import type { Example } from './example.js';
import { mount as greeting } from './greeting/greeting.server.js';
import { mount as portfolio } from './portfolio/portfolio.server.js';

export const examples: readonly Example[] = [
  {
    name: 'greeting',
    title: 'Greeting',
    summary: 'Send a name; all open pages receive the greeting.',
    mount: greeting,
  },
  {
    name: 'chat',
    title: 'Chat',
    summary: 'Rooms with history, private messages and a list of members, over STOMP or JSON.',
    mount: chat,
  },
  {
    name: 'portfolio',
    title: 'Portfolio',
    summary: 'Live prices of stocks, positions of users who sign in, and trades.',
    mount: portfolio,
  },
  {
    name: 'echo',
    title: 'Echo',
    summary: 'A text that returns over WebSocket, Server-Sent Events and each transport of SockJS.',
    mount: echo,
  },
];
