// Server-Sent Events, with those members of a WebSocket that the page needs.

/**
 * Opens a session: it receives events in one long response, and sends each message in a POST request.
 * @param {URL} url the handler or endpoint, without `/sse`
 */
export function openSse(url) {
  const address = `${url.href}/sse`;
  const events = new EventSource(address);
  let session;
  const socket = {
    onopen: undefined,
    onmessage: undefined,
    onclose: undefined,
    send(text) {
      void fetch(session, { method: 'POST', body: JSON.stringify([text]) });
    },
    close() {
      events.close();
      if (session !== undefined) void fetch(session, { method: 'DELETE' });
      session = undefined;
    },
  };

  events.addEventListener('open', ({ data }) => {
    // The browser emits an event of this name too, without data.
    if (data === undefined) return;
    session = `${address}/${JSON.parse(data).session}`;
    socket.onopen();
  });
  events.addEventListener('message', ({ data }) => {
    for (const text of JSON.parse(data)) socket.onmessage({ data: text });
  });
  events.addEventListener('close', ({ data }) => {
    session = undefined;
    events.close();
    socket.onclose(JSON.parse(data));
  });
  events.addEventListener('error', () => {
    // In the other states, the browser connects again and continues the session.
    if (events.readyState === EventSource.CLOSED) socket.onclose({ code: 1006, reason: '' });
  });
  return socket;
}
