// The connection of the page; its functions are the same for both protocols.
import { openJson } from './json-connection.js';
import { openStomp } from './stomp-connection.js';

/**
 * @typedef {object} Handlers
 * @property {() => void} opened called after each connect and reconnect; subscriptions must be made again
 * @property {() => void} lost called when the connection is lost; it reconnects
 * @property {() => void} refused called when the server refuses the name; it does not reconnect
 * @property {(problem: Problem) => void} failed called with a problem that belongs to no `send`
 *
 * @typedef {object} Problem
 * @property {string} message
 * @property {readonly { path: string, message: string }[]} [fields]
 *
 * @typedef {object} Connection apart from `close`, usable only while it is connected
 * @property {(destination: string, listen: (payload: any) => void, headers?: Record<string, string>) => () => void} subscribe
 *   returns a function that unsubscribes
 * @property {(destination: string, payload: unknown) => Promise<void>} send
 *   resolves when the server has processed the message; rejects with its problem
 * @property {() => void} close no handler is called afterwards
 */

/**
 * @param {'stomp' | 'json'} protocol
 * @param {string} name
 * @param {Handlers} handlers
 * @returns {Connection}
 */
export function open(protocol, name, handlers) {
  return (protocol === 'stomp' ? openStomp : openJson)(openSocket, name, handlers);
}

/** SockJS uses a WebSocket if possible, and HTTP if the browser or the network allows no WebSocket. */
function openSocket() {
  return new SockJS(new URL('ws', location.href));
}
