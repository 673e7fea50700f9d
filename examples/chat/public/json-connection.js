// JSON on the browser's own WebSocket, with reconnection: no library is needed.
import { createPending } from './pending.js';

const longestPause = 10_000;

/** @type {(url: string, name: string, handlers: import('./connection.js').Handlers) => import('./connection.js').Connection} */
export function openJson(url, name, handlers) {
  const subscriptions = new Map();
  const pending = createPending();
  let count = 0;
  let pause = 500;
  let closed = false;
  let socket;

  function say(type, fields) {
    if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify({ type, ...fields }));
  }

  const hear = {
    connected() {
      pause = 500;
      handlers.changed('open');
      handlers.opened();
    },
    message: ({ subscription, payload }) => subscriptions.get(subscription)?.(payload),
    receipt: ({ id }) => pending.done(id),
    error(problem) {
      if (!pending.fail(problem)) handlers.failed(problem);
    },
  };

  function connect() {
    handlers.changed('waiting');
    socket = new WebSocket(url, 'v1.json.signalbox');
    socket.onopen = () => say('connect', { login: name });
    socket.onmessage = ({ data }) => {
      const frame = JSON.parse(data);
      hear[frame.type]?.(frame);
    };
    socket.onclose = () => {
      subscriptions.clear();
      pending.lose();
      if (closed) return handlers.changed('closed');
      handlers.changed('waiting');
      setTimeout(connect, pause);
      pause = Math.min(pause * 2, longestPause);
    };
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
    close() {
      closed = true;
      socket.close();
    },
  };
}
