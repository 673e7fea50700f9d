// The ways to connect to the server: a WebSocket, Server-Sent Events, and each transport of SockJS.
import { openSse } from './sse.js';

/** Paths below the address of the page. */
const raw = new URL('raw', location.href);
const echo = new URL('echo', location.href);

/**
 * @typedef {object} Transport
 * @property {string} name
 * @property {string} detail how its messages are sent
 * @property {() => WebSocket} open all objects have these members of a WebSocket: `send`, `close`, `onopen`, `onmessage`, `onclose`
 */

/** @type {readonly Transport[]} */
export const transports = [
  {
    name: 'WebSocket',
    detail: 'One connection in both directions, without SockJS.',
    open: () => new WebSocket(raw.href.replace('http', 'ws')),
  },
  {
    name: 'Server-Sent Events',
    detail: 'Down: one long response. Up: POST. Without SockJS.',
    open: () => openSse(raw),
  },
  sockJs('websocket', 'SockJS frames in a WebSocket.'),
  sockJs('xhr-streaming', 'Down: one long response. Up: POST.'),
  sockJs('eventsource', 'Down: server-sent events. Up: POST.'),
  sockJs('htmlfile', 'Down: scripts in a page that never ends. Up: POST.'),
  sockJs('xhr-polling', 'Down: one response for each message. Up: POST.'),
  sockJs('jsonp-polling', 'Down: one script for each message. Up: a form.'),
  sockJs('iframe-eventsource', 'Server-sent events, from an iframe of the server.'),
  sockJs('iframe-htmlfile', 'Scripts, from an iframe of the server.'),
  sockJs('iframe-xhr-polling', 'Polling, from an iframe of the server.'),
];

/** @returns {Transport} */
function sockJs(name, detail) {
  return {
    name: `SockJS ${name}`,
    detail,
    open: () => new SockJS(echo, undefined, { transports: [name] }),
  };
}
