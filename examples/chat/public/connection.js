// What the page needs of a connection, whichever protocol carries it.
import { openJson } from './json-connection.js';
import { openStomp } from './stomp-connection.js';

/**
 * @typedef {object} Handlers
 * @property {() => void} opened connected, the first time or again: subscribe what is needed
 * @property {() => void} lost not connected, and trying again
 * @property {() => void} refused the server does not let this name in; nothing more is tried
 * @property {(problem: Problem) => void} failed something failed that nobody waits for
 *
 * @typedef {object} Problem
 * @property {string} message
 * @property {readonly { path: string, message: string }[]} [fields]
 *
 * @typedef {object} Connection what it can only while it is open, but to close
 * @property {(destination: string, hear: (payload: any) => void, headers?: Record<string, string>) => () => void} subscribe
 *   returns the way to end it
 * @property {(destination: string, payload: unknown) => Promise<void>} send
 *   resolves when the server has processed it, rejects with the problem that it told
 * @property {() => void} close nothing more is heard of it
 */

/**
 * @param {'stomp' | 'json'} protocol
 * @param {string} name
 * @param {Handlers} handlers
 * @returns {Connection}
 */
export function open(protocol, name, handlers) {
  const url = new URL('ws', location.href);
  url.protocol = url.protocol.replace('http', 'ws');
  return (protocol === 'stomp' ? openStomp : openJson)(url.href, name, handlers);
}
