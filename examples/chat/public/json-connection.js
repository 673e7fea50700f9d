// JSON on the browser's own WebSocket, with reconnection: no library is needed.
import { createPending } from './pending.js';

/** The server promises a sign of life this often, in milliseconds; after twice that the connection counts as lost. */
const beat = 10_000;
const shortestPause = 500;
const longestPause = 10_000;
/** The close code of a server that does not let one in. */
const refused = 1008;

/** @type {(url: string, name: string, handlers: import('./connection.js').Handlers) => import('./connection.js').Connection} */
export function openJson(url, name, handlers) {
  const subscriptions = new Map();
  const pending = createPending();
  let count = 0;
  let pause = shortestPause;
  let socket;
  /** Ends a silence that is too long, or a pause. */
  let timer;

  const say = (type, fields) => socket.send(JSON.stringify({ type, ...fields }));

  const hear = {
    connected() {
      pause = shortestPause;
      handlers.opened();
    },
    message: ({ subscription, payload }) => subscriptions.get(subscription)?.(payload),
    receipt: ({ id }) => pending.done(id),
    error(problem) {
      if (!pending.fail(problem)) handlers.failed(problem);
    },
  };

  function connect() {
    watch();
    socket = new WebSocket(url, 'v1.json.signalbox');
    socket.onopen = () => say('connect', { login: name, heartbeat: [0, beat] });
    socket.onmessage = ({ data }) => {
      watch();
      const frame = JSON.parse(data);
      hear[frame.type]?.(frame);
    };
    socket.onclose = ({ code }) => {
      if (code !== refused) return retry();
      drop();
      handlers.refused();
    };
  }

  function watch() {
    clearTimeout(timer);
    timer = setTimeout(retry, 2 * beat);
  }

  function retry() {
    drop();
    timer = setTimeout(connect, pause);
    pause = Math.min(pause * 2, longestPause);
    handlers.lost();
  }

  /** Lets go of the socket, of which nothing more is heard. */
  function drop() {
    clearTimeout(timer);
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close();
    subscriptions.clear();
    pending.lose();
  }

  connect();
  return {
    subscribe(destination, listen, headers = {}) {
      const id = `s${++count}`;
      subscriptions.set(id, listen);
      say('subscribe', { id, destination, headers });
      return () => {
        if (subscriptions.delete(id)) say('unsubscribe', { id });
      };
    },
    send: (destination, payload) =>
      pending.send((receipt) => say('send', { destination, payload, receipt })),
    close: drop,
  };
}
