// The JSON protocol on a socket, with reconnection and without a protocol library.
import { createPending } from './pending.js';

/** Interval of the server's heart-beats, in milliseconds. After twice that time without data, the connection is lost. */
const beat = 10_000;
const shortestPause = 500;
const longestPause = 10_000;
/** The close code of a server that refuses the client. */
const refused = 1008;

/** @type {(openSocket: () => WebSocket, name: string, handlers: import('./connection.js').Handlers) => import('./connection.js').Connection} */
export function openJson(openSocket, name, handlers) {
  const subscriptions = new Map();
  const pending = createPending();
  let count = 0;
  let pause = shortestPause;
  let socket;
  /** Detects a lost connection, or ends the pause before the next attempt. */
  let timer;

  const write = (type, fields) => socket.send(JSON.stringify({ type, ...fields }));

  const receivers = {
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
    socket = openSocket();
    socket.onopen = () => write('connect', { login: name, heartbeat: [0, beat] });
    socket.onmessage = ({ data }) => {
      watch();
      const frame = JSON.parse(data);
      receivers[frame.type]?.(frame);
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

  /** Closes the socket and ignores its later events. */
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
      write('subscribe', { id, destination, headers });
      return () => {
        if (subscriptions.delete(id)) write('unsubscribe', { id });
      };
    },
    send: (destination, payload) =>
      pending.send((receipt) => write('send', { destination, payload, receipt })),
    close: drop,
  };
}
